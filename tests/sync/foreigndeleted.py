#!/usr/bin/env python3
# foreigndeleted.py - what somebody else has marked \Deleted is never taken away
#
# usage: foreigndeleted.py [--runs N] [--seed S] [--tern PROGRAM]
#
# A private Dovecot, one account as it is, another one behind imapshape.py
# without UIDPLUS and MOVE.  In each run tern moves, archives, deletes or deletes
# for ever some messages of one mailbox and pushes, while a second client with a
# session of its own marks others \Deleted there and in the target.  Afterwards
# every message of the second client's must be where it was, with the mark; ours
# are where they were to go (without UIDPLUS the old places keep a mark).
# lostanswer.py does the same at every step of the protocol, on a server of its
# own making; this is the proof that a real one agrees.
#
# Prints the seed and "N passed, N failed".  exit: 0 well, 1 a promise broken,
# 77 no Dovecot.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile

from syncrig import SUPPORT, Broken, Server, Tern, server_picture

MESSAGES = 200
TARGETS = {"move": "Drafts", "archive": "Archive", "delete": "Trash", "expunge": None}


class Shaped:
    """The same Dovecot with less to offer."""

    def __init__(self, server):
        self.process = subprocess.Popen(
            [os.path.join(SUPPORT, "imapshape.py"), "--backend",
             "127.0.0.1:" + server.v["IMAP_PORT"], "--profile", "C"],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        self.port = self.process.stdout.readline().strip().removeprefix("PORT=")

    def account(self, user):
        return ["--type", "imap", "--host", "127.0.0.1", "--port", self.port, "--tls", "plain",
                "--user", user, "--password-command", "echo secret"]

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Side:
    """One account: tern with its home, and the second client."""

    def __init__(self, rng, server, program, home, user, words, uidplus):
        self.rng, self.uidplus = rng, uidplus
        self.tern, self.m = Tern(program, home), server.client(user)
        self.tern.run("account", "add", "test", *words)
        self.tern.run("sync")

    def places(self):
        """message id -> sorted list of (mailbox, marked)"""
        found = {}
        for box, (_, rows) in server_picture(self.m).items():
            for ident, flags in rows.values():
                found.setdefault(ident, []).append((box, "\\deleted" in flags))
        return {i: sorted(p) for i, p in found.items()}

    def choose(self, places):
        """Some of the inbox that nobody has marked."""
        boxes = {o["id"]: o["name"] for o in self.tern.dump() if o["kind"] == "mailbox"}
        free = [(o["id"], o["message_id"]) for o in self.tern.dump() if o["kind"] == "message" and
                places.get(o["message_id"]) == [("INBOX", False)] and
                [boxes[p["mailbox"]] for p in o["locations"]] == ["INBOX"]]
        return self.rng.sample(free, min(self.rng.randint(1, 5), len(free)))

    def mark(self, places, ours, target):
        """The second client marks one of its own, which others may look like."""
        box = self.rng.choice([b for b in ("INBOX", "INBOX", target) if b])
        free = [i for i, p in places.items() if i not in ours and p == [(box, False)]]
        if not free:
            return
        ident = self.rng.choice(free)
        self.m.select(box)
        uid = self.m.uid("SEARCH", "HEADER", "Message-ID", "<%s>" % ident)[1][0]
        if uid:
            self.m.uid("STORE", uid, "+FLAGS.SILENT", "(\\Deleted)")
            places[ident] = [(box, True)]

    def run(self):
        verb = self.rng.choice(sorted(TARGETS))
        target, places = TARGETS[verb], self.places()
        chosen = self.choose(places)
        ours = {i for _, i in chosen}
        for _ in range(self.rng.randint(0, 2)):
            self.mark(places, ours, target)
        words = {"move": ["move", "--to", "Drafts"],
                 "expunge": ["delete", "--for-ever", "--yes"]}.get(verb, [verb])
        self.tern.run(*words, *[str(c[0]) for c in chosen], good=(0, 75))
        p = self.tern.start("push")
        for _ in range(self.rng.randint(1, 4)):
            self.mark(places, ours, target)
        _, err = p.communicate(timeout=60)
        if p.returncode not in (0, 75):
            raise Broken("push: exit %d: %s" % (p.returncode, err))
        self.tern.settle()
        for ident in ours:
            left = [] if self.uidplus else [("INBOX", True)]
            places[ident] = sorted(left + ([(target, False)] if target else []))
        now = self.places()
        for ident in set(places) | set(now):
            if places.get(ident, []) != now.get(ident, []):
                raise Broken("%s: %s: is %s, wanted %s" % (
                    verb, "ours" if ident in ours else "of others: " + ident,
                    now.get(ident), places.get(ident)))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--runs", type=int, default=int(os.environ.get("RUNS", "20")))
    p.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "20261122")))
    p.add_argument("--tern", default=os.path.join(os.environ.get("TOP_BUILDDIR", "."), "tern"))
    o = p.parse_args()
    rng, failed, done = random.Random(o.seed), 0, 0
    folder = tempfile.mkdtemp(prefix="tern-foreign-")
    os.chmod(folder, 0o755)
    server = Server(os.path.join(folder, "dovecot"))
    shaped = Shaped(server)
    try:
        for user in ("alice", "bob"):
            server.fill(MESSAGES, user)
        sides = [Side(rng, server, o.tern, os.path.join(folder, "a"), "alice",
                      server.account("alice"), True),
                 Side(rng, server, o.tern, os.path.join(folder, "b"), "bob",
                      shaped.account("bob"), False)]
        for n in range(o.runs):
            sides[n % 2].run()
            done += 1
    except (Broken, subprocess.SubprocessError) as why:
        failed = 1
        print("broken: %s" % why)
    finally:
        shaped.stop()
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print("seed %d" % o.seed)
    print("%d passed, %d failed" % (done, failed))
    return failed


if __name__ == "__main__":
    sys.exit(main())
