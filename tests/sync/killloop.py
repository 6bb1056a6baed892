#!/usr/bin/env python3
# killloop.py - kill -9 at random points of synchronising, flagging and moving
#
# usage: killloop.py [--kills N] [--seed S] [--tern PROGRAM]
#
# A private Dovecot, one account, a second client that writes at the same time.
# Each round queues some changes with tern's own commands, starts `tern sync`,
# `tern push` or `tern sync --full` and kills it at a random moment; some of the
# queueing commands are killed too.
# After each kill the store must show exactly what was acknowledged; at the end,
# after a sync that nobody disturbs, the server must have it: nothing lost,
# nothing doubled, nothing misapplied, and one more sync changes nothing.
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
import time

from syncrig import SUPPORT, Broken, Server, Tern, without_account

MESSAGES = 60        # ours: changed by tern only
FOREIGN = 20         # the second client's
BOXES = ["INBOX", "Archive", "Trash", "Drafts"]


def server_state(m):
    """message id -> list of (mailbox, seen, flagged), deleted ones apart"""
    state = {}
    for box in BOXES + ["Junk", "Sent"]:
        if m.select(box, readonly=True)[0] != "OK":
            continue
        kind, data = m.uid("FETCH", "1:*",
                           "(FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
        for part in data or []:
            if not isinstance(part, tuple):
                continue
            flags = part[0].decode()
            ident = part[1].decode().split(":", 1)[1].strip().strip("<>")
            state.setdefault(ident, []).append(
                (box, "\\Seen" in flags, "\\Flagged" in flags))
    return state


def picture(tern):
    """message id -> (local id, [(mailbox name, seen, flagged)] as shown)"""
    boxes, shown = {}, {}
    for o in tern.dump():
        if o["kind"] == "mailbox":
            boxes[o["id"]] = o["name"]
        if o["kind"] == "message":
            places = [(boxes[p["mailbox"]], "\\Seen" in p["wanted_flags"],
                       "\\Flagged" in p["wanted_flags"])
                      for p in o["locations"] if p["shown"]]
            if places:
                shown[o["message_id"]] = (o["id"], shown.get(o["message_id"],
                                                             (0, []))[1] + places)
    return shown


def one_change(rng, ident, state, tern, ids):
    """A change as words for tern, and the state it asks for."""
    box, seen, flagged = state
    verb = rng.choice(["read", "unread", "flag", "unflag", "move", "move", "archive", "delete"])
    local = str(ids[ident])
    if verb == "read":
        return ["read", local], (box, True, flagged)
    if verb == "unread":
        return ["unread", local], (box, False, flagged)
    if verb == "flag":
        return ["flag", local], (box, seen, True)
    if verb == "unflag":
        return ["unflag", local], (box, seen, False)
    if verb == "archive":
        return ["archive", local], ("Archive", seen, flagged)
    if verb == "delete":
        if box == "Trash":
            return ["flag", local], (box, seen, True)
        return ["delete", local], ("Trash", seen, flagged)
    target = rng.choice(BOXES)
    return ["move", local, "--to", target], (target, seen, flagged)


def queue_changes(rng, tern, model, ids, counts):
    for _ in range(rng.randint(1, 5)):
        ident = rng.choice(sorted(model))
        words, wish = one_change(rng, ident, model[ident], tern, ids)
        if rng.random() < 0.15:
            p = tern.start(*words)
            time.sleep(rng.random() * 0.03)
            p.kill()
            p.wait()
            counts["kills"] += 1
            now = picture(tern)[ident][1]
            if now not in ([model[ident]], [wish]):
                raise Broken("%s: killed %s left %s" % (ident, words, now))
            model[ident] = now[0]
        else:
            tern.run(*words, good=(0, 75))
            model[ident] = wish


def other_client(rng, m, foreign, added):
    m.select("INBOX")
    if rng.random() < 0.4:
        number = 5000 + len(added)
        raw = subprocess.run([os.path.join(SUPPORT, "mail.py"), "message", str(number)],
                             check=True, capture_output=True, timeout=30).stdout
        m.append("INBOX", None, None, raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        added.append(number)
    ident = rng.choice(sorted(foreign))
    kind, data = m.uid("SEARCH", "HEADER", "Message-ID", "<" + ident + ">")
    on = not foreign[ident]
    m.uid("STORE", data[0], "+FLAGS.SILENT" if on else "-FLAGS.SILENT", "(\\Flagged)")
    foreign[ident] = on


def compare(model, seen, who):
    for ident, state in model.items():
        places = seen.get(ident, (0, []))[1] if who == "store" else seen.get(ident, [])
        if places != [state]:
            raise Broken("%s: %s has %s, wanted %s" % (ident, who, places, [state]))


def rounds(o, rng, server, tern, counts):
    tern.run("account", "add", "test", *server.account())
    begin = time.monotonic()
    tern.run("sync")
    span = max(time.monotonic() - begin, 0.05)
    first = picture(tern)
    idents = sorted(first)
    rng.shuffle(idents)
    model = {i: first[i][1][0] for i in idents[:MESSAGES]}
    foreign = {i: first[i][1][0][2] for i in idents[MESSAGES:]}
    ids = {i: first[i][0] for i in first}
    other, added = server.client(), []
    while counts["kills"] < o.kills:
        queue_changes(rng, tern, model, ids, counts)
        other_client(rng, other, foreign, added)
        p = tern.start(*rng.choice([["sync"], ["sync"], ["push"], ["sync", "--full"]]))
        time.sleep(rng.random() * span * 1.2)
        if p.poll() is None:
            p.kill()
            counts["kills"] += 1
        p.communicate()
        compare(model, picture(tern), "store")
        counts["rounds"] += 1
        if counts["rounds"] % 25 == 0:
            tern.settle()
            compare(model, server_state(other), "server")
            tern.run("doctor")
    tern.settle()
    final = server_state(other)
    compare(model, final, "server")
    compare(model, picture(tern), "store")
    for ident, flagged in foreign.items():
        if [p[2] for p in final.get(ident, [])] != [flagged]:
            raise Broken("%s: the other client's flag is %s" % (ident, final.get(ident)))
    total = sum(len(v) for v in final.values())
    if total != len(idents) + len(added):
        raise Broken("%d messages at the server, expected %d" % (total, len(idents) + len(added)))
    before = without_account(tern.dump())
    tern.run("sync")
    if before != without_account(tern.dump()):
        raise Broken("one more sync changed the store")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--kills", type=int, default=int(os.environ.get("KILLS", "40")))
    p.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "20261122")))
    p.add_argument("--tern", default=os.path.join(os.environ.get("TOP_BUILDDIR", "."), "tern"))
    o = p.parse_args()
    rng = random.Random(o.seed)
    counts = {"kills": 0, "rounds": 0}
    folder = tempfile.mkdtemp(prefix="tern-kill-")
    os.chmod(folder, 0o755)
    server = Server(os.path.join(folder, "dovecot"))
    failed = 0
    try:
        server.fill(MESSAGES + FOREIGN)
        rounds(o, rng, server, Tern(o.tern, os.path.join(folder, "home")), counts)
    except (Broken, subprocess.SubprocessError) as why:
        failed = 1
        print("broken: %s" % why)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print("seed %d, %d kills in %d rounds" % (o.seed, counts["kills"], counts["rounds"]))
    print("%d passed, %d failed" % (1 - failed, failed))
    return failed


if __name__ == "__main__":
    sys.exit(main())
