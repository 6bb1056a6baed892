# ledgerrig.py - one worker of lostanswer.py: a scripted server, tern with homes
# to start from, and the judgement about what became of the wishes
#
# SPDX-License-Identifier: GPL-3.0-or-later

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from ledgerserver import Server
from ledgerworld import Mail, World, field
from syncrig import Broken, without_account

COMMAND_S = 30
ROUNDS_MAX = 6          # so often tern may need to empty its queue
BOXES = {"INBOX": 20, "Archive": 4, "Trash": 4, "Junk": 2, "Sent": 2, "Drafts": 1,
         "Work": 5, "Work/Old": 3}
USES = {b: "\\" + b for b in ("Archive", "Trash", "Junk", "Sent", "Drafts")}


def message(number, ident=True, words="nothing"):
    """All are of the same size as far as their numbers have the same length."""
    name = "Message-ID: <%05d@ledger.example>\r\n" % number if ident else ""
    return ("From: Ann Example <ann@example.org>\r\nTo: Bob <bob@example.org>\r\n"
            "Subject: message %05d\r\n%sDate: Tue, 01 Jul 2025 10:00:00 +0000\r\n\r\n"
            "%s of importance %05d\r\n" % (number, name, words, number)).encode()


def first_world():
    world, number = World(), 0
    for path, n in BOXES.items():
        world.create("setup", path, USES.get(path, ""))
        for i in range(n):
            number += 1
            flags = {f for f, every in (("\\Seen", 2), ("\\Flagged", 3), ("work", 5),
                                        ("\\Answered", 7)) if number % every == 0}
            if i in (1, 6):
                flags.add("\\Deleted")  # somebody else's: marked and not to be touched
            world.arrive("setup", path, Mail("m%05d" % number,
                                             message(number, ident=number % 10 != 4), flags))
    world.subscribed = {"INBOX", "Archive", "Work"}
    return world


class Program:
    """Tern, forked for each run by ternfork.c."""

    def __init__(self, program, folder):
        self.sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(COMMAND_S)
        self.process = subprocess.Popen([program], stdin=theirs)
        theirs.close()
        self.files = [os.path.join(folder, "out"), os.path.join(folder, "err")]
        self.pid, self.started = None, threading.Event()

    def close(self):
        self.sock.close()
        self.process.wait(COMMAND_S)

    def run(self, words):
        """(exit code, output, errors); a negative code is a signal."""
        self.started.clear()
        self.sock.send(b"".join(os.fsencode(w) + b"\0" for w in (*self.files, "tern", *words)))
        self.pid = int(self.sock.recv(32))
        self.started.set()
        try:
            status = int(self.sock.recv(32))
        except TimeoutError as e:
            self.kill()
            self.sock.recv(32)
            raise Broken("tern %s: no end after %d s" % (" ".join(words), COMMAND_S)) from e
        said = []
        for name in self.files:
            with open(name, encoding="utf-8", errors="replace") as f:
                said.append(f.read())
        return os.waitstatus_to_exitcode(status), *said

    def kill(self):
        """Ends it in the middle of what it does; another thread may do that.  Until it is dead it
        could still read an answer."""
        self.started.wait(COMMAND_S)
        try:
            fd = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            signal.pidfd_send_signal(fd, signal.SIGKILL)
            select.select([fd], [], [], COMMAND_S)
        except ProcessLookupError:
            pass
        finally:
            os.close(fd)


