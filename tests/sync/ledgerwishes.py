# ledgerwishes.py - what tern is asked for in a run of lostanswer.py, what a
# second client does meanwhile, and what must come of both
#
# A Plan is what the reader wants: commands, and for each message of ours the
# place and the flags that it must have in the end.  Whatever the ledger says of
# another message must be by another hand than tern's.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import collections
import os

from ledgerrig import BOXES, has_id, message
from ledgerworld import Mail, field

MARKS = {"flag": ("\\Flagged", True), "unflag": ("\\Flagged", False),
         "read": ("\\Seen", True), "unread": ("\\Seen", False),
         "tag": ("later", True), "untag": ("work", False)}
MOVES = {"move": None, "archive": "Archive", "delete": "Trash"}
WHOLE = {"read-all": ("INBOX", "Work"), "empty-trash": ("Trash",)}
MESSAGES = list(MARKS) + list(MOVES) + list(WHOLE) + [
    "copy", "expunge", "append", "append-draft", "flag+move", "tag+flag", "move+flag", "move+move",
    "move+expunge", "move+undo", "copy+undo", "flag+undo", "undo-doubt"]
TREE = ["box-create", "box-rename", "box-delete", "box-subscribe", "box-unsubscribe"]
LISTS = {"lost": MESSAGES + TREE,
         "numbers": list(MARKS) + list(MOVES) + ["copy", "expunge", "flag+move"],
         "deleted": list(MOVES) + ["expunge", "copy", "empty-trash", "flag+move", "move+flag",
                                   "move+expunge", "move+undo"]}


def verbs(what):
    return LISTS[what]


class Plan:
    def __init__(self, world):
        self.world = world              # as it was: not to be changed
        self.before, self.commands, self.after = [], [], []
        self.ours, self.source, self.target = [], "INBOX", None
        self.ends = {}                  # token -> {path: flags}, in the end
        self.undone = {}                # the same before it was undone
        self.place = {}                 # token -> where the next wish finds it
        self.arrivals = 0               # copies of one message that tern may have made, at most
        self.boxes, self.subscribed = None, None
        self.tree, self.appended = False, []

    def take(self, w, source, mails):
        self.source = source
        for m in mails:
            self.ours.append(m.token)
            self.ends[m.token], self.place[m.token] = {source: m.flags}, source
        self.words = [str(w.ids[t]) for t in self.ours]

    def choose(self, rng, w, verb):
        source = rng.choice(["INBOX", "INBOX", "INBOX", "Work"])
        useless = {"\\Deleted"} | ({"\\Flagged"} if verb == "flag+undo" else set())
        free = [m for m in self.world.boxes[source].mails if not m.flags & useless]
        self.take(w, source, rng.sample(free, min(rng.randint(1, 5), len(free))))

    def begin(self, token):
        """Where a message was and its flags, as ends has it."""
        return {self.source: self.world.find(self.source, token).flags}

    def mark(self, verb):
        name, on = MARKS[verb]
        for ends in self.ends.values():
            for path, flags in ends.items():
                ends[path] = flags | {name} if on else flags - {name}
        if name.startswith("\\"):
            return [verb] + self.words
        return ["tag"] + self.words + ["--add" if on else "--remove", name]

    def other_box(self, rng):
        return rng.choice([b for b in BOXES if b not in (self.source, self.target)])

    def move(self, rng, verb):
        self.target = MOVES[verb] or self.other_box(rng)
        for token, ends in self.ends.items():
            ends[self.target] = ends.pop(self.place[token])
            self.place[token] = self.target
        self.arrivals = 1               # moves that wait become one
        return [verb] + self.words + (["--to", self.target] if verb == "move" else [])

    def copy(self, rng):
        self.target, self.arrivals = self.other_box(rng), 1
        for token, ends in self.ends.items():
            ends[self.target] = ends[self.place[token]]
        return ["copy"] + self.words + ["--to", self.target]

    def expunge(self):
        for ends in self.ends.values():
            ends.clear()
        return ["delete"] + self.words + ["--for-ever", "--yes"]

    def part(self, rng, verb):
        if verb in MARKS:
            self.commands.append(self.mark(verb))
        elif verb in MOVES:
            self.commands.append(self.move(rng, verb))
        elif verb == "copy":
            self.commands.append(self.copy(rng))
        elif verb == "expunge":
            self.commands.append(self.expunge())
        elif verb == "undo-doubt":
            self.commands.append(self.move(rng, "move"))
            self.after = [["undo"]]
        else:  # done and settled first, then undone
            self.before, self.commands = self.commands, [["undo"]]


