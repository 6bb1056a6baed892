#!/usr/bin/env python3
# warmkill.py - kill -9 at random points while mail is fetched ahead and thrown away
#
# usage: warmkill.py [--kills N] [--messages N] [--each N] [--seed S]
#                    [--tern PROGRAM] [--warmer PROGRAM] [--keep]
#
# A private Dovecot, one account, caps so small that nearly every body that comes
# evicts others.  The engine of the screen runs with a reader who never rests
# (warmer.c), now and then `tern sync` or `tern show`, sometimes two of them at once;
# all of it is killed at a random moment, or by strace as it enters the Nth call of
# one kind, or such a call fails once.  Meanwhile a second client brings, expunges and
# flags mail, and makes a mailbox anew, so that old numbers are other messages.
#
# After each kill, before anybody could repair anything: the database is sound; the
# ledger adds up (states, owners, sums); every body that counts as stored is there,
# and is the server's message byte for byte (or, with holes, its beginning); all
# together stay under the hard cap; nothing protected has gone.  After every EACH
# kills a run of `tern sync` must bring back order: no row is being fetched, no file
# is nobody's, nothing was found lost, what is to be readable offline is here, and
# one more run changes nothing (but for messages that have been gone for long).
#
# Prints the seed and "N passed, N failed".  exit: 0 well, 1 a promise broken,
# 77 no Dovecot.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import collections
import glob
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from syncrig import Broken, Server, Tern
from syscallkill import may_trace

SOFT, HARD = 500 << 10, 800 << 10
OPTIONS = "[tern]\ncache-soft-cap = %d\ncache-hard-cap = %d\nlog-level = info\n" % (SOFT, HARD)
KEPT = 30            # messages of the mailbox that is to be readable offline
FLAGGED, PINNED = 3, 3
AGAIN = 6            # messages of the mailbox that is made anew
LARGE = 300 << 10    # a message that comes without its attachment, unless it is wanted whole
START_S = 60         # until the first bodies come; a slow machine has its time
END_S = 60           # until a run that was told when to end has ended
SECOND = 0.3         # of the rounds have two processes
TRACED = 0.25        # ... have strace
CALLS = {"pwrite64": ["EIO", "ENOSPC"], "write": ["ENOSPC"], "fdatasync": ["EIO"], "fsync": ["EIO", "ENOSPC"],
         "rename": ["EIO", "ENOSPC"], "link": ["EPERM"], "unlink": [], "ftruncate": []}
CALL_MAX = 60        # the Nth call: up to this one

INVARIANTS = {
    "a state": "SELECT count(*) FROM cache_object c WHERE (state = 'cached') <> EXISTS"
               " (SELECT 1 FROM body b WHERE b.message_id = c.message_id)",
    "a size": "SELECT count(*) FROM cache_object c LEFT JOIN body b USING (message_id)"
              " WHERE c.stored_bytes <> ifnull(b.stored_bytes, 0)",
    "an owner": "SELECT count(*) FROM cache_object WHERE (state = 'fetching') <> (owner IS NOT NULL)"
                " OR (owner IS NOT NULL) <> (started_at IS NOT NULL)",
    "the sum": "SELECT count(*) FROM cache_total WHERE bytes <>"
               " (SELECT ifnull(sum(stored_bytes), 0) FROM body)",
    "a pack": "SELECT count(*) FROM body b LEFT JOIN body_pack p ON p.id = b.pack WHERE b.pack > 0"
              " AND (p.id IS NULL OR b.at < 0 OR b.at + b.stored_bytes > p.bytes)",
    "a missing row": "SELECT count(*) FROM message m WHERE NOT EXISTS"
                     " (SELECT 1 FROM cache_object c WHERE c.message_id = m.id)",
}


def expect(what, yes):
    if not yes:
        raise Broken(what)


