#!/usr/bin/env python3
# ptyrecord.py - run a program in a pseudo-terminal, play keys, judge every byte it wrote
#
# usage: ptyrecord.py [--size COLSxROWS] [--save FILE] [--quiet MS] [--kill SECONDS]
#                     -- PROGRAM ARGUMENTS...   < STEPS
#
# The steps, one a line:
#   keys TEXT     types it; <enter> <esc> <tab> <space> are keys, x*20 types x twenty
#                 times; after each key the program must fall silent
#   wait TEXT     until the screen shows it, ten seconds at most
#   lacks TEXT    the screen must not show it now
#   end           the program must end now
#
# The terminal is one of its own: each of its control sequences carries a number
# that no mail and no server knows, and it has no carriage return, line feed, tab
# or backspace.  So after these sequences (and those of bracketed paste) have been
# taken away, what is left is content, and in that no control character of C0 or
# C1, no DEL, no ESC, no bidirectional override or other invisible character, and
# no broken UTF-8 may stand.  It can be told to show an update only when it is
# complete: where a program does that once, no content may stand outside of updates.
#
# Needs tic.  exit: 0 well, 1 something was wrong, 2 usage, 77 no tic
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import codecs
import fcntl
import os
import pty
import random
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unicodedata

WAIT_S = 10
# format characters that are seen: number signs and the like that stand before digits
SEEN = {0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD,
        0x110CD}

DESCRIPTION = """tern-judge|a terminal whose sequences nobody can guess,
\tcolors#8, pairs#64, cols#%(cols)d, lines#%(rows)d,
\tcup=\\E[%(mark)s;%%i%%p1%%d;%%p2%%dH, clear=\\E[%(mark)sJ, el=\\E[%(mark)sK,
\tcivis=\\E[%(mark)s;1l, cnorm=\\E[%(mark)s;1h, smcup=\\E[%(mark)s;2h, rmcup=\\E[%(mark)s;2l,
\tsmkx=\\E[%(mark)s;3h, rmkx=\\E[%(mark)s;3l,
\tsgr0=\\E[%(mark)s;0m, bold=\\E[%(mark)s;1m, dim=\\E[%(mark)s;2m, sitm=\\E[%(mark)s;3m,
\tsmul=\\E[%(mark)s;4m, rev=\\E[%(mark)s;7m, op=\\E[%(mark)s;39;49m,
\tsetaf=\\E[%(mark)s;3%%p1%%dm, setab=\\E[%(mark)s;4%%p1%%dm,
\tkcuu1=\\E[A, kcud1=\\E[B,
\tSync=\\E[%(mark)s;2026%%?%%p1%%{1}%%-%%tl%%eh%%;,
"""


class Wrong(Exception):
    """What was expected did not come."""


def cells(c):
    if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


class Screen:
    """What the terminal shows: only the sequences of the description are known."""

    def __init__(self, cols, rows, mark):
        self.cols, self.rows = cols, rows
        self.sequence = re.compile(r"\x1b\[%s((?:;\d+)*)([A-Za-z])|\x1b\[\?2004[hl]" % mark)
        self.decode = codecs.getincrementaldecoder("utf-8")("replace")
        self.rest = ""
        self.clear()

    def clear(self):
        self.line = [[" "] * self.cols for _ in range(self.rows)]
        self.y = self.x = 0

    def put(self, c):
        w = cells(c)
        if w and self.y < self.rows and self.x + w <= self.cols:
            self.line[self.y][self.x:self.x + w] = [c] + [""] * (w - 1)
        self.x += w

    def obey(self, words, what):
        n = [int(w) for w in words.split(";")[1:]]
        if what == "H":
            self.y, self.x = n[0] - 1, n[1] - 1
        elif what == "J":
            self.clear()
        elif what == "K" and self.y < self.rows:
            self.line[self.y][self.x:] = [" "] * (self.cols - self.x)

    def feed(self, data):
        text, at = self.rest + self.decode.decode(data), 0
        cut = text.rfind("\x1b", max(len(text) - 40, 0))
        whole = len(text) if cut < 0 or self.sequence.match(text, cut) else cut
        self.rest = text[whole:]
        while at < whole:
            m = self.sequence.match(text, at)
            if m and m[2]:
                self.obey(m[1], m[2])
            elif not m:
                self.put(text[at])
            at = m.end() if m else at + 1

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.line)


