#!/usr/bin/env python3
# keytime.py - how long a program in a terminal takes to answer a key
#
# usage: keytime.py [OPTION]... STEP... -- PROGRAM [ARGUMENT]...
#
# Runs PROGRAM in a pty (160x50, xterm-256color), plays the steps in their order
# and prints one JSON line for each measurement. The terminal is a small model of
# an xterm: it knows what is on the screen and answers the questions programs ask
# a terminal (device attributes, cursor position, colours, modes).
#
# Steps:
#   --start REGEX     wait until a line of the screen matches REGEX (with
#                     --rows N: N lines); then print what="start": first_byte_ms,
#                     ready_ms (since exec), settled_ms (last byte before quiet),
#                     bytes, rss_kib
#   --press NAME=KEYS[*N]   press KEYS N times (1), each time when the screen has
#                     been quiet; print what=NAME: n, silent (presses without any
#                     byte in answer), and p50, p99 and max of first_ms (to the
#                     first byte) and last_ms (to the last byte before quiet),
#                     and bytes (mean per press)
#   --send KEYS       press once and wait for quiet, measure nothing
#   --wait REGEX      wait for a line matching REGEX
#   --answer REGEX=KEYS  the same, and press KEYS at once (e.g. for a password
#                     asked for before the list comes)
#   --until NAME=KEYS=REGEX  press KEYS once; print what=NAME and ready_ms, the
#                     time until a line matches REGEX
#   --sleep S
#   --show            write the screen to stderr, for looking
# At the end what="end" tells the peak memory of the child (rss_kib, VmHWM) and
# of it with all its children (tree_kib), and its CPU time (cpu_s).
#
# KEYS are characters, and names: <enter> <esc> <tab> <space> <backspace> <del>
# <up> <down> <left> <right> <home> <end> <pgup> <pgdn> <f1>..<f12> <c-x> <a-x>
# <lt>. In --press, a * with digits at the end is the count; "*1" after a literal
# star.
#
# Options:
#   --size 160x50, --quiet MS (40), --timeout S (60) of a wait, --rows N (1),
#   --env NAME=VALUE, --label TEXT (put into each line), --quit KEYS (pressed at
#   the end, before SIGTERM), --raw FILE (all the program wrote)
#
# The quiet time is part of no figure. Times are taken when bytes arrive; the
# screen's model works while the program is quiet, so it costs no time either.
#
# exit: 0 done, 1 a wait timed out or the program ended (the screen is on stderr),
#       2 usage
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
import unicodedata

NAMES = {
    "enter": "\r", "esc": "\x1b", "tab": "\t", "space": " ",
    "backspace": "\x7f", "lt": "<",
    # what an xterm sends with the cursor keys in application mode or not
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
    "home": "\x1b[H", "end": "\x1b[F",
    "del": "\x1b[3~", "pgup": "\x1b[5~", "pgdn": "\x1b[6~",
    "f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS",
    "f5": "\x1b[15~", "f6": "\x1b[17~", "f7": "\x1b[18~", "f8": "\x1b[19~",
    "f9": "\x1b[20~", "f10": "\x1b[21~", "f11": "\x1b[23~", "f12": "\x1b[24~",
}
CURSOR_KEYS = re.compile(r"\x1b\[([ABCDHF])")

TOKEN = re.compile(
    r"\x1b\[([<-?]?)([0-9;:]*)([ -/]*)([@-~])"        # CSI
    r"|\x1b([\]PX^_])((?:[^\x07\x1b]|\x1b(?!\\))*)(?:\x07|\x1b\\)"  # strings
    r"|\x1b([ -/]+)([0-~])|\x1b([0-Z\\^-~])"          # ESC
    r"|([\x00-\x1a\x1c-\x1f\x7f])"                    # C0
    r"|([^\x00-\x1f\x7f]+)")


def width(c):
    if c < "\u0300":
        return 1
    if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


