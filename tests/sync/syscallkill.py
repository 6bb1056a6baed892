#!/usr/bin/env python3
# syscallkill.py - kill tern at each system call that writes, or let the call fail
#
# usage: syscallkill.py [--all | --sample N] [--seed S] [--only SCENARIO,...]
#                       [--calls NAME,...] [--how kill,EIO,ENOSPC,EPIPE] [--tern PROGRAM]
#
# A private Dovecot with 300 messages.  For each scenario tern runs under strace,
# which kills it as it enters the Nth call of one kind: pwrite64, write, fdatasync,
# fsync, sendto, sendmsg, writev, ftruncate, unlink, rename, and poll (the answer
# to what was sent is not heard).  Where changes are queued or sent, the Nth call
# also fails once, with EIO and with ENOSPC, and where it may be a socket's with
# EPIPE.  With --all N goes from 1 until it no longer fires, else a sample of N
# points in each scenario is taken (a third of it where changes are queued), the
# same for the same seed.  The scenarios:
#   first     a first synchronisation
#   delta     new messages, changed flags and expunged ones
#   backfill  the newest are in the store, the history comes
#   body      messages are opened that are not in the store yet
#   push      changes of every kind are sent
#   the others, each a command that queues: flag, tag, move, copy, for-ever, append,
#             undo (of what waits), undo-sent, redo, meet (a wish that meets another
#             one about the same messages) and read-all (more than one transaction)
# After it the store is sound.  A command that queues has done all or nothing; all
# if it said so (exit 0 or 75); and if a call failed it has succeeded or says why
# not.  Then tern runs again to the end, undisturbed: the server has what was
# expected, each message once; the store is what it is without the fault; and one
# more run changes neither and sends no command that writes.
#
# Prints the points of each scenario, the seed and "N passed, N failed".
# exit: 0 well, 1 a promise broken, 77 no Dovecot, no strace, or no leave to trace.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

from syncrig import (HERE, SKIPPED, Broken, Server, Tern, differences, imapcheck, make_message,
                     server_picture, shown_picture, without_account)

MESSAGES = 300
FEW = 50            # messages where changes are queued or sent
RUN_S = 60          # no run of tern may take longer
MISSES = 2          # so many counts in a row that do not fire end a series
CALLS = ["pwrite64", "write", "fdatasync", "fsync", "sendto", "sendmsg", "writev", "ftruncate",
         "unlink", "unlinkat", "rename", "renameat", "poll"]
# How a call may fail, besides that it kills; which of them a scenario has is in hows().
ERRORS = {"pwrite64": ["EIO", "ENOSPC"], "write": ["EIO", "ENOSPC", "EPIPE"],
          "fdatasync": ["EIO", "ENOSPC"], "fsync": ["EIO", "ENOSPC"],
          "ftruncate": ["EIO", "ENOSPC"], "unlink": ["EIO"], "unlinkat": ["EIO"],
          "rename": ["EIO", "ENOSPC"], "renameat": ["EIO", "ENOSPC"],
          "sendto": ["EPIPE"], "sendmsg": ["EPIPE"], "writev": ["EIO", "ENOSPC", "EPIPE"]}
READS = ["first", "delta", "backfill", "body"]
QUEUES = ["flag", "tag", "move", "copy", "for-ever", "append", "undo", "undo-sent", "redo", "meet",
          "read-all"]
USERS = 2000        # mailboxes of their own, for scenarios that write
EXIT_QUEUED = 75
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
        how, call, when = inject
        command += ["-e", "inject=%s:%s:when=%d" % (
            call, "signal=SIGKILL" if how == "kill" else "error=" + how, when)]
    return subprocess.run(command + words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=RUN_S, check=False)


def may_trace(folder):
    try:
        out = strace("write", ("kill", "write", 1), os.path.join(folder, "probe"), ["echo", "x"])
    except OSError:
        return False
    return out.returncode in (137, -9) and not out.stdout


def shown(tern):
    return shown_picture(tern.dump())[0]


