# acts.py - the parts l and m of the benchmark: what the reader's own changes cost
#
# l  1,000 messages are marked, one key flags, moves or deletes them (the last one, for
#    tern asks if they are many): until the list shows it (it is on disk before), and
#    until the server has answered the last command, beside one raw command about the same set on a mailbox that is
#    the same, beside mutt and neomutt (tagged by a pattern, then synchronised)
#    and mbsync (changed in its Maildir, then run).
# m  one flag: until the list shows it, and until the server has answered its
#    STORE; idle, and while a first synchronisation of the same account runs.
#
# All reach the server in the clear through tap.py, whose ledger tells when which
# command was answered.  Each program has a user of its own with the same mail.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

from benchrig import HERE, sh, tern_home, timed
from keytime import percentile
from resync import Bare, installed, median, screen_of

SET = 1000              # messages of one act
SMALL = 10000           # messages of the smaller mailbox
ACTS = ("flag", "move", "delete")
ROW = "│.*([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2} [A-Z][a-z]{2}|[0-9]{2}:[0-9]{2})"
SINGLES = 100           # flags, one after the other
ANSWER_S = 60           # longer is "not within"
CALM_S = 1.0            # so long nothing is sent: it is done
MBSYNC_MAX = 20000      # messages; mbsync has to bring in all bodies first
CHANGES = ("STORE", "MOVE", "COPY", "EXPUNGE", "CLOSE")
TERN_KEYS = {"flag": "Fy", "move": "sArchive\ry", "delete": "dy"}  # it asks first, if they are many
MUTT_KEYS = {"flag": ";w!", "move": ";s=Archive\r", "delete": ";d"}


class Tap:
    """tap.py, and what its ledger says."""

    def __init__(self, folder, port):
        self.path = os.path.join(folder, "tap-%s" % port)
        self.p = subprocess.Popen([sys.executable, os.path.join(HERE, "tap.py"), "--upstream",
                                   "127.0.0.1:%s" % port, "--ledger", self.path],
                                  stdout=subprocess.PIPE, text=True)
        self.port = int(self.p.stdout.readline().partition("=")[2])

    def commands(self, since, verbs=CHANGES):
        """[[sent, answered or None, verb, set, answer]] that went out since then"""
        found, waiting = [], {}
        with open(self.path, encoding="utf-8") as f:
            for line in f:
                words = line.rstrip("\n").split(" ")
                if float(words[0]) < since or not line.endswith("\n"):
                    continue
                if words[2] == ">" and words[4] in verbs:
                    found.append([float(words[0]), None, words[4], words[5], ""])
                    waiting[words[1], words[3]] = found[-1]
                elif words[2] == "<" and (words[1], words[3]) in waiting:
                    row = waiting.pop((words[1], words[3]))
                    row[1], row[4] = float(words[0]), words[4]
        return found

    def last_answer(self, since, enough):
        """When the last change was answered, once enough() is true and nothing more is sent."""
        end = time.monotonic() + ANSWER_S
        while time.monotonic() < end:
            rows = self.commands(since)
            if rows and all(r[1] for r in rows) and enough() and \
                    time.monotonic() - max(r[1] for r in rows) > CALM_S:
                return max(r[1] for r in rows), rows
            time.sleep(0.05)
        raise OSError("not answered within %d s: %s" % (ANSWER_S, self.commands(since)[-3:]))

    def stop(self):
        self.p.terminate()
        self.p.wait(10)


def copy_user(server, old, new):
    """The same mail with the same numbers for another user."""
    where = os.path.join(server.v["MAIL"], new)
    shutil.rmtree(where, ignore_errors=True)
    subprocess.run(["cp", "-a", os.path.join(server.v["MAIL"], old), where], check=True, timeout=600)
    admit(server, new)


def admit(server, user):
    """May log in from now on."""
    with open(os.path.join(server.folder, "passwd"), "a", encoding="utf-8") as f:
        f.write("%s:{PLAIN}secret::::::\n" % user)


def drop_user(server, user):
    shutil.rmtree(os.path.join(server.v["MAIL"], user), ignore_errors=True)


