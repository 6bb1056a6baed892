#!/usr/bin/env python3
# hostile.py - mail, folder names and server answers made to take over a terminal
#
# usage: hostile.py maildir DIR N [--seed S]   N messages and six folders
#        hostile.py server [--seed S]          prints its port, then refuses every
#                                              login with such words, until killed
#
# Each message names itself in its first line of text: "letter 17 begins".
# What is put everywhere (subject, names, addresses, text, attachment names, types,
# as raw bytes and in RFC 2047, RFC 2231, base64 and quoted-printable):
# escape sequences, window titles, clipboard writes, C0 and C1 controls raw and as
# UTF-8, DEL, bidirectional overrides, zero-width characters, tags, piles of marks,
# broken and overlong UTF-8, line ends where none belong.  They also come out of
# charsets that have escapes of their own, out of HTML's character references,
# calendars, winmail.dat and attached messages.
#
# exit: 0 done, 2 usage
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import base64
import os
import quopri
import random
import socket
import struct
import sys

POISON = [
    b"\x1b[31mred", b"\x1b]0;owned\x07", b"\x1b]52;c;cm0gLXJmIC8=\x07", b"\x1b[2J\x1b[H",
    b"\x1bP0;0|17/17\x1b\\", b"\x1b[?1049l", b"\x1b[6n", b"\x1b[c", b"\x1bc", b"\x1b(0", b"\x1b",
    b"\x1b[200~q\x1b[201~", b"\x9b31m", b"\xc2\x9b31m", b"\xc2\x9d0;owned\xc2\x9c", b"\x90q\x9c",
    b"\x07\x07", b"\x08\x08\x08over", b"\x7f", b"\x0b\x0c", b"\x0e\x0f", b"\x00nul", b"\x05",
    "\u202eexe.txt".encode(), "\u2066a\u2069".encode(), "\u200fb\u200e".encode(),
    "x\u200b\u200d\ufeffy".encode(), "\U000e0041\U000e007f".encode(), "\u2028\u2029".encode(),
    ("e" + "\u0301" * 40).encode(), "\u061c\u180e".encode(), "\ufff9\ufffb".encode(),
    b"\xc0\x9b", b"\xe0\x80\x9b[31m", b"\xff\xfe", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80",
    b"\rfront", b"a\tb", "\u4e2d\u0301\u200d".encode(), "\u115f\u3164".encode(),
]
# what may stand in a header line or a file name as it is
LINE = [p.replace(b"\r", b"\x0b").replace(b"\n", b"\x0b") for p in POISON]


def some(rng, n=3):
    return b" ".join(rng.choice(LINE) for _ in range(rng.randint(1, n)))


def word(rng, data):
    """As it is, or as an encoded word."""
    kind = rng.randrange(4)
    if kind == 0:
        return data.replace(b"\0", b"")
    charset = rng.choice([b"utf-8", b"iso-8859-1", b"us-ascii", b"x-none"])
    if kind == 1:
        hidden = b"".join(b"=%02X" % b for b in data)
        return b"=?" + charset + b"?Q?" + hidden + b"?="
    return b"=?" + charset + b"?B?" + base64.b64encode(data) + b"?="


def name(rng):
    data = some(rng).replace(b"\0", b"").replace(b'"', b"")
    if rng.random() < 0.4:
        return b"filename*=utf-8''" + b"".join(b"%%%02X" % b for b in data)
    return b'filename="' + word(rng, data) + b'"'


def body(rng, kind, first):
    text = first + b"\n" + b"\n".join(some(rng, 5) for _ in range(8)) + b"\n"
    if kind == b"html":
        text = (b"<html><head><title>" + some(rng) + b"</title></head><body><p>" + first + b"</p><p>" +
                text + b"</p><a href='http://example.org/" + some(rng) + b"'>&#27;[31m&#155;&#8238;</a>"
                b"<img alt='" + some(rng) + b"'></body></html>")
    way = rng.choice([b"8bit", b"base64", b"quoted-printable"])
    if way == b"base64":
        text = base64.encodebytes(text)
    elif way == b"quoted-printable":
        text = quopri.encodestring(text)
    charset = rng.choice([b"utf-8", b"utf-8", b"iso-8859-1", b"windows-1252"])
    return (b"Content-Type: text/" + kind + b"; charset=" + charset +
            b"\nContent-Transfer-Encoding: " + way + b"\n\n" + text)


