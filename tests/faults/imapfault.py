#!/usr/bin/env python3
# imapfault.py - stand between an IMAP client and a server, and misbehave
#
# usage: imapfault.py --upstream HOST:PORT|none [--listen [HOST:]PORT]
#                     [--mode MODE]... [--ledger FILE] [--life SECONDS]
#                     [--cert FILE --key FILE [--starttls]] [--raw]
#                     [--upstream-login USER:PASSWORD]
#
# Prints PORT=n when it listens (on 127.0.0.1, a free port, unless told), serves
# any number of connections and ends by itself after SECONDS (120) or on SIGTERM.
# Upstream is spoken to in the clear; "none" is a small server inside with one
# mailbox of three messages. The client is spoken to in the clear, or over TLS
# with --cert and --key, or, with --starttls too, in the clear with STARTTLS
# offered. --raw passes bytes without looking at them (so TLS goes through to
# the upstream); only delay, stall-connect and drop-connect then work.
#
# MODE, several may be given. VERB is a command such as FETCH, which means
# UID FETCH too; "UID FETCH" means only that. K: how many times, over all
# connections, then it behaves.
#   pass                  nothing
#   delay:MS              a round trip takes MS longer, opening a connection too
#   stall-connect[:K]     accept, never greet
#   drop-connect[:K]      accept, close at once
#   bad-greeting[:KIND]   http (default), bye, binary, endless, empty
#   preauth               greet with PREAUTH; with --upstream-login it is true
#   strip-starttls        STARTTLS not offered, and BAD
#   starttls-inject       answer STARTTLS with OK and, in the same packet, with
#                         an untagged CAPABILITY that has XINJECTED, and an OK
#                         to the tag that would come next (needs --starttls)
#   hide:CAP,CAP...       not offered, and what needs it gets BAD or vanishes
#                         from answers; "hide:all" leaves a bare IMAP4rev1
#   evil-names            LIST answers have, besides the real ones, names with
#                         line breaks, escape sequences, and worse
#   garbage-line          two unparseable lines after each command's first FETCH
#   huge-literal[:SIZE[:K]]  a FETCH announces a literal of SIZE bytes (4294967296;
#                         any number of digits), sends 64 KiB of it and hangs
#   cut-fetch[:N[:K]]     cut N (100) bytes after the beginning of a FETCH answer;
#                         K is 1
#   drop-after:N          cut each connection after N lines from the server
#   drop-answer:VERB[:K]  the server does VERB, the connection is cut before
#                         its tagged answer; K is 1
#   drop-all:VERB[:K]     the same, but no untagged answer to it passes either
#   drop-command:VERB[:K] cut when VERB comes, before the server sees it; K is 1
#   stall:VERB[:K]        never answer VERB, and do not let the server see it
#   dead-idle[:K]         IDLE is granted, then nothing passes either way
#   no:VERB[:TEXT]        answer VERB with NO TEXT
#   bad:VERB[:TEXT]       answer VERB with BAD TEXT
# With any mode but pass and delay, COMPRESS and the upstream's STARTTLS are
# hidden too, as faults cannot be put into what cannot be read.
#
# The ledger has a line for each command and fault:
#   TIME CONNECTION > COMMAND     as the client sent it, literals left out, the
#                                 secrets of LOGIN and AUTHENTICATE replaced by
#                                 <secret>
#   TIME CONNECTION ! EVENT       open, close, tls, and each fault done
#
# exit: 0 its life is over, 1 failure, 2 usage
# Needs Python 3.11 (for --starttls), nothing but its standard library.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import asyncio
import re
import signal
import ssl
import sys
import time

LIMIT = 16 << 20                        # of a line
CHUNK = 64 << 10
LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r?\n$")

