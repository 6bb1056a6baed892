# reading.py - the parts n to q of the benchmark: what it costs to read a mail
#
# n  a mail that is here already: key to paint, from the list and going on from one
#    to the next, usual mails of 5 KB and HTML of 100 KB, beside mutt, neomutt, alpine
#    and aerc, which are not set up to render HTML (peers.sh): they do less there.
#    The memory of tern and of its reader process behind that.
# o  a mail that is not: over a line of 50 ms, the key to its text, and the same with
#    an attachment of 20 MB, with the bytes that came, beside mutt and neomutt.
# p  parsing and rendering, in MB/s, in the process and through the reader process,
#    and HTML beside w3m (html.py).
# q  n while a first synchronisation of N messages writes.
#
# All of n and q are cached: every mail is opened once before anything is measured.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import base64
import os
import sqlite3
import subprocess
import sys
import time

from benchrig import HERE, Dovecot, sh, tern_home
from keytime import Failed, keys, percentile
from link import Link
from resync import RTT_MS, installed, median, screen_of

OPENS = 100             # of one figure
QUIET_MS = 60           # an answer is over
LARGE = 20 << 20        # bytes of the attachment
FAR_OPENS = 11          # over the line
SYNC_OPENS = 400        # most while a synchronisation writes
MEMORY_OPENS = 200
LOADED_MS = 10          # quiet enough while a synchronisation paints how far it is
LEAD = 3                # rows between two mails of o: the one behind an open mail is fetched ahead
MONTH = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9]"
# a row of the list, to the newest, older and newer one while one is open, older one in the list, back
PEERS = {
    "mutt": (MONTH, "*", "K", "J", "k", "i"),
    "neomutt": (MONTH, "*", "K", "J", "k", "i"),
    "alpine": ("[0-9]+/[0-9]+/[0-9]+", None, "p", "n", "p", "i"),
    "aerc": ("20[0-9][0-9]-[0-9]", None, "J", "K", "j", "q"),
}
# of a server of its own: who has which mail
USUAL, HTML, BIG, FIRST = "alice", "bob", "carol", "dave"
KINDS = ((USUAL, "usual mails of 5 KB", 4), (HTML, "HTML of 100 KB", 16))


# --- the mails -------------------------------------------------------------------------

SENTENCE = ("The deadline of the contract is near, and the estimate for the garden of the"
            " museum has not been sent yet. ")


