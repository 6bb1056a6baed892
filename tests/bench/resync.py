# resync.py - the parts e to k of the benchmark: what it costs to be up to date
#
# Each part prints its own lines and may be run alone (bench.py --only e).  All
# clients reach the server through link.py, so that delay and bytes are the same
# measure for each; what that costs is in "limit", a bare session over the same
# link.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import os
import random
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import threading
import time

import keytime as pty_model
from benchrig import HERE, Dovecot, keytime, sh, tern_home, timed
from link import Link

RTT_MS = 50
RATE = 1000000          # bits/s, of a slow line
BOXES, IN_BOX = 200, 20
DELTA_FLAGS, DELTA_GONE, DELTA_NEW = 100, 50, 20
FSYNC_MAX = 20000       # messages; with more, a peer's fsync for each takes minutes
DELIVERIES = 5
ARRIVAL_S = 10          # longer is "not within"
LEDGER_TIME = re.compile(r"^(\S+) (\d+) ([>!]) (.*)$")


def median(values):
    return statistics.median(values) if values else float("nan")


def installed(o, *names):
    return [n for n in names if n in o.peers.split(",") and shutil.which(n)]


# --- bare sessions: the limits ---------------------------------------------------------

class Bare:
    """An IMAP session without a client: the commands that are needed, in as few flights."""

    def __init__(self, server, port, user):
        context = ssl.create_default_context(cafile=server.v["CA"])
        self.s = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=60),
                                     server_hostname="localhost")
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.line()
        self.run(b"LOGIN %s secret" % user.encode())

    def line(self):
        while b"\n" not in self.rest:
            data = self.s.recv(1 << 16)
            if not data:
                raise OSError("the server closed")
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\n")
        return line

    def send(self, *commands):
        self.s.sendall(b"".join(b"a " + c + b"\r\n" for c in commands))

    def run(self, *commands):
        """Sends all at once; the untagged lines."""
        self.send(*commands)
        lines, left = [], len(commands)
        while left:
            line = self.line()
            if line.startswith(b"a "):
                left -= 1
            else:
                lines.append(line)
        return lines


def bare_state(server, port, user):
    b = Bare(server, port, user)
    text = b"\n".join(b.run(b"SELECT INBOX (CONDSTORE)", b"LOGOUT"))
    return (int(re.search(rb"UIDVALIDITY (\d+)", text)[1]),
            int(re.search(rb"HIGHESTMODSEQ (\d+)", text)[1]))


def bare_resync(server, port, user, state):
    begin = time.monotonic()
    b = Bare(server, port, user)
    b.run(b"ENABLE QRESYNC", b"SELECT INBOX (QRESYNC (%d %d))" % state, b"LOGOUT")
    return time.monotonic() - begin


# --- peers -----------------------------------------------------------------------------

def mbsync(server, folder, port, user, fsync=True, pattern="INBOX"):
    """The words that synchronise into a Maildir of its own."""
    os.makedirs(os.path.join(folder, "mail"), exist_ok=True)
    rc = os.path.join(folder, "rc")
    with open(rc, "w", encoding="utf-8") as f:
        f.write("FSync %s\nIMAPStore far\nHost localhost\nPort %d\nUser %s\nPass secret\n"
                "SSLType IMAPS\nCertificateFile %s\nTimeout 300\n\nMaildirStore near\n"
                "Path %s/mail/\nInbox %s/mail/INBOX\nSubFolders Verbatim\n\nChannel all\n"
                "Far :far:\nNear :near:\nPatterns %s\nSync Pull\nCreate Near\nExpunge Near\n"
                "SyncState *\n" %
                ("yes" if fsync else "no", port, user, server.v["CA"], folder, folder, pattern))
    os.chmod(rc, 0o600)
    return ["mbsync", "-q", "-c", rc, "all"]


def start_of(o, server, folder, peer, port, user):
    """What starts a peer that shows a list, and the words that wait for it."""
    rows = {"alpine": "[0-9]+/[0-9]+/[0-9]+", "aerc": "20[0-9][0-9]-[0-9]"}
    run = sh(os.path.join(HERE, "peers.sh"), peer, os.path.join(folder, "peers-" + user), "--port",
             str(port), "--ca", server.v["CA"], "--user", user).split()
    words = ["--rows", "40", "--timeout", "300", "--quit", "q"]
    if peer == "alpine":
        words += ["--answer", "PASSWORD:=secret<enter>"]
    row = rows.get(peer, "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9]")
    return run, words + ["--start", row]