def of_messages(verb, rng, w):
    plan = Plan(w.base)
    plan.choose(rng, w, verb)
    for part in verb.split("+"):
        plan.part(rng, part)
    if "undo" in verb:
        plan.undone, plan.ends = plan.ends, {t: plan.begin(t) for t in plan.ours}
        plan.arrivals = {"flag+undo": 0, "copy+undo": 0, "undo-doubt": 2}.get(verb, 1)
    return plan


def of_whole(verb, rng, w):
    """A whole mailbox, with what somebody else has marked."""
    plan = Plan(w.base)
    source = rng.choice(WHOLE[verb])
    plan.take(w, source, w.base.boxes[source].mails)
    if verb == "read-all":
        plan.mark("read")
        plan.commands = [["read-all", source]]
    else:
        plan.expunge()
        plan.commands = [["empty-trash", "--yes"]]
    return plan


def of_append(verb, rng, w):
    plan = Plan(w.base)
    plan.target, plan.arrivals = plan.other_box(rng), 1
    for i in range(rng.randint(1, 3)):
        name = os.path.join(w.folder, "append%d" % i)
        ident = verb == "append" or rng.random() < 0.5
        with open(name, "wb") as f:
            f.write(message(80000 + i, ident, "something").replace(b"\r\n", b"\n"))
        flags = rng.choice([[], ["seen"], ["draft", "seen"]])
        plan.commands.append(["append", plan.target, name] + (
            ["--flags", ",".join(flags)] if flags else []))
        plan.appended.append(("message 8%04d" % i, frozenset(
            "\\" + f.capitalize() for f in flags)))
    return plan


def of_tree(verb, rng, w):
    plan = Plan(w.base)
    plan.tree = True
    boxes, followed = set(w.base.boxes), set(w.base.subscribed)
    if verb == "box-create":
        new = rng.choice(["New", "Work/New", "Work/Old/Newer"])
        boxes.add(new)
        plan.commands = [["mailbox", "create", new]]
    elif verb == "box-rename":
        old, new = rng.choice([("Work", "Job"), ("Work/Old", "Old"), ("Work/Old", "Work/Past")])
        moved = {b: new + b[len(old):] for b in boxes if b == old or b.startswith(old + "/")}
        boxes = {moved.get(b, b) for b in boxes}
        followed = {moved.get(b, b) for b in followed}
        plan.commands = [["mailbox", "rename", old, new]]
    elif verb == "box-delete":
        old = rng.choice(["Work/Old", "Junk"])
        boxes.discard(old)
        plan.source, plan.ours = old, [m.token for m in w.base.boxes[old].mails]
        plan.commands = [["mailbox", "delete", old, "--yes"]]
    elif verb == "box-subscribe":
        followed.add("Sent")
        plan.commands = [["mailbox", "subscribe", "Sent"]]
    else:
        followed.discard("Work")
        plan.commands = [["mailbox", "unsubscribe", "Work"]]
    plan.boxes, plan.subscribed = boxes, followed
    return plan


def plan_of(verb, rng, w):
    if verb in TREE:
        return of_tree(verb, rng, w)
    if verb in WHOLE:
        return of_whole(verb, rng, w)
    return of_append(verb, rng, w) if "append" in verb else of_messages(verb, rng, w)


# --- the second client -----------------------------------------------------------------

