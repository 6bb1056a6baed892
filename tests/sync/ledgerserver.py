# ledgerserver.py - a scripted IMAP server that can go wrong at any command
#
# It serves the World of ledgerworld.py on loopback, in the clear, from threads
# of the process that imports it: the test that scripts it shares its memory.
# Every complete command of a client is a step.  A Fault that is armed for a
# step says what goes wrong there:
#
#   before     the connection ends, the command is not executed
#   after      it is executed; no answer leaves
#   untagged   executed; the untagged answers leave, the tagged one does not
#   cut        executed; the tagged answer breaks off in its middle
#   half       executed for the first half of its messages; no answer leaves
#   no         NO [UNAVAILABLE], not executed; the connection goes on
#   asked      of APPEND: ends behind "+", or before the message if nobody waits for that
#   literal    of APPEND: ends in the middle of the message
#   well       nothing goes wrong; for what else the fault does
#
# and it may call somebody before the command and after it: a second client, or
# the one who kills the first.
#
# Capability sets: A has UIDPLUS, MOVE, CONDSTORE, B has UIDPLUS, C has neither;
# D is A and lies: what a condition leaves alone is not told, nor what it changes.
# What is not announced is BAD.  Plain EXPUNGE and CLOSE are executed and noted
# as "forbidden", what is not understood as "unknown".
#
# SPDX-License-Identifier: GPL-3.0-or-later

import re
import socket
import threading

from ledgerworld import Mail, envelope, field, flag, quoted, section, structure

EVERYWHERE = "IMAP4rev1 ID LITERAL+ NAMESPACE UNSELECT SPECIAL-USE"
CAPABILITIES = {
    "A": EVERYWHERE + " ENABLE IDLE UIDPLUS MOVE CONDSTORE",
    "B": EVERYWHERE + " IDLE UIDPLUS",
    "C": "IMAP4rev1",
    "D": EVERYWHERE + " ENABLE IDLE UIDPLUS MOVE CONDSTORE X-LIAR",
}
LINE_MAX = 1 << 20
FLAGS = "\\Answered \\Flagged \\Deleted \\Seen \\Draft"
TOKEN = re.compile(rb'\s*("(?:[^"\\]|\\.)*"|\(|\)|[^\s()"\[]+(?:\[[^\]]*\](?:<[\d.]+>)?)?)')
KINDS = ("before", "after", "untagged", "cut", "half", "no")
KINDS_OF_APPEND = ("asked", "literal")


class Gone(Exception):
    """The connection is to end."""


class Bad(Exception):
    """BAD: not understood, or not announced."""


class Unopened(Exception):
    """BAD: no mailbox is open."""


class No(Exception):
    """NO, with these words."""


class Fault:
    def __init__(self, step, kind, before=None, after=None):
        self.step, self.kind, self.before, self.after = step, kind, before, after


def tokens(parts):
    """Words, "(" and ")" and literals of a command: lists for parentheses, bytes for literals."""
    stack = [[]]
    for part in parts:
        if isinstance(part, tuple):
            stack[-1].append(part[0])
            continue
        at, part = 0, part.rstrip()
        while at < len(part):
            m = TOKEN.match(part, at)
            if not m:
                raise Bad("cannot be read")
            at = m.end()
            word = m[1].decode("latin-1")
            if word == "(":
                stack.append([])
            elif word == ")":
                if len(stack) < 2:
                    raise Bad("parentheses")
                inner = stack.pop()
                stack[-1].append(inner)
            elif word[0] == '"':
                stack[-1].append(re.sub(r"\\(.)", r"\1", word[1:-1]))
            else:
                stack[-1].append(word)
    if len(stack) != 1:
        raise Bad("parentheses")
    return stack[0]


def text_of(word):
    return word.decode("latin-1") if isinstance(word, bytes) else word


def spans(word, last):
    """[(low, high)] of a set; * is the last."""
    found = []
    for piece in word.split(","):
        ends = [last if e == "*" else int(e) for e in piece.split(":")]
        found.append((min(ends), max(ends)))
    return found