def ready(run, words, label):
    """seconds until the list is there, None if it never was"""
    for line in keytime(words, run, label):
        if line["what"] == "start":
            return line["ready_ms"] / 1000
    return None


class Clients:
    """tern and its peers, each with a mailbox that it knows already."""

    def __init__(self, o, server, folder, link, user):
        self.how = {}
        home = tern_home(o, server, os.path.join(folder, "resync-" + user), user, port=link.port)
        self.home = home
        words = [o.tern, "--home", home, "sync"]
        sh(*words)
        self.how["tern"] = lambda: timed(words)[0]
        for peer in installed(o, "mbsync"):
            pull = mbsync(server, os.path.join(folder, "mbsync-" + user), link.port, user, False)
            sh(*pull)
            self.how[peer] = lambda: timed(pull)[0]
        for peer in installed(o, "mutt", "neomutt"):
            run, keys = start_of(o, server, folder, peer, link.port, user)
            ready(run, keys, peer)
            self.how[peer] = lambda run=run, keys=keys, peer=peer: ready(run, keys, peer)

    def each(self, o, link, before=lambda: None):
        """client -> (seconds, bytes up, bytes down), medians, at the link's delay"""
        results = {}
        for name, how in self.how.items():
            rows = []
            for _ in range(o.runs):
                before()
                link.take()
                spent = how()
                if spent is not None:
                    counts = link.take()
                    rows.append((spent, counts["up"], counts["down"]))
            if rows:
                results[name] = [median(x) for x in zip(*rows)]
        return results


def table(near, far, limit, limit_far):
    best = min((v[0] for k, v in near.items() if k != "tern"), default=float("nan"))
    for name, (spent, up, down) in near.items():
        slow = far.get(name, [float("nan")])[0]
        ratio = "%.2f of the best peer, %.1f of the limit" % (spent / best, spent / limit) \
            if name == "tern" else "%.1f of the limit" % (spent / limit)
        print("   %-8s %7.1f ms  up %7.1f kB  down %8.1f kB   with %d ms %7.1f ms: %4.1f round trips"
              "   %s" % (name, spent * 1000, up / 1e3, down / 1e3, RTT_MS, slow * 1000,
                         (slow - spent) * 1000 / RTT_MS, ratio))
    print("   %-8s %7.1f ms  %33s with %d ms %7.1f ms: %4.1f round trips" % (
        "limit", limit * 1000, "", RTT_MS, limit_far * 1000, (limit_far - limit) * 1000 / RTT_MS),
          flush=True)


# --- e, f, g ---------------------------------------------------------------------------

def counted(o, server, folder, home, user):
    """One more sync in the clear: (commands, seconds from the first one to the close)."""
    ledger = os.path.join(folder, "ledger")
    p = subprocess.Popen([os.path.join(HERE, "..", "faults", "imapfault.py"), "--upstream",
                          "127.0.0.1:" + server.v["IMAP_PORT"], "--mode", "pass", "--ledger", ledger],
                         stdout=subprocess.PIPE, text=True)
    try:
        port = p.stdout.readline().strip().partition("=")[2]
        copy = os.path.join(folder, "counted")
        shutil.copytree(home, copy)
        path = os.path.join(copy, "config", "accounts.d", user + ".conf")
        with open(path, encoding="utf-8") as f:
            text = re.sub(r"(?m)^(port|tls) *=.*\n", "", f.read())
        with open(path, "w", encoding="utf-8") as f:
            f.write(text + "port=%s\ntls=plain\n" % port)
        sh(o.tern, "--home", copy, "sync")
        time.sleep(0.2)
        shutil.rmtree(copy)
    finally:
        p.terminate()
        p.wait(10)
    with open(ledger, encoding="utf-8") as f:
        rows = [LEDGER_TIME.match(line).groups() for line in f if LEDGER_TIME.match(line)]
    os.unlink(ledger)
    commands = [r for r in rows if r[2] == ">"]
    closed = [float(r[0]) for r in rows if r[3].startswith("close")]
    spent = max(closed, default=float(rows[-1][0])) - float(commands[0][0])
    return [r[3] for r in commands], spent