class Screen:
    """Enough of an xterm to know where which text is."""

    def __init__(self, columns, rows, answer):
        self.w, self.h, self.answer = columns, rows, answer
        self.pending = b""
        self.application_keys = False
        self.reset()

    def reset(self):
        self.cells = [[" "] * self.w for _ in range(self.h)]
        self.x = self.y = 0
        self.top, self.bottom = 0, self.h - 1
        self.wrap_next = False
        self.saved = (0, 0)
        self.last = " "

    def lines(self):
        return ["".join(r) for r in self.cells]

    def feed(self, data):
        data = self.pending + data
        # A character or a sequence may be cut in two by a read.
        tail = 0
        for k in 1, 2, 3:
            if len(data) >= k and data[-k] >= 0xC0:
                need = 2 if data[-k] < 0xE0 else 3 if data[-k] < 0xF0 else 4
                tail = k if need > k else 0
                break
        text = data[:len(data) - tail].decode("utf-8", "replace")
        at = 0
        while at < len(text):
            m = TOKEN.match(text, at)
            if not m:
                rest = text[at:]
                if len(rest) > 4096:
                    at += 1
                    continue
                self.pending = rest.encode() + data[len(data) - tail:]
                return
            at = m.end()
            if m[11]:
                self.put(m[11])
            elif m[10]:
                self.control(m[10])
            elif m[4]:
                self.csi(m[1], m[2], m[3], m[4])
            elif m[5]:
                self.string(m[5], m[6])
            elif m[9]:
                self.escape(m[9])
        self.pending = data[len(data) - tail:] if tail else b""

    def put(self, text):
        for c in text:
            n = 1 if c < "\u0300" else width(c)
            if n == 0:
                continue
            if self.wrap_next or self.x + n > self.w:
                self.x = 0
                self.down()
            row = self.cells[self.y]
            row[self.x] = c
            if n == 2:
                row[self.x + 1] = ""
            self.x += n
            self.wrap_next = self.x >= self.w
            if self.wrap_next:
                self.x = self.w - 1
            self.last = c

    def down(self):
        self.wrap_next = False
        if self.y == self.bottom:
            self.scroll(1)
        elif self.y < self.h - 1:
            self.y += 1

    def scroll(self, n, top=None):
        top = self.top if top is None else top
        for _ in range(min(abs(n), self.h)):
            if n > 0:
                del self.cells[top]
                self.cells.insert(self.bottom, [" "] * self.w)
            else:
                del self.cells[self.bottom]
                self.cells.insert(top, [" "] * self.w)

    def control(self, c):
        if c == "\r":
            self.x, self.wrap_next = 0, False
        elif c in "\n\v\f":
            self.down()
        elif c == "\b":
            self.x, self.wrap_next = max(0, self.x - 1), False
        elif c == "\t":
            self.x = min(self.w - 1, self.x // 8 * 8 + 8)

    def escape(self, c):
        if c == "7":
            self.saved = self.x, self.y
        elif c == "8":
            self.x, self.y = self.saved
        elif c == "M":
            if self.y == self.top:
                self.scroll(-1)
            else:
                self.y = max(0, self.y - 1)
        elif c in "DE":
            self.down()
            if c == "E":
                self.x = 0
        elif c == "c":
            self.reset()

    def string(self, kind, text):
        if kind == "]" and re.fullmatch(r"1[012];\?", text):
            what = text[:2]
            colour = {"10": "ffff/ffff/ffff", "11": "0000/0000/0000",
                      "12": "ffff/ffff/ffff"}[what]
            self.answer("\x1b]%s;rgb:%s\x1b\\" % (what, colour))
        elif kind == "P" and text.startswith("+q"):
            self.answer("\x1bP0+r\x1b\\")
        elif kind == "P" and text.startswith("$q"):
            self.answer("\x1bP0$r\x1b\\")

    def csi(self, mark, args, inter, c):
        n = [int(a) if a.isdigit() else 0
             for a in re.split("[;:]", args)] if args else [0]
        one = max(1, n[0])
        if mark or inter:
            self.private(mark, n, inter, c)
            return
        if c == "m":
            return
        row = self.cells[self.y]
        if c in "ABCDEFGHfd`ae":
            self.wrap_next = False
        if c in "Hf":
            self.y = min(self.h, one) - 1
            self.x = min(self.w, max(1, n[1] if len(n) > 1 else 1)) - 1
        elif c in "AF":
            self.y = max(0, self.y - one)
        elif c in "BEe":
            self.y = min(self.h - 1, self.y + one)
        elif c in "Ca":
            self.x = min(self.w - 1, self.x + one)
        elif c == "D":
            self.x = max(0, self.x - one)
        elif c in "G`":
            self.x = min(self.w, one) - 1
        elif c == "d":
            self.y = min(self.h, one) - 1
        elif c == "J":
            if n[0] == 0:
                row[self.x:] = [" "] * (self.w - self.x)
                for k in range(self.y + 1, self.h):
                    self.cells[k] = [" "] * self.w
            elif n[0] == 1:
                row[:self.x + 1] = [" "] * (self.x + 1)
                for k in range(self.y):
                    self.cells[k] = [" "] * self.w
            else:
                self.cells = [[" "] * self.w for _ in range(self.h)]
        elif c == "K":
            if n[0] == 0:
                row[self.x:] = [" "] * (self.w - self.x)
            elif n[0] == 1:
                row[:self.x + 1] = [" "] * (self.x + 1)
            else:
                row[:] = [" "] * self.w
        elif c == "X":
            one = min(one, self.w - self.x)
            row[self.x:self.x + one] = [" "] * one
        elif c == "P":
            del row[self.x:self.x + one]
            row += [" "] * (self.w - len(row))
        elif c == "@":
            row[self.x:self.x] = [" "] * one
            del row[self.w:]
        elif c in "LM" and self.top <= self.y <= self.bottom:
            self.scroll(one if c == "M" else -one, self.y)
        elif c == "S":
            self.scroll(one)
        elif c == "T" and len(n) == 1:
            self.scroll(-one)
        elif c == "b":
            self.put(self.last * min(one, self.w * self.h))
        elif c == "r":
            self.top = one - 1
            self.bottom = min(self.h, n[1] if len(n) > 1 and n[1] else self.h) - 1
            self.x = self.y = 0
        elif c == "s":
            self.saved = self.x, self.y
        elif c == "u":
            self.x, self.y = self.saved
        elif c == "c" and n[0] == 0:
            self.answer("\x1b[?62;22c")
        elif c == "n" and n[0] == 5:
            self.answer("\x1b[0n")
        elif c == "n" and n[0] == 6:
            self.answer("\x1b[%d;%dR" % (self.y + 1, self.x + 1))
        elif c == "t" and n[0] == 18:
            self.answer("\x1b[8;%d;%dt" % (self.h, self.w))
        elif c == "t" and n[0] == 14:
            self.answer("\x1b[4;%d;%dt" % (self.h * 16, self.w * 8))
        elif c == "t" and n[0] == 16:
            self.answer("\x1b[6;16;8t")

    def private(self, mark, n, inter, c):
        if mark == ">" and c == "c":
            self.answer("\x1b[>41;380;0c")
        elif mark == "=" and c == "c":
            self.answer("\x1bP!|00000000\x1b\\")
        elif mark == ">" and c == "q":
            self.answer("\x1bP>|XTerm(380)\x1b\\")
        elif mark == "?" and inter == "$" and c == "p":
            self.answer("\x1b[?%d;0$y" % n[0])
        elif mark == "?" and c == "n" and n[0] == 6:
            self.answer("\x1b[?%d;%d;1R" % (self.y + 1, self.x + 1))
        elif mark == "?" and c in "hl" and not inter:
            if 1 in n:
                self.application_keys = c == "h"
            if {47, 1047, 1049} & set(n):
                keep = self.saved
                self.reset()
                self.saved = keep
        # \x1b[?u, the question for the kitty keyboard, an xterm leaves open


def keys(text):
    def name(m):
        n = m[1].lower()
        if n in NAMES:
            return NAMES[n]
        if re.fullmatch("c-.", n):
            return chr(ord(n[2].upper()) & 31)
        if re.fullmatch("a-.", n):
            return "\x1b" + m[1][2]
        raise ValueError("no such key: " + m[0])
    return re.sub("<([^<>]+)>", name, text)


def percentile(values, p):
    if not values:
        return None
    v = sorted(values)
    return v[min(len(v) - 1, int(p / 100 * len(v)))]


def spread(values):
    ms = [v * 1000 for v in values]
    return {k: None if x is None else round(x, 2) for k, x in (
        ("p50", percentile(ms, 50)), ("p99", percentile(ms, 99)),
        ("max", max(ms) if ms else None))}


class Failed(Exception):
    pass


class Run:
    def __init__(self, o):
        self.o = o
        self.w, self.h = (int(x) for x in o.size.split("x"))
        self.quiet = o.quiet / 1000
        self.screen = Screen(self.w, self.h, self.reply)
        self.raw = open(o.raw, "wb") if o.raw else None
        self.ended = False
        self.total = 0
        self.last = self.first = None   # when bytes came
        env = dict(os.environ, TERM="xterm-256color", COLUMNS=str(self.w),
                   LINES=str(self.h))
        for e in o.env:
            k, _, v = e.partition("=")
            env[k] = v
        go, ready = os.pipe()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.close(ready)
            os.read(go, 1)              # until the window has its size
            os.close(go)
            try:
                os.execvpe(o.program[0], o.program, env)
            except OSError as e:
                os.write(2, str(e).encode())
                os._exit(127)
        os.close(go)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    struct.pack("HHHH", self.h, self.w, 0, 0))
        self.began = time.monotonic()
        os.close(ready)

    def reply(self, text):
        try:
            os.write(self.fd, text.encode("latin-1"))
        except OSError:
            self.ended = True

    def read(self, wait):
        """(time, bytes) of one read, or None if nothing came."""
        if self.ended:
            return None
        if not select.select([self.fd], [], [], max(0, wait))[0]:
            return None
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            data = b""
        now = time.monotonic()
        if not data:
            self.ended = True
            return None
        if self.raw:
            self.raw.write(data)
        self.total += len(data)
        self.first = self.first or now
        self.last = now
        return now, data

    def collect(self, first_wait, quiet):
        """Reads until it is quiet. [(time, bytes)], already on the screen.
        Questions to the terminal are answered at once."""
        got, fed = [], 0
        wait = first_wait
        end = time.monotonic() + self.o.timeout
        while chunk := self.read(wait):
            if chunk[0] > end:
                raise Failed("never quiet")
            got.append(chunk)
            if re.search(rb"\x1b(\[[?>=]?[0-9;]*(c|n|t|q|\$p)|\]1[012];\?|P[+$]q)",
                         chunk[1]):
                for _, data in got[fed:]:
                    self.screen.feed(data)
                fed = len(got)
            wait = quiet
        for _, data in got[fed:]:
            self.screen.feed(data)
        return got

    def matches(self, regex, rows):
        found = sum(bool(regex.search(line)) for line in self.screen.lines())
        return found >= rows

    def wait_for(self, regex, rows=1):
        """When the screen came to match."""
        regex = re.compile(regex)
        end = time.monotonic() + self.o.timeout
        when = self.last or time.monotonic()
        while not self.matches(regex, rows):
            got = self.read(end - time.monotonic())
            if not got:
                raise Failed("%s while waiting for /%s/" % (
                    "ended" if self.ended else "timeout", regex.pattern))
            when = got[0]
            self.screen.feed(got[1])
        return when

    def write(self, text):
        if self.screen.application_keys:
            text = CURSOR_KEYS.sub("\x1bO\\1", text)
        t = time.monotonic()
        try:
            os.write(self.fd, text.encode())
        except OSError:
            self.ended = True
        return t

    def settle(self):
        self.collect(self.quiet, self.quiet)

    def print(self, what, **more):
        line = {"label": self.o.label} if self.o.label else {}
        line.update(what=what, **more)
        print(json.dumps(line), flush=True)

    def start(self, regex):
        when = self.wait_for(regex, self.o.rows)
        self.settle()
        self.print("start", first_byte_ms=self.ms(self.first),
                   ready_ms=self.ms(when), settled_ms=self.ms(self.last),
                   bytes=self.total, rss_kib=self.status(self.pid, "VmHWM"))

    def ms(self, t):
        return round((t - self.began) * 1000, 1)

    def press(self, text):
        name, _, rest = text.partition("=")
        m = re.fullmatch(r"(.+)\*(\d+)", rest, re.S)
        what, n = (m[1], int(m[2])) if m else (rest, 1)
        what = keys(what)
        first, last, sizes = [], [], []
        silent = 0
        self.settle()
        for _ in range(n):
            t = self.write(what)
            got = self.collect(self.o.patience, self.quiet)
            if self.ended:
                raise Failed("ended while pressing " + name)
            if not got:
                silent += 1
                continue
            first.append(got[0][0] - t)
            last.append(got[-1][0] - t)
            sizes.append(sum(len(d) for _, d in got))
        self.print(name, n=n, silent=silent, first_ms=spread(first),
                   last_ms=spread(last),
                   bytes=round(sum(sizes) / len(sizes)) if sizes else 0)

    def until(self, text):
        name, what, regex = text.split("=", 2)
        self.settle()
        t = self.write(keys(what))
        when = self.wait_for(regex)
        self.print(name, ready_ms=round((max(when, t) - t) * 1000, 2))

    def status(self, pid, field):
        try:
            with open("/proc/%d/status" % pid, encoding="ascii",
                      errors="replace") as f:
                for line in f:
                    if line.startswith(field + ":"):
                        return int(line.split()[1])
        except OSError:
            pass
        return 0

    def tree(self):
        parents = {}
        for p in os.listdir("/proc"):
            if p.isdigit():
                parents[int(p)] = self.status(int(p), "PPid")
        wanted = {self.pid}
        while more := {p for p, q in parents.items() if q in wanted} - wanted:
            wanted |= more
        return sum(self.status(p, "VmHWM") for p in wanted)

    def cpu(self):
        try:
            with open("/proc/%d/stat" % self.pid, encoding="ascii",
                      errors="replace") as f:
                part = f.read().rpartition(")")[2].split()
            return round((int(part[11]) + int(part[12]))
                         / os.sysconf("SC_CLK_TCK"), 2)
        except (OSError, IndexError):
            return None

    def show(self):
        print("\n".join(line.rstrip() for line in self.screen.lines()).rstrip(),
              file=sys.stderr)

    def play(self, steps):
        for step, value in steps:
            if step == "start":
                self.start(value)
            elif step == "press":
                self.press(value)
            elif step == "until":
                self.until(value)
            elif step == "send":
                self.settle()
                self.write(keys(value))
                self.collect(self.o.patience, self.quiet)
            elif step == "wait":
                self.wait_for(value)
                self.settle()
            elif step == "answer":
                regex, _, what = value.rpartition("=")
                self.wait_for(regex)
                self.write(keys(what))
            elif step == "sleep":
                end = time.monotonic() + float(value)
                while (left := end - time.monotonic()) > 0 and not self.ended:
                    self.collect(left, 0.001)
            elif step == "show":
                self.show()
        if not self.ended:
            self.print("end", rss_kib=self.status(self.pid, "VmHWM"),
                       tree_kib=self.tree(), cpu_s=self.cpu())

    def finish(self):
        """Ends our child, and nothing but it."""
        if self.o.quit and not self.ended:
            try:
                self.write(keys(self.o.quit))
                self.collect(0.3, 0.1)
            except ValueError:
                pass
        for s in 0, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL:
            if s:
                try:
                    os.kill(self.pid, s)
                except ProcessLookupError:
                    pass
            for _ in range(60):
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    os.close(self.fd)
                    return
                self.read(0.01) or time.sleep(0.005)
                if s == 0 and not self.o.quit:
                    break