class OtherClient:
    """Acts at once, in the middle of a command of tern's; the server's lock is held."""

    def __init__(self, rng, w, plan):
        self.rng, self.w, self.plan = rng, w, plan
        self.expunged, self.flagged, self.renumbered = set(), {}, set()
        self.number = 90000

    @property
    def world(self):
        return self.w.server.world

    def some_action(self):
        actions = [self.flag_foreign, self.mark_deleted, self.append_alike]
        if self.plan.place:
            actions += [self.expunge_ours, self.flag_ours]
        self.rng.choice(actions)()

    def foreign(self):
        """(path, mail) of a message that is not ours, near to where tern acts; or None"""
        near = [p for p in (self.plan.source, self.plan.target) if p in self.world.boxes]
        path = self.rng.choice(near or ["INBOX"])
        mails = [m for m in self.world.boxes[path].mails if m.token not in self.plan.ours and
                 not m.token.startswith("append:")]
        return (path, self.rng.choice(mails)) if mails else None

    def change(self, found, name):
        if found:
            path, m = found
            self.world.mark("other", path, m, m.flags ^ {name})

    def flag_foreign(self):
        self.change(self.foreign(), self.rng.choice(["\\Flagged", "\\Seen", "work"]))

    def mark_deleted(self):
        found = self.foreign()
        if found and "\\Deleted" not in found[1].flags:
            self.change(found, "\\Deleted")

    def append_alike(self):
        """The same size as one of ours, and near it; another Message-ID."""
        alike = [m for b in self.plan.world.boxes.values() for m in b.mails
                 if m.token in self.plan.ours]
        ident = not alike or has_id(self.plan.world, self.rng.choice(alike).token)
        near = [p for p in (self.plan.source, self.plan.target) if p in self.world.boxes]
        self.number += 1
        self.world.arrive("other", self.rng.choice(near or ["INBOX"]), Mail(
            "x%05d" % self.number, message(self.number, ident or self.rng.random() < 0.5)))

    def one_of_ours(self):
        token = self.rng.choice(self.plan.ours)
        return token, self.world.find(self.plan.source, token)

    def expunge_ours(self):
        token, m = self.one_of_ours()
        if m:
            self.world.vanish("other", self.plan.source, m)
            self.expunged.add(token)

    def flag_ours(self):
        token, m = self.one_of_ours()
        if m:
            name = "\\Draft"
            self.world.mark("other", self.plan.source, m, m.flags ^ {name})
            self.flagged[token] = name


# --- what must come of it --------------------------------------------------------------