def noop(o, server, folder):
    print("e  nothing changed in %d messages" % o.messages, flush=True)
    link = Link(("127.0.0.1", int(server.v["IMAPS_PORT"])))
    clients = Clients(o, server, folder, link, "bob")
    state = bare_state(server, link.port, "bob")
    limit = median([bare_resync(server, link.port, "bob", state) for _ in range(5)])
    near = clients.each(o, link)
    commands, spent = counted(o, server, folder, clients.home, "bob")
    link.delay = RTT_MS / 1000
    limit_far = median([bare_resync(server, link.port, "bob", state) for _ in range(3)])
    far = clients.each(o, link)
    table(near, far, limit, limit_far)
    print("   tern: %d commands, %.1f ms from the first one to the close" % (
        len(commands), spent * 1000), flush=True)
    link.delay = 0
    return clients, link


def many(o, server, folder):
    server.fill("dave", 100, BOXES, IN_BOX)
    link = Link(("127.0.0.1", int(server.v["IMAPS_PORT"])))
    home = tern_home(o, server, os.path.join(folder, "many"), "dave", port=link.port)
    words = [o.tern, "--home", home, "sync"]
    pull = mbsync(server, os.path.join(folder, "mbsync-many"), link.port, "dave", False, "*")
    runs = {"tern": words}
    if installed(o, "mbsync"):
        runs["mbsync"] = pull
    print("f  nothing changed in %d mailboxes" % BOXES, flush=True)
    for name, run in runs.items():
        sh(*run)
        sh(*run)
        link.take()
        near = median([timed(run)[0] for _ in range(o.runs)])
        counts = link.take()
        link.delay = RTT_MS / 1000
        far = timed(run)[0]
        link.delay = 0
        print("   %-8s %7.1f ms  up %7.1f kB  down %8.1f kB   with %d ms %7.1f ms: %5.1f round trips" % (
            name, near * 1000, counts["up"] / o.runs / 1e3, counts["down"] / o.runs / 1e3, RTT_MS,
            far * 1000, (far - near) * 1000 / RTT_MS))
    commands, spent = counted(o, server, folder, home, "dave")
    print("   tern: %d commands, %.1f ms from the first one to the close: %s" % (
        len(commands), spent * 1000, verbs(commands)), flush=True)


def verbs(commands):
    found = {}
    for c in commands:
        words = c.split()
        verb = " ".join(words[1:3] if words[1:2] == ["UID"] else words[1:2]) or words[0]
        found[verb] = found.get(verb, 0) + 1
    return ", ".join("%d %s" % (n, v) for v, n in found.items())


def change(server, user, rng):
    """What another client did meanwhile."""
    m = server.client(user)
    m.select("INBOX")
    uids = m.uid("SEARCH", "ALL")[1][0].decode().split()
    flagged = rng.sample(uids, DELTA_FLAGS)
    gone = rng.sample(sorted(set(uids) - set(flagged)), DELTA_GONE)
    m.uid("STORE", ",".join(flagged), "+FLAGS.SILENT" if rng.random() < 0.5 else "-FLAGS.SILENT",
          "(\\Flagged)")
    m.uid("STORE", ",".join(gone), "+FLAGS.SILENT", "(\\Deleted)")
    m.uid("EXPUNGE", ",".join(gone))
    for _ in range(DELTA_NEW):
        m.append("INBOX", None, None, message("delta %d" % rng.getrandbits(40)))
    m.logout()


def message(subject):
    return ("From: Ada <ada@example.org>\r\nTo: bob@example.org\r\nSubject: %s\r\n"
            "Message-ID: <%s@example.org>\r\nDate: %s\r\n\r\nhello\r\n" % (
                subject, subject.replace(" ", "."),
                time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime()))).encode()


def delta(o, server, folder, clients, link):
    rng = random.Random(7)
    print("g  %d flags, %d expunged, %d new in %d messages" % (
        DELTA_FLAGS, DELTA_GONE, DELTA_NEW, o.messages), flush=True)

    def limit():
        state = bare_state(server, link.port, "bob")
        change(server, "bob", rng)
        return bare_resync(server, link.port, "bob", state)
    floor = median([limit() for _ in range(3)])
    near = clients.each(o, link, lambda: change(server, "bob", rng))
    link.delay = RTT_MS / 1000
    floor_far = limit()
    far = clients.each(o, link, lambda: change(server, "bob", rng))
    link.delay = 0
    table(near, far, floor, floor_far)


# --- h: delivery to the screen ---------------------------------------------------------

