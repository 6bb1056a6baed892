# ledgerworld.py - the mail of a scripted IMAP server, in memory, with a ledger
#
# A World has mailboxes, a Box has messages, a Mail is one copy of a message in
# one mailbox.  Every Mail has a token that says what it IS: copies of a message
# share it, two messages that look alike do not.  Whatever changes goes through
# arrive, vanish, mark and the functions about mailboxes, which write it into
# the ledger with the name of who did it: the ledger tells how often something
# happened, the final state only that it did.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import collections
import functools
import re

Entry = collections.namedtuple("Entry", "who kind box token detail")

SYSTEM = {f.lower(): f for f in ("\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft")}


def flag(word):
    return SYSTEM.get(word.lower(), word)


class Mail:
    __slots__ = ("uid", "token", "raw", "flags", "modseq", "date")

    def __init__(self, token, raw, flags=(), date="01-Jul-2025 10:00:00 +0000"):
        self.uid, self.modseq = 0, 0
        self.token, self.raw, self.flags, self.date = token, raw, frozenset(flags), date

    def twin(self):
        return Mail(self.token, self.raw, self.flags, self.date)


class Box:
    def __init__(self, validity, use=""):
        self.validity, self.use = validity, use
        self.uidnext, self.modseq = 1, 1
        self.mails = []         # by uid
        self.generation = 0     # how often its numbers were changed


class World:
    def __init__(self):
        self.boxes, self.subscribed, self.ledger = {}, set(), []
        self.validity = 1000

    def clone(self):
        """The same mail; an empty ledger."""
        new = World()
        new.validity, new.subscribed = self.validity, set(self.subscribed)
        for path, box in self.boxes.items():
            b = Box(box.validity, box.use)
            b.uidnext, b.modseq, b.generation = box.uidnext, box.modseq, box.generation
            for m in box.mails:
                t = m.twin()
                t.uid, t.modseq = m.uid, m.modseq
                b.mails.append(t)
            new.boxes[path] = b
        return new

    def note(self, who, kind, box, token="", detail=""):
        self.ledger.append(Entry(who, kind, box, token, detail))

    # --- messages

    def arrive(self, who, path, mail):
        box = self.boxes[path]
        box.modseq += 1
        mail.uid, mail.modseq = box.uidnext, box.modseq
        box.uidnext += 1
        box.mails.append(mail)
        self.note(who, "arrive", path, mail.token, mail.uid)
        return mail

    def vanish(self, who, path, mail):
        box = self.boxes[path]
        box.modseq += 1
        box.mails.remove(mail)
        self.note(who, "vanish", path, mail.token, "\\Deleted" in mail.flags)

    def mark(self, who, path, mail, flags):
        flags = frozenset(flags)
        if flags == mail.flags:
            return False
        box = self.boxes[path]
        box.modseq += 1
        changed = sorted(flags ^ mail.flags)
        mail.flags, mail.modseq = flags, box.modseq
        self.note(who, "mark", path, mail.token, " ".join(
            ("+" if f in flags else "-") + f for f in changed))
        return True

    # --- mailboxes

    def create(self, who, path, use=""):
        self.validity += 1
        self.boxes[path] = Box(self.validity, use)
        self.note(who, "create", path)

    def delete(self, who, path):
        for m in list(self.boxes[path].mails):
            self.note(who, "vanish", path, m.token, "with the mailbox")
        del self.boxes[path]
        self.note(who, "delete", path)

    def rename(self, who, old, new):
        for path in [p for p in self.boxes if p == old or p.startswith(old + "/")]:
            self.boxes[new + path[len(old):]] = self.boxes.pop(path)
        self.note(who, "rename", old, "", new)

    def renumber(self, rng, path):
        """A new UIDVALIDITY, as after a repair: the old numbers now name other messages."""
        box = self.boxes[path]
        self.validity += 1
        box.validity, box.modseq = self.validity, box.modseq + 1
        box.generation += 1
        numbers = [m.uid for m in box.mails]
        order = list(box.mails)
        rng.shuffle(order)
        if len(order) > 1 and all(a is b for a, b in zip(order, box.mails)):
            order = order[1:] + order[:1]
        for uid, mail in zip(numbers, order):
            mail.uid, mail.modseq = uid, box.modseq
        box.mails = order
        self.note("server", "renumber", path)

    # --- looking

    def picture(self):
        """path -> (uidvalidity, {uid: (token, flags)})"""
        return {p: (b.validity, {m.uid: (m.token, m.flags) for m in b.mails})
                for p, b in self.boxes.items()}

    def places(self):
        """token -> sorted list of (path, flags)"""
        found = {}
        for path, box in self.boxes.items():
            for m in box.mails:
                found.setdefault(m.token, []).append((path, m.flags))
        return {t: sorted(p, key=lambda x: (x[0], sorted(x[1]))) for t, p in found.items()}

    def find(self, path, token):
        box = self.boxes.get(path)
        return next((m for m in box.mails if m.token == token), None) if box else None


# --- what a server says about a message ------------------------------------------------

def quoted(text):
    if text is None:
        return "NIL"
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


@functools.lru_cache(maxsize=4096)
def headers(raw):
    """[(name, whole field with its line ends)]"""
    block = re.sub(r"\r\n[ \t]", " ", raw.split(b"\r\n\r\n", 1)[0].decode("latin-1"))
    return tuple((line.split(":", 1)[0].lower(), line + "\r\n")
                 for line in block.split("\r\n") if ":" in line)


def field(raw, name):
    return next((line.split(":", 1)[1].strip() for n, line in headers(raw) if n == name), None)


def person(text):
    if not text:
        return "NIL"
    m = re.match(r"(.*?)\s*<?([^\s<>]+)@([^\s<>]+?)>?$", text)
    return "((%s NIL %s %s))" % (quoted(m[1] or None), quoted(m[2]), quoted(m[3]))


@functools.lru_cache(maxsize=4096)
def envelope(raw):
    sender = person(field(raw, "from"))
    return "(%s %s %s %s %s %s NIL NIL %s %s)" % (
        quoted(field(raw, "date")), quoted(field(raw, "subject")), sender, sender, sender,
        person(field(raw, "to")), quoted(field(raw, "in-reply-to")),
        quoted(field(raw, "message-id")))


@functools.lru_cache(maxsize=4096)
def structure(raw):
    body = raw.split(b"\r\n\r\n", 1)[-1]
    return '("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" %d %d NIL NIL NIL NIL)' % (
        len(body), body.count(b"\r\n"))


def section(raw, text):
    """The bytes of BODY[text]."""
    head, _, body = raw.partition(b"\r\n\r\n")
    if not text:
        return raw
    if text.upper() == "HEADER":
        return head + b"\r\n\r\n"
    if text.upper() in ("TEXT", "1"):
        return body
    m = re.match(r"HEADER\.FIELDS \((.*)\)$", text, re.I)
    if not m:
        return None
    wanted = m[1].lower().replace('"', "").split()
    return ("".join(line for n, line in headers(raw) if n in wanted) + "\r\n").encode("latin-1")