# What a client must not send if a capability is hidden, matched on the command
# without its tag and with quoted strings emptied.
NEEDS = {
    "IDLE": r"IDLE\b",
    "MOVE": r"(UID )?MOVE\b",
    "UIDPLUS": r"UID EXPUNGE\b",
    "CONDSTORE": r"(SELECT|EXAMINE)\b.*\(CONDSTORE|.*\b(UN)?CHANGEDSINCE\b"
                 r"|STATUS\b.*HIGHESTMODSEQ|(UID )?(FETCH|SEARCH|SORT)\b.*MODSEQ",
    "QRESYNC": r"(SELECT|EXAMINE)\b.*\(QRESYNC|.*\bVANISHED\b",
    "ESEARCH": r"(UID )?SEARCH RETURN",
    "SEARCHRES": r"(UID )?SEARCH RETURN \(.*SAVE",
    "SPECIAL-USE": r"LIST\b.*SPECIAL-USE",
    "CREATE-SPECIAL-USE": r"CREATE\b.*\(USE",
    "LIST-EXTENDED": r"LIST \(|LIST\b.*\bRETURN \(|LIST \S+ \(",
    "LIST-STATUS": r"LIST\b.*\bRETURN \(.*STATUS",
    "STATUS=SIZE": r"STATUS\b.*\(.*\bSIZE\b",
    "NAMESPACE": r"NAMESPACE\b",
    "ID": r"ID\b",
    "ENABLE": r"ENABLE\b",
    "UNSELECT": r"UNSELECT\b",
    "NOTIFY": r"NOTIFY\b",
    "SORT": r"(UID )?SORT\b",
    "THREAD": r"(UID )?THREAD\b",
    "COMPRESS=DEFLATE": r"COMPRESS\b",
    "STARTTLS": r"STARTTLS\b",
    "SASL-IR": r"AUTHENTICATE \S+ \S",
    "AUTH=PLAIN": r"AUTHENTICATE PLAIN\b",
    "BINARY": r"(UID )?FETCH\b.*\bBINARY\b",
    "PREVIEW": r"(UID )?FETCH\b.*\bPREVIEW\b",
    "SAVEDATE": r"(UID )?(FETCH|SEARCH)\b.*SAVED",
    "WITHIN": r"(UID )?SEARCH\b.*\b(YOUNGER|OLDER)\b",
    "OBJECTID": r"(UID )?FETCH\b.*\b(EMAILID|THREADID)\b|STATUS\b.*MAILBOXID",
    "METADATA": r"(GET|SET)METADATA\b",
    "QUOTA": r"(GET|SET)QUOTA(ROOT)?\b",
}
# Hiding the one without the other would be a server nobody has.
IMPLIES = {
    "CONDSTORE": ["QRESYNC"], "ENABLE": ["QRESYNC", "UTF8=ACCEPT"],
    "ESEARCH": ["SEARCHRES", "CONTEXT=SEARCH"], "SORT": ["ESORT"],
    "LIST-EXTENDED": ["LIST-STATUS"], "LITERAL+": ["LITERAL-"],
    "SPECIAL-USE": ["CREATE-SPECIAL-USE"],
}
BARE = {"IMAP4REV1", "AUTH=PLAIN", "LOGINDISABLED"}
SPECIAL = re.compile(
    rb"\\(?:All|Archive|Drafts|Flagged|Junk|Sent|Trash|Important) ?", re.I)

EVIL = [
    b"line\r\nbreak",
    b"INBOX\r\n* 99 EXISTS",
    b"x\r\nz9 LOGOUT\r\n",
    b"\x1b]0;title\x07\x1b[31mred\x1b[2J\x1b[H",
    b"\x1b[6n\x1bP+q544e\x1b\\\x9b31m",
    b"tab\tbell\x07back\x08del\x7f",
    "invoice\u202excod.exe".encode(),
    "\u2066left\u2069 \u200bzero\ufeffwidth".encode(),
    b"latin-1 \xe9\xe8 and \xff\xfe",
    b"overlong \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80",
    b"&Jjo!-bad-utf7",
    b"&2D0-lone-surrogate",
    b"&AAoADQ-encoded-line-break",
    b"&ABs-[31mencoded-escape",
    b"",
    b"/",
    b"//",
    b"..",
    b"../../../../tmp/tern-evil",
    b"/tmp/tern-evil",
    b"~/tern-evil",
    b"a/../../b",
    b"%s%n%n%s",
    b"\"quote\\back",
    b"* wild % card",
    b"{5}",
    b"NIL",
    b"'; DROP TABLE folder; --",
    b"$(touch tern-evil)`touch tern-evil`",
    b"deep/" * 300 + b"er",
    b"long" * 2500,
    ("e" + "\u0301" * 2000).encode(),
]


def usage(text):
    print("imapfault.py: " + text, file=sys.stderr)
    sys.exit(2)


class Fault:
    """One --mode: its name, its arguments, and how often it is still to come."""

    def __init__(self, name, args, left):
        self.name, self.args, self.left = name, args, left

    def due(self):
        if self.left == 0:
            return False
        self.left -= 1
        return True