class Expected:
    def __init__(self, w, case, plan, other):
        self.w, self.case, self.plan, self.other = w, case, plan, other
        self.world = w.server.world
        self.by_tern = [e for e in self.world.ledger if e.who == "tern"]

    def wrong(self, dump):
        lines = self.strangers() + self.tree(dump)
        if not self.plan.tree:
            conflicts = self.conflicts(dump)
            for token in self.plan.ours:
                lines += self.one(token, token in conflicts) + self.effects(token)
            lines += self.needless(conflicts) + self.appends()
        return lines

    def strangers(self):
        """Nothing of tern's may be about a message that is not ours."""
        return ["a message of others: %s" % (e,) for e in self.by_tern
                if e.token and e.token not in self.plan.ours and
                not e.token.startswith("append:") and e.detail != "with the mailbox"]

    def conflicts(self, dump):
        """token -> words, of the rows that did not come to pass"""
        return {self.w.tokens.get(o["message"], o["message"]): o["answer"] for o in dump
                if o["kind"] == "mutation" and o["status"] in ("conflict", "failed")}

    def needless(self, conflicts):
        if self.other.renumbered:
            return []
        return ["a conflict that nobody made: %s: %s" % c for c in conflicts.items()
                if c[0] not in self.other.expunged and not self.untraceable(c[0])]

    def untraceable(self, token):
        """Moved or copied without a COPYUID, and without a Message-ID: nothing tells which of the
        messages in the target it is, so the step cannot be undone, and that is said."""
        return self.case.sets == "C" and token in self.plan.undone and \
            not has_id(self.plan.world, token)

    def variants(self, token, ends):
        """What the second client may have made of this end."""
        allowed = [ends]
        if token in self.other.flagged:
            allowed.append({p: f ^ {self.other.flagged[token]} for p, f in ends.items()})
            allowed += [{**a, self.plan.source: f} for a in allowed[:] for p, f in
                        allowed[1].items() if p == self.plan.source]
        if token in self.other.expunged:
            allowed += [{p: f for p, f in a.items() if p != self.plan.source} for a in allowed[:]]
            allowed.append({})
        return allowed

    def one(self, token, conflict):
        """Where a message of ours is."""
        places = self.world.places().get(token, [])
        begin, ends = self.plan.begin(token), dict(self.plan.ends[token])
        marked = "\\Deleted" in begin[self.plan.source]  # by somebody else
        live = [p for p in places if marked and ends or "\\Deleted" not in p[1]]
        dead = [p for p in places if p not in live]
        allowed = self.variants(token, ends)
        if conflict and self.untraceable(token):
            allowed += self.variants(token, self.plan.undone[token])
        if self.other.renumbered and conflict and not has_id(self.plan.world, token):
            allowed.append({**begin, **ends})  # copied, and nothing tells that
        if self.other.renumbered and conflict:
            allowed += [begin, {self.plan.source: f for f in ends.values()}]
        lines = []
        if live not in [sorted(a.items()) for a in allowed]:
            lines.append("%s: is %s, wanted %s%s" % (
                token, shown(live), shown(sorted(ends.items())), ", conflict" if conflict else ""))
        if dead and (self.case.sets != "C" or not {p for p, _ in dead} <= {
                self.plan.source, self.plan.target}):
            lines.append("%s: left behind: %s" % (token, shown(dead)))
        return lines

    def effects(self, token):
        """How often something happened to it."""
        mine = collections.Counter((e.kind, e.box, e.detail if e.kind == "mark" else "")
                                   for e in self.by_tern if e.token == token)
        lines = ["%s: %d times %s" % (token, n, what) for what, n in mine.items()
                 if n > 1 and token not in self.other.flagged]
        made = sum(n for (kind, _, _), n in mine.items() if kind == "arrive")
        if made > self.plan.arrivals:
            lines.append("%s: %d copies were made" % (token, made))
        return lines

    def appends(self):
        """What only tern had is in its target, once."""
        came = sorted((p, field(m.raw, "subject"), sorted(m.flags))
                      for p, b in self.world.boxes.items() for m in b.mails
                      if m.token.startswith("append:"))
        wanted = sorted((self.plan.target, subject, sorted(flags))
                        for subject, flags in self.plan.appended)
        made = sum(e.kind == "arrive" and e.token.startswith("append:") for e in self.by_tern)
        if came == wanted and made == len(wanted):
            return []
        return ["appended %s, %d times, wanted %s" % (came, made, wanted)]

    def news(self):
        """What happened to a mailbox that was to be deleted, before and since mail came to it."""
        kinds = [e.kind for e in self.world.ledger if e.box == self.plan.source]
        at = kinds.index("arrive") if self.plan.tree and "arrive" in kinds else len(kinds)
        return kinds[:at], kinds[at:]

    def tree(self, dump):
        failed = [o for o in dump
                  if o["kind"] == "tree_wish" and o["status"] in ("conflict", "failed")]
        boxes, before, since = self.plan.boxes, *self.news()
        if since and failed and failed[0]["verb"] == "delete":
            boxes = set(self.plan.world.boxes)
            failed.pop(0)
        lines = ["a wish about the tree failed: %s" % o for o in failed]
        if not self.plan.tree:
            return lines
        if set(self.world.boxes) != boxes:
            lines.append("mailboxes %s, wanted %s" % (sorted(self.world.boxes), sorted(boxes)))
        if "delete" in since and "open" not in since and (
                "status" in since or "status" not in before):
            lines.append("deleted with mail that tern did not know of")
        if self.world.subscribed != self.plan.subscribed:
            lines.append("subscribed %s, wanted %s" % (sorted(self.world.subscribed),
                                                       sorted(self.plan.subscribed)))
        often = collections.Counter((e.kind, e.box) for e in self.by_tern if not e.token)
        lines += ["%d times %s" % (n, e) for e, n in often.items()
                  if n > 1 and not e[0].endswith("subscribe")]
        return lines


def shown(places):
    return ", ".join("%s (%s)" % (p, " ".join(sorted(f))) for p, f in places) or "nowhere"
