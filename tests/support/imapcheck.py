#!/usr/bin/env python3
# imapcheck.py - ask an IMAP server what is in it, or change it behind a
# client's back. It shares no code with the client under test.
#
# usage: imapcheck.py [--host H] --port P [--ca FILE | --plain | --starttls]
#                     --user U [--password W] [--timeout S] COMMAND
#
#   dump [MBOX...]            a JSON line for each mailbox, sorted by name:
#                             {"name", "attributes", "uidvalidity", "uidnext",
#                              "messages": [{"uid", "flags", "message_id",
#                              "size"}]}
#   count MBOX                number of messages
#   fetch MBOX UID            the message as it is, to standard output
#   search MBOX CRITERIA...   UIDs, one a line
#   append MBOX FILE [--flags F]   FILE may be -; LF becomes CRLF; F such as
#                             '\Seen \Flagged'; prints the UID if it is told
#   flag MBOX UID +FLAG|-FLAG...   e.g. flag INBOX 3 '+\Seen' '-\Flagged' '+work'
#   expunge MBOX UID
#   move MBOX UID DEST
#   create MBOX, rename MBOX DEST, delete MBOX, subscribe MBOX
#   capability                the list after login, one a line
#
# UID may be a set such as 2,5:7. Mailboxes are named in plain UTF-8. Nothing
# is marked as read: mailboxes are opened read-only and bodies peeked at, and
# \Recent is left out of dumps, as it belongs to a session.
# TLS is the default; without --ca the system's authorities are asked. The
# password is "secret" unless given.
#
# exit: 0 done, 1 the server refused the command, 2 usage, 3 no connection,
#       no trust, or no login
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import base64
import imaplib
import json
import re
import ssl
import sys

imaplib._MAXLINE = 64 << 20             # one FETCH line may list many flags


class Refused(Exception):
    pass


def encode_name(name):
    """A mailbox name in the modified UTF-7 of RFC 3501, quoted."""
    out = []
    run = ""
    for c in name + "\0":
        if " " <= c <= "~" or c == "\0":
            if run:
                b = base64.b64encode(run.encode("utf-16-be")).decode()
                out.append("&" + b.rstrip("=").replace("/", ",") + "-")
                run = ""
            out.append("&-" if c == "&" else c)
        else:
            run += c
    text = "".join(out[:-1])
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def decode_name(data):
    text = data.decode("latin-1")

    def part(m):
        if not m[1]:
            return "&"
        b = m[1].replace(",", "/")
        try:
            return base64.b64decode(b + "=" * (-len(b) % 4)).decode("utf-16-be")
        except ValueError:
            return m[0]
    return re.sub(r"&([^-]*)-", part, text)


def ok(answer):
    kind, data = answer
    if kind != "OK":
        raise Refused(b" ".join(d for d in data if d).decode("utf-8", "replace"))
    return data


def connect(a):
    context = None
    if not a.plain:
        context = ssl.create_default_context(cafile=a.ca)
    if a.plain or a.starttls:
        m = imaplib.IMAP4(a.host, a.port, timeout=a.timeout)
        if a.starttls:
            m.starttls(context)
    else:
        m = imaplib.IMAP4_SSL(a.host, a.port, ssl_context=context,
                              timeout=a.timeout)
    m.login(a.user, a.password)
    m.capabilities = tuple(ok(m.capability())[-1].decode().upper().split())
    return m


def select(m, mailbox, readonly):
    return int(ok(m.select(encode_name(mailbox), readonly))[0])


def number(m, code):
    data = m.response(code)[1]
    return int(data[-1]) if data and data[-1] else None


def mailboxes(m):
    """(name, attributes) of each, as the server spells it."""
    for item in ok(m.list('""', '"*"')):
        if item is None:
            continue
        if isinstance(item, tuple):
            line, name = item[0], item[1]
        else:
            line, name = item, None
        r = re.match(rb'\(([^)]*)\) (NIL|"(?:\\.|[^"\\])*") ?(.*)', line)
        if not r:
            continue
        if name is None:
            name = r[3]
            if name.startswith(b'"'):
                name = re.sub(rb"\\(.)", rb"\1", name[1:-1])
        yield decode_name(name), r[1].decode().split()


def messages(m):
    """What FETCH says of all messages of the mailbox that is open."""
    data = ok(m.fetch("1:*", "(UID FLAGS RFC822.SIZE"
                      " BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"))
    found = []
    line, literal = b"", b""
    for item in data + [None]:
        # An answer is one bytes, or tuples (line, literal) and then a bytes
        # that ends it.
        if isinstance(item, tuple):
            line += item[0]
            literal += item[1]
            continue
        if item is None:
            break
        line += item
        uid = re.search(rb"\bUID (\d+)", line)
        flags = re.search(rb"\bFLAGS \(([^)]*)\)", line)
        size = re.search(rb"\bRFC822\.SIZE (\d+)", line)
        mid = re.sub(rb"\r?\n(?=[ \t])", b"", literal)
        mid = re.search(rb"(?im)^message-id:[ \t]*(.*?)[ \t\r]*$", mid)
        if uid and flags and b"HEADER.FIELDS" in line:
            names = flags[1].decode().split()
            found.append({
                "uid": int(uid[1]),
                "flags": sorted(f for f in names if f.lower() != "\\recent"),
                "message_id": mid[1].decode("utf-8", "replace") if mid else None,
                "size": int(size[1]) if size else None,
            })
        line, literal = b"", b""
    return sorted(found, key=lambda x: x["uid"])


