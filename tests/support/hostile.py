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
# broken and overlong UTF-8, line ends where none belong.
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


def message(rng, i):
    first = b"letter %d begins" % i
    out = [b"From: " + word(rng, some(rng)) + b" <a@example.org>",
           b"To: " + word(rng, some(rng)) + b" <b@example.org>, " + some(rng).replace(b"\0", b""),
           b"Cc: =?utf-8?B?" + base64.b64encode(some(rng)) + b"?= <c@example.org>",
           b"Subject: %d " % i + word(rng, some(rng)) + b" " + word(rng, some(rng)),
           b"List-Id: " + some(rng).replace(b"\0", b"") + b" <l.example.org>",
           b"X-Evil-\x1b[5m: " + some(rng).replace(b"\0", b""),
           b"Date: Fri, 02 Jan 2026 10:%02d:%02d +0000" % (i // 60 % 60, i % 60),
           b"Message-ID: <hostile.%d@example.org>" % i, b"MIME-Version: 1.0"]
    head = b"\n".join(out) + b"\n"
    kind = rng.choice([b"plain", b"plain", b"html"])
    if rng.random() < 0.5:
        return head + body(rng, kind, first)
    edge = b"edge%d" % i
    parts = [body(rng, kind, first)]
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
