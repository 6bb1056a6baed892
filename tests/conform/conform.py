#!/usr/bin/env python3
# conform.py - one table of scenarios against every IMAP server there is
#
# usage: conform.py [--tern PROGRAM] [--only SCENARIO] [--keep] SERVER
#        conform.py --list
#
# Starts the server, gives tern an account there, and plays the scenarios of the
# table, in order, on the same account: each makes a change, at the server with
# an independent session (imapcheck.py), with tern's own commands, or both.
# After each:
#   - `tern sync` (after a `tern push` where tern changed something) ends well;
#   - `tern dump` has the mailboxes and messages (uid, flags, Message-ID, size)
#     that a fresh independent session sees, and nothing else;
#   - nothing is left in the queue, but for what the scenario names;
#   - one more `tern sync` changes nothing.
# A server that drops its connections may need several runs for the first two.
#
# Prints a line for each scenario and "N passed, N failed". A scenario that this
# server cannot play (an IMAP server need not let a mailbox be renumbered) is
# told as such and counted as neither.
#
# exit: 0 all passed, 1 some failed, 2 usage, 77 the server is not there
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import imaplib
import json
import os
import shutil
import subprocess
import sys
import tempfile

import servers
from servers import Refused, imapcheck

EXIT_QUEUED = 75
FIRST = 8               # messages in the inbox at the first sync
MORE = 300              # number of the first of those that only some servers get


class Broken(Exception):
    """A promise was broken."""


def ident(n):
    return "m%03d@conform.example" % n


def message(n):
    """Message n; no two are equally long."""
    return ("From: Ana <ana@example.org>\r\nTo: Robin <robin@example.org>\r\n"
            "Subject: Message %d\r\nDate: Fri, 02 Jan 2026 10:%02d:00 +0100\r\n"
            "Message-ID: <%s>\r\nContent-Type: text/plain\r\n\r\nHello.\r\n%s\r\n"
            % (n, n % 60, ident(n), "x" * n)).encode()


class Tern:
    def __init__(self, program, home):
        self.base = [program, "--home", home]

    def run(self, *words, good=(0,)):
        out = subprocess.run(self.base + list(words), stdin=subprocess.DEVNULL, text=True,
                             capture_output=True, timeout=servers.COMMAND_S)
        if good and out.returncode not in good:
            raise Broken("tern %s: exit %d: %s" % (" ".join(words), out.returncode,
                                                  out.stderr.strip()))
        return out.stdout

    def dump(self):
        return [json.loads(line) for line in self.run("dump").splitlines()]

    def local(self, wanted):
        """The id that tern's commands know a message by."""
        for line in self.dump():
            if line["kind"] == "message" and line["message_id"] == wanted and \
                    any(p["shown"] for p in line["locations"]):
                return str(line["id"])
        raise Broken("tern does not have " + wanted)

    def change(self, verb, n, *words):
        self.run(verb, self.local(ident(n)), *words, good=(0, EXIT_QUEUED))


def shown_by(dump, sizes):
    """As Server.picture, out of the store."""
    names, shown = {}, {}
    for line in dump:
        if line["kind"] == "mailbox":
            names[line["id"]] = imapcheck.decode_name(line["path"].encode())
            shown[names[line["id"]]] = {}
        if line["kind"] == "message":
            for p in line["locations"]:
                flags = p["server_flags"] + p["keywords"].split()
                rfc_id = "<%s>" % line["message_id"] if line["message_id"] else None
                shown[names[p["mailbox"]]][p["uid"]] = (
                    tuple(sorted(f.lower() for f in flags)), rfc_id,
                    line["size"] if sizes else None)
    return shown


def still(dump, lasting):
    """What another sync may not change: all but the times of the account, and messages
    that are nowhere any more, which the store forgets after a while. Without `lasting`,
    also not the number of an empty mailbox."""
    lines = [line for line in dump if line["kind"] != "account" and not line.get("orphan")]
    for line in lines:
        if not lasting and line["kind"] == "mailbox" and line["total"] == 0:
            line["cursor"] = line["uidvalidity"] = None
    return lines


class World:
    """What a scenario works with."""

    def __init__(self, server, tern):
        self.server, self.tern = server, tern
        self.next = 100
        self.pushes = False     # the scenario queued changes
        self.conflicts = False  # and one of them was a conflict

    def fresh(self):
        self.next += 1
        return self.next

    def where(self, n):
        """[(mailbox, flags)] of message n at the server, those marked \\Deleted left out."""
        found = []
        for name, messages in self.server.picture().items():
            for flags, rfc_id, _ in messages.values():
                if rfc_id == "<%s>" % ident(n) and "\\deleted" not in flags:
                    found.append((name, flags))
        return found

    def expect(self, n, name, *flags):
        have = self.where(n)
        wanted = [(self.server.path(name), tuple(sorted(f.lower() for f in flags)))]
        if have != wanted:
            raise Broken("message %d: the server has %s, wanted %s" % (n, have, wanted))


# --- comparing -------------------------------------------------------------------