class Idler(threading.Thread):
    """A socket that idles and knows nothing else: when did the server tell?"""

    def __init__(self, server, user, box):
        super().__init__(daemon=True)
        self.bare = Bare(server, int(server.v["IMAPS_PORT"]), user)
        self.bare.run(b"SELECT " + box.encode())
        self.bare.send(b"IDLE")
        self.bare.line()
        self.heard = threading.Event()
        self.start()

    def run(self):
        try:
            while line := self.bare.line():
                if b"EXISTS" in line:
                    self.when = time.monotonic()
                    self.heard.set()
        except OSError:
            pass


def screen_of(command):
    o = argparse.Namespace(size="160x50", quiet=100, raw=None, env=[], program=command, timeout=60,
                           patience=1, rows=1, label=None, quit="q")
    return pty_model.Run(o)


def wait_changed(run, seen, limit):
    """When the screen came to satisfy seen(lines); None if it did not in time."""
    end = time.monotonic() + limit
    while not seen(run.screen.lines()):
        got = run.read(end - time.monotonic())
        if not got:
            return None
        run.screen.feed(got[1])
        last = got[0]
        if seen(run.screen.lines()):
            return last
    return time.monotonic()


def arrivals(run, server, user, box, seen_for):
    idler, m = Idler(server, user, box), server.client(user)
    rows = []
    for i in range(DELIVERIES):
        wait_changed(run, lambda lines: False, 3)      # quiet
        idler.heard.clear()
        subject = "arrival %d in %s" % (i, box)
        seen = seen_for(run, subject)
        m.append(box, None, None, message(subject))
        begin = time.monotonic()
        when = wait_changed(run, seen, ARRIVAL_S)
        told = idler.when - begin if idler.heard.wait(ARRIVAL_S) else float("nan")
        rows.append((when - begin if when else float("nan"), told))
    m.logout()
    return rows


def subject_seen(run, subject):
    return lambda lines: any(subject in line for line in lines)


def sidebar_seen(box):
    def seen_for(run, subject):
        old = left_side(run.screen.lines(), box)
        return lambda lines: left_side(lines, box) != old
    return seen_for


def left_side(lines, box):
    """The mailbox's line in the sidebar."""
    return [line.partition("│")[0].rstrip() for line in lines if box in line.partition("│")[0]]


def delivery(o, server, folder):
    server.fill("erin", 1000)
    home = tern_home(o, server, os.path.join(folder, "arrival"), "erin")
    sh(o.tern, "--home", home, "sync")
    print("h  delivery (end of APPEND) to the screen, %d each" % DELIVERIES, flush=True)
    for box, seen_for, how in (("INBOX", subject_seen, "row"),
                               ("Archive", sidebar_seen("Archive"), "count in the sidebar")):
        run = screen_of([o.tern, "--home", home])
        try:
            run.wait_for("[0-9]")
            wait_changed(run, lambda lines: False, 8)
            rows = arrivals(run, server, "erin", box, seen_for)
        except pty_model.Failed as why:
            print("   tern     %s: %s" % (box, why))
            continue
        finally:
            run.finish()
        shown, told = [[x for x in column if x == x] for column in zip(*rows)]
        print("   tern     %-8s %s: median %4.0f ms, most %4.0f ms (%d of %d seen); a raw socket that"
              " idles %4.0f ms: limit + %.0f ms" % (
                  box, how, median(shown) * 1000, max(shown, default=float("nan")) * 1000, len(shown),
                  len(rows), median(told) * 1000, (median(shown) - median(told)) * 1000), flush=True)


# --- i, j, k ---------------------------------------------------------------------------

def compressed(o, folder):
    n = min(2000, o.messages)
    server = Dovecot(os.path.join(folder, "dovecot-deflate"), COMPRESS="1")
    print("i  first sync of %d messages over %.0f kbit/s" % (n, RATE / 1e3), flush=True)
    results = {}
    try:
        server.fill("alice", n)
        link = Link(("127.0.0.1", int(server.v["IMAPS_PORT"])))
        sh(o.tern, "--home", tern_home(o, server, os.path.join(folder, "warm"), "alice"), "sync")
        for word in "no", "yes":
            home = tern_home(o, server, os.path.join(folder, "deflate-" + word), "alice",
                             port=link.port, more="compress=%s\n" % word)
            link.take()
            link.rate = RATE
            spent = timed([o.tern, "--home", home, "sync"])[0]
            link.rate = 0
            counts = link.take()
            results[word] = (spent, counts["up"] + counts["down"])
            print("   compress=%-3s %7.2f s  up %7.1f kB  down %8.1f kB" % (
                word, spent, counts["up"] / 1e3, counts["down"] / 1e3), flush=True)
    finally:
        server.stop()
    print("   without / with: %.2f of the bytes, %.2f of the time" % (
        results["no"][1] / results["yes"][1], results["no"][0] / results["yes"][0]), flush=True)


