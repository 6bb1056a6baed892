#!/usr/bin/env python3
# ptyproof.py - no byte of a mail reaches the terminal as it is: every byte is judged
#
# usage: ptyproof.py [--mails N] [--all] [--seed S]
#
# tern shows generated hostile mails (tests/support/hostile.py) and stored ones
# (tests/data) in a terminal whose control sequences nobody can guess, in all its
# views, and as a command; tests/support/ptyrecord.py judges what it wrote.  In a
# second run the terminal has hyperlinks: then OSC 8 and OSC 52 of tern's own form
# are known too, and what they carry is judged by itself.
# Without --all: 300 mails and a sample, for make check.  make ptyproof: 2,000 mails
# and every stored one.  The memory of tern and of its reader is watched (M-22).
#
# exit: 0 well, 1 something was wrong, 77 no tic or no pseudo-terminal
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import base64
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.environ.get("TOP_SRCDIR") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.path.abspath(os.environ.get("TOP_BUILDDIR", "."))
TERN = os.path.join(BUILD, "tern")
SUPPORT = os.path.join(TOP, "tests", "support")
sys.path.insert(0, SUPPORT)
sys.dont_write_bytecode = True

import ptyrecord  # noqa: E402  (beside this script's folder)

LIST = "c mailbox"  # a hint that only the list shows
MEMORY_MAX = 256 << 20
SECONDS_MAX = 1500
COLS, ROWS = 100, 30

# tern's own sequences for hyperlinks stand between a save and a restore of the cursor
PLACE = rb"\x1b\[\d+;\d+H\x1b\[0[;\d]*m"
TARGET = rb"\x1b\]8;id=t\d+;([!-~]{0,3000})\x1b\\"
CLOSE = rb"\x1b\]8;;\x1b\\"
PAINTED = re.compile(rb"\x1b7((?:%s(?:%s)?[^\x1b]*(?:%s)?)+)\x1b8" % (PLACE, TARGET, CLOSE))
COPIED = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x1b\\")


class Proof:
    def __init__(self, folder):
        self.folder = folder
        self.written = self.content = self.mails = self.links = self.copies = 0
        self.found, self.wrong = [], []
        self.began = time.monotonic()
        self.peak = {"tern": 0, "reader": 0}

    def judge(self, what, record, mark):
        found, content = ptyrecord.judge(record, mark)
        self.written += len(record)
        self.content += content
        self.found += ["%s: %s" % (what, line) for line in found]

    def look(self, pid):
        """The highest memory of tern and of the processes that it started."""
        for who, each in [("tern", [pid])] + [("reader", children(pid))]:
            for one in each:
                self.peak[who] = max(self.peak[who], peak_of(one))


def children(pid):
    found = []
    for path in glob.glob("/proc/%d/task/*/children" % pid):
        try:
            with open(path) as f:
                found += [int(word) for word in f.read().split()]
        except OSError:
            pass
    return found


def peak_of(pid):
    try:
        with open("/proc/%d/status" % pid) as f:
            for line in f:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) << 10
    except OSError:
        pass
    return 0


