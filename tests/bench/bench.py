#!/usr/bin/env python3
# bench.py - the figures of tern, beside its peers and the physical limit, in one run
#
# usage: bench.py [--messages N] [--tern PROGRAM] [--peers mutt,neomutt,...] [--only abcdefghijklmnopq] [--runs N]
#
# Starts a private Dovecot with N messages in one INBOX (100,000) and a second
# user with 1,000, warms the server, and measures
#   a  first synchronisation: messages/s, peak memory; ratio to the raw TLS read
#      of the same FETCH plus the bare SQLite insert of the same rows with the
#      same indexes, without and with an FTS5 of the headers; and batch_apply
#      alone beside a bare insert in C (storebench)
#   b  start to the first full list, 1,000 and N messages
#   c  key to paint, idle and while a first sync of N messages writes
#   d  bytes to the terminal for a one-row move
#   e  nothing changed: process time, bytes, round trips (time with a delay of
#      50 ms less time without, in delays), commands; limit: a bare session
#   f  nothing changed in 200 mailboxes: commands, bytes, round trips
#   g  100 flags, 50 expunged, 20 new messages: the same
#   h  delivery to the screen, INBOX and another mailbox, beside a raw socket that idles
#   i  first sync over 1 Mbit/s, with and without compression
#   j  all bodies into the store, beside mbsync with and without fsync and a raw read
#   k  first page on the screen with nothing stored, server warm, far, and cold
#   l  1,000 marked messages flagged, moved, deleted by one key, in mailboxes of
#      10,000 and N: to the list, and to the server's last answer beside one raw
#      command about the same set, mutt, neomutt, mbsync
#   m  one flag: to the list and to the server's answer, idle and while a first
#      synchronisation of N messages runs
#   n  open a mail that is here: key to paint, 5 KB and HTML of 100 KB; memory
#   o  open one that is not, over a line of 50 ms, and with an attachment of 20 MB
#   p  parse and render, MB/s, beside w3m
#   q  n while a first synchronisation writes
# tern brings in whole mailboxes (backfill-max-total-per-folder = 0).
#
# each with the peers that are installed.  Times mean something as ratios within
# one run only: the machine is shared.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import acts
import reading
import resync
from benchrig import HERE, SUPPORT, Dovecot, keytime, sh, tern_home, timed

ITEMS = ("(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE"
         " BODY.PEEK[HEADER.FIELDS (REFERENCES)])")
MONTH = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9]"
PEERS = {  # list row, to the first row, down, page, end, open, next and previous message, quiet
    "mutt": (MONTH, "=", "j", "z", "**1", "<enter>", "J", "K", 60),
    "neomutt": (MONTH, "=", "j", "z", "**1", "<enter>", "J", "K", 60),
    "alpine": ("[0-9]+/[0-9]+/[0-9]+", None, "n", "<space>", None, "<enter>", "n", "p", 60),
    "aerc": ("20[0-9][0-9]-[0-9]", None, "j", "<c-f>", "G", "<enter>", "J", "K", 200),
}
TERN_ROW = "([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2} [A-Z][a-z]{2}|[0-9]{2}:[0-9]{2})"


def bare_insert_apart(db, folder):
    """bare_insert in a process of its own: its memory must not count as a child's (fork)"""
    return [float(x) for x in
            sh(sys.executable, os.path.abspath(__file__), "--bare", db, folder).split()]


