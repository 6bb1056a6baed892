# servers.py - the servers of the conformance table: how each is started, how
# one logs in to it, and in what it differs from the others
#
# SPDX-License-Identifier: GPL-3.0-or-later

import imaplib
import os
import socket
import ssl
import subprocess
import sys
import time

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")
sys.path.insert(0, SUPPORT)
import imapcheck  # noqa: E402

COMMAND_S = 60
TICK_S = 1.1            # a UIDVALIDITY is mostly the time in seconds
SESSIONS_S = 10         # until the processes of sessions that were left have ended
PAUSE_S = 0.02


class Refused(Exception):
    """The server under test cannot do what a scenario needs."""


class Prompt(imaplib.IMAP4):
    """Acknowledges at once: some servers send an answer in pieces and wait for that."""

    def readline(self):
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        return super().readline()


class Server:
    """A server and an independent session to it; mailboxes have plain names here."""
    script = None
    words = ()              # of the script, behind DIR
    environment = {}
    user = "alice"
    prefix = ""             # of every mailbox but INBOX
    tries = 1               # so many runs of tern may be needed
    sizes = True            # a message keeps its size
    lasting = True          # an empty mailbox keeps its UIDVALIDITY
    keywords = True
    copies = True           # COPY keeps the flags and the size
    more = 0                # messages in the inbox, besides those of all servers

    def __init__(self, folder):
        self.folder = folder
        self.session = None
        self.v = {}
        self.start()

    def run(self, *words, good=(0,)):
        out = subprocess.run([os.path.join(SUPPORT, self.script), *words], timeout=COMMAND_S,
                             env={**os.environ, **self.environment}, text=True,
                             stdin=subprocess.DEVNULL, capture_output=True)
        if out.returncode == 77 and words[0] == "start":
            print("skipped: " + out.stderr.strip())
            sys.exit(77)
        if out.returncode not in good:
            raise SystemExit("%s: %s" % (self.script, out.stderr))
        return out.stdout

    def start(self):
        for line in self.run("start", self.folder, *self.words).splitlines():
            name, _, value = line.partition("=")
            self.v[name] = value.strip("'\"")

    def stop(self):
        self.leave()
        self.run("stop", self.folder)

    def proof(self):
        """Why the server was not what the test wants, or None."""
        return None

    def account(self):
        """The options of `tern account add` for it."""
        return ["--host", "127.0.0.1", "--port", self.v["IMAP_PORT"], "--tls", "plain",
                "--user", self.user]

    # --- the independent session -------------------------------------------

    def connect(self):
        return Prompt("127.0.0.1", int(self.v["IMAP_PORT"]), timeout=COMMAND_S)

    def other(self):
        if not self.session:
            m = self.connect()
            m.login(self.user, "secret")
            m.capabilities = tuple(imapcheck.ok(m.capability())[-1].decode().upper().split())
            self.session = m
        return self.session

    def leave(self):
        if self.session:
            try:
                self.session.logout()
            except (OSError, imaplib.IMAP4.error):
                pass
        self.session = None

    def path(self, name):
        return name if name == "INBOX" else self.prefix + name

    def shown(self, name):
        """The name as tern shows it."""
        return self.path(name).replace(".", "/") if self.prefix else name

    def has(self, name):
        return self.path(name) in [n for n, _ in imapcheck.mailboxes(self.other())]

    def create(self, name):
        imapcheck.ok(self.other().create(imapcheck.encode_name(self.path(name))))
        self.other().subscribe(imapcheck.encode_name(self.path(name)))

    def delete(self, name):
        self.close()
        self.other().unsubscribe(imapcheck.encode_name(self.path(name)))
        imapcheck.ok(self.other().delete(imapcheck.encode_name(self.path(name))))

    def rename(self, name, new):
        self.close()
        imapcheck.ok(self.other().rename(imapcheck.encode_name(self.path(name)),
                                         imapcheck.encode_name(self.path(new))))

    def close(self):
        """No mailbox stays selected; not with CLOSE, which expunges."""
        self.leave()

    def append(self, name, message, flags=""):
        imapcheck.ok(self.other().append(imapcheck.encode_name(self.path(name)),
                                         "(%s)" % flags if flags else None, None, message))

    def select(self, name):
        return imapcheck.select(self.other(), self.path(name), False)

    def uid(self, name, ident):
        """The number of a message in a mailbox, which is open afterwards."""
        if self.select(name):
            for message in imapcheck.messages(self.other()):
                if message["message_id"] == "<%s>" % ident:
                    return str(message["uid"])
        raise Refused("%s is not in %s" % (ident, name))

    def flag(self, name, ident, *flags):
        uid = self.uid(name, ident)
        for f in flags:
            imapcheck.ok(self.other().uid("STORE", uid, f[0] + "FLAGS.SILENT", "(%s)" % f[1:]))

    def expunge(self, name, *idents):
        for ident in idents:
            uid = self.uid(name, ident)
            imapcheck.ok(self.other().uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)"))
        imapcheck.ok(self.other().expunge())

    def move(self, name, ident, target):
        uid = self.uid(name, ident)
        imapcheck.ok(self.other().uid("COPY", uid, imapcheck.encode_name(self.path(target))))
        self.expunge(name, ident)

    def uidvalidity(self, name):
        self.select(name)
        return imapcheck.number(self.other(), "UIDVALIDITY")

    def renumber(self, name, messages):
        """A new UIDVALIDITY; here by making the mailbox again with the same messages."""
        before = self.uidvalidity(name)
        self.delete(name)
        time.sleep(TICK_S)
        self.create(name)
        for message in messages:
            self.append(name, message)
        if self.uidvalidity(name) == before:
            raise Refused("the UIDVALIDITY does not change")

    def picture(self):
        """name -> {uid: (flags, message id, size)}, as a fresh session sees it."""
        self.leave()
        shown = {}
        for name, attributes in imapcheck.mailboxes(self.other()):
            shown[name] = {}
            if {"\\noselect", "\\nonexistent"} & {a.lower() for a in attributes}:
                continue
            if imapcheck.select(self.other(), name, True):
                for m in imapcheck.messages(self.other()):
                    shown[name][m["uid"]] = (tuple(sorted(f.lower() for f in m["flags"])),
                                             m["message_id"],
                                             m["size"] if self.sizes else None)
        self.leave()
        return shown