def number_set(numbers):
    return ",".join(str(n) for n in numbers)


class Seen:
    """A message as one session knows it: by the number that it had when the session saw it."""
    __slots__ = ("uid", "mail", "modseq")

    def __init__(self, mail):
        self.uid, self.mail, self.modseq = mail.uid, mail, mail.modseq


class Connection:
    def __init__(self, server, sock):
        self.server, self.sock = server, sock
        self.file = sock.makefile("rb")
        self.condstore, self.box, self.writable, self.view = False, None, False, []
        self.path, self.generation, self.out, self.halved = None, 0, [], False
        self.refused = False    # a fault: what was sent behind a SELECT comes to nothing

    @property
    def world(self):
        return self.server.world

    def has(self, word):
        return word in self.server.words

    # --- bytes

    def send(self, data):
        try:
            self.sock.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        except OSError as e:
            raise Gone from e

    def read_line(self):
        try:
            line = self.file.readline(LINE_MAX)
        except OSError as e:
            raise Gone from e
        if not line.endswith(b"\n"):
            raise Gone
        return line

    def read_command(self):
        parts = [self.read_line()]
        while True:
            m = re.search(rb"\{(\d+)(\+?)\}\r?\n$", parts[-1])
            if not m:
                return parts
            cut, size = self.server.cut_of(parts[0]), int(m[1])
            if not m[2]:
                self.send("+ go on\r\n")
            if cut:
                self.file.read(size // 2 if cut == "literal" else 0)
                raise Gone
            parts[-1] = parts[-1][:m.start()]
            parts.append((self.file.read(size),))
            parts.append(self.read_line())

    def serve(self):
        self.send("* OK [CAPABILITY %s] ready\r\n" % self.server.capability)
        while True:
            parts = self.read_command()
            tag, _, parts[0] = parts[0].partition(b" ")
            self.one(tag.decode("latin-1"), parts)

    def end(self):
        """What was sent arrives, nothing more is read."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
            self.sock.settimeout(2)
            while self.sock.recv(65536):
                pass
        except OSError:
            pass
        self.sock.close()

    # --- one command

    def one(self, tag, parts):
        try:
            words = tokens(parts)
            name = text_of(words[0]).upper()
            rest = words[1:]
            if name == "UID":
                name, rest = "UID " + text_of(words[1]).upper(), words[2:]
        except (Bad, IndexError):
            self.server.complain("unknown", repr(parts))
            return self.send("%s BAD cannot be read\r\n" % tag)
        with self.server.lock:
            fault = self.server.step(name, rest)
            kind = fault.kind if fault else "well"
            if fault and fault.before:
                fault.before()
            self.check_numbers()
            if kind == "before":
                raise Gone
            if kind == "no":
                if name in ("SELECT", "EXAMINE"):
                    self.box, self.view, self.refused = None, [], True
                return self.send("%s NO [UNAVAILABLE] come back later\r\n" % tag)
            self.halved = kind == "half"
            tagged = "%s %s\r\n" % (tag, self.execute(name, rest))
            if fault and fault.after:
                fault.after()
            untagged = b"".join(line if isinstance(line, bytes) else line.encode("latin-1")
                                for line in self.out)
            self.out = []
            if kind in ("after", "half"):
                raise Gone
            self.check_numbers()
        if kind == "untagged":
            self.send(untagged)
            raise Gone
        if name == "IDLE":
            self.send("+ idling\r\n")
            self.read_line()
        if kind == "cut":
            self.send(untagged + tagged[:len(tagged) // 2].encode("latin-1"))
            raise Gone
        self.send(untagged + tagged.encode("latin-1"))
        if name == "LOGOUT":
            raise Gone
        return None

    def check_numbers(self):
        """A mailbox whose numbers change: its sessions end, or go on with the old ones."""
        if self.box and self.box.generation != self.generation and not self.server.keeps:
            self.send("* BYE the mailbox has new numbers\r\n")
            raise Gone

    def execute(self, name, rest):
        self.out = []
        handler = getattr(self, "do_" + name.lower().replace(" ", "_"), None)
        try:
            if not handler:
                raise Bad("unknown command")
            answer = handler(*rest)
        except No as why:
            return "NO %s" % why
        except Unopened as why:
            if not self.refused:
                self.server.complain("unknown", "%s %r: %s" % (name, rest, why))
            return "BAD %s" % why
        except (Bad, TypeError, ValueError, AttributeError, IndexError) as why:
            self.server.complain("unknown", "%s %r: %s" % (name, rest, why))
            return "BAD %s" % why
        if name not in ("FETCH", "STORE", "SEARCH"):
            self.news()
        return answer or "OK done"

    def tell(self, line):
        self.out.append("* " + line + "\r\n")

    def news(self):
        """What others did in the mailbox that is open."""
        if not self.box:
            return
        there = {id(m) for m in self.box.mails}
        for n in range(len(self.view), 0, -1):
            if id(self.view[n - 1].mail) not in there:
                self.tell("%d EXPUNGE" % n)
                del self.view[n - 1]
        if self.box.generation == self.generation:
            known = {id(s.mail) for s in self.view}
            fresh = [m for m in self.box.mails if id(m) not in known]
            self.view += [Seen(m) for m in fresh]
            if fresh:
                self.tell("%d EXISTS" % len(self.view))
        for n, s in enumerate(self.view, 1):
            if s.modseq != s.mail.modseq:
                s.modseq = s.mail.modseq
                self.tell("%d FETCH (UID %d FLAGS (%s)%s)" % (
                    n, s.uid, " ".join(sorted(s.mail.flags)), self.modseq_of(s)))

    def modseq_of(self, s):
        return " MODSEQ (%d)" % s.mail.modseq if self.condstore else ""

    # --- the session

    def do_capability(self):
        self.tell("CAPABILITY " + self.server.capability)

    def do_login(self, _user, _password):
        return "OK [CAPABILITY %s] welcome" % self.server.capability

    def do_logout(self):
        self.tell("BYE")

    def do_noop(self):
        pass

    def do_id(self, _words):
        self.need("ID")
        self.tell('ID ("name" "ledger")')

    def need(self, word):
        if not self.has(word):
            raise Bad("not announced: " + word)

    def do_enable(self, *words):
        self.need("ENABLE")
        if "CONDSTORE" in [w.upper() for w in words]:
            self.need("CONDSTORE")
            self.condstore = True
        self.tell("ENABLED" + (" CONDSTORE" if self.condstore else ""))

    def do_namespace(self):
        self.need("NAMESPACE")
        self.tell('NAMESPACE (("" "/")) NIL NIL')

    def do_idle(self):
        self.need("IDLE")

    # --- mailboxes

    def name(self, word):
        path = text_of(word)
        return "INBOX" if path.upper() == "INBOX" else path

    def existing(self, word, code="NONEXISTENT"):
        path = self.name(word)
        if path not in self.world.boxes:
            raise No(("[%s] " % code if self.has("UIDPLUS") else "") + "no such mailbox")
        return path

    def listed(self, verb, reference, pattern):
        pattern = self.name(reference) + self.name(pattern)
        if not pattern:
            return self.tell('%s (\\Noselect) "/" ""' % verb)
        shape = re.compile("".join(
            ".*" if c == "*" else "[^/]*" if c == "%" else re.escape(c) for c in pattern) + "$")
        for path in sorted(set(self.world.boxes) | (
                self.world.subscribed if verb == "LSUB" else set())):
            box = self.world.boxes.get(path)
            if not shape.match(path) or verb == "LSUB" and path not in self.world.subscribed:
                continue
            marks = [box.use] if box and box.use and self.has("SPECIAL-USE") else []
            self.tell('%s (%s) "/" %s' % (verb, " ".join(marks), quoted(path)))
        return None

    def do_list(self, reference, pattern, *more):
        if more:
            self.need("SPECIAL-USE")
        return self.listed("LIST", reference, pattern)

    def do_lsub(self, reference, pattern):
        return self.listed("LSUB", reference, pattern)

    def do_status(self, word, items):
        path = self.existing(word)
        box = self.world.boxes[path]
        self.world.note("server", "status", path)
        values = {"MESSAGES": len(box.mails), "UIDNEXT": box.uidnext,
                  "UIDVALIDITY": box.validity, "RECENT": 0,
                  "UNSEEN": sum("\\Seen" not in m.flags for m in box.mails)}
        if self.has("CONDSTORE"):
            values["HIGHESTMODSEQ"] = box.modseq
        if not set(items) <= set(values):
            raise Bad("STATUS item")
        self.tell("STATUS %s (%s)" % (quoted(path), " ".join(
            "%s %d" % (i, values[i]) for i in items)))

    def opened(self, word, more, writable):
        self.box, self.view, self.refused = None, [], False
        path = self.existing(word)
        self.world.note("server", "open", path)
        if more:
            self.need("CONDSTORE")
            self.condstore = True
        self.path, self.box, self.writable = path, self.world.boxes[path], writable
        self.generation = self.box.generation
        self.view = [Seen(m) for m in self.box.mails]
        self.tell("FLAGS (%s)" % FLAGS)
        self.tell("OK [PERMANENTFLAGS (%s)]" % (FLAGS + " \\*" if writable else ""))
        self.tell("%d EXISTS" % len(self.view))
        self.tell("0 RECENT")
        self.tell("OK [UIDVALIDITY %d]" % self.box.validity)
        self.tell("OK [UIDNEXT %d]" % self.box.uidnext)
        if self.has("CONDSTORE"):
            self.tell("OK [HIGHESTMODSEQ %d]" % self.box.modseq)
        return "OK [READ-%s] open" % ("WRITE" if writable else "ONLY")

    def do_select(self, word, more=None):
        return self.opened(word, more, True)

    def do_examine(self, word, more=None):
        return self.opened(word, more, False)

    def do_unselect(self):
        self.need("UNSELECT")
        self.box, self.view = None, []

    def do_close(self):
        self.server.complain("forbidden", "CLOSE")
        if self.writable:
            self.remove([s for s in self.view if "\\Deleted" in s.mail.flags])
        self.box, self.view = None, []

    def do_create(self, word, *_more):
        path = self.name(word)
        if path in self.world.boxes:
            raise No("[ALREADYEXISTS] is there" if self.has("UIDPLUS") else "is there")
        self.world.create("tern", path)

    def do_delete(self, word):
        self.world.delete("tern", self.existing(word))

    def do_rename(self, old, new):
        old, new = self.existing(old), self.name(new)
        if new in self.world.boxes:
            raise No("[ALREADYEXISTS] is there" if self.has("UIDPLUS") else "is there")
        self.world.rename("tern", old, new)

    def do_subscribe(self, word):
        path = self.name(word)
        self.world.subscribed.add(path)
        self.world.note("tern", "subscribe", path)

    def do_unsubscribe(self, word):
        path = self.name(word)
        if path not in self.world.subscribed and not self.has("UIDPLUS"):
            raise No("not subscribed")
        self.world.subscribed.discard(path)
        self.world.note("tern", "unsubscribe", path)

    # --- messages

    def chosen(self, word, by_uid=True):
        if not self.box:
            raise Unopened("nothing is open")
        if not self.view:
            return []
        if by_uid:
            pieces = spans(word, max(s.uid for s in self.view))
            found = [s for s in self.view if any(a <= s.uid <= b for a, b in pieces)]
        else:
            pieces = spans(word, len(self.view))
            found = [s for n, s in enumerate(self.view, 1) if any(a <= n <= b for a, b in pieces)]
        there = {id(m) for m in self.box.mails}
        return [s for s in found if id(s.mail) in there]

    def targets(self, word, by_uid=True):
        """Those that a change is about: half of them, if it is to break off."""
        found = self.chosen(word, by_uid)
        return found[:len(found) // 2] if self.halved else found

    def item(self, s, item):
        name = item.upper()
        raw = s.mail.raw
        simple = {"UID": lambda: str(s.uid), "INTERNALDATE": lambda: quoted(s.mail.date),
                  "FLAGS": lambda: "(%s)" % " ".join(sorted(s.mail.flags)),
                  "RFC822.SIZE": lambda: str(len(raw)), "ENVELOPE": lambda: envelope(raw),
                  "BODYSTRUCTURE": lambda: structure(raw),
                  "MODSEQ": lambda: "(%d)" % s.mail.modseq}
        if name == "MODSEQ":
            self.need("CONDSTORE")
            self.condstore = True
        if name in simple:
            return ("%s %s" % (name, simple[name]())).encode("latin-1")
        m = re.match(r"BODY(?:\.PEEK)?\[(.*)\](?:<(\d+)\.(\d+)>)?$", item, re.I)
        data = section(raw, m[1]) if m else None
        if data is None:
            raise Bad("FETCH item " + item)
        origin = ""
        if m[2]:
            data, origin = data[int(m[2]):int(m[2]) + int(m[3])], "<%s>" % m[2]
        return ("BODY[%s]%s {%d}\r\n" % (m[1], origin, len(data))).encode("latin-1") + data

    def fetch(self, by_uid, word, items, since=None):
        items = list(items) if isinstance(items, list) else [items]
        if by_uid and "UID" not in [i.upper() for i in items]:
            items.append("UID")
        found = self.chosen(word, by_uid)
        if since:
            if since[0].upper() != "CHANGEDSINCE" or len(since) != 2:
                raise Bad("FETCH modifier")
            self.need("CONDSTORE")
            self.condstore = True
            found = [s for s in found if s.mail.modseq > int(since[1])]
            items.append("MODSEQ")
        for s in found:
            n = self.view.index(s) + 1
            self.out.append(b"* %d FETCH (" % n + b" ".join(self.item(s, i) for i in items) +
                            b")\r\n")
            if "FLAGS" in [i.upper() for i in items]:
                s.modseq = s.mail.modseq

    def do_fetch(self, word, items, since=None):
        return self.fetch(False, word, items, since)

    def do_uid_fetch(self, word, items, since=None):
        return self.fetch(True, word, items, since)

    def do_uid_search(self, *keys):
        keys, found = [text_of(k) for k in keys], self.chosen("1:*")
        while keys:
            key = keys.pop(0).upper()
            if key == "UID":
                pieces = spans(keys.pop(0), max([s.uid for s in self.view] or [0]))
                found = [s for s in found if any(a <= s.uid <= b for a, b in pieces)]
            elif key == "HEADER":
                name, value = keys.pop(0).lower(), keys.pop(0).lower()
                found = [s for s in found if value in (field(s.mail.raw, name) or "").lower()]
            elif key in ("LARGER", "SMALLER"):
                n, up = int(keys.pop(0)), key == "LARGER"
                found = [s for s in found if (len(s.mail.raw) > n if up else len(s.mail.raw) < n)]
            elif key in ("DELETED", "SEEN", "FLAGGED"):
                found = [s for s in found if "\\" + key.capitalize() in s.mail.flags]
            elif key in ("UNDELETED", "UNSEEN", "UNFLAGGED"):
                found = [s for s in found if "\\" + key[2:].capitalize() not in s.mail.flags]
            elif key != "ALL":
                raise Bad("SEARCH key " + key)
        self.tell("SEARCH" + "".join(" %d" % s.uid for s in found))

    def do_uid_store(self, word, *rest):
        rest, limit = list(rest), None
        if isinstance(rest[0], list):
            self.need("CONDSTORE")
            self.condstore = True
            limit = int(rest.pop(0)[1])
        verb, names = rest[0].upper(), {flag(w) for w in rest[1]}
        if not self.writable:
            raise No("read-only")
        modified, lies = [], limit is not None and self.has("X-LIAR")
        for s in self.targets(word):
            if limit is not None and s.mail.modseq > limit:
                modified += [] if lies else [s.uid]
                continue
            old = s.mail.flags
            new = old | names if verb[0] == "+" else old - names if verb[0] == "-" else names
            self.world.mark("tern", self.path, s.mail, new)
            if not verb.endswith(".SILENT"):
                s.modseq = 0  # told as news
            elif self.condstore and not lies:
                self.tell("%d FETCH (UID %d MODSEQ (%d))" % (
                    self.view.index(s) + 1, s.uid, s.mail.modseq))
                s.modseq = s.mail.modseq
            else:
                s.modseq = s.mail.modseq
        return "OK [MODIFIED %s] done in part" % number_set(modified) if modified else None

    def copied(self, word, target):
        target = self.existing(target, "TRYCREATE")
        found = self.targets(word)
        twins = [self.world.arrive("tern", target, s.mail.twin()) for s in found]
        code = "COPYUID %d %s %s" % (self.world.boxes[target].validity, number_set(
            s.uid for s in found), number_set(m.uid for m in twins))
        return found, code if twins and self.has("UIDPLUS") else None

    def do_uid_copy(self, word, target):
        _, code = self.copied(word, target)
        return "OK [%s] done" % code if code else None

    def do_uid_move(self, word, target):
        self.need("MOVE")
        if not self.writable:
            raise No("read-only")
        found, code = self.copied(word, target)
        if code:
            self.tell("OK [%s] moved" % code)
        self.remove(found)

    def remove(self, found):
        for s in found:
            self.world.vanish("tern", self.path, s.mail)

    def do_uid_expunge(self, word):
        self.need("UIDPLUS")
        if not self.writable:
            raise No("read-only")
        self.remove([s for s in self.targets(word) if "\\Deleted" in s.mail.flags])

    def do_expunge(self):
        self.server.complain("forbidden", "EXPUNGE")
        self.remove([s for s in self.view if "\\Deleted" in s.mail.flags])

    def do_append(self, word, *rest):
        path, raw = self.existing(word, "TRYCREATE"), rest[-1]
        names = rest[0] if isinstance(rest[0], list) else []
        if not isinstance(raw, bytes):
            raise Bad("APPEND without a literal")
        mail = Mail("append:" + (field(raw, "message-id") or field(raw, "x-tuid") or ""), raw,
                    [flag(w) for w in names])
        self.world.arrive("tern", path, mail)
        if self.has("UIDPLUS"):
            return "OK [APPENDUID %d %d] done" % (self.world.boxes[path].validity, mail.uid)
        return None


class Server:
    """Listens from the start; the world and the capability set may be changed between runs."""

    def __init__(self, world=None, capabilities="A"):
        self.lock = threading.RLock()
        self.set_up(world, capabilities)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=32)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def set_up(self, world, capabilities, keeps=False):
        """A new world; connections to the old one are of no consequence any more."""
        with self.lock:
            self.world, self.capability = world, CAPABILITIES[capabilities]
            self.words, self.keeps = set(self.capability.split()), keeps
            self.complaints, self.trace, self.fault, self.hook = [], [], None, None

    def arm(self, fault=None):
        """Counts steps anew; the fault happens once."""
        with self.lock:
            self.trace, self.fault = [], fault

    def step(self, name, rest):
        n = len(self.trace)
        self.trace.append((name, " ".join(str(r)[:60] for r in rest)))
        if self.hook:
            return self.hook(n, name)
        if self.fault and self.fault.step == n:
            fault, self.fault = self.fault, None
            return fault
        return None

    def cut_of(self, line):
        """How the literal of a command ends that began with this line; None: well."""
        with self.lock:
            fault, n = self.fault, len(self.trace)
            if not fault or fault.kind not in KINDS_OF_APPEND or fault.step != n or \
                    line.split(b" ", 2)[1].upper() != b"APPEND":
                return None
            self.step("APPEND", [])
            if fault.before:
                fault.before()
            return fault.kind

    def complain(self, kind, words):
        self.complaints.append((kind, words))

    def accept(self):
        while True:
            sock, _ = self.listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        connection = Connection(self, sock)
        try:
            connection.serve()
        except Gone:
            pass
        except Exception as why:  # a fault of this file: the run must not pass
            self.complain("harness", repr(why))
            raise
        finally:
            connection.end()