def decoded(data):
    return data.decode("utf-8", "replace")


def charset_body(rng, first):
    """Text whose controls are seen only after the charset was decoded."""
    charset = rng.choice(["utf-7", "hz", "iso2022_jp", "iso2022_kr", "cp037", "utf-16", "utf-32",
                          "big5", "shift_jis", "gb18030", "koi8-r", "mac-roman"])
    names = {"cp037": "ibm037", "hz": "hz-gb-2312", "iso2022_jp": "iso-2022-jp",
             "iso2022_kr": "iso-2022-kr", "mac-roman": "macintosh"}
    text = decoded(first) + "\n" + "\n".join(decoded(some(rng, 5)) for _ in range(6)) + "\n"
    raw = text.encode(charset, "ignore")
    if charset.startswith("iso2022"):
        raw += b"\x1b$B" + some(rng) + b"\x1b(J\x1b[31m\x1b$)C\x0e" + some(rng) + b"\x0f\n"
    if charset == "hz":
        raw += b"~{" + some(rng) + b"~}\x1b]0;owned\x07\n"
    return (b"Content-Type: text/plain; charset=" + names.get(charset, charset).encode() +
            b"\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(raw))


def calendar(rng):
    def line(name):
        return name + b":" + some(rng, 2).replace(b"\0", b"") + b"\r\n"

    text = (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
            b"DTSTART;TZID=" + some(rng, 1).replace(b"\0", b"") + b":20260102T100000\r\n" +
            line(b"SUMMARY") + line(b"LOCATION") + line(b"DESCRIPTION") +
            b"ORGANIZER;CN=\"" + some(rng, 1).replace(b"\0", b"").replace(b'"', b"") + b"\":mailto:a@example.org\r\n" +
            b"ATTENDEE;CN=" + some(rng, 1).replace(b"\0", b"") + b":mailto:" + some(rng, 1).replace(b"\0", b"") +
            b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
    return (b"Content-Type: text/calendar; method=REQUEST; charset=utf-8\n"
            b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(text))


def winmail(rng):
    """MS-OXTNEF: a subject, a body and an attachment of two attributes."""
    def attribute(level, number, data):
        return (struct.pack("<BII", level, number, len(data)) + data +
                struct.pack("<H", sum(data) & 0xFFFF))

    data = struct.pack("<IH", 0x223E9F78, 1)
    data += attribute(1, 0x00018004, some(rng) + b"\0") + attribute(1, 0x0002800C, some(rng, 5) + b"\0")
    data += attribute(2, 0x00069002, b"\1\0" + b"\xff" * 4 + b"\0" * 8)
    data += attribute(2, 0x00018010, some(rng) + b"\0") + attribute(2, 0x0006800F, some(rng))
    return (b"Content-Type: application/ms-tnef; " + name(rng) +
            b"\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(data))


def references(rng):
    """HTML that spells what is dangerous, in text, links and attributes."""
    spelt = "".join("&#%s;" % (c if rng.random() < 0.5 else "x%x" % c)
                    for c in map(ord, decoded(some(rng, 4)))).encode()
    return (b"Content-Type: text/html; charset=utf-8\n\n<p title='" + spelt + b"'>" + spelt +
            b"&NewLine;&Tab;&shy;&zwj;&rlm;&#0;&#128;&#x9b;31m&#27;[31m</p><a href='https://" + spelt +
            b".example.org/%1b%0a" + spelt + b"'>" + spelt + b"</a><a href='mailto:" + spelt +
            b"@example.org'>x</a><img alt='" + spelt + b"'><pre>" + spelt + b"</pre><table><tr><td>" + spelt +
            b"<td>" + spelt + b"</table>\n")


def attached(rng):
    return (b"Content-Type: message/rfc822\n\nFrom: " + word(rng, some(rng)) + b" <x@example.org>\nSubject: " +
            word(rng, some(rng)) + b"\nDate: " + some(rng).replace(b"\0", b"") + b"\n\n" + some(rng, 5) + b"\n")


ODD = [calendar, winmail, references, attached]


def message(rng, i):
    first = b"letter %d begins" % i
    out = [b"From: " + word(rng, some(rng)) + b" <a@example.org>",
           b"To: " + word(rng, some(rng)) + b" <b@example.org>, " + some(rng).replace(b"\0", b""),
           b"Cc: =?utf-8?B?" + base64.b64encode(some(rng)) + b"?= <c@example.org>",
           b"Subject: %d " % i + word(rng, some(rng)) + b" " + word(rng, some(rng)),
           b"Reply-To: " + word(rng, some(rng)) + b" <d@example.org>",
           b"List-Unsubscribe: <https://example.org/" + some(rng, 1).replace(b"\0", b"") + b">, <mailto:l@example.org?subject=" +
           some(rng, 1).replace(b"\0", b"") + b">",
           b"Authentication-Results: example.org; dkim=pass (" + some(rng, 1).replace(b"\0", b"") + b") header.d=example.org",
           b"List-Id: " + some(rng).replace(b"\0", b"") + b" <l.example.org>",
           b"X-Evil-\x1b[5m: " + some(rng).replace(b"\0", b""),
           b"Date: Fri, 02 Jan 2026 10:%02d:%02d +0000" % (i // 60 % 60, i % 60),
           b"Message-ID: <hostile.%d@example.org>" % i, b"MIME-Version: 1.0"]
    head = b"\n".join(out) + b"\n"
    kind = rng.choice([b"plain", b"plain", b"html"])
    chance = rng.random()
    if chance < 0.35:
        return head + body(rng, kind, first)
    if chance < 0.5:
        return head + charset_body(rng, first)
    edge = b"edge%d" % i
    parts = [body(rng, kind, first)] + [rng.choice(ODD)(rng) for _ in range(rng.randint(0, 2))]
    for _ in range(rng.randint(1, 3)):
        parts.append(b"Content-Type: application/" + some(rng, 1).replace(b"\0", b"") +
                     b"\nContent-Disposition: attachment; " + name(rng) +
                     b"\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(some(rng)))
    return (head + b"Content-Type: multipart/mixed; boundary=" + edge + b"\n\n--" + edge + b"\n" +
            (b"\n--" + edge + b"\n").join(parts) + b"\n--" + edge + b"--\n")


def maildir(rng, folder, n):
    root = os.fsencode(folder)
    names = [b""] + [b"." + rng.choice(LINE).replace(b"\0", b"").replace(b"/", b"-").replace(b".", b"-") +
                     b"-%d" % i for i in range(6)]
    for sub in names:
        for part in (b"cur", b"new", b"tmp"):
            os.makedirs(os.path.join(root, sub, part), exist_ok=True)
    for i in range(n):
        path = os.path.join(root, b"cur", b"%d.h%d:2," % (1767000000 + i, i))
        with open(path, "wb") as f:
            f.write(message(rng, i))
        os.utime(path, (1767000000 + i, 1767000000 + i))


def server(rng):
    s = socket.create_server(("127.0.0.1", 0))
    print(s.getsockname()[1], flush=True)
    while True:
        c, _ = s.accept()
        c.settimeout(10)
        try:
            c.sendall(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n")
            for line in c.makefile("rb"):
                tag, verb = (line.split() + [b"", b""])[:2]
                if verb.upper() == b"CAPABILITY":
                    c.sendall(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" + tag + b" OK done\r\n")
                elif verb.upper() == b"LOGOUT":
                    c.sendall(b"* BYE\r\n" + tag + b" OK\r\n")
                    break
                else:
                    words = b" ".join(p for p in LINE if b"\0" not in p)
                    c.sendall(tag + b" NO [AUTHENTICATIONFAILED] go away " + words + b"\r\n")
        except OSError:
            pass
        c.close()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--seed", type=int, default=20261122)
    commands = p.add_subparsers(dest="command", required=True)
    m = commands.add_parser("maildir")
    m.add_argument("folder")
    m.add_argument("n", type=int)
    commands.add_parser("server")
    o = p.parse_args()
    rng = random.Random(o.seed)
    if o.command == "maildir":
        maildir(rng, o.folder, o.n)
    else:
        server(rng)
    return 0


if __name__ == "__main__":
    sys.exit(main())
