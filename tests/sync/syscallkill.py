#!/usr/bin/env python3
# syscallkill.py - kill -9 at each system call that writes, and look what is left
#
# usage: syscallkill.py [--all | --sample N] [--seed S] [--only SCENARIO,...]
#                       [--calls NAME,...] [--tern PROGRAM]
#
# A private Dovecot with 300 messages.  For each scenario tern runs under strace,
# which kills it as it enters the Nth call of one kind: pwrite64, write, fdatasync,
# fsync, sendto, sendmsg, writev, ftruncate, unlink, rename, and poll (the answer
# to what was sent is not heard).  With --all N goes from 1 until it no longer
# fires, else a sample of N kills in each scenario is taken, the same for the same
# seed.  The scenarios:
#   first     a first synchronisation
#   delta     new messages, changed flags and expunged ones
#   backfill  the newest are in the store, the history comes
#   push      20 changes are sent: flags, moves, deletions
#   body      messages are opened that are not in the store yet
# After each kill tern runs again to the end, undisturbed.  Then the server has
# what was expected, each message once; the store is what it is without a kill;
# and one more run changes neither and sends no command that writes.
#
# Prints the kills of each scenario, the seed and "N passed, N failed".
# exit: 0 well, 1 a promise broken, 77 no Dovecot, no strace, or no leave to trace.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import collections
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

from syncrig import (HERE, SKIPPED, Broken, Server, Tern, differences, imapcheck, server_picture,
                     without_account)

MESSAGES = 300
RUN_S = 60          # no run of tern may take longer
MISSES = 2          # so many counts in a row that do not fire end a series
CALLS = ["pwrite64", "write", "fdatasync", "fsync", "sendto", "sendmsg", "writev", "ftruncate",
         "unlink", "unlinkat", "rename", "renameat", "poll"]
WRITES = re.compile(r"> \S+ (UID )?(STORE|MOVE|COPY|EXPUNGE|APPEND|CREATE|DELETE|RENAME|CLOSE|"
                    r"SUBSCRIBE|UNSUBSCRIBE)\b", re.I)
OPTIONS = "[tern]\nbackfill-mode = %s\nbackfill-bootstrap-max = %d\nbackfill-batch-size = 50\n" \
          "sync-batch-size = 50\n"


class Proxy:
    """Writes down which commands pass."""

    def __init__(self, folder, port):
        self.ledger = os.path.join(folder, "ledger")
        self.p = subprocess.Popen(
            [os.path.join(HERE, "..", "faults", "imapfault.py"), "--upstream", "127.0.0.1:" + port,
             "--mode", "pass", "--ledger", self.ledger, "--life", "36000"],
            stdout=subprocess.PIPE, text=True)
        self.port = self.p.stdout.readline().strip().partition("=")[2]

    def written(self, since):
        with open(self.ledger, encoding="utf-8", errors="replace") as f:
            f.seek(since)
            return [line.strip() for line in f if WRITES.search(line)]

    def size(self):
        return os.path.getsize(self.ledger) if os.path.exists(self.ledger) else 0

    def stop(self):
        self.p.terminate()
        self.p.wait(10)


def strace(calls, inject, log, words):
    command = ["strace", "-f", "-qq", "-o", log, "-e", "trace=" + calls]
    if inject:
        command += ["-e", "inject=%s:signal=SIGKILL:when=%d" % inject]
    return subprocess.run(command + words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=RUN_S, check=False)


def may_trace(folder):
    try:
        out = strace("write", ("write", 1), os.path.join(folder, "probe"), ["echo", "x"])
    except OSError:
        return False
    return out.returncode in (137, -9) and not out.stdout