class Scenario:
    """One way to write: how it begins, what runs, and what must be there at the end."""

    def __init__(self, world, name):
        self.world, self.name = world, name
        self.user = "alice"
        self.sends = name not in READS   # every run has a mailbox of its own
        self.queues = name in QUEUES
        self.words = {"push": ["push"], "body": ["show", "--text"]}.get(name, ["sync"])
        self.home = os.path.join(world.folder, "begin-" + name)
        self.tern = Tern(world.tern, self.home)
        getattr(self, "begin_" + ("queue" if self.queues else name))()

    def hows(self, call):
        return ["kill"] + (ERRORS.get(call, []) if self.sends else [])

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

    def mailbox_of_own(self):
        """A user with mail of his own, in the store; the numbers of its messages."""
        self.world.copy_mail("alice" if self.name == "read-all" else "carol", self.name)
        self.store(user=self.name)
        self.tern.run("sync")
        return [str(o["id"]) for o in self.tern.dump() if o["kind"] == "message"]

    def queue(self, *commands):
        for words in commands:
            self.tern.run(*words, good=(0, EXIT_QUEUED))

    def message(self, number):
        path = os.path.join(self.world.folder, "new%d.eml" % number)
        with open(path, "wb") as f:
            f.write(make_message(number)[0])
        return path

    def begin_push(self):
        ids = self.mailbox_of_own()
        self.queue(["move"] + ids[40:44] + ["--to", "Archive"], ["push"], ["undo"],
                   ["flag"] + ids[:5], ["read"] + ids[5:8], ["unread"] + ids[8:10],
                   ["tag"] + ids[3:7] + ["--add", "work later"],
                   ["move"] + ids[10:16] + ["--to", "Drafts"], ["flag"] + ids[12:14],
                   ["delete"] + ids[16:20], ["copy"] + ids[20:24] + ["--to", "Archive"],
                   ["delete"] + ids[24:27] + ["--for-ever", "--yes"],
                   ["append", "Drafts", self.message(70001), "--flags", "seen"],
                   ["append", "Archive", self.message(70002)])

    def begin_queue(self):
        """Commands that come first, and the one that is disturbed."""
        ids = self.mailbox_of_own()
        eight, wide = ids[:8], ids[:260]
        move = ["move"] + eight + ["--to", "Archive"]
        before, self.words = {
            "flag": ([], ["flag"] + eight),
            "tag": ([], ["tag"] + eight + ["--add", "work later"]),
            "move": ([], move),
            "copy": ([], ["copy"] + eight + ["--to", "Archive"]),
            "for-ever": ([], ["delete"] + eight + ["--for-ever", "--yes"]),
            "append": ([], ["append", "Drafts", self.message(70003)]),
            "undo": ([["flag"] + eight, move], ["undo"]),
            "undo-sent": ([move, ["push"]], ["undo"]),
            "redo": ([move, ["undo"]], ["redo"]),
            "meet": ([["flag"] + eight, ["move"] + eight + ["--to", "Drafts"]], move),
            "read-all": ([["unread"] + wide, ["push"]], ["read-all", "INBOX"]),
        }[self.name]
        self.queue(*before)
        self.before = shown(self.tern)

    def begin_body(self):
        self.store()
        self.tern.run("sync")
        rows = [o for o in self.tern.dump() if o["kind"] == "message"]
        self.words = ["show", str(rows[7]["id"]), "--text"]

    # ---

    def fresh(self, number):
        """A copy of the beginning; what sends gets a mailbox of its own, too."""
        home = os.path.join(self.world.folder, "home")
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.home, home)
        user = self.user
        if self.sends:
            user = "u%d" % (number % USERS)
            self.world.copy_mail(self.user, user)
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
        """What the user does after the fault: the same once more, if it was not done."""
        if self.name == "body" or self.queues and shown(tern) == self.before:
            tern.run(*self.words, good=(0, EXIT_QUEUED))
        tern.settle()
        tern.run("sync")  # clears away what an unclean end may leave to the next pass

    def sound(self, tern):
        report = [json.loads(line) for line in
                  tern.run("doctor", "--json", good=(0, 1)).splitlines()]
        bad = [r for r in report if r["check"] == "store" and not r["ok"]]
        if bad:
            raise Broken("the store is damaged: %s" % bad)

    def all_or_nothing(self, tern, out):
        """Nothing half done, and what was acknowledged is there."""
        now = shown(tern)
        if now not in (self.before, self.after) and self.name != "read-all":
            raise Broken("half done: %s" % [(i, now.get(i), p) for i, p in self.after.items()
                                            if now.get(i) != p][:3])
        if out.returncode in (0, EXIT_QUEUED) and now == self.before:
            raise Broken("acknowledged, and lost")

    def reference(self):
        """The end without a kill, and how often which call is made."""
        tern, user = self.fresh(0)
        log = os.path.join(self.world.folder, "calls")
        out = strace(",".join("?" + c for c in CALLS), None, log, tern.base + self.words)
        if out.returncode not in (0, EXIT_QUEUED):
            raise Broken("%s: exit %d: %s" % (self.name, out.returncode, out.stderr))
        self.after = shown(tern)
        if self.queues and self.after == self.before:
            raise Broken("%s changes nothing: %s" % (self.name, out.stderr))
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
        self.world.drop_mail(user)
        return most

    def end(self, tern, user):
        """What is compared: the server, and the store without its own numbers."""
        m = self.world.server.client(user)
        server = server_picture(m)
        m.logout()
        if self.sends:  # a new number is the server's to choose
            server = {box: (0, collections.Counter(rows.values())) for box, (_, rows) in
                      server.items()}
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
            if end[what] != value and not (what == "rows" and self.sends):
                raise Broken("%s is not what it is without a kill: %s" % (what, first_difference(
                    end[what], value)))
        dump, m = tern.dump(), self.world.server.client(user)
        wrong = differences(dump, server_picture(m))
        m.logout()
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

    def disturb(self, how, call, when, number):
        """True if the call was made that often."""
        tern, user = self.fresh(number)
        log = os.path.join(self.world.folder, "trace")
        try:
            out = strace(call, (how, call, when), log, tern.base + self.words)
            with open(log, encoding="utf-8", errors="replace") as f:
                trace = f.read()
            killed = out.returncode in (137, -9) or "+++ killed by SIGKILL" in trace
            if not killed and "(INJECTED)" not in trace:
                return False
            if not killed and (out.returncode < 0 or out.returncode > 127):
                raise Broken("died of the failure: exit %d" % out.returncode)
            if not killed and out.returncode not in (0, EXIT_QUEUED) and not out.stderr.strip():
                raise Broken("exit %d without a word" % out.returncode)
            self.sound(tern)
            if self.queues:
                self.all_or_nothing(tern, out)
            self.finish(tern)
            self.check(tern, user)
        finally:
            self.world.drop_mail(user)
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
        self.folder, self.tern, self.points = folder, o.tern, 0
        self.server = Server(os.path.join(folder, "dovecot"))
        self.server.fill(MESSAGES)
        self.server.fill(FEW, "carol")
        self.copy_mail("alice", "bob")
        with open(os.path.join(self.server.folder, "passwd"), "a", encoding="utf-8") as f:
            f.writelines("%s:{PLAIN}secret::::::\n" % u for u in
                         ["push"] + QUEUES + ["u%d" % i for i in range(USERS)])
        self.proxy = Proxy(folder, self.server.v["IMAP_PORT"])

    def mail_of(self, user):
        return os.path.join(self.server.v["MAIL"], user)

    def copy_mail(self, old, new):
        subprocess.run(["cp", "-a", self.mail_of(old), self.mail_of(new)], check=True, timeout=60)

    def drop_mail(self, user):
        if re.fullmatch(r"u[0-9]+", user):
            shutil.rmtree(self.mail_of(user), ignore_errors=True)

    def stop(self):
        self.proxy.stop()
        self.server.stop()


