#!/usr/bin/env python3
# imapshape.py - a real IMAP server with less, or with lies, in front of it
#
# usage: imapshape.py --backend HOST:PORT --profile B|C|D|DROP [--port N]
#                     [--lines N]
#
# Plain TCP on loopback to both sides. Prints PORT=N when it listens, and runs
# until it is stopped; each connection that DROP breaks is told by a line
# "dropped". A server whose configuration hides a capability mostly
# goes on to understand the commands, so that a client that uses what was not
# offered passes unnoticed. Behind this it fails.
#
#   B     IDLE, UIDPLUS, MOVE, SPECIAL-USE, LIST-EXTENDED, but nothing of
#         CONDSTORE, QRESYNC, ESEARCH, NOTIFY, COMPRESS, LIST-STATUS,
#         STATUS=SIZE and their like: not announced, a command that uses them
#         is BAD, their response codes and FETCH items do not come
#   C     bare IMAP4rev1: besides no IDLE, UIDPLUS, MOVE, SPECIAL-USE,
#         LIST-EXTENDED, LITERAL+, SASL-IR, ENABLE, UNSELECT, NAMESPACE, ID
#   D     a liar: announces all, but IDLE never reports anything, every MODSEQ
#         and HIGHESTMODSEQ is 1, CHANGEDSINCE and QRESYNC count for nothing
#   DROP  honest, but the connection breaks after --lines (200) lines of the
#         server
#
# Lines are changed; literals pass through as they are, in both directions.
#
# exit: 0 stopped, 2 usage
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import asyncio
import re
import signal
import sys

LINE_MAX = 16 << 20     # of one line; more ends the connection
CHUNK = 64 << 10

HIDDEN_B = set("""CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES CONTEXT=SEARCH
    CONTEXT=SORT NOTIFY COMPRESS=DEFLATE LIST-STATUS STATUS=SIZE SAVEDATE PREVIEW
    PREVIEW=FUZZY SNIPPET=FUZZY BINARY OBJECTID ENABLE MULTISEARCH""".split())
KEPT_C = {"IMAP4REV1", "AUTH=PLAIN", "LOGINDISABLED"}
ADDED_D = ["IDLE", "ENABLE", "CONDSTORE", "QRESYNC"]


def patterns(*texts):
    return [re.compile(t, re.I) for t in texts]


# What is refused; matched against a command behind its tag.
BAD_B = patterns(
    rb"^(ENABLE|NOTIFY|COMPRESS|RESETKEY|GENURLAUTH|ESEARCH)\b",
    rb"^(SELECT|EXAMINE)\b.*\([^()]*(CONDSTORE|QRESYNC)",
    rb"\b(UN)?CHANGEDSINCE\b|\bMODSEQ\b",
    rb"^(UID )?SEARCH RETURN\b",
    rb"^LIST\b.*\bRETURN\b.*\bSTATUS\b",
    rb"^STATUS\b.*\b(HIGHESTMODSEQ|SIZE|MAILBOXID)\b",
    rb"^(UID )?FETCH\b.*\b(SAVEDATE|PREVIEW|SNIPPET|BINARY|EMAILID|THREADID)\b")
BAD_C = BAD_B + patterns(
    rb"^(IDLE|UNSELECT|NAMESPACE|ID|MOVE|UID MOVE|UID EXPUNGE|SORT|UID SORT"
    rb"|THREAD|UID THREAD|REPLACE)\b",
    rb"^LIST\b.*\bRETURN\b", rb"^LIST \(",
    rb"\{\d+\+\}$", rb"^AUTHENTICATE \S+ \S+", rb"^CREATE\b.* \(USE\b")
BAD = {"B": BAD_B, "C": BAD_C, "D": [], "DROP": []}

LITERAL = re.compile(rb"\{(\d+)\+?\}$")
CAPABILITY = re.compile(rb"(^\* CAPABILITY|\[CAPABILITY)((?: [^\]\r\n ]+)+)", re.I)


class Broken(Exception):
    """The connection is to end."""


def announced(words, profile):
    """The capabilities that are told, out of the server's."""
    words = [w for w in words if w.upper() != "STARTTLS"]    # this is plain TCP
    if profile == "B":
        return [w for w in words if w.upper() not in HIDDEN_B]
    if profile == "C":
        return [w for w in words if w.upper() in KEPT_C]
    if profile == "D":
        have = {w.upper() for w in words}
        return words + [w for w in ADDED_D if w not in have]
    return words


