# ledgerrig.py - one worker of lostanswer.py: a scripted server, tern with homes
# to start from, and the judgement about what became of the wishes
#
# SPDX-License-Identifier: GPL-3.0-or-later

import json
import os
import shutil
import signal
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


class Worker:
    """A server, and for each capability set a home that is synchronised with the first world."""

    def __init__(self, program, folder, nameless=False):
        self.program, self.nameless = program, nameless
        self.folder = tempfile.mkdtemp(dir=folder)
        self.server = Server(first_world(), "A")
        self.base = first_world()
        self.known = {}         # capability set -> {local id: token}
        self.victim, self.started = None, threading.Event()
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
        self.started.clear()
        with subprocess.Popen([self.program, "--home", self.home, *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as p:
            self.victim = p
            self.started.set()
            try:
                out, err = p.communicate(timeout=COMMAND_S)
            except subprocess.TimeoutExpired as e:
                p.kill()
                raise Broken("tern %s: no end after %d s" % (" ".join(words), COMMAND_S)) from e
        if p.returncode not in good and p.returncode != -signal.SIGKILL:
            raise Broken("tern %s: exit %d: %s" % (" ".join(words), p.returncode, err.strip()))
        return out

    def kill(self):
        """Ends tern in the middle of what it does; for the thread of the server."""
        self.started.wait(COMMAND_S)
        self.victim.send_signal(signal.SIGKILL)
        # until it is dead it could still read an answer
        try:
            os.waitid(os.P_PID, self.victim.pid, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            pass  # and the other thread has noticed

    def dump(self):
        return [json.loads(line) for line in self.tern("dump").splitlines()]

    def settle(self, rng):
        """Pushes and synchronises until nothing waits; returns the dump."""
        for _ in range(ROUNDS_MAX):
            if rng.random() < 0.5:
                self.tern("push", good=(0, 1, 75))
            self.tern("sync", good=(0, 1, 75))
            dump = self.dump()
            if not [o for o in dump if o["kind"] in ("mutation", "tree_wish") and
                    o["status"] in ("queued", "leased")]:
                return dump
        raise Broken("the queue does not drain: %s" % [
            o for o in dump if o["kind"] in ("mutation", "tree_wish")])

    def quiet(self, rng):
        """As settle, and one more synchronisation must change nothing."""
        dump = self.settle(rng)
        self.tern("sync", good=(0,))
        dump = without_account(self.dump())
        self.tern("sync", good=(0,))
        again = without_account(self.dump())
        if dump != again:
            raise Broken("one more sync changed the store: %s became %s" % (
                [o for o in dump if o not in again][:2], [o for o in again if o not in dump][:2]))
        return dump


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
