#!/usr/bin/env python3
# twowriters.py - two clients change the same mail at random, one of them tern
#
# usage: twowriters.py [--ops N] [--seed S] [--tern PROGRAM] [--keep]
#
# A private Dovecot.  In each round tern makes changes (offline in batches, or
# sent at once) and a second client makes others with an IMAP session of its own:
# flags, keywords, moves, copies, deletions, new messages, tern undo and redo, too; now
# and then either of them makes, renames or deletes a mailbox; in some rounds it goes on while tern synchronises.
# At the quiet point that ends a round
#   - the store believes and shows exactly what an independent session sees,
#   - every message is in one of the states that the conflict rule of doc/SYNC
#     allows: those that some order of the two clients' changes leads to, where a
#     change of tern's may come to nothing only if the other client took the
#     message away from where tern saw it (no message is lost or doubled otherwise),
#   - one more synchronisation changes nothing.
#
# Counts each message changed and each mailbox made as one operation.
# Prints the seed, the counts and "N passed, N failed".  exit: 0 well, 1 a promise
# broken, 77 no Dovecot.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

from syncrig import (Broken, Server, Tern, differences, imapcheck, make_message, plain_name,
                     server_picture, wanted_marks, without_account)

MESSAGES = 120
MESSAGES_MAX = 400      # more are thinned out by the second client
FOLDERS = ["INBOX", "Archive", "Trash", "Drafts", "Junk", "Sent"]
EXTRA_MAX = 4           # mailboxes of the second client at a time
OUTCOMES_MAX = 3000     # of one message in one round; beyond, it is only compared
EACH_MAX = 4            # changes of one client to one message in one round
EXIT_QUEUED = 75
# What tern is asked for, and how often.
VERBS = {"read": 2, "unread": 2, "flag": 4, "unflag": 2, "tag": 3, "untag": 2, "move": 4, "archive": 2,
         "delete": 2, "copy": 2, "forever": 1, "append": 1, "undo": 4, "redo": 2}
MARKS = {"\\seen": "s", "\\flagged": "f", "\\deleted": "d", "work": "w"}


# --- the model -------------------------------------------------------------------------
#
# A message is a sorted tuple of copies (mailbox, marks).  A change is a tuple:
#   ("mark", mark, on)  ("move", from, to)  ("copy", from, to)  ("remove", from)
#   ("drop", mailbox)   ("rename", old, new)
# and each of tern's has the mailbox in which tern showed the message: ("mark", mark,
# on, from)  ("move", to, from)  ("copy", to, from)  ("remove", from).  Undo is the
# inverse change: what is canceled before it left is what both of them are, one
# directly behind the other.

def marked(marks, mark, on):
    return "".join(sorted(set(marks) | {mark} if on else set(marks) - {mark}))


def replaced(state, i, *new):
    return tuple(sorted(state[:i] + state[i + 1:] + new))


def other_does(state, change):
    """The states that the second client's change may lead to: of two copies in one mailbox any."""
    kind = change[0]
    if kind == "drop":
        return {tuple(c for c in state if c[0] != change[1])}
    if kind == "rename":
        return {tuple(sorted((change[2] if b == change[1] else b, m) for b, m in state))}
    source = change[-1] if kind == "mark" else change[1]
    results = set()
    for i, (box, marks) in enumerate(state):
        if box != source:
            continue
        if kind == "mark":
            results.add(replaced(state, i, (box, marked(marks, change[1], change[2]))))
        elif kind == "move":
            results.add(replaced(state, i, (change[2], marks)))
        elif kind == "copy":
            results.add(tuple(sorted(state + ((change[2], marks),))))
        else:
            results.add(replaced(state, i))
    return results or {state}  # tern was there first


def tern_does(state, change, elsewhere):
    """The states that tern's change may lead to."""
    kind, source = change[0], change[-1]
    if kind != "mark":
        results = set()
        for i, (box, marks) in enumerate(state):
            if box == source:
                results.add(tuple(sorted(state + ((change[1], marks),))) if kind == "copy" else
                            replaced(state, i) if kind == "remove" else
                            replaced(state, i, (change[1], marks)))
        return results | {state} if elsewhere or not results else results
    results = {replaced(state, i, (box, marked(marks, change[1], change[2])))
               for i, (box, marks) in enumerate(state) if box == source or elsewhere}
    if elsewhere or not results:
        results.add(state)
        results.add(tuple(sorted((b, marked(m, change[1], change[2])) for b, m in state)))
    return results


