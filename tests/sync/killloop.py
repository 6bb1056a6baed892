#!/usr/bin/env python3
# killloop.py - kill -9 at random points while queued changes of every kind drain
#
# usage: killloop.py [--kills N] [--changes N] [--messages N] [--each N] [--seed S]
#                    [--verbs VERB,...] [--tern PROGRAM] [--keep]
#
# A private Dovecot, one account, a second client that writes at the same time.
# A drain is: some thousand changes of every kind (flags, keywords, moves, copies,
# deletions to the trash and for ever, new messages, undo and redo) are queued with
# tern's own commands, with no connection; then `tern push`, now and then `tern
# sync`, is started and killed at a random moment, again and again until nothing
# is left in the queue.  Some of the commands that queue are killed, too.  The
# second client flags, appends, marks \Deleted and expunges messages of its own.
# Drains follow each other until there were N kills.
#
# The model is what the acknowledged commands asked for.  Under way the store must
# show just that.  At the end of each drain the server must have it: no message
# lost, none doubled, none misapplied, nothing of the second client's touched, no
# wish failed or in conflict, and one more sync changes nothing.
#
# Prints the seed and "N passed, N failed".  exit: 0 well, 1 a promise broken,
# 77 no Dovecot.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import collections
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

from syncrig import (Broken, Server, Tern, differences, make_message, server_picture, shown_picture,
                     without_account)

FOREIGN = 40         # messages of the second client
BOXES = ["INBOX", "Archive", "Trash", "Drafts"]
KEYWORDS = ["work", "later"]
STEP_MAX = 20        # messages of one command, usually
LARGE = 0.02         # of the commands are about more than one transaction holds
LARGE_MAX = 260
QUEUE_KILLS = 0.08   # of the commands that queue are killed
LOOK_EVERY = 12      # kills, between two looks at the store
STUCK = 12           # so many times the kills that were planned, and the queue does not drain

# verb: its weight, and the mark it sets (True) or takes (False)
MARKS = {"read": (4, "\\seen", True), "unread": (4, "\\seen", False),
         "flag": (5, "\\flagged", True), "unflag": (4, "\\flagged", False),
         "tag": (5, None, True), "untag": (4, None, False)}
OTHERS = {"move": 16, "archive": 4, "delete": 5, "copy": 6, "forever": 2, "append": 4, "undo": 7,
          "redo": 4}


class Step:
    """What a command about several messages asks for: places before and after, by Message-ID."""

    def __init__(self, words, before, after):
        self.words, self.before, self.after = words, before, after

    def changed(self):
        return [i for i in self.after if self.after[i] != self.before[i]]