class Seen:
    """What a second session says about a user's mailboxes."""

    def __init__(self, server, user):
        self.m = server.client(user)

    def count(self, act):
        """Messages that this act has reached so far."""
        if act == "flag":
            self.m.select("INBOX", readonly=True)
            return len(self.m.uid("SEARCH", "FLAGGED")[1][0].split())
        data = self.m.status("Archive" if act == "move" else "Trash", "(MESSAGES)")[1][0]
        return int(re.search(rb"MESSAGES (\d+)", data)[1])

    def goal(self, act, uids):
        """Tells, when called, whether the server has it."""
        if act == "flag":
            self.m.select("INBOX", readonly=True)
            flagged = len(self.m.uid("SEARCH", "FLAGGED", "UID", uids)[1][0].split())
            wanted = self.count(act) + SET - flagged
        else:
            wanted = self.count(act) + SET
        return lambda: self.count(act) >= wanted


def newest(server, user):
    m = server.client(user)
    m.select("INBOX", readonly=True)
    uids = m.uid("SEARCH", "ALL")[1][0].split()
    m.logout()
    return "%d:%d" % (int(uids[-SET]), int(uids[-1])), "%d:%d" % (int(uids[0]), int(uids[SET - 1]))


# --- the limit: one command ------------------------------------------------------------

def raw_act(server, tap, user, act, sets):
    """Seconds of the commands about these sets, sent at once in an open session."""
    b = Plain(tap.port, user)
    b.run(b"SELECT INBOX (CONDSTORE)")
    words = {"flag": "UID STORE %s +FLAGS.SILENT (\\Flagged)", "move": "UID MOVE %s Archive",
             "delete": "UID MOVE %s Trash"}[act]
    begin = time.monotonic()
    b.run(*[(words % s).encode() for s in sets])
    spent = time.monotonic() - begin
    b.run(b"LOGOUT")
    return spent


class Plain(Bare):
    """The same session in the clear."""

    def __init__(self, port, user):
        self.s = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.line()
        self.run(b"LOGIN %s secret" % user.encode())


# --- tern ------------------------------------------------------------------------------

def list_of(run):
    """The part of the screen that is the list."""
    return [line.partition("│")[2] for line in run.screen.lines()[1:-2]]


def until_list_changes(run, before, limit):
    """When the list became another; the screen is up to date then."""
    end = time.monotonic() + limit
    while got := run.read(end - time.monotonic()):
        run.screen.feed(got[1])
        if list_of(run) != before:
            return got[0]
    raise OSError("the list does not change")


def quiet(run, seconds=0.3):
    run.collect(seconds, seconds)


class TernScreen:
    def __init__(self, o, tap, home, busy=False):
        self.tap = tap
        self.run = screen_of([o.tern, "--home", home])
        self.run.wait_for(ROW, 20)
        if busy:
            self.reading(lambda: time.sleep(0.2))
        else:
            quiet(self.run, 1.5)

    def mark(self):
        for key in "\x1b", "gg":  # no marks, at the top
            self.run.write(key)
            quiet(self.run)
        self.run.write("%dt" % SET)
        quiet(self.run, 0.5)

    def act(self, act, enough):
        """Seconds to the list, seconds to the last answer, and the commands."""
        self.mark()
        for key in TERN_KEYS[act][:-1]:
            self.run.write(key)
            quiet(self.run, 0.1)
        before = list_of(self.run)
        begin = self.run.write(TERN_KEYS[act][-1])
        when = until_list_changes(self.run, before, ANSWER_S)
        answered, rows = self.reading(lambda: self.tap.last_answer(begin, enough))
        quiet(self.run)
        return when - begin, answered - begin, rows

    def reading(self, wait):
        """Waits for something else while the program's output is read: it must not block."""
        end = threading.Event()

        def drain():
            while not end.is_set():
                got = self.run.read(0.05)
                if got:
                    self.run.screen.feed(got[1])
        reader = threading.Thread(target=drain, daemon=True)
        reader.start()
        try:
            return wait()
        finally:
            end.set()
            reader.join(5)

    def stop(self):
        self.run.write("q")
        self.run.finish()


