#!/usr/bin/env python3
# openmail.py - opening a mail that is not in the cache, over a slow line
#
# usage: openmail.py OPENBENCH [--delay MS] [--runs N] [--attachment MB]
#
# Starts a Dovecot and link.py. Milliseconds (median), turns of the line and bytes
# from the server for: a mail of 5 KB whose mailbox is selected, one whose mailbox
# is not, and one with a large attachment, in part and whole.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import base64
import json
import os
import shutil
import statistics
import subprocess
import tempfile

from benchrig import Dovecot
from link import Link


def mail(subject, size, attachment):
    text = "One line of an ordinary mail, as people write them.\r\n" * max(1, size // 53)
    head = ("From: a@test.example\r\nTo: b@test.example\r\nSubject: %s\r\n"
            "Message-ID: <%s@test.example>\r\nMIME-Version: 1.0\r\n" % (subject, subject))
    if not attachment:
        return (head + "Content-Type: text/plain\r\n\r\n" + text).encode()
    data = base64.encodebytes(os.urandom(attachment)).replace(b"\n", b"\r\n")
    return (head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
            "Content-Type: text/plain\r\n\r\n" + text + "\r\n--b\r\n"
            "Content-Type: application/pdf; name=x.pdf\r\n"
            "Content-Disposition: attachment; filename=x.pdf\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n").encode() + data + b"\r\n--b--\r\n"


def prepare(server, o):
    m = server.client("alice")
    m.create("other")
    for box in ("INBOX", "other"):
        m.append(box, None, None, mail("small", 5000, 0))
        m.append(box, None, None, mail("big", 5000, o.attachment << 20))
    m.logout()


class Client:
    def __init__(self, o, server, link):
        self.link = link
        self.run = subprocess.Popen(
            [o.openbench, "localhost", str(link.port), server.v["CA"], "alice",
             "echo secret"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self, line):
        self.run.stdin.write(line + "\n")
        self.run.stdin.flush()
        return self.run.stdout.readline().strip()

    def open(self, where, subject, how, visit):
        if self.say("%s %s %s" % (where, subject, how)) != "found":
            raise OSError("the message was not found")
        if visit and self.say("go " + visit) != "there":
            raise OSError("the other mailbox cannot be opened")
        self.link.take()
        told = json.loads(self.say("go"))
        return {**told, **self.link.take()}


def measure(o, server, link):
    link.delay = o.delay / 1000
    for name, subject, how, visit in (("5 KB, selected", "small", "partial", None),
                                      ("5 KB, elsewhere", "small", "partial", "other"),
                                      ("large, in part", "big", "partial", None),
                                      ("large, elsewhere", "big", "partial", "other"),
                                      ("large, whole", "big", "whole", None)):
        client = Client(o, server, link)
        runs = o.runs if how != "whole" else min(o.runs, 3)
        got = [client.open("INBOX", subject, how, visit) for _ in range(runs)]
        client.run.stdin.close()
        client.run.wait(60)
        print("%-16s %8.1f ms  %d turns  %9d bytes down  %d holes" % (
            name, statistics.median(g["ms"] for g in got), got[-1]["turns"],
            statistics.median(g["down"] for g in got), got[-1]["holes"]), flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("openbench")
    p.add_argument("--delay", type=int, default=50)
    p.add_argument("--runs", type=int, default=11)
    p.add_argument("--attachment", type=int, default=20)
    o = p.parse_args()
    folder = tempfile.mkdtemp(prefix="tern-open-")
    server = Dovecot(folder)
    try:
        prepare(server, o)
        link = Link(("127.0.0.1", int(server.v["IMAPS_PORT"])))
        measure(o, server, link)
        link.stop()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


main()