def run(home, *words):
    return subprocess.run([TERN, "--home", home] + list(words), timeout=300, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def account(home, maildir):
    run(home, "account", "add", "evil", "--type", "maildir", "--path", maildir)
    run(home, "sync")
    return [json.loads(line) for line in run(home, "list", "--limit", "100000", "--json").splitlines()]


def start(proof, argv):
    folder = tempfile.mkdtemp(dir=proof.folder)
    return ptyrecord.Terminal(argv, COLS, ROWS, folder, 0.006)


def open_views(terminal, again):
    """All headers, raw, the text from its end, other text, parts, links, source, a program's output."""
    for keys in ("HGHggH", "gvgv", "vjGq", "glGq", "grG<space>q", "z/x<enter>n"):
        terminal.keys(keys)
        if LIST in terminal.screen.text():  # there was no such view, and q closed the reader
            terminal.keys("<enter>")
    terminal.keys("|<enter>" if again else "|cat<enter>")  # the last command stands there
    until = time.monotonic() + ptyrecord.WAIT_S
    while "Output: cat" not in terminal.screen.text():
        if "printed nothing" in terminal.screen.text():
            return
        if time.monotonic() > until or terminal.ended:
            raise ptyrecord.Wrong("the output of cat never came:\n%s" % terminal.screen.text())
        terminal.read(0.05)
    terminal.keys("Gq")


def walk(proof, terminal, mails, each, named):
    """Every mail of the list in the reader, one in `each` in all views; then the lists and pickers."""
    viewed = False
    terminal.first()
    terminal.keys("<enter>")
    for i in range(mails - 1, -1, -1):
        if named:
            terminal.wait("letter %d begins" % i)
        if i % each == 0:
            open_views(terminal, viewed)
            viewed = True
        proof.look(terminal.pid)
        proof.mails += 1
        if i:
            terminal.keys("J")
    terminal.keys("<esc>oOcG<esc>s<esc>:go <tab><tab><esc><esc>?G<esc>gpq")
    terminal.keys("JJJJKK<enter><esc>q")
    terminal.end()


def linked(box, n):
    """The newest mail of the Maildir, one that has links for certain."""
    with open(os.path.join(box, "cur", "%d.l%d:2," % (1767000000 + n, n)), "w") as f:
        f.write("From: a@example.org\nSubject: links\nDate: Sat, 03 Jan 2026 10:00:00 +0000\n\n"
                "letter %d begins\nhttps://example.org/one https://example.net/two\n" % n)


def walk_links(terminal, newest, mails):
    terminal.first()
    terminal.keys("<enter>")
    terminal.wait("letter %d begins" % newest)
    terminal.keys("gl")
    terminal.wait("Links of the message")
    terminal.keys("y")
    terminal.wait("Copied: ")
    terminal.keys("<esc>J")
    for _ in range(mails - 1):
        terminal.keys("Ggly<esc>")
        if LIST in terminal.screen.text():  # it had no links, and <esc> closed the reader
            terminal.keys("<enter>")
        terminal.keys("J")
    terminal.keys("<esc><esc>q")
    terminal.end()


def judge_links(proof, terminal):
    """Takes tern's own hyperlinks and copies out of the record and judges what they carry."""
    def painted(m):
        for target in re.findall(TARGET, m[1]):
            if re.search(rb"[^!-~]", target):
                proof.found.append("a link: %r" % target)
        proof.links += len(re.findall(TARGET, m[1]))
        return re.sub(b"%s|%s|%s" % (TARGET, CLOSE, PLACE), b"", m[1])

    def copied(m):
        text = base64.b64decode(m[1]).decode()
        proof.copies += 1
        if not text.isprintable():
            proof.found.append("copied: %r" % text)
        return b""

    record = COPIED.sub(copied, PAINTED.sub(painted, bytes(terminal.record)))
    proof.judge("hyperlinks", record, terminal.mark)


def command_script(folder, home, ids):
    """tern as a command, its output on the terminal."""
    script = ["T='%s' H='%s'" % (TERN, home), "$T --home $H list --limit 1000",
              "$T --home $H list --limit 1000 --json", "$T --home $H mailboxes"]
    for i in ids:
        script += ["$T --home $H show %d%s" % (i, how) for how in
                   ("", " --headers", " --parts", " --raw", " --json")]
        script += ["$T --home $H attachments %d%s" % (i, how) for how in ("", " --json")]
    path = os.path.join(folder, "commands")
    with open(path, "w") as f:
        f.write("\n".join(script) + "\n")
    return path


def commands(terminal):
    until = time.monotonic() + SECONDS_MAX
    while not terminal.ended and time.monotonic() < until:
        terminal.read(0.2)
    terminal.end()


def stored(proof, step):
    """A Maildir of the mails and pages in tests/data: mails as they are, pages as the text of a mail."""
    box = os.path.join(proof.folder, "stored")
    for part in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(box, part))
    paths = sorted(p for p in glob.glob(os.path.join(TOP, "tests", "data", "**", "*"), recursive=True)
                   if os.path.isfile(p) and "imap-responses" not in p)[::step]
    for n, path in enumerate(paths):
        with open(path, "rb") as f:
            data = f.read()
        if path.endswith((".html", ".htm")):
            data = b"Subject: page\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" + data
        elif path.endswith((".tnef", ".dat")):
            data = (b"Subject: winmail\nContent-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\n" +
                    base64.encodebytes(data))
        elif path.endswith(".ics"):
            data = b"Subject: calendar\nContent-Type: text/calendar; charset=utf-8\n\n" + data
        with open(os.path.join(box, "cur", "%d.s%d:2," % (1767000000 + n, n)), "wb") as f:
            f.write(data)
    return box, len(paths)