class Ours:
    """The model: what the reader asked for and was told is safe."""

    def __init__(self, rng, tern, folder, verbs):
        self.rng, self.tern, self.folder, self.verbs = rng, tern, folder, verbs
        self.places, self.ids = {}, {}   # Message-ID -> sorted places; local ids
        self.done, self.undone = [], []  # steps, newest last
        self.new = set()                 # what is queued to be appended
        self.number = 20000
        self.counts = collections.Counter()

    def look(self, foreign=()):
        """What tern shows of our messages; remembers their local numbers."""
        shown, self.ids = shown_picture(self.tern.dump())
        return {i: p for i, p in shown.items() if i not in foreign}

    def choose(self, fits):
        able = [i for i in sorted(self.places) if self.places[i] and fits(self.places[i])]
        most = LARGE_MAX if self.rng.random() < LARGE else STEP_MAX
        return self.rng.sample(able, min(len(able), self.rng.randint(1, most)))

    def step_of(self, verb):
        """A Step, or None if nothing fits."""
        if verb in ("undo", "redo"):
            return self.history(verb)
        if verb == "append":
            return self.append()
        if verb in MARKS:
            return self.mark(verb)
        target = {"archive": "Archive", "delete": "Trash"}.get(verb, self.rng.choice(BOXES))
        chosen = self.choose(lambda p: len(p) == 1 and (verb == "forever" or p[0][0] != target))
        if verb == "forever":  # what the server never had would be gone, and no undo has it
            chosen = [i for i in chosen if i not in self.new]
        numbers = [str(n) for i in chosen for n in sorted(self.ids[i])]
        words = {"forever": ["delete"] + numbers + ["--for-ever", "--yes"],
                 "move": ["move"] + numbers + ["--to", target],
                 "copy": ["copy"] + numbers + ["--to", target]}.get(verb, [verb] + numbers)
        after = {}
        for i in chosen:
            there = (target, self.places[i][0][1])
            after[i] = {"forever": [], "copy": sorted(self.places[i] + [there])}.get(verb, [there])
        return Step(words, {i: self.places[i] for i in chosen}, after) if chosen else None

    def mark(self, verb):
        _, mark, on = MARKS[verb]
        mark = mark or self.rng.choice(KEYWORDS)
        chosen = self.choose(lambda p: True)
        numbers = [str(n) for i in chosen for n in sorted(self.ids[i])]
        words = [verb] + numbers
        if verb in ("tag", "untag"):
            words = ["tag"] + numbers + ["--add" if on else "--remove", mark]
        after = {i: [(box, marks | {mark} if on else marks - {mark})
                     for box, marks in self.places[i]] for i in chosen}
        return Step(words, {i: self.places[i] for i in chosen}, after) if chosen else None

    def append(self):
        self.number += 1
        path = os.path.join(self.folder, "new.eml")
        raw, ident = make_message(self.number)
        with open(path, "wb") as f:
            f.write(raw)
        self.new.add(ident)
        box = self.rng.choice(BOXES)
        return Step(["append", box, path, "--flags", "seen"], {ident: []}, {ident: [(box, frozenset({"\\seen"}))]})

    def history(self, verb):
        steps = self.done if verb == "undo" else self.undone
        if not steps:
            return None
        s = steps[-1]
        return Step([verb], s.after, s.before) if verb == "undo" else Step([verb], s.before, s.after)

    def settle(self, step, happened):
        """Takes into the model what a command did."""
        if not happened:
            return
        self.places.update(step.after)
        if step.words == ["undo"]:
            self.undone.append(self.done.pop())
        elif step.words == ["redo"]:
            self.done.append(self.undone.pop())
        else:
            self.done.append(step)
            self.undone.clear()
        self.counts["changes"] += len(step.changed())

    def queue(self):
        verb = self.rng.choices(list(self.verbs), list(self.verbs.values()))[0]
        step = self.step_of(verb)
        if not step or not step.changed():
            return
        if self.rng.random() < QUEUE_KILLS and len(step.after) <= STEP_MAX:
            self.queue_and_kill(step)
        else:
            self.tern.run(*step.words, good=(0, 75))
            self.settle(step, True)
        self.counts[verb] += len(step.changed())
        if verb == "append" or step.words[0] in ("undo", "redo"):
            self.look()  # there may be new numbers

    def queue_and_kill(self, step):
        p = self.tern.start(*step.words)
        time.sleep(self.rng.random() * 0.03)
        p.kill()
        p.wait()
        p.stderr.close()
        self.counts["kills"] += 1
        shown = self.look()
        now = {i: shown.get(i, []) for i in step.after}
        if now not in (step.before, step.after):
            raise Broken("killed %s left neither what was nor what was asked for: %s" % (
                step.words, first(now, step.after)))
        self.settle(step, now == step.after)


def first(a, b):
    return [(i, a.get(i), b.get(i)) for i in sorted(set(a) | set(b)) if a.get(i) != b.get(i)][:4]