def dump(m, wanted):
    for name, attributes in sorted(mailboxes(m)):
        if wanted and name not in wanted:
            continue
        if {"\\noselect", "\\nonexistent"} & {x.lower() for x in attributes}:
            continue
        n = select(m, name, True)
        box = {
            "name": name,
            "attributes": sorted(attributes),
            "uidvalidity": number(m, "UIDVALIDITY"),
            "uidnext": number(m, "UIDNEXT"),
            "messages": messages(m) if n else [],
        }
        print(json.dumps(box, ensure_ascii=False))


def fetch(m, mailbox, uid):
    select(m, mailbox, True)
    data = ok(m.uid("FETCH", uid, "(BODY.PEEK[])"))
    bodies = [d[1] for d in data if isinstance(d, tuple)]
    if not bodies:
        raise Refused("no message with UID " + uid)
    for body in bodies:
        sys.stdout.buffer.write(body)


def append(m, mailbox, file, flags):
    if file == "-":
        data = sys.stdin.buffer.read()
    else:
        with open(file, "rb") as f:
            data = f.read()
    data = re.sub(rb"\r?\n", b"\r\n", data)
    answer = ok(m.append(encode_name(mailbox), "(%s)" % flags if flags else None,
                         None, data))
    uid = re.search(rb"\[APPENDUID \d+ (\d+)\]", answer[0] or b"")
    if uid:
        print(uid[1].decode())


def remove(m, uid):
    """Removes only these messages, never others that are marked \\Deleted."""
    ok(m.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"))
    if "UIDPLUS" in m.capabilities:
        ok(m.uid("EXPUNGE", uid))
    else:
        ok(m.expunge())


def move(m, mailbox, uid, dest):
    select(m, mailbox, False)
    if "MOVE" in m.capabilities:
        ok(m.uid("MOVE", uid, encode_name(dest)))
    else:
        ok(m.uid("COPY", uid, encode_name(dest)))
        remove(m, uid)


def arguments():
    p = argparse.ArgumentParser(description="ask an IMAP server")
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, required=True)
    how = p.add_mutually_exclusive_group()
    how.add_argument("--plain", action="store_true")
    how.add_argument("--starttls", action="store_true")
    p.add_argument("--ca")
    p.add_argument("--user", required=True)
    p.add_argument("--password", default="secret")
    p.add_argument("--timeout", type=float, default=20)
    sub = p.add_subparsers(dest="command", required=True)

    def command(name, *names):
        c = sub.add_parser(name, prefix_chars="\0" if name == "flag" else "-")
        for n in names:
            if n.endswith("*"):
                c.add_argument(n[:-1], nargs="*")
            elif n.endswith("+"):
                c.add_argument(n[:-1], nargs="+")
            else:
                c.add_argument(n)
        return c
    command("dump", "mailboxes*")
    command("count", "mailbox")
    command("fetch", "mailbox", "uid")
    command("search", "mailbox", "criteria+")
    command("append", "mailbox", "file").add_argument("--flags", default="")
    command("flag", "mailbox", "uid", "flags+")
    command("expunge", "mailbox", "uid")
    command("move", "mailbox", "uid", "dest")
    command("create", "mailbox")
    command("rename", "mailbox", "dest")
    command("delete", "mailbox")
    command("subscribe", "mailbox")
    command("capability")
    a = p.parse_args()
    if a.command == "flag" and any(f[:1] not in "+-" for f in a.flags):
        p.error("a flag to set begins with +, one to clear with -")
    return a


def run(m, a):
    if a.command == "dump":
        dump(m, a.mailboxes)
    elif a.command == "count":
        print(select(m, a.mailbox, True))
    elif a.command == "fetch":
        fetch(m, a.mailbox, a.uid)
    elif a.command == "search":
        select(m, a.mailbox, True)
        for uid in (ok(m.uid("SEARCH", *a.criteria))[0] or b"").split():
            print(uid.decode())
    elif a.command == "append":
        append(m, a.mailbox, a.file, a.flags)
    elif a.command == "flag":
        select(m, a.mailbox, False)
        for f in a.flags:
            ok(m.uid("STORE", a.uid, f[0] + "FLAGS.SILENT", "(%s)" % f[1:]))
    elif a.command == "expunge":
        select(m, a.mailbox, False)
        remove(m, a.uid)
    elif a.command == "move":
        move(m, a.mailbox, a.uid, a.dest)
    elif a.command == "rename":
        ok(m.rename(encode_name(a.mailbox), encode_name(a.dest)))
    elif a.command == "capability":
        print("\n".join(m.capabilities))
    else:
        ok(getattr(m, a.command)(encode_name(a.mailbox)))


def main():
    a = arguments()
    try:
        m = connect(a)
    except (OSError, imaplib.IMAP4.error) as e:
        print("imapcheck: %s" % e, file=sys.stderr)
        return 3
    try:
        run(m, a)
        m.logout()
    except (Refused, imaplib.IMAP4.error) as e:
        print("imapcheck: %s" % e, file=sys.stderr)
        return 1
    except OSError as e:
        print("imapcheck: %s" % e, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