def plan(scenario, most, o, rng):
    """How to disturb which call at which count; with --all too many, as run() ends a series."""
    hows = set(o.how.split(",")) if o.how else None
    series = [(how, c) for c in CALLS if c in most and (not o.calls or c in o.calls.split(","))
              for how in scenario.hows(c) if not hows or how in hows]
    if o.all:
        for how, call in series:
            yield from ((how, call, n) for n in range(1, 3 * most[call] + MISSES))
        return
    points, wanted = set(), o.sample // 3 if scenario.queues else o.sample
    while len(points) < min(wanted, sum(most[call] for _, call in series)):
        how, call = rng.choice(series)
        points.add((how, call, rng.randint(1, most[call])))
    yield from sorted(points)


def run(o, world):
    rng, broken = random.Random(o.seed), 0
    for name in o.only.split(","):
        scenario = Scenario(world, name)
        most = scenario.reference()
        fired, misses = collections.Counter(), collections.Counter()
        for how, call, when in plan(scenario, most, o, rng):
            if misses[how, call] >= MISSES:
                continue
            world.points += 1
            try:
                if scenario.disturb(how, call, when, world.points):
                    fired[how] += 1
                    misses[how, call] = 0
                else:
                    misses[how, call] += 1
            except (Broken, subprocess.TimeoutExpired) as why:
                broken += 1
                fired[how] += 1
                print("broken: %s, %s at %s %d: %s" % (name, how, call, when, why), flush=True)
        print("%-9s %s, of %d calls: %s" % (
            name, ", ".join("%d %s" % (n, how) for how, n in sorted(fired.items(), reverse=True)),
            sum(most.values()), " ".join("%s %d" % (c, most[c]) for c in CALLS if c in most)),
            flush=True)
    return broken


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--all", action="store_true")
    p.add_argument("--sample", type=int, default=6)
    p.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "20261122")))
    p.add_argument("--only", default=",".join(READS + ["push"] + QUEUES))
    p.add_argument("--calls", default="")
    p.add_argument("--how", default="")
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
    points = world.points if world else 0
    print("seed %d, %d points" % (o.seed, points))
    print("%d passed, %d failed" % (points - broken, broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
