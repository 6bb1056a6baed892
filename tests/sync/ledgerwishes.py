# ledgerwishes.py - what tern is asked for in a run of lostanswer.py, what a
# second client does meanwhile, and what must come of both
#
# A Plan is what the reader wants: commands, and for each message of ours the
# place and the flags that it must have in the end.  Whatever the ledger says of
# another message must be by another hand than tern's.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import collections

from ledgerrig import BOXES, has_id, message
from ledgerworld import Mail

MARKS = {"flag": ("\\Flagged", True), "unflag": ("\\Flagged", False),
         "read": ("\\Seen", True), "unread": ("\\Seen", False)}
MOVES = {"move": None, "archive": "Archive", "delete": "Trash"}
MESSAGES = list(MARKS) + list(MOVES) + ["flag+move", "move+flag", "move+move", "move+undo",
                                        "flag+undo", "undo-doubt"]
TREE = ["box-create", "box-rename", "box-delete", "box-subscribe", "box-unsubscribe"]
LIVE = {"lost": MESSAGES + TREE, "numbers": list(MARKS) + list(MOVES) + ["flag+move"],
        "deleted": list(MOVES) + ["flag+move", "move+flag", "move+undo"]}


def verbs(what):
    return LIVE[what]


class Plan:
    def __init__(self, world):
        self.world = world              # as it was: not to be changed
        self.before, self.commands, self.after = [], [], []
        self.ours, self.source, self.target = [], "INBOX", None
        self.place, self.flags = {}, {}  # token -> path; token -> flags, in the end
        self.arrivals = 0               # copies of one message that tern may have made, at most
        self.boxes, self.subscribed = None, None
        self.tree = False

    def choose(self, rng, w):
        self.source = rng.choice(["INBOX", "INBOX", "INBOX", "Work"])
        free = [m for m in self.world.boxes[self.source].mails if "\\Deleted" not in m.flags and
                (w.nameless or has_id(self.world, m.token))]
        for m in rng.sample(free, min(rng.randint(1, 5), len(free))):
            self.ours.append(m.token)
            self.place[m.token], self.flags[m.token] = self.source, m.flags
        self.words = [str(w.ids[t]) for t in self.ours]

    def mark(self, verb):
        name, on = MARKS[verb]
        for t in self.ours:
            self.flags[t] = self.flags[t] | {name} if on else self.flags[t] - {name}
        return [verb] + self.words

    def move(self, rng, verb):
        self.target = MOVES[verb] or rng.choice(
            [b for b in BOXES if b not in (self.source, self.target)])
        self.place = dict.fromkeys(self.ours, self.target)
        self.arrivals += 1
        return [verb] + self.words + (["--to", self.target] if verb == "move" else [])


def of_messages(verb, rng, w):
    plan = Plan(w.base)
    plan.choose(rng, w)
    place, flags = dict(plan.place), dict(plan.flags)
    for part in verb.split("+"):
        if part in MARKS:
            plan.commands.append(plan.mark(part))
        elif part in MOVES:
            plan.commands.append(plan.move(rng, part))
        elif part == "undo-doubt":
            plan.commands.append(plan.move(rng, "move"))
            plan.after = [["undo"]]
        else:  # done and settled first, then undone
            plan.before, plan.commands = plan.commands, [["undo"]]
    if "undo" in verb:
        plan.place, plan.flags = place, flags
        plan.arrivals = 0 if verb == "flag+undo" else 2 if verb == "undo-doubt" else 1
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
    return of_tree(verb, rng, w) if verb in TREE else of_messages(verb, rng, w)


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
        if not self.plan.tree:
            actions += [self.expunge_ours, self.flag_ours]
        self.rng.choice(actions)()

    def foreign(self):
        """(path, mail) of a message that is not ours, near to where tern acts; or None"""
        near = [p for p in (self.plan.source, self.plan.target) if p in self.world.boxes]
        path = self.rng.choice(near or ["INBOX"])
        mails = [m for m in self.world.boxes[path].mails if m.token not in self.plan.ours]
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
            lines += self.needless(conflicts)
        return lines

    def strangers(self):
        """Nothing of tern's may be about a message that is not ours."""
        return ["a message of others: %s" % (e,) for e in self.by_tern
                if e.token and e.token not in self.plan.ours]

    def conflicts(self, dump):
        """token -> words, of the rows that did not come to pass"""
        return {self.w.tokens.get(o["message"], o["message"]): o["answer"] for o in dump
                if o["kind"] == "mutation" and o["status"] in ("conflict", "failed")}

    def needless(self, conflicts):
        if self.other.renumbered:
            return []
        return ["a conflict that nobody made: %s: %s" % c for c in conflicts.items()
                if c[0] not in self.other.expunged]

    def one(self, token, conflict):
        """Where a message of ours is."""
        places = self.world.places().get(token, [])
        live = [p for p in places if "\\Deleted" not in p[1]]
        dead = [p for p in places if "\\Deleted" in p[1]]
        end = (self.plan.place[token], self.plan.flags[token])
        allowed = [[end]]
        if token in self.other.flagged:
            allowed.append([(end[0], end[1] ^ {self.other.flagged[token]})])
        if token in self.other.expunged:
            allowed.append([])
        if self.other.renumbered and conflict:
            mail = next(m for m in self.plan.world.boxes[self.plan.source].mails
                        if m.token == token)
            allowed += [[(self.plan.source, mail.flags)],
                        [(self.plan.source, self.plan.flags[token])]]
        lines = []
        if live not in allowed:
            lines.append("%s: is %s, wanted %s%s" % (token, shown(live), shown([end]),
                                                     ", conflict" if conflict else ""))
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

    def tree(self, dump):
        lines = ["a wish about the tree failed: %s" % o for o in dump
                 if o["kind"] == "tree_wish" and o["status"] in ("conflict", "failed")]
        if not self.plan.tree:
            return lines
        if set(self.world.boxes) != self.plan.boxes:
            lines.append("mailboxes %s, wanted %s" % (sorted(self.world.boxes),
                                                      sorted(self.plan.boxes)))
        if self.world.subscribed != self.plan.subscribed:
            lines.append("subscribed %s, wanted %s" % (sorted(self.world.subscribed),
                                                       sorted(self.plan.subscribed)))
        often = collections.Counter((e.kind, e.box) for e in self.by_tern if not e.token)
        lines += ["%d times %s" % (n, e) for e, n in often.items()
                  if n > 1 and not e[0].endswith("subscribe")]
        return lines


def shown(places):
    return ", ".join("%s (%s)" % (p, " ".join(sorted(f))) for p, f in places) or "nowhere"