def disturbed(changes):
    """Whether the message, or its mailbox, is no longer what tern saw."""
    return any(c[0] != "mark" for c in changes)


def outcomes(begin, foreign, ours):
    """All states that some order of the changes leads to; None if there are too many."""
    layer = {(0, 0, begin)}
    ends = set()
    seen = set()
    while layer:
        following = set()
        for f, t, state in layer:
            if f == len(foreign) and t == len(ours):
                ends.add(state)
            if f < len(foreign):
                for s in other_does(state, foreign[f]):
                    following.add((f + 1, t, s))
            if t < len(ours):
                for s in tern_does(state, ours[t], disturbed(foreign[:f])):
                    following.add((f, t + 1, s))
        layer = following - seen
        seen |= layer
        if len(seen) > OUTCOMES_MAX:
            return None
    return ends


# --- the second client -----------------------------------------------------------------

def real_marks(flags):
    return "".join(sorted(MARKS[f] for f in flags if f in MARKS))


def model_of(picture):
    """message id -> state"""
    model = {}
    for box, (_, rows) in picture.items():
        for ident, flags in rows.values():
            model.setdefault(ident, []).append((box, real_marks(flags)))
    return {i: tuple(sorted(s)) for i, s in model.items()}


class Other:
    """The second client: its session, and what it did in this round."""

    def __init__(self, rng, server):
        self.rng, self.m, self.count = rng, server.client(), 0
        self.made, self.appended, self.number = [], 0, 0
        self.changes = {}     # message id -> its changes
        self.boxes = []       # drops and renames, of all messages

    def ok(self, answer):
        return imapcheck.ok(answer)

    def begin(self, picture):
        self.changes, self.boxes = {}, []
        self.rows = [(box, uid, ident, set(flags)) for box, (_, rows) in picture.items()
                     for uid, (ident, flags) in rows.items()]
        self.new = {}

    def note(self, ident, *change):
        self.changes.setdefault(ident, []).append(change)
        self.count += 1

    def select(self, box):
        self.ok(self.m.select(imapcheck.encode_name(box)))

    def still(self, row):
        """Whether the message is where the client saw it: tern may have been there."""
        self.select(row[0])
        data = self.m.uid("FETCH", str(row[1]), "(FLAGS)")[1]
        return bool(data and data[0])

    def append(self):
        self.number += 1
        raw, ident = make_message(9000 + self.number)
        box = self.rng.choice(["INBOX", "INBOX", "Archive"])
        self.ok(self.m.append(imapcheck.encode_name(box), "(\\Seen)", None, raw))
        self.new[ident] = ((box, "s"),)
        self.count += 1

    def folder(self):
        verb = self.rng.choice(["create", "create", "rename", "delete"])
        if verb == "create" or not self.made:
            if len(self.made) >= EXTRA_MAX:
                return
            self.number += 1
            name = self.rng.choice(["Box %d", "Größe %d", "a&b %d"]) % self.number
            self.ok(self.m.create(imapcheck.encode_name(name)))
            self.made.append(name)
        elif verb == "rename":
            old = self.made.pop(self.rng.randrange(len(self.made)))
            self.number += 1
            new = "Renamed %d" % self.number
            self.m.unselect()
            self.ok(self.m.rename(imapcheck.encode_name(old), imapcheck.encode_name(new)))
            self.made.append(new)
            self.boxes.append(("rename", old, new))
            self.rows = [(new if r[0] == old else r[0],) + r[1:] for r in self.rows]
        else:
            old = self.made.pop(self.rng.randrange(len(self.made)))
            self.m.unselect()
            self.ok(self.m.delete(imapcheck.encode_name(old)))
            self.boxes.append(("drop", old))
            self.rows = [r for r in self.rows if r[0] != old]
        self.count += 1

    def change(self, crowded):
        if not self.rows or self.rng.random() < 0.08 and not crowded:
            return self.append()
        i = self.rng.randrange(len(self.rows))
        row = self.rows[i]
        box, uid, ident, flags = row
        if len(self.changes.get(ident, [])) >= EACH_MAX or not self.still(row):
            return None
        verb = self.rng.choices(["mark", "move", "copy", "remove"],
                                [10, 4, 1, 6 if crowded else 2])[0]
        if verb == "mark":
            flag = self.rng.choice(["\\Seen", "\\Flagged", "\\Flagged", "\\Deleted", "work"])
            on = flag.lower() not in flags
            self.ok(self.m.uid("STORE", str(uid), ("+" if on else "-") + "FLAGS.SILENT",
                               "(%s)" % flag))
            self.note(ident, "mark", MARKS[flag.lower()], on, box)
            flags.symmetric_difference_update({flag.lower()})
            return None
        target = self.rng.choice([b for b in FOLDERS + self.made if b != box])
        if verb == "move":
            self.ok(self.m.uid("MOVE", str(uid), imapcheck.encode_name(target)))
            self.note(ident, "move", box, target)
        elif verb == "copy":
            if any(r[0] == target and r[2] == ident for r in self.rows):
                return None
            self.ok(self.m.uid("COPY", str(uid), imapcheck.encode_name(target)))
            self.note(ident, "copy", box, target)
            return None
        else:
            imapcheck.remove(self.m, str(uid))
            self.note(ident, "remove", box)
        del self.rows[i]  # its new number is seen at the next quiet point
        return None