class Dovecot(Server):
    script = "dovecot.sh"
    environment = {"COMPRESS": "1"}

    def account(self):
        return ["--host", "localhost", "--port", self.v["IMAPS_PORT"], "--tls", "implicit",
                "--ca-file", self.v["CA"], "--user", self.user]

    def connect(self):
        return imaplib.IMAP4_SSL("localhost", int(self.v["IMAPS_PORT"]), timeout=COMMAND_S,
                                 ssl_context=ssl.create_default_context(cafile=self.v["CA"]))

    def renumber(self, name, messages):
        new = self.uidvalidity(name) + 1000
        self.leave()
        self.run("adm", self.folder, "mailbox", "update", "-u", "alice", "--uid-validity",
                 str(new), name)
        if self.uidvalidity(name) != new:
            raise Refused("the UIDVALIDITY does not change")


class Courier(Server):
    script = "courier.sh"
    prefix = "INBOX."


class Cyrus(Server):
    script = "cyrus.sh"


class Imap4d(Server):
    script = "imap4d.sh"
    user = "alice@localhost"
    sizes = False           # flags and numbers are fields of the mbox file, and counted
    lasting = False         # there is no message to keep it in
    keywords = False
    copies = False

    def leave(self):
        """And no session runs any more: the lock file of one is a mailbox to the others."""
        super().leave()
        end = time.monotonic() + SESSIONS_S
        while self.sessions() and time.monotonic() < end:
            time.sleep(PAUSE_S)

    def sessions(self):
        out = subprocess.run(["ps", "-o", "stat=", "--ppid", self.v["PID"]], text=True,
                             timeout=COMMAND_S, stdin=subprocess.DEVNULL, capture_output=True)
        return [state for state in out.stdout.split() if state[0] != "Z"]


class Hoodiecrow(Server):
    script = "hoodiecrow.sh"


class Shaper(Server):
    script = "shaper.sh"

    def connect(self):
        return imaplib.IMAP4("127.0.0.1", int(self.v["BACKEND_PORT"]), timeout=COMMAND_S)

    def renumber(self, name, messages):
        new = self.uidvalidity(name) + 1000
        self.leave()
        subprocess.run([os.path.join(SUPPORT, "dovecot.sh"), "adm", self.folder + "/backend",
                        "mailbox", "update", "-u", "alice", "--uid-validity", str(new), name],
                       check=True, timeout=COMMAND_S)
        if self.uidvalidity(name) != new:
            raise Refused("the UIDVALIDITY does not change")


class ShaperB(Shaper):
    words = ("B",)


class ShaperC(Shaper):
    words = ("C",)


class ShaperD(Shaper):
    words = ("D",)


class ShaperDrop(Shaper):
    words = ("DROP", "200")
    more = 150              # more than ever comes through one connection
    tries = 12

    def proof(self):
        with open(self.v["LOG"]) as log:
            return None if "dropped" in log.read() else "no connection broke"


ALL = {
    "dovecot-A": Dovecot, "courier": Courier, "cyrus": Cyrus, "imap4d": Imap4d,
    "hoodiecrow": Hoodiecrow, "shaper-B": ShaperB, "shaper-C": ShaperC, "shaper-D": ShaperD,
    "shaper-DROP": ShaperDrop,
}