class Mails:
    """Every message that ever was at the server, by Message-ID: what a body must be."""

    def __init__(self, rng):
        self.rng, self.number, self.raw = rng, 0, {}

    def make(self, large=False, size=None):
        self.number += 1
        ident = "w%d@example.org" % self.number
        size = size or self.rng.randint(2000, 40000)
        lines = "".join("%s %d %s\r\n" % (ident, i, "x" * (i % 50)) for i in range(size // 50))
        head = ("From: Person%d <p%d@example.org>\r\nTo: b@example.org\r\nSubject: %s\r\n"
                "Message-ID: <%s>\r\nMIME-Version: 1.0\r\n") % (
                    self.number % 7, self.number % 7, ident, ident)
        if not large:
            raw = head + "Content-Type: text/plain\r\n\r\n" + lines
        else:
            raw = (head + "Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n"
                   "Content-Type: text/plain\r\n\r\n" + lines[:2000] + "\r\n--bb\r\n"
                   "Content-Type: application/octet-stream; name=x.bin\r\n"
                   "Content-Disposition: attachment; filename=x.bin\r\n"
                   "Content-Transfer-Encoding: 7bit\r\n\r\n" +
                   ("%s attached\r\n" % ident) * (LARGE // (len(ident) + 11)) + "--bb--\r\n")
        self.raw[ident] = raw.encode()
        return ident


class Other:
    """The second client."""

    def __init__(self, rng, server, mails):
        self.rng, self.m, self.mails = rng, server.client(), mails
        self.inbox = []      # those that it may expunge

    def put(self, box, ident, flags=None):
        self.m.append(box, flags, None, self.mails.raw[ident])
        return ident

    def fill(self, messages):
        for box in ("Kept", "Again"):
            self.m.create(box)
        self.flagged = [self.put("INBOX", self.mails.make(), "\\Flagged") for _ in range(FLAGGED)]
        self.pinned = [self.put("INBOX", self.mails.make()) for _ in range(PINNED)]
        self.inbox = [self.put("INBOX", self.mails.make(i % 12 == 0)) for i in range(messages)]
        for i in range(KEPT):
            self.put("Kept", self.mails.make(size=3000))
        self.again()

    def again(self):
        """The same numbers for other messages."""
        self.m.select("INBOX")
        self.m.delete("Again")
        self.m.create("Again")
        for _ in range(AGAIN):
            self.put("Again", self.mails.make(size=3000))

    def expunge(self):
        ident = self.inbox.pop(self.rng.randrange(len(self.inbox)))
        self.m.select("INBOX")
        found = self.m.uid("SEARCH", "HEADER", "Message-ID", "<%s>" % ident)[1][0].split()
        self.m.uid("STORE", b",".join(found), "+FLAGS.SILENT", "(\\Deleted)")
        self.m.uid("EXPUNGE", b",".join(found))

    def act(self):
        what = self.rng.random()
        if what < 0.4:
            self.inbox.append(self.put("INBOX", self.mails.make(self.rng.random() < 0.1)))
        elif what < 0.75:
            self.expunge()
        elif what < 0.85:
            self.put("Kept", self.mails.make(size=3000))
            self.m.select("Kept")
            self.m.uid("STORE", "1:*", "+FLAGS.SILENT", "(\\Seen)")
            self.m.uid("STORE", str(self.rng.randint(1, KEPT)), "+FLAGS.SILENT", "(\\Deleted)")
            self.m.expunge()
        else:
            self.again()


class Look:
    """The store as the dead left it: a copy of the database, and the files."""

    def __init__(self, home, folder):
        self.bodies = os.path.join(home, "data", "bodies")
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        for name in ("tern.db", "tern.db-wal"):
            path = os.path.join(home, "data", name)
            if os.path.exists(path):
                shutil.copy(path, folder)
        self.db = sqlite3.connect(os.path.join(folder, "tern.db"))
        self.idents = {i: (r or "").strip("<> ") for i, r in self.rows("SELECT id, rfc_id FROM message")}

    def rows(self, sql):
        return self.db.execute(sql).fetchall()

    def one(self, sql):
        return self.rows(sql)[0][0]

    def path(self, message):
        return os.path.join(self.bodies, "%02x" % (message & 255), "%d.eml" % message)

    def sound(self):
        expect("the database is damaged", self.one("PRAGMA quick_check") == "ok")
        for what, sql in INVARIANTS.items():
            n = self.one(sql)
            expect("%s is wrong in %d rows" % (what, n), n == 0)
        used = self.one("SELECT bytes FROM cache_total")
        expect("%d bytes, and the hard cap is %d" % (used, HARD), used <= HARD)

    def bytes_of(self, message, pack, at, size):
        path = os.path.join(self.bodies, "packs", "%d.pack" % pack) if pack else self.path(message)
        try:
            with open(path, "rb") as f:
                f.seek(at if pack else 0)
                return f.read(size) if pack else f.read()
        except OSError as why:
            raise Broken("a body that counts as stored is lost: %s" % why) from why

    def check_bodies(self, mails, counts):
        for message, pack, at, size, holes in self.rows(
                "SELECT message_id, pack, at, stored_bytes, holes FROM body"):
            ident = self.idents[message]
            raw, got = mails.raw[ident], self.bytes_of(message, pack, at, size)
            counts["bodies"] += 1
            if holes and got == raw:  # killed between the name of the whole one and its row
                counts["grown"] += 1
                continue
            expect("%s: %d bytes, and the row says %d" % (ident, len(got), size), len(got) == size)
            most = int(holes.split()[0]) if holes else len(raw)
            expect("%s: another body is stored" % ident, got[:most] == raw[:most])
            expect("%s is not whole" % ident, holes or len(got) == len(raw))

    def cached(self):
        return {self.idents[m] for m, in self.rows("SELECT message_id FROM body")}

    def offline(self):
        """What a policy wants, as far as it is shown."""
        return {self.idents[m] for m, in self.rows(
            "SELECT l.message_id FROM location l JOIN mailbox_offline o USING (mailbox_id)"
            " WHERE l.shown = 1 AND o.policy = 3")}

    def count(self, state):
        return self.one("SELECT count(*) FROM cache_object WHERE state = '%s'" % state)

    def check_files(self):
        """No file is nobody's."""
        own = {self.path(m) for m, in self.rows("SELECT message_id FROM body WHERE pack = 0")}
        own |= {os.path.join(self.bodies, "packs", "%d.pack" % p) for p, in
                self.rows("SELECT id FROM body_pack")}
        there = set(glob.glob(os.path.join(self.bodies, "*", "*")))
        expect("files of nobody: %s" % sorted(there - own)[:5], not there - own)
        expect("files that are missing: %s" % sorted(own - there)[:5], not own - there)

    def ledger(self):
        """But what failed: its pause may end at any time."""
        return {r[0]: r for r in self.rows(
            "SELECT message_id, state, stored_bytes, owner, attempts FROM cache_object"
            " WHERE state <> 'failed'")}

    def missing_offline(self):
        """What a policy wants and is not here; but not what was interrupted too often (C-07), nor what
        waits since a call failed."""
        return [self.idents[m] for m, in self.rows(
            "SELECT l.message_id FROM location l JOIN mailbox_offline o USING (mailbox_id)"
            " JOIN cache_object c USING (message_id) WHERE l.shown = 1 AND o.policy = 3"
            " AND c.state <> 'cached' AND NOT (c.state = 'failed' AND"
            "  (c.last_error = 'interrupted' OR c.next_try_at > strftime('%s', 'now') - 60))")]


class Loop:
    def __init__(self, o, rng, server, folder):
        self.o, self.rng, self.folder = o, rng, folder
        self.home = os.path.join(folder, "home")
        self.tern = Tern(o.tern, self.home)
        self.mails = Mails(rng)
        self.other = Other(rng, server, self.mails)
        self.server = server
        self.counts = collections.Counter()
        self.traces = may_trace(folder)
        self.running = []
        self.had = set()     # protected ones that were here: flagged and pinned ...
        self.had_offline = set()  # ... and of mailboxes that are to be readable offline

    def look(self):
        return Look(self.home, os.path.join(self.folder, "look"))

    def begin(self):
        self.other.fill(self.o.messages)
        self.tern.run("account", "add", "test", *self.server.account())
        with open(os.path.join(self.home, "config", "tern.conf"), "w", encoding="utf-8") as f:
            f.write(OPTIONS)
        self.tern.run("sync")
        idents = {i: m for m, i in self.look().idents.items()}
        for ident in self.other.flagged + self.other.pinned:
            self.tern.run("show", str(idents[ident]))
        self.tern.run("cache", "pin", *[str(idents[i]) for i in self.other.pinned])
        for box in ("Kept", "Again"):
            self.tern.run("offline", box, "everything")
        self.tern.run("sync")
        self.had = set(self.other.flagged + self.other.pinned)
        self.reach = self.measure()

    def measure(self):
        """Seconds until the first bodies come."""
        before, began = len(self.look().cached()), time.monotonic()
        p = self.spawn(self.words_of_warmer(START_S * 1000))
        try:
            while len(self.look().cached()) < before + 3:
                expect("nothing is fetched ahead", time.monotonic() < began + START_S)
                expect("the engine has ended", p.poll() is None)
                time.sleep(0.02)
            return time.monotonic() - began
        finally:
            self.kill(p)

    # --- who is killed ---

    def words_of_warmer(self, ms):
        return [self.o.warmer, self.home, str(self.rng.randrange(1 << 30)), str(ms)]

    def words(self, ms):
        what = self.rng.random()
        if what < 0.7:
            return self.words_of_warmer(ms)
        if what < 0.85:
            return self.tern.base + ["sync"]
        return self.tern.base + ["show", str(self.rng.randint(1, 2 * self.o.messages))]

    def spawn(self, words):
        p = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, start_new_session=True)
        self.running.append(p)
        return p

    def kill(self, p):
        """With all that it has started; true if it still ran."""
        ran = p.poll() is None
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        p.wait()
        self.running = [q for q in self.running if q is not p]
        return ran

    def end(self):
        for p in list(self.running):
            self.kill(p)

    def traced(self):
        """strace kills it, or lets one call fail; then it ends by itself."""
        call = self.rng.choice(sorted(CALLS))
        how = self.rng.choice(["signal=SIGKILL"] * 2 + ["error=" + e for e in CALLS[call]])
        log = os.path.join(self.folder, "trace")
        inject = "inject=%s:%s:when=%d" % (call, how, self.rng.randint(1, CALL_MAX))
        p = self.spawn(["strace", "-f", "-qq", "-o", log, "-e", "trace=" + call, "-e", inject] +
                       self.words(int(1500 * (self.reach + 0.4))))
        try:
            p.wait(END_S)
        except subprocess.TimeoutExpired:
            raise Broken("%s: it does not end" % inject) from None
        finally:
            self.kill(p)
        with open(log, encoding="utf-8", errors="replace") as f:
            trace = f.read()
        fired = "INJECTED" in trace or "killed by SIGKILL" in trace
        self.counts["kills" if "signal" in how else "failed calls"] += fired

    def round(self):
        if self.traces and self.rng.random() < TRACED:
            self.traced()
            return
        ps = [self.spawn(self.words(END_S * 1000))]
        if self.rng.random() < SECOND:
            ps.append(self.spawn(self.words(END_S * 1000)))
        end = time.monotonic() + self.rng.uniform(0.3 * self.reach, self.reach + 0.6)
        if self.rng.random() < 0.6:
            self.other.act()
        time.sleep(max(0, end - time.monotonic()))
        for p in ps:
            self.counts["kills"] += self.kill(p)

    # --- what must hold ---

    def check(self):
        look = self.look()
        look.sound()
        look.check_bodies(self.mails, self.counts)
        cached, offline = look.cached(), look.offline()
        gone = (self.had | self.had_offline & offline) - cached
        self.had_offline = cached & offline
        expect("protected bodies went: %s" % sorted(gone), not gone)
        self.counts["open claims"] += look.count("fetching")
        self.counts["evicted"] = max(self.counts["evicted"], look.count("evicted"))

    def salvaged(self, key):
        n = 0
        for path in glob.glob(os.path.join(self.home, "state", "*log*")):
            with open(path, encoding="utf-8", errors="replace") as f:
                for line in f:
                    if "bodies-salvaged" in line:
                        n += json.loads(line).get(key, 0)
        return n

    def converge(self):
        self.kill_early()
        self.tern.run("sync")
        first = self.look()
        first.sound()
        first.check_bodies(self.mails, self.counts)
        first.check_files()
        claims = first.count("fetching")
        expect("%d rows are being fetched by nobody" % claims, claims == 0)
        missing = first.missing_offline()
        expect("not readable offline: %s" % missing[:5], not missing)
        lost = self.salvaged("lost")
        expect("%d bodies were found lost" % lost, lost == 0)
        self.tern.run("sync")
        before, after = first.ledger(), self.look().ledger()
        changed = [(before[i], after[i]) for i in before if before[i] != after.get(i, before[i])]
        expect("one more run changed the ledger: %s" % changed[:3], not changed)
        self.tern.run("doctor", good=(0, 1))
        self.counts["converged"] += 1

    def kill_early(self):
        """What a failed call may have left is found after an unclean end only."""
        p = self.spawn(self.words_of_warmer(END_S * 1000))
        time.sleep(self.reach)
        self.counts["kills"] += self.kill(p)

    def run(self):
        self.begin()
        rounds = 0
        while self.counts["kills"] < self.o.kills:
            self.round()
            self.check()
            rounds += 1
            expect("hardly anything could be killed", rounds < 20 + 4 * self.o.kills)
            if rounds % self.o.each == 0:
                self.converge()
            if rounds % 100 == 0:
                print("%d kills" % self.counts["kills"], flush=True)
        self.converge()
        self.counts["files of nobody"] = self.salvaged("files")


def main():
    p = argparse.ArgumentParser()
    build = os.environ.get("TOP_BUILDDIR", ".")
    p.add_argument("--kills", type=int, default=int(os.environ.get("KILLS", "12")))
    p.add_argument("--messages", type=int, default=120, help="in INBOX")
    p.add_argument("--each", type=int, default=8, help="rounds, between two runs that bring order")
    p.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "20261122")))
    p.add_argument("--tern", default=os.path.join(build, "tern"))
    p.add_argument("--warmer", default=os.path.join(build, "tests", "sync", "warmer"))
    p.add_argument("--keep", action="store_true", help="leave the folder for looking")
    o = p.parse_args()
    o.tern, o.warmer = os.path.abspath(o.tern), os.path.abspath(o.warmer)
    folder = tempfile.mkdtemp(prefix="tern-warm-")
    os.chmod(folder, 0o755)
    server = Server(os.path.join(folder, "dovecot"))
    failed, loop = 0, None
    try:
        loop = Loop(o, random.Random(o.seed), server, folder)
        loop.run()
    except (Broken, subprocess.SubprocessError) as why:
        failed = 1
        print("broken: %s" % why)
    finally:
        if loop:
            loop.end()
        server.stop()
        if o.keep:
            print("left in %s" % folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print("seed %d: %s" % (o.seed, ", ".join("%d %s" % (n, what) for what, n in sorted(
        loop.counts.items())) if loop else ""))
    print("%d passed, %d failed" % (1 - failed, failed))
    return failed


if __name__ == "__main__":
    sys.exit(main())