class Plan:
    # name: how many arguments, which of them is K (or None), default of K
    MODES = {
        "pass": (0, None, -1), "delay": (1, None, -1),
        "stall-connect": (1, 0, -1), "drop-connect": (1, 0, -1),
        "bad-greeting": (1, None, -1), "preauth": (0, None, -1),
        "strip-starttls": (0, None, -1), "starttls-inject": (0, None, -1),
        "hide": (1, None, -1), "evil-names": (0, None, -1),
        "garbage-line": (0, None, -1), "huge-literal": (2, 1, -1),
        "cut-fetch": (2, 1, 1), "drop-after": (1, None, -1),
        "drop-answer": (2, 1, 1), "drop-all": (2, 1, 1),
        "drop-command": (2, 1, 1), "stall": (2, 1, -1),
        "dead-idle": (1, 0, -1), "no": (2, None, -1), "bad": (2, None, -1),
    }
    NEEDS_ARG = {"delay", "hide", "drop-after", "drop-answer", "drop-all",
                 "drop-command", "stall", "no", "bad"}

    def __init__(self, modes, options):
        self.o = options
        self.faults = []
        self.delay = 0.0
        self.hidden = set()
        self.bare = False
        serious = False
        for mode in modes:
            name, _, rest = mode.partition(":")
            if name not in self.MODES:
                usage("no such mode: " + mode)
            count, k, left = self.MODES[name]
            args = rest.split(":", count - 1) if rest else []
            if len(args) > count or (name in self.NEEDS_ARG and not args):
                usage("wrong arguments: " + mode)
            try:
                if k is not None and len(args) > k:
                    left = int(args[k])
                if name in ("delay", "drop-after", "cut-fetch") and args:
                    args[0] = int(args[0])
                if name == "huge-literal" and args:
                    int(args[0])
            except ValueError:
                usage("not a number: " + mode)
            if name == "delay":
                self.delay = args[0] / 1000
            elif name == "hide":
                self.hide(args[0].upper().split(","))
            serious |= name not in ("pass", "delay")
            self.faults.append(Fault(name, args, left))
        if serious:
            self.hide(["COMPRESS=DEFLATE"])
        # Commands that a capability's absence forbids.
        self.serious = serious
        self.strip_tls = (serious or options.cert is not None)
        if self.get("strip-starttls"):
            self.hide(["STARTTLS"])
        if self.get("starttls-inject") and not options.starttls:
            usage("starttls-inject needs --starttls")

    def hide(self, caps):
        for cap in caps:
            if cap == "ALL":
                self.bare = True
                self.hide([c for c in NEEDS if c not in BARE
                           and c != "STARTTLS"] + ["LITERAL+"])
            elif cap and cap not in self.hidden:
                self.hidden.add(cap)
                self.hide(IMPLIES.get(cap, []))

    def get(self, name):
        for f in self.faults:
            if f.name == name:
                return f
        return None

    def due(self, name, verb=None):
        """The fault of this name that is to be done now, if any."""
        for f in self.faults:
            if f.name != name:
                continue
            if verb is not None:
                want = f.args[0].upper().replace("-", " ") \
                    if f.args[0].upper().startswith("UID-") else f.args[0].upper()
                if want != verb and "UID " + want != verb:
                    continue
            if f.due():
                return f
        return None

    def is_hidden(self, cap):
        cap = cap.upper()
        return (cap in self.hidden or cap.split("=")[0] in
                self.hidden & {"SORT", "THREAD", "PREVIEW", "COMPRESS", "SNIPPET",
                               "UTF8", "CONTEXT"}
                or self.bare and cap not in BARE)


class Ledger:
    def __init__(self, name):
        self.file = open(name, "a", encoding="utf-8") if name else None

    def write(self, connection, mark, text):
        if self.file:
            self.file.write("%.6f %d %s %s\n" % (time.time(), connection, mark,
                                                 text))
            self.file.flush()


class Way:
    """One direction: bytes to a writer, each held back for some time."""

    def __init__(self, writer, delay, not_before):
        self.writer, self.delay, self.not_before = writer, delay, not_before
        self.queue = asyncio.Queue()
        self.task = asyncio.create_task(self.run()) if delay else None

    async def send(self, data):
        if self.task:
            now = asyncio.get_running_loop().time()
            await self.queue.put((max(now + self.delay, self.not_before), data))
        else:
            self.writer.write(data)
            await self.writer.drain()

    async def run(self):
        loop = asyncio.get_running_loop()
        while True:
            when, data = await self.queue.get()
            if when > loop.time():
                await asyncio.sleep(when - loop.time())
            try:
                self.writer.write(data)
                await self.writer.drain()
            except OSError:
                pass
            self.queue.task_done()

    async def flush(self):
        if self.task:
            await self.queue.join()
        try:
            await self.writer.drain()
        except OSError:
            pass

    def stop(self):
        if self.task:
            self.task.cancel()