# --- tern ------------------------------------------------------------------------------

def inverse(change):
    if change[0] == "mark":
        return ("mark", change[1], not change[2], change[3])
    if change[0] == "move":
        return ("move", change[2], change[1])
    return ("remove", change[1])  # of a copy


class Ours:
    """What tern was asked for in this round."""

    def __init__(self, rng, tern):
        self.rng, self.tern, self.count = rng, tern, 0
        self.changes, self.made, self.number = {}, [], 0
        self.begin()

    def begin(self):
        self.changes, self.new = {}, {}
        self.done, self.undone = [], []  # steps of this round: [(message id, change)]

    def shown(self):
        """[(local id, message id, mailbox, marks)] of the messages that are in one place"""
        dump = self.tern.dump()
        boxes = {o["id"]: plain_name(o["path"]) for o in dump if o["kind"] == "mailbox"}
        found = []
        for o in dump:
            if o["kind"] != "message":
                continue
            places = [p for p in o["locations"] if p["shown"]]
            if len(places) == 1 and len(self.changes.get(o["message_id"], [])) < EACH_MAX:
                found.append((o["id"], o["message_id"], boxes[places[0]["mailbox"]],
                              real_marks(wanted_marks(places[0]))))
        return found, [b for b in boxes.values() if b]

    def run(self, words):
        push = ["--push"] if self.rng.random() < 0.25 else []
        try:
            self.tern.run(*words, *push, good=(0, EXIT_QUEUED))
        except Broken as why:
            if not push or "conflict" not in str(why):  # each is judged at the quiet point
                raise

    def note(self, step):
        for ident, change in step:
            self.changes.setdefault(ident, []).append(change)
            self.count += 1

    def room(self, step):
        return step and all(len(self.changes.get(i, [])) < EACH_MAX for i, _ in step)

    def batch(self):
        verb = self.rng.choices(list(VERBS), list(VERBS.values()))[0]
        if verb in ("undo", "redo"):
            return self.again(verb)
        if verb == "append":
            return self.append()
        shown, boxes = self.shown()
        target = {"archive": "Archive", "delete": "Trash"}.get(verb, self.rng.choice(boxes))
        mark = {"tag": "w", "untag": "w"}.get(verb, "s" if "read" in verb else "f")
        on = not verb.startswith("un")
        marks = verb in ("read", "unread", "flag", "unflag", "tag", "untag")
        # what changes nothing of what is shown is no wish
        shown = [s for s in shown if ((mark in s[3]) != on if marks else
                                      verb == "forever" or s[2] != target)]
        if not shown:
            return None
        chosen = self.rng.sample(shown, min(len(shown), self.rng.randint(1, 8)))
        ids = [str(c[0]) for c in chosen]
        self.run({"move": ["move", *ids, "--to", target], "copy": ["copy", *ids, "--to", target],
                  "forever": ["delete", *ids, "--for-ever", "--yes"],
                  "tag": ["tag", *ids, "--add", "work"],
                  "untag": ["tag", *ids, "--remove", "work"]}.get(verb, [verb, *ids]))
        step = [(ident, ("mark", mark, on, box) if marks else ("remove", box)
                 if verb == "forever" else ("copy" if verb == "copy" else "move", target, box))
                for _, ident, box, _ in chosen]
        # deleting for ever is taken back only as long as it waits, which nobody here knows
        self.done = [] if verb == "forever" else self.done + [step]
        self.undone = []
        self.note(step)
        return None

    def again(self, verb):
        """Undoes or redoes the newest step of this round."""
        steps = self.done if verb == "undo" else self.undone
        if not steps:
            return
        step = [(i, inverse(c)) for i, c in steps[-1]] if verb == "undo" else steps[-1]
        if not self.room(step):
            return
        self.run([verb])
        (self.undone if verb == "undo" else self.done).append(steps.pop())
        self.note(step)

    def append(self):
        self.number += 1
        raw, ident = make_message(30000 + self.number)
        path = self.tern.home + ".eml"
        with open(path, "wb") as f:
            f.write(raw)
        box = self.rng.choice(["Drafts", "Archive"])
        self.run(["append", box, path, "--flags", "seen"])
        self.new[ident] = ((box, "s"),)
        self.done, self.undone = [], []  # its undo is another test's
        self.count += 1

    def folder(self, picture):
        """Makes, renames or deletes a mailbox; what the server must have then."""
        verb = self.rng.choice(["create", "create", "rename", "delete"])
        push = ["--push"] if self.rng.random() < 0.5 else []
        expected = dict(picture)
        if verb == "create" or not self.made:
            if len(self.made) >= EXTRA_MAX:
                return expected
            self.number += 1
            name = self.rng.choice(["Mine %d", "Öl & Essig %d"]) % self.number
            self.tern.run("mailbox", "create", name, *push, good=(0, 75))
            self.made.append(name)
            expected[name] = (None, {})
        else:
            old = self.made.pop(self.rng.randrange(len(self.made)))
            rows = expected.pop(old)
            if verb == "rename":
                self.number += 1
                name = "Mine renamed %d" % self.number
                self.tern.run("mailbox", "rename", old, name, *push, good=(0, 75))
                self.made.append(name)
                expected[name] = rows
            else:
                self.tern.run("mailbox", "delete", old, "--yes", *push, good=(0, 75))
        self.count += 1
        return expected