def head(i, kind, size):
    return ("Received: from mx.example.org by mail.example.com; Mon, 2 Nov 2026 10:00:00 +0000\n"
            "From: Ada Lovelace <ada@example.org>\nTo: Grace <grace@example.com>\n"
            "Subject: %s %d\nMessage-ID: <%s.%d.%d@example.org>\n"
            "Date: Mon, 2 Nov 2026 10:%02d:%02d +0000\nMIME-Version: 1.0\n"
            % (kind, i, kind, i, size, i // 60 % 60, i % 60))


def usual(i):
    """A third each: plain with a quote, quoted-printable in UTF-8, text with HTML beside it."""
    own = "word%d begins this mail.\n\n" % i + (SENTENCE + "\n") * 12
    if i % 3 == 0:
        quoted = "".join("> " + SENTENCE + "\n" for _ in range(24))
        body = "Content-Type: text/plain; charset=us-ascii\n\n" + own + "\nAda wrote:\n" + quoted
    elif i % 3 == 1:
        body = ("Content-Type: text/plain; charset=utf-8\n"
                "Content-Transfer-Encoding: quoted-printable\n\n"
                + own + "Gr=C3=BC=C3=9Fe aus K=C3=B6ln, =\nund bis bald.\n" * 60)
    else:
        page = "<html><body>%s</body></html>\n" % "".join(
            "<p>%s</p>\n" % SENTENCE for _ in range(12))
        body = ("Content-Type: multipart/alternative; boundary=b\n\n--b\n"
                "Content-Type: text/plain; charset=utf-8\n\n" + own
                + "\n--b\nContent-Type: text/html; charset=utf-8\n\n" + page + "\n--b--\n")
    return (head(i, "usual", 5) + body).encode()


def html(i, size=100000):
    """As shops send it: tables in tables, styles everywhere, links with long addresses."""
    cells, n = ["<p>word%d begins this mail.</p>" % i], 0
    while sum(map(len, cells)) < size:
        n += 1
        cells.append(
            '<table role="presentation" width="600" cellpadding="0" style="border-collapse:collapse;'
            'margin:0 auto"><tr><td style="padding:12px;font-family:Arial,sans-serif;color:#333">'
            '<h2 style="margin:0">Offer %d &ndash; only today</h2><p style="line-height:1.5">%s</p>'
            '<img src="https://img.example.org/%d.png" alt="A picture of it" width="280"><ul><li>one'
            '<li>two &amp; three</ul><a href="https://shop.example.org/item/%d?utm_source=mail&amp;'
            'utm_campaign=%040d" style="background:#c00;color:#fff;padding:8px"><b>Look at it</b></a>'
            '</td></tr></table>\n' % (n, SENTENCE * 3, n, n, i * 1000 + n))
    page = ("<!DOCTYPE html><html><head><meta charset=utf-8><style>p{margin:0}a{color:#c00}"
            "</style></head><body>%s</body></html>\n" % "".join(cells))
    return (head(i, "html", 100) + "Content-Type: text/html; charset=utf-8\n"
            "Content-Transfer-Encoding: 8bit\n\n" + page).encode()


def large(i):
    data = base64.encodebytes(os.urandom(LARGE)).decode()
    return (head(i, "large", 20) + "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
            "Content-Type: text/plain\n\nword%d begins this mail.\n\n--b\n"
            "Content-Type: application/pdf; name=x.pdf\n"
            "Content-Disposition: attachment; filename=x.pdf\n"
            "Content-Transfer-Encoding: base64\n\n%s\n--b--\n" % (i, data)).encode()


def deliver(server, user, mails):
    """Into the INBOX, newer than all that is there, read already."""
    cur = os.path.join(server.v["MAIL"], user, "Maildir", "cur")
    os.makedirs(cur, exist_ok=True)
    now = int(time.time())
    for k, data in enumerate(mails):
        size, wide = len(data), len(data) + data.count(b"\n")
        path = os.path.join(cur, "%d.P1Q%d.host,S=%d,W=%d:2,S" % (now, k, size, wide))
        with open(path, "wb") as f:
            f.write(data)
        os.utime(path, (now - 100000 + k, now - 100000 + k))
    dovecot = os.path.join(HERE, "..", "support", "dovecot.sh")
    sh(dovecot, "own", server.folder)
    sh(dovecot, "adm", server.folder, "index", "-u", user, "INBOX")


# --- a program in its terminal ---------------------------------------------------------

class Opener:
    """A program whose list is there, and whose keys open mails."""

    def __init__(self, command, row, newest, forth, back, older, leave, password=False):
        self.forth, self.back, self.older, self.leave = forth, back, older, leave
        self.run = screen_of(command)
        self.run.quiet = QUIET_MS / 1000
        if password:
            self.run.wait_for("PASSWORD:")
            self.run.write("secret\r")
        self.run.wait_for(row, 40)
        self.rest(1.5)
        if newest:
            self.send(newest)

    def rest(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.run.collect(left, 0.001)

    def send(self, what):
        self.run.settle()
        self.run.write(keys(what))
        self.run.collect(self.run.o.patience, self.run.quiet)

    def press(self, what):
        """(ms to the first byte, to the last before it is quiet); None if nothing came"""
        begin = self.run.write(keys(what))
        got = self.run.collect(self.run.o.patience, self.run.quiet)
        if self.run.ended:
            raise Failed("the program ended")
        return ((got[0][0] - begin) * 1e3, (got[-1][0] - begin) * 1e3) if got else None

    def many(self, what, n):
        self.run.settle()
        return [x for x in (self.press(what) for _ in range(n)) if x]

    def opened(self, n):
        """From the list, each one older than the one before."""
        rows = []
        for _ in range(n):
            rows.append(self.press("<enter>"))
            self.send(self.leave)
            self.send(self.older)
        return [x for x in rows if x]

    def shows(self, regex, what="<enter>"):
        """ms from the key until a line of the screen is that."""
        self.run.settle()
        begin = self.run.write(keys(what))
        return (self.run.wait_for(regex) - begin) * 1e3

    def memory(self):
        """MiB in use: of the program, of its children"""
        mine = self.run.status(self.run.pid, "VmRSS")
        pids = [int(p) for p in os.listdir("/proc") if p.isdigit()]
        theirs = sum(self.run.status(p, "VmRSS") for p in pids
                     if self.run.status(p, "PPid") == self.run.pid)
        return mine / 1024, theirs / 1024


def tern_opener(o, home, row):
    return Opener([o.tern, "--home", home], row, "gg", "J", "K", "j", "q")


def peer_opener(server, folder, peer, user, port):
    run = sh(os.path.join(HERE, "peers.sh"), peer, os.path.join(folder, "peers-" + user), "--port",
             str(port), "--ca", server.v["CA"], "--user", user).split()
    return Opener(run, *PEERS[peer], password=peer == "alpine")


def tell(who, what, rows, target=None):
    if not rows:
        print("   %-8s %-22s nothing came" % (who, what), flush=True)
        return
    first, last = zip(*rows)
    p99 = percentile(last, 99)
    print("   %-8s %-22s n %3d  first byte p50 %6.2f p99 %6.2f   last byte p50 %6.2f p99 %6.2f ms%s" % (
        who, what, len(rows), percentile(first, 50), percentile(first, 99), percentile(last, 50), p99,
        "" if target is None else "   target %d: %s" % (target, "met" if p99 < target else "MISSED")),
          flush=True)


# --- n and q ---------------------------------------------------------------------------

def cached(who, opener, target=None):
    """Opens all once, then what is measured: back, on, and from the list."""
    opener.send("<enter>")
    opener.many(opener.forth, OPENS)        # they are here from now on
    tell(who, "back to a newer one", opener.many(opener.back, OPENS), target)
    tell(who, "on to an older one", opener.many(opener.forth, OPENS), target)
    opener.many(opener.back, OPENS)
    opener.send(opener.leave)
    tell(who, "from the list", opener.opened(OPENS), target)


def measured(who, start, how):
    """Runs a program as far as it gets."""
    opener = None
    try:
        opener = start()
        how(opener)
    except Failed as why:
        print("   %-8s did not get that far: %s" % (who, why), flush=True)
    finally:
        if opener:
            opener.run.finish()


def remember(opener):
    opener.send("gg")
    opener.send("<enter>")
    opener.many(opener.forth, OPENS)
    opener.many(opener.back, MEMORY_OPENS - OPENS)
    print("   tern     memory behind %d mails: %.1f MiB, the reader process %.1f MiB" % (
        (MEMORY_OPENS,) + opener.memory()), flush=True)


def open_cached(o, server, folder, row):
    print("n  open a mail that is here, key to paint, %d messages in the mailbox" % o.messages)
    for user, what, target in KINDS:
        print("   %s, load %.1f" % (what, os.getloadavg()[0]), flush=True)
        home = tern_home(o, server, os.path.join(folder, "read-" + user), user)
        sh(o.tern, "--home", home, "sync")

        def whole(opener, target=target):
            cached("tern", opener, target)
            remember(opener)
        for _ in range(o.runs):
            measured("tern", lambda home=home: tern_opener(o, home, row), whole)
        for peer in installed(o, *PEERS):
            measured(peer, lambda user=user, peer=peer: peer_opener(
                server, folder, peer, user, server.v["IMAPS_PORT"]),
                     lambda opener, peer=peer: cached(peer, opener))


def stored(home):
    """Messages in the store."""
    c = sqlite3.connect("file:%s/data/tern.db?mode=ro" % home, uri=True, timeout=10)
    try:
        return c.execute("SELECT count(*) FROM message").fetchone()[0]
    finally:
        c.close()


def while_it_writes(o, server, folder, row):
    home = tern_home(o, server, os.path.join(folder, "writes"), USUAL)
    print("q  open a mail that is here while a first sync of %d messages writes" % o.messages, flush=True)
    sh(o.tern, "--home", home, "sync")

    def fill(opener):
        opener.send("<enter>")
        opener.many("J", OPENS)
    measured("tern", lambda: tern_opener(o, home, row), fill)
    before = stored(home)
    tern_home(o, server, home, FIRST)

    def writing(opener):
        rows, end = [], before + o.messages
        opener.run.quiet = LOADED_MS / 1000
        opener.press("<enter>")
        begun, ended = stored(home), before
        for k in range(SYNC_OPENS // 10):
            rows += [x for x in (opener.press("JK"[k // 5 % 2]) for _ in range(10)) if x]
            ended = stored(home)
            if ended >= end:
                break
        # to the first byte: a later one may be the progress that the sync paints
        tell("tern", "while it writes", [(first, first) for first, _ in rows], 16)
        print("   tern     messages stored meanwhile: %d to %d of %d" % (
            begun - before, ended - before, o.messages), flush=True)

    measured("tern", lambda: tern_opener(o, home, row), writing)


# --- o ---------------------------------------------------------------------------------

def far_opens(who, opener, link, n):
    """ms and bytes of each mail that is opened, LEAD rows apart"""
    rows = []
    opener.rest(1)
    for _ in range(n):
        link.take()
        spent = opener.shows("word[0-9]+ begins")
        opener.rest(0.5)
        rows.append((spent, link.take()["down"]))
        opener.send(opener.leave)
        for _ in range(LEAD):
            opener.send(opener.older)
    print("   %-8s text on the screen after %7.1f ms (most %7.1f), %9.0f bytes down" % (
        who, median([r[0] for r in rows]), max(r[0] for r in rows), median([r[1] for r in rows])),
          flush=True)


def open_far(o, server, folder, row):
    link = Link(("127.0.0.1", int(server.v["IMAPS_PORT"])))
    for user, n, what in ((USUAL, FAR_OPENS, "5 KB"), (BIG, 1, "an attachment of 20 MB")):
        print("o  open a mail that is not here over a line of %d ms: %s" % (RTT_MS, what), flush=True)
        for k in range(o.runs if n == 1 else 1):
            link.delay = 0
            home = tern_home(o, server, os.path.join(folder, "far-%s%d" % (user, k)), user,
                             port=link.port, more="cache=no\n")
            sh(o.tern, "--home", home, "sync")
            link.delay = RTT_MS / 1000
            measured("tern", lambda: tern_opener(o, home, row),
                     lambda opener: far_opens("tern", opener, link, n))
        for peer in installed(o, "mutt", "neomutt"):
            measured(peer, lambda: peer_opener(server, os.path.join(folder, "far"), peer, user, link.port),
                     lambda opener: far_opens(peer, opener, link, n))
    link.stop()


# --- p ---------------------------------------------------------------------------------

def rates(o):
    print("p  parse and render", flush=True)
    built = os.path.dirname(o.storebench)
    for words in ([os.path.join(built, "readbench")],
                  [sys.executable, os.path.join(HERE, "html.py"), "--bench",
                   os.path.join(built, "htmlbench")]):
        for line in sh(*words).splitlines():
            print("   " + line, flush=True)


def prepare(o, server):
    count = 3 * OPENS // 2
    if set("noq") & set(o.only):
        server.fill(USUAL, o.messages)
        deliver(server, USUAL, [usual(i) for i in range(count)])
    if "n" in o.only:
        server.fill(HTML, o.messages)
        deliver(server, HTML, [html(i) for i in range(count)])
    if "o" in o.only:
        deliver(server, BIG, [usual(i) for i in range(count)] + [large(count)])
    if "q" in o.only:
        server.fill(FIRST, o.messages)


def run(o, folder, row):
    """The parts that o.only names, with a server of their own."""
    if not set("nopq") & set(o.only):
        return
    server = Dovecot(os.path.join(folder, "dovecot-reading"))
    try:
        prepare(o, server)
        for part, how in (("n", lambda: open_cached(o, server, folder, row)),
                          ("o", lambda: open_far(o, server, folder, row)),
                          ("p", lambda: rates(o)),
                          ("q", lambda: while_it_writes(o, server, folder, row))):
            if part in o.only:
                try:
                    how()
                except (SystemExit, OSError, subprocess.SubprocessError) as why:
                    print("   %s: did not get that far: %s" % (part, why), flush=True)
    finally:
        server.stop()