def arguments():
    p = argparse.ArgumentParser(description="measure a terminal program")

    class Step(argparse.Action):
        def __call__(self, parser, ns, value, option=None):
            ns.steps.append((option.lstrip("-"), value))
    p.set_defaults(steps=[])
    for step in "start", "press", "send", "wait", "answer", "until", "sleep":
        p.add_argument("--" + step, action=Step)
    p.add_argument("--show", action=Step, nargs=0)
    p.add_argument("--size", default="160x50")
    p.add_argument("--quiet", type=float, default=40)
    p.add_argument("--patience", type=float, default=1.0,
                   help="wait so many seconds for a key's first byte")
    p.add_argument("--timeout", type=float, default=60)
    p.add_argument("--rows", type=int, default=1)
    p.add_argument("--env", action="append", default=[])
    p.add_argument("--label")
    p.add_argument("--quit")
    p.add_argument("--raw")
    p.add_argument("program", nargs="+")
    o = p.parse_args()
    try:
        for step, value in o.steps:
            if step in ("press", "until"):
                if "=" not in value:
                    raise ValueError("NAME= is missing: " + value)
                keys(value.split("=")[1])
            elif step == "send":
                keys(value)
            elif step == "answer":
                keys(value.rpartition("=")[2])
            if step == "until" and value.count("=") < 2:
                raise ValueError("wanted NAME=KEYS=REGEX: " + value)
    except ValueError as e:
        p.error(str(e))
    return o


def main():
    o = arguments()
    run = Run(o)
    try:
        run.play(o.steps)
    except Failed as e:
        print("keytime: %s; the screen:" % e, file=sys.stderr)
        run.show()
        return 1
    finally:
        run.finish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