def bare_insert(db, folder):
    """seconds to insert all rows of db into an empty database with the same schema, and then
    the headers into an FTS5"""
    copy = os.path.join(folder, "bare.db")
    c = sqlite3.connect(copy, isolation_level=None)
    c.execute("PRAGMA journal_mode=WAL")
    c.execute("PRAGMA synchronous=NORMAL")
    c.execute("ATTACH ? AS old", (db,))
    tables = []
    for name, sql in c.execute("SELECT name, sql FROM old.sqlite_master WHERE sql IS NOT NULL"
                               " AND name NOT LIKE 'sqlite_%' ORDER BY type DESC").fetchall():
        c.execute(sql)
        if sql.startswith("CREATE TABLE"):
            tables.append(name)
    rows = {}
    for t in tables:  # read first: only the insert is measured, and no block copy happens
        rows[t] = c.execute("SELECT * FROM old.%s" % t).fetchall()
    begin = time.monotonic()
    c.execute("BEGIN")
    for t in tables:
        if rows[t]:
            c.executemany("INSERT INTO main.%s VALUES (%s)" % (t, ",".join("?" * len(rows[t][0]))),
                          rows[t])
    c.execute("COMMIT")
    insert = time.monotonic() - begin
    headers = c.execute("SELECT id, subject, from_name || ' ' || from_addr, to_text"
                        " FROM main.message").fetchall()
    c.execute("CREATE VIRTUAL TABLE main.header USING fts5(subject, sender, recipient, content='')")
    begin = time.monotonic()
    c.execute("BEGIN")
    c.executemany("INSERT INTO main.header (rowid, subject, sender, recipient)"
                  " VALUES (?, ?, ?, ?)", headers)
    c.execute("COMMIT")
    fts = time.monotonic() - begin
    c.close()
    os.unlink(copy)
    return insert, fts


def first_sync(o, server, folder, raw):
    results = []
    fetch = lambda: json.loads(sh(raw, "-c", "500", "-d", "2", "localhost",
                                  server.v["IMAPS_PORT"], server.v["CA"], "bob", "secret",
                                  ITEMS).splitlines()[-1])
    fetch()  # the server's cache is warm from here on
    for i in range(o.runs):
        home = tern_home(o, server, os.path.join(folder, "sync%d" % i), "bob")
        limit = fetch()
        wall, cpu, rss = timed([o.tern, "--home", home, "sync"])
        insert, fts = bare_insert_apart(os.path.join(home, "data", "tern.db"), folder)
        results.append((wall, cpu, rss, limit["fetch_s"], insert, fts, limit["bytes"]))
        if i + 1 < o.runs:
            shutil.rmtree(home)
    wall, cpu, rss, read, insert, fts, size = [statistics.median(x) for x in zip(*results)]
    print("a  first sync of %d: %.2f s (%.0f/s, CPU %.2f s, peak %.1f MiB)" %
          (o.messages, wall, o.messages / wall, cpu, rss / 1024))
    print("   raw TLS read of the same FETCH %.2f s (%.1f MB), bare insert of the same rows %.2f s:"
          " ratio %.2f; with FTS5 of the headers, %.2f s: %.2f" %
          (read, size / 1e6, insert, wall / (read + insert), fts, wall / (read + insert + fts)))
    rows(o, folder)
    return os.path.join(folder, "sync%d" % (o.runs - 1))


def rows(o, folder):
    """batch_apply beside a bare insert in C, medians"""
    out = []
    for i in range(o.runs):
        place = os.path.join(folder, "rows")
        os.mkdir(place)
        out.append(json.loads(sh(o.storebench, place, str(o.messages))))
        shutil.rmtree(place)
    middle = lambda key: statistics.median(r[key] for r in out)
    print("   batch_apply %.0f rows/s (CPU %.2f s), bare insert %.0f rows/s (CPU %.2f s): %.2f of its rate" %
          (o.messages / middle("apply_s"), middle("apply_cpu_s"), o.messages / middle("bare_s"),
           middle("bare_cpu_s"), middle("rate_of_bare")), flush=True)


def show(rows, figure="last_ms"):
    """figure: to the last byte, or while a sync paints its progress, to the first"""
    for r in rows:
        if r["what"] == "start":
            print("   %-22s start %6.1f ms, memory %5.1f MiB" %
                  (r["label"], r["ready_ms"], r["rss_kib"] / 1024))
        elif r["what"] != "end":
            print("   %-22s %-5s p50 %6.2f  p99 %6.2f ms, %5.0f bytes" %
                  (r["label"], r["what"], r[figure]["p50"], r[figure]["p99"], r["bytes"]))
    sys.stdout.flush()