class Other:
    """The second client and what it made of its own messages."""

    def __init__(self, rng, server, idents):
        self.rng, self.m = rng, server.client()
        self.box = "INBOX"
        self.places = {i: [("INBOX", frozenset(m))] for i, m in idents.items()}
        self.number = 50000

    def uid(self, ident):
        self.m.select(self.places[ident][0][0])
        found = self.m.uid("SEARCH", "HEADER", "Message-ID", "<%s>" % ident)[1][0].split()
        if len(found) != 1:
            raise Broken("%s of the other client is there %d times" % (ident, len(found)))
        return found[0]

    def act(self):
        verb = self.rng.choice(["append", "flag", "flag", "deleted", "deleted", "expunge"])
        if verb == "append" or len(self.places) < FOREIGN // 2:
            return self.append()
        ident = self.rng.choice(sorted(self.places))
        if verb == "expunge":
            uid = self.uid(ident)
            self.m.uid("STORE", uid, "+FLAGS.SILENT", "(\\Deleted)")
            self.m.uid("EXPUNGE", uid)
            del self.places[ident]
            return None
        mark = {"flag": "\\flagged", "deleted": "\\deleted"}[verb]
        box, marks = self.places[ident][0]
        self.m.uid("STORE", self.uid(ident), "-FLAGS.SILENT" if mark in marks else "+FLAGS.SILENT",
                   "(%s)" % mark)
        self.places[ident] = [(box, marks ^ {mark})]
        return None

    def append(self):
        self.number += 1
        raw, ident = make_message(self.number)
        box = self.rng.choice(BOXES)
        self.m.append(box, None, None, raw)
        self.places[ident] = [(box, frozenset())]


def server_places(m):
    """Message-ID -> sorted places, as the second client sees them"""
    places = {}
    for box, (_, rows) in server_picture(m).items():
        for ident, marks in rows.values():
            places.setdefault(ident, []).append((box, marks - {"\\recent"}))
    return {i: sorted(p, key=repr) for i, p in places.items()}


def judge(wanted, found, who):
    """Counts lost, doubled and misapplied messages; any of them is a broken promise."""
    wrong = collections.Counter()
    for ident in set(wanted) | set(found):
        want, got = sorted(wanted.get(ident, []), key=repr), sorted(found.get(ident, []), key=repr)
        if want != got:
            kind = "lost" if len(got) < len(want) else "doubled" if len(got) > len(want) else "misapplied"
            wrong[kind] += 1
    if wrong:
        raise Broken("%s: %s; %s" % (who, dict(wrong), first(
            {i: sorted(p, key=repr) for i, p in found.items()},
            {i: sorted(p, key=repr) for i, p in wanted.items() if p})))


class Drain:
    """One queue full of changes, sent by a program that is killed all the time."""

    def __init__(self, o, rng, tern, ours, other):
        self.o, self.rng, self.tern, self.ours, self.other = o, rng, tern, ours, other
        self.kills = 0

    def fill(self):
        ours, goal = self.ours, self.ours.counts["changes"] + self.o.changes
        ours.done, ours.undone, ours.new = [], [], set()  # what was sent is another test's
        while ours.counts["changes"] < goal:
            ours.queue()
        judge(ours.places, ours.look(self.other.places), "store, queued")

    def kill_once(self, reach):
        words = self.rng.choice([["push"]] * 8 + [["sync"], ["sync", "--full"]])
        p = self.tern.start(*words)
        time.sleep(self.rng.uniform(0.3 * self.idle, self.idle + reach))
        if p.poll() is None:
            p.kill()
            self.kills += 1
            self.ours.counts["kills"] += 1
        p.communicate()

    def sent(self):
        """Kills until the queue is empty; aims at o.each of them."""
        begin = time.monotonic()
        self.tern.run("account", "list")
        self.idle = 2 * (time.monotonic() - begin)
        reach, rounds, total = 0.2 * self.idle, 0, len(self.tern.waiting())
        left = total
        while left:
            self.kill_once(reach)
            rounds += 1
            if self.rng.random() < 0.3:
                self.other.act()
            if rounds % LOOK_EVERY == 0:
                shown = self.ours.look()
                judge(self.ours.places, {i: p for i, p in shown.items() if i in self.ours.places},
                      "store, killed")
            if rounds % 4 == 0:
                left = len(self.tern.waiting())
                reach *= 0.7 if left < total * (1 - self.kills / self.o.each) else 1.3
            if rounds > STUCK * self.o.each + 60:
                raise Broken("the queue does not drain: %s" % self.tern.waiting()[:3])
        return total

    def check(self):
        self.tern.settle()
        self.tern.run("sync")
        bad = [r for r in self.tern.queue() if r["status"] not in ("queued", "leased", "done")]
        if bad:
            raise Broken("%d wishes failed though nobody disturbed them: %s" % (len(bad), bad[:3]))
        picture = server_places(self.other.m)
        foreign = self.other.places
        judge(self.ours.places, {i: p for i, p in picture.items() if i not in foreign}, "server")
        judge(foreign, {i: p for i, p in picture.items() if i in foreign}, "the other client's")
        dump = self.tern.dump()
        wrong = differences(dump, server_picture(self.other.m))
        if wrong:
            raise Broken("store and server differ: %s" % wrong[:5])
        self.tern.run("sync")
        if without_account(dump) != without_account(self.tern.dump()):
            raise Broken("one more sync changed the store")
        self.tern.run("doctor")