def bodies(o, server, folder, raw):
    print("j  the bodies of %d messages" % o.messages, flush=True)
    port = int(server.v["IMAPS_PORT"])
    fetched = [float(re.search(r'"fetch_s": ?([0-9.]+)', sh(
        raw, "-c", "500", "-d", "2", "localhost", str(port), server.v["CA"], "bob", "secret",
        "BODY.PEEK[]"))[1]) for _ in range(2)][-1]
    print("   raw read      %7.2f s" % fetched, flush=True)
    peers = {}
    ways = (False, True) if o.messages <= FSYNC_MAX else (False,)
    for fsync in ways if installed(o, "mbsync") else ():
        where = os.path.join(folder, "mbsync-bodies")
        shutil.rmtree(where, ignore_errors=True)
        spent, cpu, _ = timed(mbsync(server, where, port, "bob", fsync))
        shutil.rmtree(where)
        peers[fsync] = spent
        print("   mbsync, fsync %-3s %5.2f s (%.0f/s, CPU %.2f s)" % (
            "yes" if fsync else "no", spent, o.messages / spent, cpu), flush=True)
    home = tern_home(o, server, os.path.join(folder, "bodies"), "bob")
    help_text = sh(o.tern, "help", "sync")
    if "--bodies" not in help_text:
        print("   tern: no sync --bodies")
        return
    sh(o.tern, "--home", home, "sync")
    spent, cpu, rss = timed([o.tern, "--home", home, "sync", "--bodies"])
    size = sum(os.path.getsize(os.path.join(w, n)) for w, _, names in os.walk(home) for n in names)
    shutil.rmtree(home)
    print("   tern          %7.2f s (%.0f/s, CPU %.2f s, peak %.1f MiB, %.0f MB on disk): %.2f of the"
          " raw read, %s of mbsync without and %s with fsync" % (
              spent, o.messages / spent, cpu, rss / 1024, size / 1e6, spent / fetched,
              "%.2f" % (spent / peers[False]) if peers else "-",
              "%.2f" % (spent / peers[True]) if True in peers else "-"), flush=True)


def first_page(o, server, folder, row):
    print("k  start to the first page, nothing stored, %d messages" % o.messages, flush=True)
    link = Link(("127.0.0.1", int(server.v["IMAPS_PORT"])))
    starts = {}
    for peer in installed(o, "alpine", "aerc"):
        run, words = start_of(o, server, folder, peer, link.port, "bob")
        starts[peer] = (run + (["--cold"] if peer == "aerc" else []), words)
    cases = [("warm server", 0, False), ("%d ms round trip" % RTT_MS, RTT_MS, False),
             ("cold server cache", 0, True)]
    for label, delay, cold in cases:
        for peer in ["tern"] + list(starts):
            times = []
            for i in range(1 if cold else o.runs):
                if cold:
                    server.forget("bob")
                link.delay = delay / 1000
                if peer == "tern":
                    home = tern_home(o, server, os.path.join(folder, "page%d" % i), "bob",
                                     port=link.port)
                    times.append(ready([o.tern, "--home", home],
                                       ["--rows", "40", "--timeout", "300", "--start", row], peer))
                    shutil.rmtree(home)
                else:
                    times.append(ready(*starts[peer], peer))
            times = [t for t in times if t is not None]
            print("   %-18s %-8s %8.1f ms" % (label, peer, median(times) * 1000), flush=True)
    link.delay = 0
    sh(os.path.join(HERE, "..", "support", "dovecot.sh"), "adm", server.folder, "index", "-u", "bob",
       "INBOX")


def run(o, server, folder, raw, row):
    """The parts that o.only names."""
    if set("eg") & set(o.only):
        clients, link = noop(o, server, folder)
        if "g" in o.only:
            delta(o, server, folder, clients, link)
        link.stop()
    for part, how in (("f", lambda: many(o, server, folder)),
                      ("h", lambda: delivery(o, server, folder)),
                      ("i", lambda: compressed(o, folder)),
                      ("j", lambda: bodies(o, server, folder, raw)),
                      ("k", lambda: first_page(o, server, folder, row))):
        if part in o.only:
            try:
                how()
            except (SystemExit, OSError, subprocess.SubprocessError) as why:
                print("   %s: did not get that far: %s" % (part, why), flush=True)