# --- rounds ----------------------------------------------------------------------------

def judge(before, after, other, ours):
    """Every message must be where some order of the changes puts it."""
    unjudged = 0
    for ident in set(before) | set(after) | set(other.new) | set(ours.new):
        begin = {**other.new, **ours.new}.get(ident, before.get(ident, ()))
        foreign, mine = list(other.changes.get(ident, [])), ours.changes.get(ident, [])
        # mailboxes are dropped and renamed at the beginning of a round
        allowed = outcomes(begin, other.boxes + foreign, mine)
        if allowed is None:
            unjudged += 1
        elif after.get(ident, ()) not in allowed:
            raise Broken("%s: was %s, the other did %s, tern did %s; it is %s, allowed %s" % (
                ident, begin, other.boxes + foreign, mine, after.get(ident, ()), sorted(allowed)))
    return unjudged


def conflicts(tern, other, known):
    """Counts the new conflicts; each needs a reason."""
    dump = tern.dump()
    idents = {o["id"]: o["message_id"] for o in dump if o["kind"] == "message"}
    rows = [o for o in dump if o["kind"] == "mutation" and o["status"] in ("conflict", "failed") and
            o["id"] not in known]
    for row in rows:
        known.add(row["id"])
        ident = idents.get(row["message"])
        if ident and not disturbed(other.changes.get(ident, []) + other.boxes):
            raise Broken("a conflict that nobody made: %s, the other did %s" % (
                row, other.changes.get(ident)))
    return len(rows)


