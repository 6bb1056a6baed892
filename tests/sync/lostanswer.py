#!/usr/bin/env python3
# lostanswer.py - exactly once in effect, whatever answer is lost
#
# usage: lostanswer.py [--runs N] [--what lost|numbers|deleted|all] [--seed S]
#                      [--jobs N] [--verbs V,...] [--only CASE]
#                      [--tern TERNFORK]
#
# Tern against a scripted server with a ledger (ledgerserver.py).  A run: tern
# queues changes of one verb to one to five messages and pushes them; at one
# command of the push something goes wrong; then tern pushes and synchronises
# until nothing waits.
#
#   lost      the connection breaks before the command, behind it, in the middle
#             of its effect or of its answer, the server says "later", or tern is
#             killed at that moment; a second client may act at that moment.
#             For each verb and capability set the steps of a push that nobody
#             disturbs are counted first, then every fault comes at every step.
#   numbers   the mailbox gets a new UIDVALIDITY at that moment, and its old
#             numbers name other messages
#   deleted   a second client marks messages \Deleted all the time
#
# Then the ledger and the final state must say: each wish had its effect once,
# nothing was doubled, lost or misapplied, no message of others was touched,
# theirs that are marked \Deleted are still there, nothing that is not announced
# was asked for, a conflict is only where the second client made one; store and
# server are equal and one more synchronisation changes nothing.
#
# A case is named WHAT:SETS:VERB:ROUND:STEP:FAULT; --only runs one again and
# tells its ledger.  Prints the seed, the counts and "N passed, N failed".
# exit: 0 well, 1 a promise broken.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import collections
import multiprocessing
import multiprocessing.util
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from ledgerrig import Worker, differences
from ledgerserver import KINDS, KINDS_OF_APPEND, Fault
from ledgerwishes import Expected, OtherClient, plan_of, verbs
from syncrig import Broken

SETS = "ABCD"
CHANGING = {"UID STORE", "UID COPY", "UID MOVE", "UID EXPUNGE", "APPEND", "CREATE", "RENAME",
            "DELETE", "SUBSCRIBE", "UNSUBSCRIBE"}
SHARE = {"lost": 0.8, "numbers": 0.08, "deleted": 0.12}  # of the runs, for --what all
FAILURES_SHOWN = 12
MEMORY = "/dev/shm"     # homes are written thousands of times

Case = collections.namedtuple("Case", "what sets verb round step fault")


def label(case):
    return ":".join(str(x) for x in case)


# --- one run ---------------------------------------------------------------------------

def queue(w, plan):
    for words in plan.commands:
        w.tern(*words)


def deadly(w, kill, action):
    def act():
        if action:
            action()
        if kill:
            w.program.kill()
    return act if kill or action else None


def lost_fault(w, case, rng, other):
    """What goes wrong in this run, and who else acts at that moment."""
    kill = rng.random() < 0.2 and case.fault != "no"
    action = other.some_action if rng.random() < 0.5 else None
    early = action if rng.random() < 0.5 else None
    late = None if early else action
    if case.fault in KINDS_OF_APPEND:
        return Fault(case.step, case.fault, before=deadly(w, kill, action))
    return Fault(case.step, case.fault, before=deadly(w, kill and case.fault == "before", early),
                 after=deadly(w, kill and case.fault != "before", late))


def numbers_fault(w, case, rng, other):
    kind, moment = case.fault.split("-")
    path = other.plan.source if rng.random() < 0.85 or not other.plan.target else other.plan.target

    def renumber():
        if path in w.server.world.boxes:
            w.server.world.renumber(rng, path)
            other.renumbered.add(path)
    return Fault(case.step, kind, **{moment: renumber})


def push_with_fault(w, case, rng, other):
    w.server.arm({"lost": lost_fault, "numbers": numbers_fault}[case.what](w, case, rng, other))
    w.tern("push", good=(0, 1, 75))
    if case.what == "lost" and rng.random() < 0.25:  # and another one when it looks
        w.server.arm(Fault(rng.randrange(12), rng.choice(KINDS)))
        w.tern(rng.choice(["push", "sync"]), good=(0, 1, 75))
    w.server.arm()


def push_among_others(w, rng, other):
    """The second client marks messages at any step; now and then an answer is lost."""
    def at_any_step(_n, _name):
        while rng.random() < 0.4:
            other.mark_deleted()
        if rng.random() < 0.04:
            return Fault(0, rng.choice(KINDS))
        return None
    w.server.hook = at_any_step
    for _ in range(rng.randint(1, 3)):
        w.tern(rng.choice(["push", "sync"]), good=(0, 1, 75))
    w.server.hook = None


def one_run(w, case, seed):
    """The trace of the push; raises Broken."""
    rng = random.Random("%s %s %s %s" % (seed, case.verb, case.sets, case.round))
    keeps = rng.random() < 0.5  # whatever the fault is: the same plan for all
    w.begin(case.sets, keeps=keeps and case.fault is not None)
    plan = plan_of(case.verb, rng, w)
    other = OtherClient(random.Random("%s %s" % (seed, label(case))), w, plan)
    for words in plan.before:
        w.tern(*words)
    if plan.before:
        w.tern("sync", good=(0,))
    w.server.world.ledger.clear()
    queue(w, plan)
    if case.fault is None:
        w.server.arm()
        w.tern("push")
        trace = list(w.server.trace)
    elif case.what == "deleted":
        push_among_others(w, other.rng, other)
        trace = None
    else:
        push_with_fault(w, case, other.rng, other)
        trace = None
    for words in plan.after:
        w.tern(*words, good=(0, 1, 75))
    dump = w.quiet(other.rng)
    judge(w, case, plan, other, dump)
    return trace


