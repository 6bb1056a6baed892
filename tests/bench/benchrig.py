# benchrig.py - what the parts of the benchmark share: servers, homes, stop watches
#
# SPDX-License-Identifier: GPL-3.0-or-later

import imaplib
import json
import os
import ssl
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SUPPORT = os.path.join(HERE, "..", "support")
RUN_S = 900     # no program that is measured may take longer


# The history of a mailbox comes whole: nothing else could be compared.
OPTIONS = "[tern]\nbackfill-max-total-per-folder = 0\n"


def sh(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=RUN_S,
                          **more).stdout


class Dovecot:
    def __init__(self, folder, **environment):
        self.folder, self.v = folder, {}
        for line in sh(os.path.join(SUPPORT, "dovecot.sh"), "start", folder,
                       env={**os.environ, **environment}).splitlines():
            k, _, v = line.partition("=")
            self.v[k] = v.strip("'\"")

    def fill(self, user, n, boxes=0, each=0):
        """n messages in the INBOX, and so many mailboxes with so many messages each"""
        tree = os.path.join(self.v["MAIL"], user, "Maildir")
        sh(os.path.join(SUPPORT, "mail.py"), "maildir", tree, str(n))
        for i in range(boxes):
            sh(os.path.join(SUPPORT, "mail.py"), "maildir", tree, str(each), "--first",
               str(n + i * each), "--subdir", ".Box%03d" % i)
        sh(os.path.join(SUPPORT, "dovecot.sh"), "own", self.folder)
        sh(os.path.join(SUPPORT, "dovecot.sh"), "adm", self.folder, "index", "-u", user, "INBOX")

    def forget(self, user):
        """The server's own index and cache, as if it had never been asked."""
        for where, _, names in os.walk(os.path.join(self.v["MAIL"], user)):
            for name in names:
                if name.startswith("dovecot.index"):
                    os.unlink(os.path.join(where, name))

    def client(self, user):
        m = imaplib.IMAP4_SSL("localhost", int(self.v["IMAPS_PORT"]), timeout=60,
                              ssl_context=ssl.create_default_context(cafile=self.v["CA"]))
        m.login(user, "secret")
        return m

    def stop(self):
        sh(os.path.join(SUPPORT, "dovecot.sh"), "stop", self.folder)


def timed(words):
    """wall seconds, CPU seconds, peak KiB"""
    begin = time.monotonic()
    p = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE)
    late = threading.Timer(RUN_S, p.kill)
    late.start()
    _, status, usage = os.wait4(p.pid, 0)
    spent = time.monotonic() - begin
    late.cancel()
    if status:
        raise SystemExit("%s failed: %d: %s" % (" ".join(words), status, p.stderr.read()))
    p.stderr.close()
    return spent, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def tern_home(o, server, home, *users, port=None, tls="implicit", more=""):
    """A home with these accounts; more: further lines for each account's file."""
    for u in users:
        sh(o.tern, "--home", home, "account", "add", u, "--type", "imap", "--host", "localhost",
           "--port", str(port or server.v["IMAPS_PORT"]), "--tls", tls, "--user", u,
           "--password-command", "echo secret", "--ca-file", server.v["CA"])
        if more:
            with open(os.path.join(home, "config", "accounts.d", u + ".conf"), "a",
                      encoding="utf-8") as f:
                f.write(more)
    with open(os.path.join(home, "config", "tern.conf"), "w", encoding="utf-8") as f:
        f.write(OPTIONS)
    return home


def keytime(words, command, label):
    out = subprocess.run([os.path.join(HERE, "keytime.py"), "--label", label] + words + ["--"] + command,
                         capture_output=True, text=True, timeout=600)
    if out.returncode:
        print("   %s: did not get that far: %s" % (label, out.stderr.strip().splitlines()[-1:]))
    return [json.loads(l) for l in out.stdout.splitlines()]
