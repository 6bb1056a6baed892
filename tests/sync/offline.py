#!/usr/bin/env python3
# offline.py - what was to be readable offline is, when the server is gone
#
# usage: offline.py [--messages N] [--attachment MB] [--tern PROGRAM]
#
# A private Dovecot behind a line that counts bytes.  A mail with a large attachment
# is opened: a few kilobytes come; the attachment is saved: now it comes, whole.  Of
# another one only the text is here.
# Then INBOX is to be here, everything, and is synchronised by the command line; the
# server stops.  Every mail must open, with its text and its attachments, byte for
# byte, in two runs: the first from a cold store, the second after a daily job.
#
# Prints the bytes and "N mails open without a server".
# exit: 0 well, 1 a promise broken, 77 no Dovecot.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import base64
import hashlib
import json
import os
import shutil
import sys
import tempfile

from syncrig import HERE, Broken, Server, Tern

sys.path.insert(0, os.path.join(HERE, "..", "bench"))
from link import Link  # noqa: E402

NAMES = ("large-saved", "large-opened")
SMALL = 64 << 10    # bytes that opening the text of a mail may cost, with the login


def large(data, name):
    lines = base64.encodebytes(data).replace(b"\n", b"\r\n")
    return (b"From: Ana <ana@example.org>\r\nTo: b@example.org\r\nSubject: " + name + b"\r\n"
            b"Message-ID: <" + name + b"@example.org>\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
            b"Content-Type: text/plain\r\n\r\nThe words before it.\r\n--b\r\n"
            b"Content-Type: application/octet-stream; name=x.bin\r\n"
            b"Content-Disposition: attachment; filename=x.bin\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + lines + b"--b--\r\n")


def expect(what, yes):
    if not yes:
        raise Broken(what)


def rows(tern):
    return [json.loads(line) for line in tern.run("list", "--limit", "1000", "--json").splitlines()]


def open_in_part(tern, link, ident):
    """Bytes that opening the mail costs."""
    link.take()
    expect("the text is there", "The words before it." in tern.run("show", str(ident)))
    return link.take()["down"]


def check_saved(tern, ident, folder, digest):
    os.makedirs(folder, exist_ok=True)
    tern.run("attachments", str(ident), "--save", folder)
    with open(os.path.join(folder, "x.bin"), "rb") as f:
        expect("the attachment is whole", hashlib.sha256(f.read()).digest() == digest)
    shutil.rmtree(folder)


def check_offline(tern, all_rows, large_ones, folder, digest):
    for row in all_rows:
        raw = tern.run("show", str(row["id"]), "--raw")
        expect("mail %d has a body" % row["id"], "\n\r\n" in raw or "\n\n" in raw)
        tern.run("show", str(row["id"]))
    for ident in large_ones:
        check_saved(tern, ident, folder, digest)


def progress(tern):
    return json.loads(tern.run("offline", "INBOX", "--json"))


def run(o, folder, server, link):
    tern = Tern(o.tern, os.path.join(folder, "home"))
    data = os.urandom(o.attachment << 20)
    digest, saved = hashlib.sha256(data).digest(), os.path.join(folder, "saved")
    server.fill(o.messages)
    m = server.client()
    for name in NAMES:
        m.append("INBOX", None, None, large(data, name.encode()))
    m.logout()
    tern.run("account", "add", "test", *server.account(port=link.port))
    tern.run("sync")
    big, other = (next(r["id"] for r in rows(tern) if r["subject"] == n) for n in NAMES)
    text = open_in_part(tern, link, other)
    expect("only its text comes: %d bytes" % text, text < SMALL)
    text = open_in_part(tern, link, big)
    expect("only its text comes: %d bytes" % text, text < SMALL)
    check_saved(tern, big, saved, digest)
    whole = link.take()["down"]
    expect("the attachment comes once: %d bytes" % whole, len(data) < whole < 1.5 * len(data) + SMALL)
    check_saved(tern, big, saved, digest)
    again = link.take()["down"]
    expect("it is here from then on: %d bytes" % again, again == 0)
    print("text %d bytes, with the attachment of %d bytes %d bytes" % (text, len(data), whole))

    tern.run("offline", "INBOX", "everything")
    tern.run("sync")
    p = progress(tern)
    expect("all are here: %s" % p, p["here"] == p["of"] == o.messages + len(NAMES))
    server.stop()
    link.stop()
    check_offline(tern, rows(tern), (big, other), saved, digest)
    tern.run("sync", good=(1, 3, 74, 75))  # the server is gone; the daily job has its turn
    check_offline(tern, rows(tern), (big, other), saved, digest)
    p = progress(tern)
    expect("nothing was thrown away: %s" % p, p["here"] == p["of"] == o.messages + len(NAMES))
    print("%d mails open without a server" % p["here"])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--messages", type=int, default=8)
    p.add_argument("--attachment", type=int, default=4)
    p.add_argument("--tern", default=os.path.join(os.environ.get("TOP_BUILDDIR", "."), "tern"))
    o = p.parse_args()
    o.tern = os.path.abspath(o.tern)
    folder = tempfile.mkdtemp(prefix="tern-offline-")
    os.chmod(folder, 0o755)
    server = Server(os.path.join(folder, "server"))
    try:
        run(o, folder, server, Link(("127.0.0.1", int(server.v["IMAPS_PORT"]))))
    except Broken as why:
        print("BROKEN: %s" % why)
        return 1
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


sys.exit(main())