class Cut(Exception):
    """This connection ends now."""


async def read_line(reader):
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as e:
        return e.partial
    except asyncio.LimitOverrunError as e:
        return await reader.readexactly(e.consumed)


class Connection:
    count = 0

    def __init__(self, plan, ledger, reader, writer):
        Connection.count += 1
        self.n = Connection.count
        self.plan, self.ledger = plan, ledger
        self.cr, self.cw = reader, writer
        self.tls = plan.o.cert is not None and not plan.o.starttls
        self.verbs = {}                 # tag: verb, of commands under way
        self.switch = {}                # tag: future, of STARTTLS and COMPRESS
        self.go = None                  # (tag, future) while a literal waits
        self.cut_left = None
        self.lines = 1                  # the greeting
        self.mute = None                # tag whose untagged answers are kept
        self.dead = False
        self.drop_at = set()            # tags whose answer cuts the connection
        self.after_fetch = False
        self.garbage_done = False
        self.idle_stalled = False
        self.auth = None

    def event(self, text):
        self.ledger.write(self.n, "!", text)

    # --- to the client -------------------------------------------------

    async def emit(self, data):
        # A continuation must pass even where untagged answers do not.
        if self.dead or self.mute and not data.startswith(b"+"):
            return
        if self.cut_left is not None:
            data = data[:self.cut_left]
            self.cut_left -= len(data)
        await self.down.send(data)
        if self.cut_left == 0:
            self.event("cut-fetch")
            raise Cut

    async def reply(self, tag, text, literal=None):
        """Our own answer to a command; what comes with it is read away."""
        while literal and literal[2]:
            await self.cr.readexactly(int(literal[1]))
            literal = LITERAL.search(await read_line(self.cr))
        await self.emit(b"%s %s\r\n" % (tag, text.encode()))

    def capabilities(self, m):
        caps = [c for c in m[2].decode("latin-1").split()
                if not self.plan.is_hidden(c)]
        if self.plan.strip_tls or self.plan.is_hidden("STARTTLS"):
            caps = [c for c in caps if c.upper() != "STARTTLS"]
            if self.plan.o.starttls and not self.tls \
                    and not self.plan.is_hidden("STARTTLS"):
                caps.append("STARTTLS")
        return m[1] + b" " + " ".join(caps).encode("latin-1")

    def rewrite(self, line):
        """The first line of an answer, without what is hidden; or None."""
        plan = self.plan
        if re.match(rb"(\S+ )?(\S+ )?\[?CAPABILITY", line, re.I):
            line = re.sub(rb"(CAPABILITY)((?: [^\]\r\n ]+)+)",
                          self.capabilities, line, count=1, flags=re.I)
        if "UIDPLUS" in plan.hidden:
            if re.match(rb"\* OK \[COPYUID", line, re.I):
                return None
            line = re.sub(rb"\[(APPENDUID|COPYUID|UIDNOTSTICKY)[^\]]*\] ?", b"",
                          line, count=1)
        if "CONDSTORE" in plan.hidden:
            if re.match(rb"\* OK \[(HIGHESTMODSEQ|NOMODSEQ)", line, re.I):
                return None
            line = re.sub(rb"^(\S+ OK )\[(HIGHESTMODSEQ|MODIFIED)[^\]]*\] ?",
                          rb"\1", line)
            if re.match(rb"\* STATUS ", line, re.I):
                line = re.sub(rb" ?HIGHESTMODSEQ \d+", b"", line)
        if "SPECIAL-USE" in plan.hidden and \
                (m := re.match(rb"\* (LIST|LSUB) \(([^)]*)\)", line, re.I)):
            kept = SPECIAL.sub(b"", m[2]).strip()
            line = b"* %s (%s)%s" % (m[1], kept, line[m.end():])
        return line

    def without_modseq(self, line):
        if "CONDSTORE" in self.plan.hidden:
            line = re.sub(rb" ?\bMODSEQ \(\d+\)", b"", line)
            line = line.replace(b"( ", b"(")
        return line

    async def greeting(self, line):
        plan = self.plan
        if plan.get("preauth"):
            if plan.o.upstream_login:
                user, _, password = plan.o.upstream_login.partition(":")
                self.uw.write(b"x LOGIN %s %s\r\n"
                              % (user.encode(), password.encode()))
                answer = b""
                while not answer.startswith(b"x "):
                    answer = await read_line(self.ur)
                    if not answer:
                        raise Cut
            self.event("preauth")
            line = re.sub(rb"^\* OK", b"* PREAUTH", line)
        await self.emit(self.rewrite(line))

    async def evil_names(self, verb):
        if verb not in ("LIST", "LSUB") or not self.plan.get("evil-names"):
            return
        self.event("evil-names")
        for name in EVIL:
            await self.emit(b"* %s (\\HasNoChildren) \"/\" {%d}\r\n%s\r\n"
                            % (verb.encode(), len(name), name))

    async def fetch_begins(self, line):
        plan = self.plan
        if f := plan.due("cut-fetch"):
            self.cut_left = f.args[0] if f.args else 100
        literal = LITERAL.search(line)
        at = literal.start() if literal else line.find(b"ENVELOPE (")
        if at >= 0 and plan.get("huge-literal") and \
                (f := plan.due("huge-literal")):
            if not literal:
                at += len(b"ENVELOPE (")
            size = f.args[0] if f.args else "4294967296"
            self.event("huge-literal")
            await self.emit(line[:at] + b"{%s}\r\n" % size.encode()
                            + b"x" * (64 << 10))
            self.dead = True

    async def from_server(self):
        first = True
        tagged = None
        line = await read_line(self.ur)
        if not line:
            raise Cut
        await self.greeting(line)
        while line := await read_line(self.ur):
            self.lines += 1
            f = self.plan.get("drop-after")
            if f and self.lines > f.args[0]:
                self.event("drop-after")
                raise Cut
            literal = LITERAL.search(line)
            send = self.without_modseq(line) if "FETCH" in self.verbs.values() \
                or b"FETCH" in line else line
            if first:
                head = line.split(b" ", 3)
                tag = head[0]
                tagged = tag if tag in self.verbs and len(head) > 1 else None
                fetch = re.match(rb"\* \d+ FETCH ", line, re.I)
                if self.after_fetch and not self.garbage_done and \
                        self.plan.get("garbage-line"):
                    self.garbage_done = True
                    self.event("garbage-line")
                    await self.emit(b"* 12 XYZZY ((((\"unfinished [ \\\x01\r\n"
                                    b"* 1 FETCH (UID banana FLAGS (\\Seen "
                                    b"BODY[HEADER.FI \"a\" {12x}) )))\r\n")
                self.after_fetch = bool(fetch)
                if line.startswith(b"+") and self.go:
                    self.set(self.go[1], True)
                if fetch:
                    await self.fetch_begins(send)
                else:
                    send = self.rewrite(send)
                if tagged:
                    verb = self.verbs.pop(tagged)
                    self.garbage_done = False
                    if self.go and self.go[0] == tagged:
                        self.set(self.go[1], False)
                    if tagged in self.drop_at:
                        self.event("drop-answer %s" % verb)
                        raise Cut
                    if head[1].upper() == b"OK":
                        await self.evil_names(verb)
            if send is not None:
                await self.emit(send)
            if literal:
                left = int(literal[1])
                while left:
                    data = await self.ur.read(min(left, CHUNK))
                    if not data:
                        raise Cut
                    left -= len(data)
                    await self.emit(data)
                first = False
                continue
            first = True
            if tagged in self.switch:
                granted = head[1].upper() == b"OK"
                self.set(self.switch.pop(tagged), granted)
                if granted:
                    await self.pump(self.ur, self.down)
                    return

    @staticmethod
    def set(future, value):
        if not future.done():
            future.set_result(value)

    @staticmethod
    async def pump(reader, way):
        while data := await reader.read(CHUNK):
            await way.send(data)

    # --- from the client -----------------------------------------------

    def note(self, line, verb=None):
        text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
        if verb in ("LOGIN", "AUTHENTICATE"):
            words = text.split(" ", 3 if verb == "AUTHENTICATE" else 2)
            keep = 3 if verb == "AUTHENTICATE" else 2
            text = " ".join(words[:keep])
            if len(words) > keep:
                text += " <secret>"
        text = "".join(c if c.isprintable() else "\\x%02x" % ord(c) for c in text)
        self.ledger.write(self.n, ">", text)

    async def start_tls(self, tag):
        data = tag + b" OK Begin TLS\r\n"
        if self.plan.get("starttls-inject"):
            following = re.sub(rb"\d+$", lambda m: b"%0*d" % (
                len(m[0]), int(m[0]) + 1), tag)
            data += (b"* CAPABILITY IMAP4rev1 AUTH=PLAIN XINJECTED\r\n"
                     b"%s OK [ALERT] XINJECTED\r\n" % following)
            self.event("starttls-inject")
        await self.down.send(data)
        await self.down.flush()
        await self.cw.start_tls(server_context(self.plan.o))
        self.cr._transport = self.cw.transport
        self.tls = True
        self.event("tls")

    def forbidden(self, command):
        bare = re.sub(r'"(\\.|[^"\\])*"', '""', command)
        for cap in self.plan.hidden:
            if cap in NEEDS and re.match(NEEDS[cap], bare, re.I):
                return cap
        return None

    async def command(self, line):
        """One command's first line. True if the server is to have it."""
        words = line.rstrip(b"\r\n").split(b" ", 2)
        tag = words[0]
        verb = words[1].upper().decode("latin-1") if len(words) > 1 else ""
        if verb == "UID" and len(words) > 2:
            verb += " " + words[2].split(b" ")[0].upper().decode("latin-1")
        self.note(line, verb)
        plan = self.plan
        literal = LITERAL.search(line)
        text = line.rstrip(b"\r\n").decode("latin-1").partition(" ")[2]

        if verb == "STARTTLS" and plan.o.starttls and not self.tls \
                and not plan.is_hidden("STARTTLS"):
            await self.start_tls(tag)
            return None
        if verb == "STARTTLS" and plan.strip_tls:
            self.event("refused STARTTLS")
            await self.reply(tag, "BAD Unknown command")
            return None
        if cap := self.forbidden(text):
            self.event("refused %s" % cap)
            await self.reply(tag, "BAD Unknown command or argument", literal)
            return None
        if literal and literal[2] and "LITERAL+" in plan.hidden:
            self.event("refused LITERAL+")
            await self.reply(tag, "BAD Literal expected", literal)
            return None
        if verb == "ENABLE":
            wanted = text.split()[1:]
            kept = [c for c in wanted if not plan.is_hidden(c)]
            if kept != wanted:
                line = b"%s ENABLE %s\r\n" % (tag, " ".join(kept).encode("latin-1"))
            if not kept:
                await self.emit(b"* ENABLED\r\n%s OK Enabled\r\n" % tag)
                return None
        for name in "no", "bad":
            if f := plan.due(name, verb):
                self.event("%s %s" % (name, verb))
                why = f.args[1] if len(f.args) > 1 else "This is refused"
                await self.reply(tag, name.upper() + " " + why, literal)
                return None
        if plan.due("drop-command", verb):
            self.event("drop-command %s" % verb)
            raise Cut
        if plan.due("stall", verb):
            self.event("stall %s" % verb)
            self.idle_stalled = verb == "IDLE"
            while literal and literal[2]:
                await self.cr.readexactly(int(literal[1]))
                literal = LITERAL.search(await read_line(self.cr))
            return None
        if plan.due("drop-answer", verb):
            self.drop_at.add(tag)
        if plan.due("drop-all", verb):
            self.drop_at.add(tag)
            self.mute = tag
        self.verbs[tag] = verb
        if verb in ("STARTTLS", "COMPRESS"):
            self.switch[tag] = asyncio.get_running_loop().create_future()
        if verb == "AUTHENTICATE":
            self.auth = tag
        return line

    async def from_client(self):
        loop = asyncio.get_running_loop()
        tag = None
        continued = False
        while line := await read_line(self.cr):
            if self.dead:
                self.note(line)
                continue
            if continued:
                send = line
            elif self.auth and self.auth in self.verbs:
                self.ledger.write(self.n, ">", "<secret>")
                await self.up.send(line)
                continue
            elif line.strip().upper() == b"DONE":
                self.note(line)
                if not self.idle_stalled:
                    await self.up.send(line)
                self.idle_stalled = False
                continue
            else:
                send = await self.command(line)
                if send is None:
                    continue
                tag = line.split(b" ", 1)[0].rstrip()
            literal = LITERAL.search(send)
            if literal and not literal[2]:
                self.go = (tag, loop.create_future())
            await self.up.send(send)
            if literal:
                if self.go:
                    granted = await self.go[1]
                    self.go = None
                    if not granted:
                        continued = False
                        continue
                left = int(literal[1])
                while left:
                    data = await self.cr.read(min(left, CHUNK))
                    if not data:
                        return
                    left -= len(data)
                    await self.up.send(data)
                continued = True
                continue
            continued = False
            if self.verbs.get(tag) == "IDLE" and self.plan.due("dead-idle"):
                self.event("dead-idle")
                await asyncio.sleep(0.2 + 2 * self.plan.delay)
                self.dead = True
            if tag in self.switch and await self.switch[tag]:
                await self.pump(self.cr, self.up)
                return

    # --- a connection's life -------------------------------------------

    async def bad_greeting(self, kind):
        self.event("bad-greeting " + kind)
        if kind == "endless":
            while True:
                await self.down.send(b"x" * CHUNK)
        await self.down.send({
            "http": b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n<html>\r\n",
            "bye": b"* BYE Too many connections\r\n",
            "binary": bytes(range(256)) * 8 + b"\r\n",
            "empty": b"\r\n\r\n* OK\r\n",
        }.get(kind, kind.encode() + b"\r\n"))
        await self.down.flush()
        if kind == "bye":
            raise Cut
        while await self.cr.read(CHUNK):
            pass

    async def serve(self):
        plan = self.plan
        loop = asyncio.get_running_loop()
        opened = loop.time()
        self.uw = self.down = self.up = None
        tasks = []
        self.event("open")
        try:
            if plan.due("drop-connect"):
                self.event("drop-connect")
                raise Cut
            if plan.due("stall-connect"):
                self.event("stall-connect")
                while await self.cr.read(CHUNK):
                    pass
                raise Cut
            half = plan.delay / 2
            # As over a real line, the first byte of the server comes two
            # round trips after connect(), the client's first reaches it after
            # one and a half.
            self.down = Way(self.cw, half, opened + 2 * plan.delay)
            f = plan.get("bad-greeting")
            if f:
                await self.bad_greeting(f.args[0] if f.args else "http")
                raise Cut
            host, _, port = plan.o.upstream.rpartition(":")
            self.ur, self.uw = await asyncio.open_connection(
                host, int(port), limit=LIMIT)
            self.up = Way(self.uw, half, opened + 1.5 * plan.delay)
            if plan.o.raw:
                work = (self.pump(self.ur, self.down), self.pump(self.cr, self.up))
            else:
                work = (self.from_server(), self.from_client())
            tasks = [asyncio.create_task(w) for w in work]
            done, _ = await asyncio.wait(
                tasks, return_when=asyncio.FIRST_COMPLETED)
            for t in done:
                t.result()
        except (Cut, OSError, EOFError, ssl.SSLError):
            pass
        finally:
            for t in tasks:
                t.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            try:
                if self.down:
                    await asyncio.wait_for(self.down.flush(), 2)
            except (OSError, asyncio.TimeoutError):
                pass
            for way in self.down, self.up:
                if way:
                    way.stop()
            for w in self.cw, self.uw:
                if w:
                    w.close()
            self.event("close")