def tern_acts(o, server, tap, folder, user):
    home = tern_home(o, server, os.path.join(folder, "acts-" + user), user, port=tap.port, tls="plain")
    sh(o.tern, "--home", home, "sync")
    copy_user(server, user, user + "raw")
    seen, screen, figures = Seen(server, user), TernScreen(o, tap, home), []
    try:
        for _ in range(o.runs):
            for act in ACTS:
                uids, _ = newest(server, user)
                paint, sent, rows = screen.act(act, seen.goal(act, uids))
                sets = [r[3] for r in rows if r[2] in ("STORE", "MOVE")]
                raw = raw_act(server, tap, user + "raw", act, [joined(sets)])
                figures.append((act, paint, sent, raw, len(rows)))
    finally:
        screen.stop()
        drop_user(server, user + "raw")
        shutil.rmtree(home, ignore_errors=True)
    return figures


def joined(sets):
    """One set of all of them, as short as it can be written."""
    uids = []
    for part in ",".join(sets).split(","):
        a, _, b = part.partition(":")
        uids += range(int(a), int(b or a) + 1)
    uids = sorted(set(uids))
    ranges = []
    for u in uids:
        if ranges and ranges[-1][1] == u - 1:
            ranges[-1][1] = u
        else:
            ranges.append([u, u])
    return ",".join("%d" % a if a == b else "%d:%d" % (a, b) for a, b in ranges)


# --- peers -----------------------------------------------------------------------------

def mutt_acts(o, server, tap, folder, peer, user):
    """{act: seconds from the key to the last answer}"""
    rest = sh(os.path.join(HERE, "peers.sh"), peer, os.path.join(folder, "peers-" + user), "--port",
              str(tap.port), "--plain", "--user", user).split()
    run = screen_of(rest + ["-e", "set delete=yes", "-e", 'set trash="=Trash"'])
    run.o.timeout = 600
    run.wait_for("(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9]", 30)
    quiet(run, 3)
    seen, figures = Seen(server, user), {}
    screen = TernScreen.__new__(TernScreen)
    screen.run = run
    for act in ACTS:
        _, uids = newest(server, user)
        goal = seen.goal(act, uids)
        run.write("T~m 1-%d\r" % SET)
        quiet(run, 1)
        begin = run.write(MUTT_KEYS[act])
        run.write("$")
        try:
            answered, _ = screen.reading(lambda: tap.last_answer(begin, goal))
            figures[act] = answered - begin
        except OSError as why:
            print("   %s, %s: %s" % (peer, act, why), flush=True)
        quiet(run, 1)
        run.write("\x14~A\r")  # untag
        quiet(run, 1)
    run.write("q")
    run.finish()
    return figures


def mbsync_acts(server, tap, folder, user):
    """{act: seconds from its start to the last answer}; it moves nothing between mailboxes"""
    where = os.path.join(folder, "mbsync-" + user)
    words = mbsync_plain(where, tap.port, user)
    timed(words)
    box, seen, figures = os.path.join(where, "mail", "INBOX"), Seen(server, user), {}
    for act, letter in (("flag", "F"), ("delete", "T")):
        uids, _ = newest(server, user)
        goal = seen.goal(act, uids) if act == "flag" else lambda: True
        names = sorted(os.listdir(os.path.join(box, "cur")))[:SET]
        for name in names:
            head, _, flags = name.partition(":2,")
            os.rename(os.path.join(box, "cur", name), os.path.join(
                box, "cur", head + ":2," + "".join(sorted(set(flags) | {letter}))))
        begin = time.monotonic()
        timed(words)
        figures[act] = tap.last_answer(begin, lambda: True)[0] - begin
    shutil.rmtree(where)
    return figures


def mbsync_plain(folder, port, user):
    os.makedirs(os.path.join(folder, "mail"), exist_ok=True)
    rc = os.path.join(folder, "rc")
    with open(rc, "w", encoding="utf-8") as f:
        f.write("FSync no\nIMAPStore far\nHost localhost\nPort %d\nUser %s\nPass secret\n"
                "SSLType None\nAuthMechs LOGIN\nTimeout 300\n\nMaildirStore near\nPath %s/mail/\n"
                "Inbox %s/mail/INBOX\nSubFolders Verbatim\n\nChannel all\nFar :far:\nNear :near:\n"
                "Patterns INBOX\nSync All\nCreate Near\nExpunge Both\nSyncState *\n" %
                (port, user, folder, folder))
    os.chmod(rc, 0o600)
    return ["mbsync", "-q", "-c", rc, "all"]


# --- the parts -------------------------------------------------------------------------