class Scenario:
    """One way to write: how it begins, what runs, and what must be there at the end."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.user = "alice"
        self.words = {"push": ["push"], "body": ["show", "--text"]}.get(name, ["sync"])
        self.home = os.path.join(world.folder, "begin-" + name)
        self.tern = Tern(world.tern, self.home)
        getattr(self, "begin_" + name)()

    # Each leaves a home and a mailbox that every kill begins with.

    def store(self, mode="progressive", bootstrap=1500, user="alice"):
        self.user = user
        self.tern.run("account", "add", "test", *self.world.server.account(user))
        self.options(mode, bootstrap)

    def options(self, mode, bootstrap, home=None):
        with open(os.path.join(home or self.home, "config", "tern.conf"), "w", encoding="utf-8") as f:
            f.write(OPTIONS % (mode, bootstrap))

    def begin_first(self):
        self.store(bootstrap=100)

    def begin_delta(self):
        self.store(user="bob")
        self.tern.run("sync")
        m = self.world.server.client("bob")
        imapcheck.select(m, "INBOX", False)
        m.uid("STORE", "10:40", "+FLAGS.SILENT", "(\\Flagged)")
        imapcheck.remove(m, "50:70")
        m.uid("MOVE", "80:90", "Archive")
        for i in range(20):
            m.append("INBOX", None, None,
                     b"Message-ID: <late%d@example.org>\r\nSubject: late\r\n\r\nx\r\n" % i)
        m.logout()

    def begin_backfill(self):
        self.store("bootstrap_only", 100)
        self.tern.run("sync")
        self.options("progressive", 100)

    def begin_push(self):
        self.store(user="carol")
        self.tern.run("sync")
        rows = [o for o in self.tern.dump() if o["kind"] == "message"]
        ids = [str(o["id"]) for o in rows[:20]]
        for words in (["flag"] + ids[:5], ["read"] + ids[5:8], ["unread"] + ids[8:10],
                      ["move"] + ids[10:16] + ["--to", "Drafts"], ["delete"] + ids[16:]):
            self.tern.run(*words, good=(0, 75))

    def begin_body(self):
        self.store()
        self.tern.run("sync")
        rows = [o for o in self.tern.dump() if o["kind"] == "message"]
        self.words = ["show", str(rows[7]["id"]), "--text"]

    # ---

    def fresh(self, number):
        """A copy of the beginning; pushes get a mailbox of their own, too."""
        home = os.path.join(self.world.folder, "home")
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.home, home)
        user = self.user
        if self.name == "push":
            user = "u%d" % number
            mail = self.world.server.v["MAIL"]
            subprocess.run(["cp", "-a", os.path.join(mail, self.user), os.path.join(mail, user)],
                           check=True, timeout=60)
            self.configure(home, user=user)
        return Tern(self.world.tern, home), user

    def configure(self, home, **keys):
        """Other values in the account's file, as if the user had edited it."""
        where = os.path.join(home, "config", "accounts.d")
        path = os.path.join(where, os.listdir(where)[0])
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for key, value in keys.items():
            text = re.sub(r"(?m)^%s *=.*\n" % key, "", text) + "%s=%s\n" % (key, value)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def finish(self, tern):
        """What the user does after the death: the same once more."""
        if self.name == "body":
            tern.run(*self.words)
        tern.settle()
        tern.run("sync")  # clears away what an unclean end may leave to the next pass

    def reference(self):
        """The end without a kill, and how often which call is made."""
        tern, user = self.fresh(0)
        log = os.path.join(self.world.folder, "calls")
        out = strace(",".join("?" + c for c in CALLS), None, log, tern.base + self.words)
        if out.returncode:
            raise Broken("%s: exit %d: %s" % (self.name, out.returncode, out.stderr))
        counts = collections.Counter()
        with open(log, encoding="utf-8", errors="replace") as f:
            for line in f:
                r = re.match(r"(\d+) +(\w+)\(", line)
                if r:
                    counts[(r[2], r[1])] += 1
        most = {}
        for (call, _), n in counts.items():
            most[call] = max(most.get(call, 0), n)
        self.finish(tern)
        self.expected = self.end(tern, user)
        if self.name == "body":
            self.text = tern.run(*self.words)
        self.check(tern, user)
        return most

    def end(self, tern, user):
        """What is compared: the server, and the store without its own numbers."""
        m = self.world.server.client(user)
        server = server_picture(m)
        m.logout()
        threads, rows = {}, []
        for o in tern.dump():
            if o["kind"] == "message" and not o["orphan"]:
                threads.setdefault(o["thread"], []).append(o["message_id"])
                places = sorted((p["mailbox"], p["uid"], tuple(p["wanted_flags"]), p["shown"],
                                 p["pending"]) for p in o["locations"])
                rows.append(tuple(o[k] for k in ("message_id", "subject", "from", "received", "size")) +
                            (places,))
        return {"server": server, "rows": sorted(rows),
                "threads": sorted(sorted(t) for t in threads.values())}

    def check(self, tern, user):
        end = self.end(tern, user)
        for what, value in self.expected.items():
            if end[what] != value and not (what == "rows" and self.name == "push"):
                raise Broken("%s is not what it is without a kill: %s" % (what, first_difference(
                    end[what], value)))
        dump = tern.dump()
        wrong = differences(dump, end["server"])
        if wrong:
            raise Broken("store and server differ: " + "; ".join(wrong[:5]))
        if self.name == "body" and tern.run(*self.words) != self.text:
            raise Broken("the text of the message is another")
        proxy, since = self.world.proxy, self.world.proxy.size()
        self.configure(tern.home, port=proxy.port, tls="plain")
        tern.run("sync")
        before, after = without_account(dump), without_account(tern.dump())
        if before != after:
            raise Broken("one more run changed the store: %s" % (first_difference(after, before),))
        if proxy.size() == since:
            raise Broken("the ledger saw nothing of the last run")
        if proxy.written(since):
            raise Broken("one more run wrote: %s" % proxy.written(since)[:3])

    def kill(self, call, when, number):
        """True if the call was made that often."""
        tern, user = self.fresh(number)
        log = os.path.join(self.world.folder, "trace")
        out = strace(call, (call, when), log, tern.base + self.words)
        with open(log, encoding="utf-8", errors="replace") as f:
            fired = "+++ killed by SIGKILL" in f.read()
        if out.returncode not in (137, -9) and not fired:
            return False
        try:
            self.finish(tern)
            self.check(tern, user)
        finally:
            if self.name == "push":
                shutil.rmtree(os.path.join(self.world.server.v["MAIL"], user), ignore_errors=True)
        return True