def steps(first, down, page, end, opened, forth, back):
    """one row, a page, the end, and ten messages read forth and back again (then cached)"""
    words = ["--sleep", "2"]
    if first:
        words += ["--send", first]
    words += ["--press", "down=%s*40" % down, "--press", "page=%s*20" % page]
    if end:
        words += ["--press", "last=" + end]
    if first:
        words += ["--send", first]
    words += ["--quiet", "150", "--send", opened, "--press", "forth=%s*10" % forth,
              "--press", "back=%s*10" % back]
    return words


def tern_keys(busy=False):
    words = ["--rows", "40", "--start", TERN_ROW]
    if busy:  # the sync has to be under way, and lasts a few seconds
        return words + ["--quiet", "10", "--press", "down=j*40", "--press", "page=<c-f>*10",
                        "--press", "last=G*1", "--send", "gg", "--send", "<enter>", "--press", "forth=J*9",
                        "--press", "back=K*9", "--send", "q", "--press", "flag=F*20"]
    return words + steps("gg", "j", "<c-f>", "G*1", "<enter>", "J", "K")


def screens(o, server, folder, big_home):
    small = tern_home(o, server, os.path.join(folder, "small"), "carol")
    sh(o.tern, "--home", small, "sync")
    print("b, c, d  start, keys, bytes (160x50)")
    for label, home in (("tern 1,000", small), ("tern %d" % o.messages, big_home)):
        show(keytime(tern_keys(), [o.tern, "--home", home], label))
    busy = os.path.join(folder, "busy")
    shutil.copytree(small, busy)
    tern_home(o, server, busy, "bob")
    show(keytime(tern_keys(True), [o.tern, "--home", busy], "tern, syncing %d" % o.messages),
         "first_ms")
    for peer in o.peers.split(","):
        if peer in PEERS and shutil.which(peer):
            row, first, down, page, end, opened, forth, back, quiet = PEERS[peer]
            run = sh(os.path.join(HERE, "peers.sh"), peer, os.path.join(folder, "peers"), "--port",
                     server.v["IMAPS_PORT"], "--ca", server.v["CA"], "--user", "bob").split()
            words = ["--rows", "40", "--start", row, "--quiet", str(quiet), "--timeout", "120"]
            if peer == "alpine":
                words = ["--answer", "PASSWORD:=secret<enter>"] + words
            keytime(words, run, peer)  # fills its cache
            show(keytime(words + steps(first, down, page, end, opened, forth, back), run, peer))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--messages", type=int, default=100000)
    p.add_argument("--runs", type=int, default=3)
    p.add_argument("--tern", default=os.path.join(os.environ.get("TOP_BUILDDIR", "."), "tern"))
    p.add_argument("--storebench", default=os.path.join(os.environ.get("TOP_BUILDDIR", "."),
                                                        "tests", "bench", "storebench"))
    p.add_argument("--peers", default="mutt,neomutt,alpine,aerc,mbsync")
    p.add_argument("--only", default="abcdefghijklmnopq")
    p.add_argument("--bare", nargs=2, help=argparse.SUPPRESS)
    o = p.parse_args()
    if o.bare:
        print(*bare_insert(*o.bare))
        return
    folder = tempfile.mkdtemp(prefix="tern-bench-")
    os.chmod(folder, 0o755)
    server = Dovecot(os.path.join(folder, "dovecot"))
    try:
        if set("abcdefghijklm") & set(o.only):
            server.fill("bob", o.messages)
            server.fill("carol", 1000)
        raw = os.path.join(folder, "rawfetch")
        sh("cc", "-O2", "-o", raw, os.path.join(HERE, "rawfetch.c"), "-lssl", "-lcrypto")
        print("%d messages, %d runs, load %.1f" % (o.messages, o.runs, os.getloadavg()[0]))
        if set("abcd") & set(o.only):
            home = first_sync(o, server, folder, raw)
            if set("bcd") & set(o.only):
                screens(o, server, folder, home)
        resync.run(o, server, folder, raw, TERN_ROW)
        acts.run(o, server, folder)
        reading.run(o, folder, TERN_ROW)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