def drains(o, rng, server, tern, folder):
    tern.run("account", "add", "test", *server.account())
    tern.run("sync")
    weights = {**{v: m[0] for v, m in MARKS.items()}, **OTHERS}
    ours = Ours(rng, tern, folder, {v: weights[v] for v in o.verbs.split(",") if v} or weights)
    begin = ours.look()
    idents = sorted(begin)
    rng.shuffle(idents)
    other = Other(rng, server, {i: begin[i][0][1] for i in idents[:FOREIGN]})
    ours.places = {i: begin[i] for i in idents[FOREIGN:]}
    number = 0
    while ours.counts["kills"] < o.kills:
        number += 1
        before = ours.counts.copy()
        d = Drain(o, rng, tern, ours, other)
        d.fill()
        rows = d.sent()
        d.check()
        print("drain %d: %d changes, %d wishes to send, %d kills" % (
            number, ours.counts["changes"] - before["changes"], rows,
            ours.counts["kills"] - before["kills"]), flush=True)
    return ours.counts


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--kills", type=int, default=int(os.environ.get("KILLS", "60")))
    p.add_argument("--changes", type=int, help="in one drain; 2000, with few kills 300")
    p.add_argument("--messages", type=int, help="ours; 600, with few kills 120")
    p.add_argument("--each", type=int, help="kills that a drain aims at; 250, with few kills 30")
    p.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "20261122")))
    p.add_argument("--verbs", default="", help="only these, to narrow a failure down")
    p.add_argument("--tern", default=os.path.join(os.environ.get("TOP_BUILDDIR", "."), "tern"))
    p.add_argument("--keep", action="store_true", help="leave the folder for looking")
    o = p.parse_args()
    long = o.kills >= 200
    o.changes = o.changes or (2000 if long else 300)
    o.messages = o.messages or (600 if long else 120)
    o.each = o.each or (250 if long else 30)
    folder = tempfile.mkdtemp(prefix="tern-kill-")
    os.chmod(folder, 0o755)
    server = Server(os.path.join(folder, "dovecot"))
    failed, counts = 0, collections.Counter()
    try:
        server.fill(o.messages + FOREIGN)
        counts = drains(o, random.Random(o.seed), server, Tern(o.tern, os.path.join(folder, "home")),
                        folder)
    except (Broken, subprocess.SubprocessError) as why:
        failed = 1
        print("broken: %s" % why)
    finally:
        server.stop()
        if o.keep:
            print("left in %s" % folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    kills, changes = counts.pop("kills", 0), counts.pop("changes", 0)
    print("seed %d, %d kills, %d changes: %s" % (o.seed, kills, changes, " ".join(
        "%s %d" % c for c in sorted(counts.items()))))
    print("%d passed, %d failed" % (1 - failed, failed))
    return failed


if __name__ == "__main__":
    sys.exit(main())