def play(proof, what, terminal, act):
    try:
        act(terminal)
    except ptyrecord.Wrong as why:
        proof.wrong.append("%s: %s" % (what, why))
    finally:
        terminal.stop()
    print("%5.1f s: %s" % (time.monotonic() - proof.began, what), flush=True)


def prove(proof, o):
    box, home = os.path.join(proof.folder, "hostile"), os.path.join(proof.folder, "home")
    subprocess.run([os.path.join(SUPPORT, "hostile.py"), "--seed", str(o.seed), "maildir", box, str(o.mails)],
                   check=True, timeout=100)
    linked(box, o.mails)
    ids = [line["id"] for line in account(home, box)]
    ids = ids[::max(len(ids) // (300 if o.all else 4), 1)]
    visited = min(o.mails, 400 if o.all else 10)
    for other in ("2", "3"):  # one tern at a time has a home
        shutil.copytree(home, home + other)
    box, pages = stored(proof, 1 if o.all else 31)
    account(home + "4", box)

    # all are started before there are threads
    reader = start(proof, [TERN, "--home", home])
    command = start(proof, ["sh", command_script(proof.folder, home + "3", ids)])
    shelf = start(proof, [TERN, "--home", home + "4"])
    os.environ["VTE_VERSION"] = "7000"
    links = start(proof, [TERN, "--home", home + "2"])
    threads = [threading.Thread(target=play, args=(proof,) + words) for words in (
        ("%d hostile mails" % o.mails, reader, lambda t: walk(proof, t, o.mails + 1, 5 if o.all else 60, True)),
        ("links of %d mails" % visited, links, lambda t: walk_links(t, o.mails, visited)),
        ("commands on %d mails" % len(ids), command, commands),
        ("%d stored mails and pages" % pages, shelf, lambda t: walk(proof, t, pages, 4 if o.all else 10, False)))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    proof.judge("hostile", reader.record, reader.mark)
    proof.judge("stored", shelf.record, shelf.mark)
    raw = ptyrecord.judge(b"".join(open(path, "rb").read() for path in sorted(
        glob.glob(os.path.join(proof.folder, "hostile", "cur", "*")))[:20]), reader.mark)[0]
    if b"\x1b[%s;2026h" % reader.mark.encode() not in reader.record:
        proof.wrong.append("the terminal can wait for whole updates, and no paint was one")
    if not raw:
        proof.wrong.append("the judge finds nothing in the mails themselves: it is blind")
    # line ends and tabs are a command's own
    proof.judge("command", bytes(command.record).replace(b"\n", b"").replace(b"\t", b""), command.mark)
    judge_links(proof, links)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--mails", type=int, default=int(os.environ.get("MAILS", 300)))
    p.add_argument("--seed", type=int, default=20261122)
    p.add_argument("--all", action="store_true")
    o = p.parse_args()
    if not shutil.which("tic") or not os.access(TERN, os.X_OK):
        return 77
    os.environ.update(LC_ALL="C.UTF-8", TZ="UTC", MAILCAPS="/nowhere")
    for name in list(os.environ):
        if name.startswith(("XDG_", "TERN_", "VTE_", "KONSOLE_", "TERM_PROGRAM", "TMUX", "DISPLAY")):
            del os.environ[name]
    folder = tempfile.mkdtemp(prefix="tern-proof-")
    os.environ["HOME"] = folder
    proof = Proof(folder)
    try:
        prove(proof, o)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for line in proof.found[:10]:
        print("unwashed: %s" % line)
    if not (proof.links and proof.copies):
        proof.wrong.append("no hyperlink was seen, or nothing was copied: nothing is proved of them")
    for line in proof.wrong:
        print("wrong: %s" % line)
    print("seed %d: %d mails shown, %d bytes judged, %d of them content, %d unwashed" %
          (o.seed, proof.mails, proof.written, proof.content, len(proof.found)))
    print("%d hyperlinks, %d copies judged" % (proof.links, proof.copies))
    over = [who for who, most in proof.peak.items() if most > MEMORY_MAX and not os.environ.get("ASAN_OPTIONS")]
    print("peak memory: " + ", ".join("%s %.1f MiB" % (who, most / 2**20) for who, most in proof.peak.items()))
    return 1 if proof.found or proof.wrong or over else 0


if __name__ == "__main__":
    sys.exit(main())