class Terminal:
    def __init__(self, argv, cols, rows, folder, quiet):
        self.mark = str(random.SystemRandom().randrange(10000, 60000))
        source = os.path.join(folder, "judge.ti")
        with open(source, "w") as f:
            f.write(DESCRIPTION % {"cols": cols, "rows": rows, "mark": self.mark})
        subprocess.run(["tic", "-x", "-o", folder, source], check=True, timeout=20,
                       stderr=subprocess.DEVNULL)
        self.screen = Screen(cols, rows, self.mark)
        self.record = bytearray()
        self.quiet = quiet
        self.ended = False
        env = dict(os.environ, TERM="tern-judge", TERMINFO=folder)
        for name in ("COLUMNS", "LINES", "NO_COLOR"):
            env.pop(name, None)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
            # as a terminal in raw mode would show it: the kernel adds nothing
            mode = termios.tcgetattr(1)
            mode[1] &= ~termios.OPOST
            mode[3] &= ~termios.ECHO
            termios.tcsetattr(1, termios.TCSANOW, mode)
            os.execvpe(argv[0], argv, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def read(self, seconds):
        """Takes what comes within so many seconds; False if nothing did."""
        if self.ended or not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        if not data:
            self.ended = True
            return False
        self.record += data
        self.screen.feed(data)
        return True

    def settle(self):
        until = time.monotonic() + 3
        while time.monotonic() < until and self.read(self.quiet):
            pass

    def first(self):
        """Until the program has said something, and is silent."""
        until = time.monotonic() + WAIT_S
        while not self.record and not self.ended and time.monotonic() < until:
            self.read(0.1)
        self.settle()

    def keys(self, text):
        names = {"<enter>": b"\r", "<esc>": b"\x1b", "<tab>": b"\t", "<space>": b" "}
        for key, times in re.findall(r"(<[a-z]+>|.)(?:\*(\d+))?", text):
            for _ in range(int(times or 1)):
                if self.ended:
                    raise Wrong("the program ended before the key %s" % key)
                os.write(self.fd, names.get(key, key.encode()))
                self.read(0.25)
                self.settle()

    def wait(self, text):
        until = time.monotonic() + WAIT_S
        while text not in self.screen.text():
            if time.monotonic() > until or self.ended:
                raise Wrong("the screen never showed %r; it shows:\n%s" %
                            (text, self.screen.text()))
            self.read(0.05)

    def end(self):
        until = time.monotonic() + WAIT_S
        while not self.ended:
            if time.monotonic() > until:
                raise Wrong("the program did not end")
            self.read(0.1)

    def stop(self):
        try:
            if os.waitpid(self.pid, os.WNOHANG)[0] == 0:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
        except ChildProcessError:
            pass
        os.close(self.fd)


def outside(record, mark, known):
    """What is wrong with the frames around the paints, if there are any."""
    begin, end = (b"\x1b[%s;2026%s" % (mark.encode(), what) for what in (b"h", b"l"))
    if begin not in record and end not in record:
        return []
    rest = re.sub(b"%s.*?%s" % (re.escape(begin), re.escape(end)), b"", record, flags=re.S)
    if begin in rest or end in rest:
        return ["an update without begin or end"]
    content = re.sub(known, b"", rest)
    return ["painted outside of an update: %r" % content[:80]] if content else []


def judge(record, mark):
    """What in the record is neither a sequence of the terminal nor fit for a screen."""
    known = rb"\x1b\[%s(?:;\d+)*[A-Za-z]|\x1b\[\?2004[hl]" % mark.encode()
    # curses ends with a carriage return of its own, behind the one for leaving the screen
    record = bytes(record).replace(b"\x1b[%s;2l\r" % mark.encode(), b"")
    content = re.sub(known, b"", record)
    found = outside(record, mark, known)
    try:
        text = content.decode()
    except UnicodeDecodeError as why:
        found.append("broken UTF-8 at %d: %r" % (why.start, content[why.start - 20:why.start + 20]))
        text = content.decode(errors="replace")
    for i, c in enumerate(text):
        if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and ord(c) not in SEEN:
            found.append("U+%04X in %r" % (ord(c), text[max(i - 20, 0):i + 20]))
    return found, len(content)


def play(terminal, steps):
    terminal.first()
    for line in steps:
        verb, _, text = line.rstrip("\n").partition(" ")
        if verb == "keys":
            terminal.keys(text)
        elif verb == "wait":
            terminal.wait(text)
        elif verb == "lacks":
            if text in terminal.screen.text():
                raise Wrong("the screen shows %r:\n%s" % (text, terminal.screen.text()))
        elif verb == "end":
            terminal.end()
        elif verb and not verb.startswith("#"):
            raise Wrong("no such step: %s" % line)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--size", default="100x30")
    p.add_argument("--save")
    p.add_argument("--quiet", type=int, default=15)
    p.add_argument("--kill", type=int, default=60)
    p.add_argument("program", nargs="+")
    o = p.parse_args()
    if not shutil.which("tic"):
        print("no tic: skipped")
        return 77
    cols, rows = (int(n) for n in o.size.split("x"))
    steps = sys.stdin.readlines()
    folder = tempfile.mkdtemp(prefix="tern-pty-")
    terminal = Terminal(o.program, cols, rows, folder, o.quiet / 1000)
    signal.alarm(o.kill)
    rc = 0
    try:
        play(terminal, steps)
    except Wrong as why:
        print("wrong: %s" % why)
        rc = 1
    finally:
        terminal.stop()
        shutil.rmtree(folder, ignore_errors=True)
    if o.save:
        with open(o.save, "wb") as f:
            f.write(terminal.record)
    found, shown = judge(terminal.record, terminal.mark)
    for line in found[:10]:
        print("unwashed: %s" % line)
    print("%d bytes written, %d of them content, %d unwashed" %
          (len(terminal.record), shown, len(found)))
    return 1 if found else rc


if __name__ == "__main__":
    sys.exit(main())
