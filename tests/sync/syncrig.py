# syncrig.py - what the harnesses beside it share: a private Dovecot, tern as a
# program, and the comparison of the two
#
# Server starts tests/support/dovecot.sh and hands out sessions of a second
# client, which shares no code with tern.  Tern runs the program with a home of
# its own.  Broken is raised when a promise is; everything else that goes wrong
# is a fault of the harness.  differences() compares a dump of tern with what an
# independent session sees, number by number.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import imaplib
import json
import os
import re
import ssl
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SUPPORT = os.path.join(HERE, "..", "support")
sys.path.insert(0, SUPPORT)
import imapcheck  # noqa: E402

COMMAND_S = 60  # no command of tern may take longer
SKIPPED = 77


class Broken(Exception):
    """A promise was broken."""


class Server:
    def __init__(self, folder, **environment):
        self.script = os.path.join(SUPPORT, "dovecot.sh")
        self.folder = folder
        out = subprocess.run([self.script, "start", folder], capture_output=True, text=True,
                             timeout=60, env={**os.environ, **environment})
        if out.returncode == SKIPPED:
            print("no Dovecot: skipped")
            sys.exit(SKIPPED)
        if out.returncode:
            raise SystemExit(out.stderr)
        self.v = {}
        for line in out.stdout.splitlines():
            name, _, value = line.partition("=")
            self.v[name] = value.strip("'\"")

    def fill(self, n, user="alice"):
        tree = os.path.join(self.v["MAIL"], user, "Maildir")
        subprocess.run([os.path.join(SUPPORT, "mail.py"), "maildir", tree, str(n)],
                       check=True, timeout=600, stdout=subprocess.DEVNULL)
        subprocess.run([self.script, "own", self.folder], check=True, timeout=60)

    def client(self, user="alice"):
        m = imaplib.IMAP4_SSL("localhost", int(self.v["IMAPS_PORT"]), timeout=30,
                              ssl_context=ssl.create_default_context(cafile=self.v["CA"]))
        m.login(user, "secret")
        m.capabilities = tuple(m.capability()[1][-1].decode().upper().split())
        return m

    def account(self, user="alice", port=None):
        """The words for `tern account add` behind the name."""
        return ["--type", "imap", "--host", "localhost", "--port",
                str(port or self.v["IMAPS_PORT"]), "--tls", "implicit", "--user", user,
                "--password-command", "echo secret", "--ca-file", self.v["CA"]]

    def stop(self):
        subprocess.run([self.script, "stop", self.folder], timeout=60, check=False)


class Tern:
    def __init__(self, program, home):
        self.home = home
        self.base = [program, "--home", home]

    def start(self, *words):
        return subprocess.Popen(self.base + list(words), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def run(self, *words, good=(0,)):
        out = subprocess.run(self.base + list(words), stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, timeout=COMMAND_S, check=False)
        if out.returncode not in good:
            raise Broken("tern %s: exit %d: %s" % (" ".join(words), out.returncode,
                                                  out.stderr.strip()))
        return out.stdout

    def dump(self):
        return [json.loads(line) for line in self.run("dump").splitlines()]

    def queue(self):
        """Rows of the queue that are not done: they wait, failed, or met a conflict."""
        return [json.loads(line) for line in self.run("queue", "--rows", "--json", good=(0, 3)).splitlines()]

    def waiting(self):
        """Those that will still be sent."""
        return [r for r in self.queue() if r["status"] in ("queued", "leased")]

    def settle(self, rounds=5):
        """Synchronises until nothing waits to be sent."""
        for _ in range(rounds):
            self.run("sync", good=(0, 75))
            if not self.waiting():
                return
        raise Broken("the queue does not drain: %s" % self.waiting())


def make_message(number):
    """A message as a server has it, and its Message-ID."""
    raw = subprocess.run([os.path.join(SUPPORT, "mail.py"), "message", str(number)], check=True,
                         capture_output=True, timeout=30).stdout
    raw = re.sub(rb"\r?\n", b"\r\n", raw)
    return raw, re.search(rb"(?im)^message-id:\s*<(.*?)>", raw)[1].decode()


def wanted_marks(place):
    """Flags and keywords of a place of a dump, as the reader wants them, in lower case."""
    return frozenset(f.lower() for f in place["wanted_flags"] +
                     (place["wanted_keywords"] or "").split())


def shown_picture(dump):
    """Message-ID -> sorted places [(mailbox, marks)] as shown, and -> local numbers"""
    boxes = {o["id"]: plain_name(o["path"]) for o in dump if o["kind"] == "mailbox"}
    shown, ids = {}, {}
    for o in dump:
        places = [(boxes[p["mailbox"]], wanted_marks(p)) for p in o.get("locations", ()) if p["shown"]]
        if places:
            ident = (o["message_id"] or "").strip("<> ")
            shown[ident] = sorted(shown.get(ident, []) + places, key=repr)
            ids.setdefault(ident, set()).add(o["id"])
    return shown, ids


def without_account(dump):
    """A dump without the times of the account, which every sync changes."""
    return [o for o in dump if o["kind"] != "account"]


def server_picture(m):
    """mailbox -> (uidvalidity, {uid: (message id, flags in lower case)})"""
    picture = {}
    for name, attributes in sorted(imapcheck.mailboxes(m)):
        if {"\\noselect", "\\nonexistent"} & {a.lower() for a in attributes}:
            continue
        count = imapcheck.select(m, name, True)
        validity = imapcheck.number(m, "UIDVALIDITY")
        rows = imapcheck.messages(m) if count else []
        picture[name] = (validity, {
            r["uid"]: ((r["message_id"] or "").strip("<> "), frozenset(f.lower() for f in r["flags"]))
            for r in rows})
    return picture


def plain_name(path):
    """The path of a mailbox as people write it: servers give it in modified UTF-7."""
    return imapcheck.decode_name(path.encode()) if path.isascii() else path


def store_picture(dump, wanted=False):
    """The same from a dump: what tern believes of the server, or with wanted what it shows."""
    boxes = {o["id"]: o for o in dump if o["kind"] == "mailbox"}
    picture = {plain_name(o["path"]): (o["uidvalidity"], {}) for o in boxes.values()}
    for o in dump:
        if o["kind"] != "message":
            continue
        for p in o["locations"]:
            flags = wanted_marks(p) if wanted else frozenset(
                f.lower() for f in p["server_flags"] + (p["keywords"] or "").split())
            if wanted and not p["shown"]:
                continue
            name = plain_name(boxes[p["mailbox"]]["path"])
            rows = picture[name][1]
            if p["uid"] in rows:
                raise Broken("%s: uid %s twice in the store" % (name, p["uid"]))
            rows[p["uid"]] = (o["message_id"].strip("<> ") if o["message_id"] else "", flags)
    return picture


def differences(dump, server):
    """Lines that say where the store and an independent view of the server differ."""
    found = []
    for label, store in (("believed", store_picture(dump)), ("shown", store_picture(dump, True))):
        for name in sorted(set(store) | set(server)):
            if name not in store or name not in server:
                found.append("%s: mailbox %s only %s" % (
                    label, name, "in the store" if name in store else "at the server"))
                continue
            (validity, rows), (truth, real) = store[name], server[name]
            if validity != truth and (rows or real):
                found.append("%s: %s: UIDVALIDITY %s, really %s" % (label, name, validity, truth))
            for uid in sorted(set(rows) | set(real), key=lambda u: (u is None, u)):
                if rows.get(uid) != real.get(uid):
                    found.append("%s: %s/%s: %s, really %s" % (label, name, uid, rows.get(uid),
                                                              real.get(uid)))
    return found