def answer(line, profile):
    """A line of the server as the client shall see it; None: not at all."""
    def shaped(m):
        words = announced(m[2].decode("latin-1").split(), profile)
        return m[1] + b"".join(b" " + w.encode("latin-1") for w in words)
    line = CAPABILITY.sub(shaped, line, count=1)
    if profile in "BC":
        if re.match(rb"\* OK \[(HIGHESTMODSEQ|NOMODSEQ)", line, re.I):
            return None
        line = re.sub(rb"\[HIGHESTMODSEQ \d+\] ?", b"", line, flags=re.I)
        if re.match(rb"\* \d+ FETCH ", line, re.I):
            line = re.sub(rb" ?\bMODSEQ \(\d+\)", b"", line, flags=re.I)
    if profile == "C":
        if re.match(rb"\* OK \[COPYUID", line, re.I):
            return None
        line = re.sub(rb"\[(APPENDUID|COPYUID|UIDNOTSTICKY)[^\]]*\] ?", b"", line, flags=re.I)
        if re.match(rb"\* (LIST|LSUB) ", line, re.I):
            line = re.sub(rb" ?\\(Drafts|Sent|Archive|Junk|Trash|All|Flagged|Subscribed)\b",
                          b"", line, flags=re.I)
    if profile == "D":
        line = re.sub(rb"HIGHESTMODSEQ \d+", b"HIGHESTMODSEQ 1", line, flags=re.I)
        line = re.sub(rb"\bMODSEQ \(\d+\)", b"MODSEQ (1)", line, flags=re.I)
    return line


def command(text, profile):
    """A command of the client as the server shall see it."""
    if profile == "D":
        text = re.sub(rb" \(QRESYNC \(.*\)\)$", b" (CONDSTORE)", text, flags=re.I)
        text = re.sub(rb" \(CHANGEDSINCE \d+( VANISHED)?\)$", b"", text, flags=re.I)
    return text


class Link:
    """One client with a connection of its own to the server."""

    def __init__(self, options, client, server):
        self.o = options
        self.client_in, self.client_out = client
        self.server_in, self.server_out = server
        self.idle = None        # tag of an IDLE that is answered here
        self.lines = 0          # of the server

    async def line(self, stream):
        try:
            return (await stream.readuntil(b"\r\n"))[:-2]
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as e:
            raise Broken from e

    async def literal(self, line, source, target):
        """Passes on what a line announces; true if there was a literal."""
        m = LITERAL.search(line)
        left = int(m[1]) if m else 0
        while left:
            data = await source.read(min(left, CHUNK))
            if not data:
                raise Broken
            target.write(data)
            left -= len(data)
        return bool(m)

    def refused(self, text):
        return any(p.search(text) for p in BAD[self.o.profile])

    def tell(self, text):
        self.client_out.write(text + b"\r\n")

    async def one_command(self, first):
        """One command with all its literals."""
        m = re.match(rb"(\S+) (.*)$", first, re.S)
        if m and self.refused(m[2]):
            self.tell(m[1] + b" BAD Unknown command or argument")
            if LITERAL.search(first) and first.endswith(b"+}"):
                raise Broken    # its bytes come unasked for
            return
        if m and self.o.profile == "D" and m[2].upper() == b"IDLE":
            self.idle = m[1]
            self.tell(b"+ idling")
            return
        if m:
            first = m[1] + b" " + command(m[2], self.o.profile)
        line = first
        self.server_out.write(line + b"\r\n")
        while await self.literal(line, self.client_in, self.server_out):
            line = await self.line(self.client_in)
            self.server_out.write(line + b"\r\n")
            await self.server_out.drain()

    async def up(self):
        while True:
            line = await self.line(self.client_in)
            if self.idle and line.upper() == b"DONE":
                self.tell(self.idle + b" OK Idle completed")
                self.idle = None
            else:
                await self.one_command(line)
            await self.server_out.drain()
            await self.client_out.drain()

    async def down(self):
        inside = False          # behind a literal: not the beginning of an answer
        while True:
            line = await self.line(self.server_in)
            self.lines += 1
            if self.o.profile == "DROP" and self.lines > self.o.lines:
                print("dropped", flush=True)
                raise Broken
            shaped = line if inside and self.o.profile != "D" else answer(line, self.o.profile)
            if shaped is not None:
                self.tell(shaped)
            inside = await self.literal(line, self.server_in, self.client_out)
            await self.client_out.drain()

    async def run(self):
        tasks = [asyncio.ensure_future(t) for t in (self.up(), self.down())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for t in tasks:
            t.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for out in (self.client_out, self.server_out):
            out.close()


async def serve(options):
    host, _, port = options.backend.rpartition(":")

    async def accept(reader, writer):
        try:
            server = await asyncio.open_connection(host, int(port), limit=LINE_MAX)
        except OSError:
            writer.close()
            return
        await Link(options, (reader, writer), server).run()

    listener = await asyncio.start_server(accept, "127.0.0.1", options.port, limit=LINE_MAX)
    print("PORT=%d" % listener.sockets[0].getsockname()[1], flush=True)
    end = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sig, end.set)
    await end.wait()


def main():
    p = argparse.ArgumentParser(usage="imapshape.py --backend HOST:PORT --profile B|C|D|DROP "
                                      "[--port N] [--lines N]")
    p.add_argument("--backend", required=True)
    p.add_argument("--profile", required=True, choices=sorted(BAD))
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--lines", type=int, default=200)
    asyncio.run(serve(p.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