class Worker:
    """A server, and for each capability set a home that is synchronised with the first world."""

    def __init__(self, program, folder):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.program = Program(program, self.folder)
        self.server = Server(first_world(), "A")
        self.base = first_world()
        self.known = {}         # capability set -> {local id: token}
        self.home = os.path.join(self.folder, "home")

    def prepare(self, capabilities):
        if capabilities in self.known:
            return
        self.server.set_up(self.base.clone(), capabilities)
        shutil.rmtree(self.home, ignore_errors=True)
        self.tern("account", "add", "test", "--type", "imap", "--host", "127.0.0.1", "--port",
                  str(self.server.port), "--tls", "plain", "--user", "ann",
                  "--password-command", "echo secret")
        self.tern("sync")
        self.tern("sync")
        dump = self.dump()
        boxes = {o["id"]: o["path"] for o in dump if o["kind"] == "mailbox"}
        tokens = {(path, uid): token for path, (_, rows) in self.server.world.picture().items()
                  for uid, (token, _) in rows.items()}
        self.known[capabilities] = {o["id"]: tokens[boxes[p["mailbox"]], p["uid"]]
                                    for o in dump if o["kind"] == "message"
                                    for p in o["locations"]}
        os.rename(self.home, self.home + capabilities)

    def begin(self, capabilities, keeps=False):
        """A world and a home as they were after the first synchronisation."""
        self.prepare(capabilities)
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.home + capabilities, self.home)
        self.server.set_up(self.base.clone(), capabilities, keeps)
        self.tokens = dict(self.known[capabilities])
        self.ids = {t: i for i, t in self.tokens.items()}

    # --- tern

    def tern(self, *words, good=(0, 75)):
        """Runs it; a process that was killed by us is always good."""
        code, out, err = self.program.run(["--home", self.home, *words])
        if code not in good and code != -signal.SIGKILL:
            raise Broken("tern %s: exit %d: %s" % (" ".join(words), code, err.strip()))
        return out

    def dump(self):
        return [json.loads(line) for line in self.tern("dump").splitlines()]

    def settle(self, rng):
        """Pushes and synchronises until nothing waits; returns the dump."""
        for _ in range(ROUNDS_MAX):
            if rng.random() < 0.3:
                self.tern("push", good=(0, 1, 75))
            self.tern("sync", good=(0, 1, 75))
            dump = self.dump()
            if not [o for o in dump if o["kind"] in ("mutation", "tree_wish") and
                    o["status"] in ("queued", "leased")]:
                return lasting(dump)
        raise Broken("the queue does not drain: %s" % [
            o for o in dump if o["kind"] in ("mutation", "tree_wish")])

    def quiet(self, rng):
        """As settle; and one more synchronisation changes nothing, unless it is the first to see
        what others did."""
        dump, before = self.settle(rng), None
        for _ in range(2):
            before = dump
            self.tern("sync", good=(0,))
            dump = lasting(self.dump())
            if dump == before:
                return dump
        raise Broken("one more sync changed the store: %s became %s" % (
            [o for o in before if o not in dump][:2], [o for o in dump if o not in before][:2]))


def lasting(dump):
    """What one more sync may not change.  Messages that are nowhere any more are forgotten."""
    return [o for o in without_account(dump) if not o.get("orphan")]


# --- the store against the server ------------------------------------------------------

def believed(dump, shown):
    """path -> {uid: flags}: what tern believes of the server, or what it shows."""
    boxes = {o["id"]: o["path"] for o in dump if o["kind"] == "mailbox"}
    picture = {p: {} for p in boxes.values()}
    for o in dump:
        for p in o.get("locations", ()) if o["kind"] == "message" else ():
            if shown and not p["shown"]:
                continue
            rows = picture[boxes[p["mailbox"]]]
            if p["uid"] in rows:
                raise Broken("%s: uid %s twice in the store" % (boxes[p["mailbox"]], p["uid"]))
            rows[p["uid"]] = frozenset(f.lower() for f in p[
                "wanted_flags" if shown else "server_flags"] + (p["keywords"] or "").split())
    return picture


def differences(dump, world):
    """Lines that say where the store and the server differ.  What is marked \\Deleted at the server
    may be hidden: it is what tern could not remove otherwise."""
    real = {p: {u: frozenset(f.lower() for f in flags) for u, (_, flags) in rows.items()}
            for p, (_, rows) in world.picture().items()}
    found = []
    for label, shown in (("believed", False), ("shown", True)):
        store = believed(dump, shown)
        if set(store) != set(real):
            found.append("%s: mailboxes %s, really %s" % (label, sorted(store), sorted(real)))
        for path in set(store) & set(real):
            for uid in sorted(set(store[path]) | set(real[path]), key=str):
                a, b = store[path].get(uid), real[path].get(uid)
                if a != b and not (shown and a is None and "\\deleted" in b):
                    found.append("%s: %s/%s: %s, really %s" % (
                        label, path, uid, a and sorted(a), b and sorted(b)))
    return found


def has_id(world, token):
    return any(field(m.raw, "message-id") for b in world.boxes.values() for m in b.mails
               if m.token == token)