def many_acts(o, server, folder):
    tap = Tap(folder, server.v["IMAP_PORT"])
    try:
        for n in sorted({min(SMALL, o.messages), o.messages}):
            if n < SET * len(ACTS) * o.runs + 100:
                print("l  left out: %d messages are too few for %d runs" % (n, o.runs))
                continue
            acts_in(o, server, tap, folder, n)
    finally:
        tap.stop()


def acts_in(o, server, tap, folder, n):
    print("l  %d marked messages of %d, medians of %d runs" % (SET, n, o.runs), flush=True)
    base = "bob"
    if n != o.messages:
        base = "acts%d" % n
        admit(server, base)
        server.fill(base, n)
    copy_user(server, base, "mine%d" % n)
    figures = tern_acts(o, server, tap, folder, "mine%d" % n)
    drop_user(server, "mine%d" % n)
    for act in ACTS:
        _, paint, sent, raw, count = zip(*[f for f in figures if f[0] == act])
        print("   tern     %-6s key to list %6.1f ms, to the server %7.1f ms in %d commands; one raw"
              " command %7.1f ms: ratio %.2f" % (
                  act, 1e3 * median(paint), 1e3 * median(sent), count[0], 1e3 * median(raw),
                  median([s / r for s, r in zip(sent, raw)])), flush=True)
    for peer in installed(o, "mutt", "neomutt", "mbsync"):
        user = "%s%d" % (peer, n)
        if peer == "mbsync" and n > MBSYNC_MAX:
            print("   mbsync   left out: it would bring in %d bodies first" % n)
            continue
        copy_user(server, base, user)
        try:
            got = mbsync_acts(server, tap, folder, user) if peer == "mbsync" else \
                mutt_acts(o, server, tap, folder, peer, user)
            print("   %-8s %s" % (peer, ", ".join("%s %.1f ms" % (a, 1e3 * s) for a, s in got.items())),
                  flush=True)
        except (SystemExit, OSError, subprocess.SubprocessError) as why:
            print("   %s: did not get that far: %s" % (peer, why), flush=True)
        drop_user(server, user)


def single_flags(screen, tap, busy):
    """([seconds to the list], [seconds to the answer]); busy: as long as messages are fetched"""
    paints, answers = [], []
    for _ in range(SINGLES):
        if busy and not busy():
            break
        before = list_of(screen.run)
        begin = screen.run.write("F")
        paints.append(until_list_changes(screen.run, before, ANSWER_S) - begin)
        end = begin + ANSWER_S
        while time.monotonic() < end:
            rows = [r for r in tap.commands(begin) if r[1]]
            if rows:
                answers.append(rows[0][1] - begin)
                break
            screen.reading(lambda: time.sleep(0.01))
        screen.reading(lambda: time.sleep(0.05))
    return paints, answers


def told(label, paints, answers):
    ms = lambda values, p: 1e3 * (percentile(values, p) if values else float("nan"))
    print("   %-22s %3d flags: key to list p50 %5.1f p99 %5.1f ms, key to the server's answer p50"
          " %5.1f p95 %5.1f ms" % (label, len(paints), ms(paints, 50), ms(paints, 99), ms(answers, 50),
                                   ms(answers, 95)), flush=True)


def one_act(o, server, folder):
    print("m  one flag", flush=True)
    for label, busy in (("idle, %d" % o.messages, False), ("first sync of %d" % o.messages, True)):
        user = "single" + ("busy" if busy else "")
        copy_user(server, "bob", user)
        tap = Tap(folder, server.v["IMAP_PORT"])
        home = tern_home(o, server, os.path.join(folder, user), user, port=tap.port, tls="plain")
        if not busy:
            sh(o.tern, "--home", home, "sync")
        screen = None
        try:
            begin = time.monotonic()
            screen = TernScreen(o, tap, home, busy)
            fetching = lambda: any(r[1] is None or time.monotonic() - r[1] < 0.5
                                   for r in tap.commands(begin, ("FETCH",))[-3:])
            told(label, *single_flags(screen, tap, fetching if busy else None))
        finally:
            if screen:
                screen.stop()
            tap.stop()
            drop_user(server, user)
            shutil.rmtree(home, ignore_errors=True)


def run(o, server, folder):
    for part, how in (("l", many_acts), ("m", one_act)):
        if part in o.only:
            try:
                how(o, server, folder)
            except (SystemExit, OSError, subprocess.SubprocessError) as why:
                print("   %s: did not get that far: %s" % (part, why), flush=True)