class MiniServer:
    """What --upstream none talks to: one mailbox, three messages, no memory."""

    MESSAGES = [
        (b"Date: Tue, 1 Jan 2019 1%d:00:00 +0000\r\nFrom: Test <test@example.org>"
         b"\r\nTo: alice@example.com\r\nSubject: message %d\r\n"
         b"Message-ID: <%d@mini.example>\r\n\r\nBody %d.\r\n" % (n, n, n, n))
        for n in (1, 2, 3)]

    @classmethod
    async def serve(cls, reader, writer):
        try:
            writer.write(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] mini\r\n")
            while line := await read_line(reader):
                words = line.decode("latin-1").split()
                if len(words) < 2:
                    continue
                for part in await cls.answer(words, line, reader, writer):
                    writer.write(part)
                await writer.drain()
                if words[1].upper() == "LOGOUT":
                    break
        except (OSError, EOFError):
            pass
        finally:
            writer.close()

    @staticmethod
    def numbers(text):
        """The numbers of a set such as 1:* or 1,3 that there are."""
        found = set()
        for part in text.replace("*", "3").split(","):
            ends = [int(n) for n in part.split(":") if n.isdigit()]
            if ends:
                found |= set(range(min(ends), min(max(ends), 3) + 1))
        return found

    @classmethod
    async def answer(cls, words, line, reader, writer):
        tag, verb = words[0].encode(), words[1].upper()
        while (m := LITERAL.search(line)):
            if not m[2]:
                writer.write(b"+ go on\r\n")
            await reader.readexactly(int(m[1]))
            line = await read_line(reader)
        uid = verb == "UID"
        if uid:
            verb = words[2].upper()
        out = []
        if verb == "CAPABILITY":
            out.append(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n")
        elif verb == "AUTHENTICATE" and len(words) == 3:
            writer.write(b"+ \r\n")
            await read_line(reader)
        elif verb in ("LIST", "LSUB"):
            out.append(b'* %s () "/" INBOX\r\n' % verb.encode())
        elif verb == "STATUS":
            out.append(b"* STATUS INBOX (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 1 "
                       b"UNSEEN 3)\r\n")
        elif verb in ("SELECT", "EXAMINE"):
            out.append(b"* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft)"
                       b"\r\n* 3 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 1] .\r\n"
                       b"* OK [UIDNEXT 4] .\r\n")
        elif verb == "SEARCH":
            out.append(b"* SEARCH 1 2 3\r\n")
        elif verb == "FETCH":
            text = " ".join(words).upper()
            wanted = cls.numbers(words[3 if uid else 2])
            for n, message in enumerate(cls.MESSAGES, 1):
                if n not in wanted:
                    continue
                head = b"* %d FETCH (UID %d FLAGS () RFC822.SIZE %d INTERNALDATE " \
                    b"\"01-Jan-2019 1%d:00:00 +0000\"" % (n, n, len(message), n)
                if "BODY" in text:
                    section = re.search(r"BODY(?:\.PEEK)?(\[[^\]]*\])", text)
                    section = (section[1] if section else "[]").encode()
                    data = message
                    if b"HEADER" in section:
                        data = message[:message.index(b"\r\n\r\n") + 4]
                    head += b" BODY%s {%d}\r\n%s" % (section, len(data), data)
                out.append(head + b")\r\n")
        elif verb == "IDLE":
            writer.write(b"+ idling\r\n")
            await read_line(reader)
        elif verb == "LOGOUT":
            out.append(b"* BYE\r\n")
        elif verb not in ("LOGIN", "AUTHENTICATE", "NOOP", "CHECK", "STORE",
                          "CLOSE", "SUBSCRIBE", "APPEND"):
            return [tag + b" BAD Unknown command\r\n"]
        return out + [tag + b" OK Done\r\n"]


def server_context(o):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(o.cert, o.key)
    return context


async def main(o):
    plan = Plan(o.mode or ["pass"], o)
    ledger = Ledger(o.ledger)
    if o.upstream == "none":
        mini = await asyncio.start_server(MiniServer.serve, "127.0.0.1", 0,
                                          limit=LIMIT)
        o.upstream = "127.0.0.1:%d" % mini.sockets[0].getsockname()[1]
    host, _, port = o.listen.rpartition(":")
    context = server_context(o) if o.cert and not o.starttls else None

    async def accept(reader, writer):
        try:
            await Connection(plan, ledger, reader, writer).serve()
        except asyncio.CancelledError:
            pass
    server = await asyncio.start_server(accept, host or "127.0.0.1", int(port),
                                        limit=LIMIT, ssl=context)
    print("PORT=%d" % server.sockets[0].getsockname()[1], flush=True)
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for s in signal.SIGTERM, signal.SIGINT:
        loop.add_signal_handler(s, end.set)
    try:
        await asyncio.wait_for(end.wait(), o.life)
    except asyncio.TimeoutError:
        pass


def arguments():
    p = argparse.ArgumentParser(description="an IMAP proxy that misbehaves")
    p.add_argument("--listen", default="0", metavar="[HOST:]PORT")
    p.add_argument("--upstream", required=True, metavar="HOST:PORT|none")
    p.add_argument("--mode", action="append", metavar="MODE")
    p.add_argument("--ledger")
    p.add_argument("--life", type=float, default=120)
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("--starttls", action="store_true")
    p.add_argument("--raw", action="store_true")
    p.add_argument("--upstream-login", metavar="USER:PASSWORD")
    o = p.parse_args()
    if bool(o.cert) != bool(o.key) or o.starttls and not o.cert:
        p.error("--cert, --key (and --starttls) go together")
    return o


if __name__ == "__main__":
    try:
        asyncio.run(main(arguments()))
    except OSError as e:
        print("imapfault.py: %s" % e, file=sys.stderr)
        sys.exit(1)