def difference(server, store):
    """In words, or None."""
    found = []
    for name in sorted(set(server) | set(store)):
        if name not in store:
            found.append("tern lacks the mailbox " + name)
        elif name not in server:
            found.append("the server has no mailbox " + name)
        else:
            for uid in sorted(set(server[name]) | set(store[name]), key=str):
                a, b = server[name].get(uid), store[name].get(uid)
                if a != b:
                    found.append("%s, uid %s: server %s, tern %s" % (name, uid, a, b))
    return "; ".join(found[:6]) if found else None


def settle(w):
    """Sends and fetches until both sides are the same; the store as it is then."""
    w.server.leave()            # some servers write at the end of a session only
    # A change to what was moved may have to wait until its number there is known.
    tries = max(w.server.tries, 2 if w.pushes else 1)
    good = (0, EXIT_QUEUED) if w.server.tries == 1 and not w.conflicts else None
    for _ in range(tries):
        if w.pushes:
            w.tern.run("push", good=good)
        w.tern.run("sync", good=good)
        dump = w.tern.dump()
        why = difference(w.server.picture(), shown_by(dump, w.server.sizes))
        waiting = [q for q in dump if q["kind"] == "mutation" and
                   q["status"] not in ("done", "canceled", "conflict" if w.conflicts else "")]
        if not why and not waiting:
            return dump
        why = why or "still in the queue: %s" % waiting
    raise Broken(why)


def unmoved(w, dump):
    w.tern.run("sync", good=(0,) if w.server.tries == 1 else None)
    before, after = still(dump, w.server.lasting), still(w.tern.dump(), w.server.lasting)
    if before != after:
        changed = [a for a in after if a not in before] + [b for b in before if b not in after]
        raise Broken("one more sync changed the store: %s" % changed[:3])


# --- the scenarios ---------------------------------------------------------------

def first_sync(w):
    for n in range(1, FIRST + 1):
        w.server.append("INBOX", message(n), "\\Seen" if n % 2 else "")
    for n in range(MORE, MORE + w.server.more):
        w.server.append("INBOX", message(n))
    for name in ("Work", "Grüße & Co", "Empty", "Archive", "Trash"):
        if not w.server.has(name):
            w.server.create(name)
    w.server.append("Work", message(20), "\\Seen")
    for n in (21, 22, 23):
        w.server.append("Grüße & Co", message(n))


def new_mail(w):
    for name in ("INBOX", "Work", "Empty"):
        w.server.append(name, message(w.fresh()))
    w.server.append("INBOX", message(w.fresh()), "\\Flagged \\Seen")


def foreign_flags(w):
    w.server.flag("INBOX", ident(1), "-\\Seen", "+\\Flagged")
    w.server.flag("INBOX", ident(2), "+\\Seen", "+\\Answered")
    w.server.flag("Work", ident(20), "+\\Flagged")


def foreign_keyword(w):
    if not w.server.keywords:
        raise Refused("no keywords")
    w.server.flag("INBOX", ident(3), "+projekt")
    if "projekt" not in str(w.where(3)):
        raise Broken("the keyword is lost")


def foreign_expunge(w):
    w.server.expunge("INBOX", ident(4), ident(7))


def expunge_and_arrive(w):
    """As many as went have come: the number of messages tells nothing."""
    w.server.append("INBOX", message(w.fresh()))
    w.server.expunge("INBOX", ident(8))


def foreign_move(w):
    w.server.move("INBOX", ident(5), "Work")
    w.server.move("Grüße & Co", ident(21), "INBOX")


def mailbox_made(w):
    w.server.create("Neu")
    w.server.append("Neu", message(w.fresh()))


def mailbox_renamed(w):
    w.server.rename("Neu", "Später")


def mailbox_deleted(w):
    w.server.delete("Später")


def to_none(w):
    w.server.expunge("Grüße & Co", ident(22), ident(23))


def to_one(w):
    w.server.append("Grüße & Co", message(w.fresh()))


def renumbered(w):
    w.server.create("Zahlen")
    mails = [message(w.fresh()) for _ in range(3)]
    for m in mails:
        w.server.append("Zahlen", m)
    settle(w)
    w.server.renumber("Zahlen", mails)


def made_again(w):
    """The same name with other messages, the numbers may be the same."""
    w.server.create("Wieder")
    w.server.append("Wieder", message(w.fresh()))
    settle(w)
    w.server.delete("Wieder")
    servers.time.sleep(servers.TICK_S)
    w.server.create("Wieder")
    w.server.append("Wieder", message(w.fresh()))


def restarted(w):
    w.server.stop()
    w.server.start()
    w.server.append("INBOX", message(w.fresh()))


def own_flags(w):
    w.tern.change("flag", 2)
    w.tern.change("unread", 2)
    w.tern.change("read", 1)
    w.pushes = True
    settle(w)
    w.expect(2, "INBOX", "\\Answered", "\\Flagged")
    w.expect(1, "INBOX", "\\Flagged", "\\Seen")