def judge(w, case, plan, other, dump):
    world = w.server.world
    wrong = ["%s %s" % c for c in w.server.complaints]
    wrong += differences(dump, world)
    wrong += Expected(w, case, plan, other).wrong(dump)
    if wrong:
        raise Broken("\n    ".join(wrong[:8]))


# --- many runs -------------------------------------------------------------------------

def cases_of(what, sets, verb, number, trace, rng):
    """All cases for a push whose commands are known."""
    found = []
    for step, (name, _) in enumerate(trace):
        if what == "numbers":
            found += [Case(what, sets, verb, number, step, f)
                      for f in ("well-before", "well-after", "before-before", "after-after")]
            continue
        kinds = KINDS if name in CHANGING else ("before", "after", rng.choice(KINDS))
        if name == "APPEND":
            kinds += KINDS_OF_APPEND
        found += [Case(what, sets, verb, number, step, f) for f in dict.fromkeys(kinds)]
    return found


WORKER = None


def start(o):
    global WORKER, SEED
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    WORKER, SEED = Worker(o.tern, o.folder), o.seed
    multiprocessing.util.Finalize(None, WORKER.program.close, exitpriority=1)


def attempt(case, failures):
    try:
        return one_run(WORKER, case, SEED)
    except (Broken, KeyError, OSError) as why:
        failures.append((label(case), "%s%s" % (
            "" if isinstance(why, Broken) else type(why).__name__ + " ", why)))
        return None


def work(job):
    """One verb with one capability set: (runs, failures)"""
    what, sets, verb, number, limit = job
    failures, runs = [], 1
    rng = random.Random("%s %s" % (SEED, job))
    if what == "deleted":
        for step in range(limit):
            attempt(Case(what, sets, verb, number, step, "mixed"), failures)
        return what, limit, failures
    trace = attempt(Case(what, sets, verb, number, 0, None), failures)
    cases = cases_of(what, sets, verb, number, trace or [], rng)
    rng.shuffle(cases)
    for case in cases[:max(limit - 1, 0)]:
        attempt(case, failures)
        runs += 1
    return what, runs, failures


def chosen_verbs(o, what):
    return [v for v in verbs(what) if not o.verbs or v in o.verbs.split(",")]


def jobs_of(o, what, sample):
    """Endless: all verbs and sets, round after round."""
    number = 0
    while True:
        for verb in chosen_verbs(o, what):
            for sets in SETS:
                yield what, sets, verb, number, sample
        number += 1


def many(o, what, runs):
    """(runs, failures)"""
    combinations = len(chosen_verbs(o, what)) * len(SETS)
    sample = 10 if what == "deleted" else 200
    if runs < combinations * sample:
        sample = -(-runs // combinations)
    done, failures = 0, []
    with multiprocessing.Pool(o.jobs, start, (o,)) as pool:
        jobs = jobs_of(o, what, sample)
        waiting = collections.deque()
        while done < runs or waiting:
            while len(waiting) < o.jobs + 1 and done + len(waiting) < runs:
                waiting.append(pool.apply_async(work, (next(jobs),)))
            _, n, failed = waiting.popleft().get(timeout=1800)
            done += n
            for name, why in failed[:max(FAILURES_SHOWN - len(failures), 0)]:
                print("broken: %s\n    %s" % (name, why), flush=True)
            failures += failed
            if len(failures) >= o.failures or done >= runs:
                waiting.clear()
                break
        pool.close()
        pool.join()
    return done, failures


def again(o):
    """One case again, with all that the server saw."""
    what, sets, verb, number, step, fault = o.only.split(":")
    case = Case(what, sets, verb, int(number), int(step), None if fault == "None" else fault)
    start(o)
    failures = []
    attempt(case, failures)
    world = WORKER.server.world
    for line in world.ledger:
        if line.kind not in ("open", "status"):
            print("  %s" % (line,))
    for name, why in failures:
        print("%s\n    %s" % (name, why))
    return 1 if failures else 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--runs", type=int, default=int(os.environ.get("RUNS", "600")))
    p.add_argument("--what", choices=["lost", "numbers", "deleted", "all"], default="all")
    p.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "20261122")))
    p.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    p.add_argument("--failures", type=int, default=100, help="stop after so many")
    p.add_argument("--verbs", help="only these, separated by commas")
    p.add_argument("--only", help="one case, by its name")
    p.add_argument("--tern", default=os.path.join(
        os.environ.get("TOP_BUILDDIR", "."), "tests", "sync", "ternfork"))
    o = p.parse_args()
    o.tern = os.path.abspath(o.tern)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    o.folder = tempfile.mkdtemp(prefix="tern-ledger-",
                                dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
    try:
        return again(o) if o.only else all_of(o)
    finally:
        shutil.rmtree(o.folder, ignore_errors=True)


def cpu_s():
    """Of this process and of all that have ended."""
    return sum(sum(resource.getrusage(who)[:2])
               for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def all_of(o):
    failed = total = 0
    for what in SHARE if o.what == "all" else [o.what]:
        began, used = time.monotonic(), cpu_s()
        runs = round(o.runs * SHARE[what]) if o.what == "all" else o.runs
        done, failures = many(o, what, runs)
        print("%s: %d runs, %d broken, %.1f s, CPU %.1f s" % (
            what, done, len(failures), time.monotonic() - began, cpu_s() - used), flush=True)
        total, failed = total + done, failed + len(failures)
    print("seed %d, %d jobs" % (o.seed, o.jobs))
    print("%d passed, %d failed" % (total - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.SubprocessError as e:
        print(e)
        sys.exit(1)