def first_difference(a, b):
    if isinstance(a, dict):
        return [(k, first_difference(a.get(k, (0, {}))[1], b.get(k, (0, {}))[1]))
                for k in set(a) | set(b) if a.get(k) != b.get(k)][:3]
    rows = a.items() if hasattr(a, "items") else a
    others = b.items() if hasattr(b, "items") else b
    return [x for x in rows if x not in others][:3], [x for x in others if x not in rows][:3]


class World:
    def __init__(self, o, folder):
        self.folder, self.tern, self.kills = folder, o.tern, 0
        self.server = Server(os.path.join(folder, "dovecot"))
        self.server.fill(MESSAGES)
        mail = self.server.v["MAIL"]
        for user in "bob", "carol":
            subprocess.run(["cp", "-a", os.path.join(mail, "alice"), os.path.join(mail, user)],
                           check=True, timeout=60)
        with open(os.path.join(self.server.folder, "passwd"), "a", encoding="utf-8") as f:
            f.writelines("u%d:{PLAIN}secret::::::\n" % i for i in range(5000))
        self.proxy = Proxy(folder, self.server.v["IMAP_PORT"])

    def stop(self):
        self.proxy.stop()
        self.server.stop()


def plan(most, o, rng):
    """Which call to kill at which count; with --all None ends a series that fires no more."""
    if o.calls:
        most = {c: n for c, n in most.items() if c in o.calls.split(",")}
    calls = [c for c in CALLS if c in most]
    if o.all:
        for call in calls:
            yield from ((call, n) for n in range(1, 3 * most[call] + MISSES))
        return
    points = set()
    while len(points) < min(o.sample, sum(most.values())):
        call = rng.choice(calls)
        points.add((call, rng.randint(1, most[call])))
    yield from sorted(points)


def run(o, world):
    rng, broken = random.Random(o.seed), 0
    for name in o.only.split(","):
        scenario = Scenario(world, name)
        most = scenario.reference()
        kills, misses = 0, collections.Counter()
        for call, when in plan(most, o, rng):
            if misses[call] >= MISSES:
                continue
            world.kills += 1
            try:
                if scenario.kill(call, when, world.kills):
                    kills, misses[call] = kills + 1, 0
                else:
                    misses[call] += 1
            except (Broken, subprocess.TimeoutExpired) as why:
                broken += 1
                kills += 1
                print("broken: %s, killed at %s %d: %s" % (name, call, when, why), flush=True)
        print("%-8s %4d kills of %d calls: %s" % (name, kills, sum(most.values()), " ".join(
            "%s %d" % (c, most[c]) for c in CALLS if c in most)), flush=True)
    return broken


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--all", action="store_true")
    p.add_argument("--sample", type=int, default=12)
    p.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "20261122")))
    p.add_argument("--only", default="first,delta,backfill,push,body")
    p.add_argument("--calls", default="")
    p.add_argument("--tern", default=os.path.join(os.environ.get("TOP_BUILDDIR", "."), "tern"))
    o = p.parse_args()
    folder = tempfile.mkdtemp(prefix="tern-call-")
    os.chmod(folder, 0o755)
    world = None
    try:
        if not may_trace(folder):
            print("no strace, or no leave to trace: skipped")
            return SKIPPED
        world = World(o, folder)
        broken = run(o, world)
    except Broken as why:
        broken = 1
        print("broken: %s" % why)
    finally:
        if world:
            world.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print("seed %d, %d kills" % (o.seed, world.kills))
    print("%d passed, %d failed" % (world.kills - broken, broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