def both_flags(w):
    """Bits commute: each side's change holds (doc/SYNC, the conflict rule)."""
    w.tern.change("flag", 6)
    w.server.flag("INBOX", ident(6), "+\\Answered", "+\\Seen")
    w.pushes = True
    settle(w)
    w.expect(6, "INBOX", "\\Answered", "\\Flagged", "\\Seen")


def own_move(w):
    w.tern.change("move", 6, "--to", w.server.shown("Work"))
    w.tern.change("archive", 2)
    w.tern.change("delete", 20)
    w.server.append("INBOX", message(w.fresh()))
    w.pushes = True
    settle(w)
    copies = w.server.copies
    w.expect(6, "Work", *(("\\Answered", "\\Flagged", "\\Seen") if copies else ()))
    w.expect(2, "Archive", *(("\\Answered", "\\Flagged") if copies else ()))
    w.expect(20, "Trash", *(("\\Flagged", "\\Seen") if copies else ()))


def flag_and_move(w):
    """Two wishes about one message leave in their order."""
    if not w.server.copies:
        raise Refused("a copy is another message")
    n = w.fresh()
    w.server.append("INBOX", message(n))
    settle(w)
    w.tern.change("flag", n)
    w.tern.change("move", n, "--to", w.server.shown("Work"))
    w.tern.change("read", n)
    w.pushes = True
    settle(w)
    w.expect(n, "Work", "\\Flagged", "\\Seen")


def gone_before(w):
    """A move of what somebody removed is a conflict and brings nothing back."""
    n = w.fresh()
    w.server.append("INBOX", message(n))
    settle(w)
    w.tern.change("move", n, "--to", w.server.shown("Work"))
    w.server.expunge("INBOX", ident(n))
    w.pushes = w.conflicts = True
    settle(w)
    if w.where(n):
        raise Broken("message %d came back: %s" % (n, w.where(n)))


def undone(w):
    if not w.server.copies:
        raise Refused("a copy is another message")
    w.tern.change("flag", 3)
    w.tern.run("undo", good=(0, EXIT_QUEUED))
    w.tern.change("archive", 3)
    w.pushes = True
    settle(w)
    w.tern.run("undo", good=(0, EXIT_QUEUED))
    settle(w)
    if [name for name, _ in w.where(3)] != ["INBOX"]:
        raise Broken("message 3 is in %s" % w.where(3))


def everything(w):
    w.tern.run("sync", "--full", good=(0,) if w.server.tries == 1 else None)


TABLE = [
    ("first sync", first_sync),
    ("new mail", new_mail),
    ("flags from elsewhere", foreign_flags),
    ("a keyword from elsewhere", foreign_keyword),
    ("expunged elsewhere", foreign_expunge),
    ("one expunged, one arrived", expunge_and_arrive),
    ("moved elsewhere", foreign_move),
    ("mailbox made", mailbox_made),
    ("mailbox renamed", mailbox_renamed),
    ("mailbox deleted", mailbox_deleted),
    ("no message left", to_none),
    ("one message", to_one),
    ("new UIDVALIDITY", renumbered),
    ("mailbox made again", made_again),
    ("server restarted", restarted),
    ("own flags", own_flags),
    ("flags on both sides", both_flags),
    ("own moves", own_move),
    ("flag, move, flag", flag_and_move),
    ("moved what is gone", gone_before),
    ("undo", undone),
    ("full sync", everything),
]


def play(w, name, scenario):
    w.pushes = False
    scenario(w)
    unmoved(w, settle(w))
    return name


def whole_table(o, world):
    passed, failed = 0, 0
    for name, scenario in TABLE:
        began = servers.time.monotonic()
        try:
            play(world, name, scenario)
            passed += 1
            result = "ok"
        except Refused as why:
            result = "not here (%s)" % why
        except (Broken, subprocess.SubprocessError, imapcheck.Refused, imaplib.IMAP4.error,
                OSError) as why:
            failed += 1
            result = "FAILED: %s" % why
        print("%s: %s (%.1f s)" % (name, result, servers.time.monotonic() - began), flush=True)
        if o.only == name:
            break
    return passed, failed


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--tern", default=os.path.join(os.environ.get("TOP_BUILDDIR", "."), "tern"))
    p.add_argument("--only", metavar="SCENARIO", help="end after this one")
    p.add_argument("--keep", action="store_true", help="keep the folder, and tell it")
    p.add_argument("server", choices=sorted(servers.ALL))
    o = p.parse_args()
    folder = tempfile.mkdtemp(prefix="tern-conform-")
    os.chmod(folder, 0o755)
    server = None
    passed, failed = 0, 1
    try:
        server = servers.ALL[o.server](os.path.join(folder, "server"))
        tern = Tern(o.tern, os.path.join(folder, "home"))
        tern.run("account", "add", "test", "--type", "imap", *server.account(),
                 "--password-command", "echo secret")
        passed, failed = whole_table(o, World(server, tern))
        lack = server.proof()
        if lack:
            failed += 1
            print("FAILED: " + lack)
    finally:
        if server:
            server.stop()
        if o.keep:
            print(folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