def quiet(tern, other):
    """Drains, and requires both sides to agree; what the server has."""
    tern.settle()
    tern.run("sync")
    picture = server_picture(other.m)
    dump = tern.dump()
    wrong = differences(dump, picture)
    if wrong:
        raise Broken("store and server differ:\n  " + "\n  ".join(wrong[:20]))
    tern.run("sync")
    if without_account(dump) != without_account(tern.dump()):
        raise Broken("one more sync changed the store")
    return picture


def same_mail(a, b):
    """Equal but for the UIDVALIDITY, which belongs to the server."""
    return {k: v[1] for k, v in a.items()} == {k: v[1] for k, v in b.items()}


def one_round(rng, tern, other, ours, crowded):
    if rng.random() < 0.3:
        other.folder()
    for _ in range(rng.randint(2, 4)):
        for _ in range(rng.randint(2, 8)):
            other.change(crowded)
        ours.batch()
        if rng.random() < 0.3:
            p = tern.start("sync")
            try:
                while p.poll() is None and rng.random() < 0.95:
                    other.change(crowded)
            finally:
                _, words = p.communicate(timeout=60)
            if p.returncode not in (0, 75):
                raise Broken("sync: exit %d: %s" % (p.returncode, words))


def rounds(o, rng, server, tern, counts):
    tern.run("account", "add", "test", *server.account())
    other, ours = Other(rng, server), Ours(rng, tern)
    picture, known = quiet(tern, other), set()
    while other.count + ours.count < o.ops:
        if rng.random() < 0.2:
            expected = ours.folder(picture)
            picture = quiet(tern, other)
            if not same_mail(picture, expected):
                raise Broken("after a mailbox of tern's: %s, expected %s" % (
                    sorted(picture), sorted(expected)))
        before = model_of(picture)
        other.begin(picture)
        ours.begin()
        one_round(rng, tern, other, ours, len(before) > MESSAGES_MAX)
        picture = quiet(tern, other)
        counts["unjudged"] += judge(before, model_of(picture), other, ours)
        counts["conflicts"] += conflicts(tern, other, known)
        counts["rounds"] += 1
        counts["other"], counts["tern"] = other.count, ours.count
    report = [json.loads(line) for line in tern.run("doctor", "--json", good=(0, 1)).splitlines()]
    if [r for r in report if r["check"] == "store" and not r["ok"]]:
        raise Broken("the store is damaged: %s" % report)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--ops", type=int, default=int(os.environ.get("OPS", "1000")))
    p.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "20261122")))
    p.add_argument("--tern", default=os.path.join(os.environ.get("TOP_BUILDDIR", "."), "tern"))
    p.add_argument("--keep", action="store_true", help="leave the folder for looking")
    o = p.parse_args()
    counts = {"rounds": 0, "other": 0, "tern": 0, "unjudged": 0, "conflicts": 0}
    folder = tempfile.mkdtemp(prefix="tern-two-")
    os.chmod(folder, 0o755)
    server = Server(os.path.join(folder, "dovecot"))
    failed = 0
    try:
        server.fill(MESSAGES)
        rounds(o, random.Random(o.seed), server, Tern(o.tern, os.path.join(folder, "home")), counts)
    except (Broken, subprocess.SubprocessError) as why:
        failed = 1
        print("broken: %s" % why)
    finally:
        server.stop()
        if o.keep:
            print("left in %s" % folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print("seed %d: %d operations (tern %d, the other %d) in %d rounds, "
          "%d conflicts, %d messages unjudged" % (
        o.seed, counts["tern"] + counts["other"], counts["tern"], counts["other"],
        counts["rounds"], counts["conflicts"], counts["unjudged"]))
    print("%d passed, %d failed" % (1 - failed, failed))
    return failed


if __name__ == "__main__":
    sys.exit(main())
