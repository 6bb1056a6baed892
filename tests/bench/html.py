#!/usr/bin/env python3
"""HTML to text: tern beside `w3m -dump`, on the same files in one run.

usage: html.py [--runs N] [--sides] [FILE...]      (tests/data/html-to-text without FILEs)

CPU seconds. tern's are those of rendering alone, in one process (htmlbench);
w3m is a process for each file, so its start is measured on an empty page and
told apart. Each figure is the best of N runs. With --sides: both texts of ten
pages, twelve lines each, as doc/RENDERING has them.
"""
import argparse
import glob
import os
import resource
import subprocess
import sys
import tempfile

SIDES = ["html2text/html/basic", "html2text/html/full_email", "html2text/html/msoffice",
         "html2text/html/blockquotes", "html2text/html/lists", "html2text/html/table",
         "inscriptis/table-alignment", "inscriptis/wikipedia-table", "inscriptis/table-pre",
         "inscriptis/enumerations"]
LINES = 12


def data():
    top = os.environ.get("TOP_SRCDIR", os.path.join(os.path.dirname(__file__), "..", ".."))
    return os.path.join(top, "tests", "data", "html-to-text")


def w3m(path):
    return ["w3m", "-dump", "-cols", "80", "-T", "text/html", "-I", "UTF-8", "-O", "UTF-8", path]


def cpu_of(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ours(bench, runs, paths):
    out = subprocess.run([bench, str(runs)] + paths, capture_output=True, text=True, check=True,
                         timeout=600).stdout
    rows = (line.split(" ", 3) for line in out.splitlines())
    return {path: (int(size), float(ms) / 1e3) for size, ms, _, path in rows}


def compare(bench, runs, paths):
    mine = ours(bench, runs, paths)
    with tempfile.NamedTemporaryFile(suffix=".html") as empty:
        start = min(cpu_of(w3m(empty.name)) for _ in range(runs))
    total = [0, 0.0, 0.0]
    print("     bytes   tern ms   MB/s    w3m ms  without start")
    for path in paths:
        size, took = mine[path]
        theirs = min(cpu_of(w3m(path)) for _ in range(runs))
        total = [total[0] + size, total[1] + took, total[2] + theirs]
        if size > 10000:
            print("%10d %9.3f %6.1f %9.1f %9.1f  %s" % (size, took * 1e3, size / took / 1e6,
                  theirs * 1e3, (theirs - start) * 1e3, os.path.basename(path)))
    alone = total[2] - start * len(paths)
    print("%d files, %d bytes: tern %.1f ms (%.1f MB/s); w3m %.1f ms, without its start (%.1f ms "
          "each) %.1f ms (%.1f MB/s)" % (len(paths), total[0], total[1] * 1e3,
          total[0] / total[1] / 1e6, total[2] * 1e3, start * 1e3, alone * 1e3,
          total[0] / max(alone, 1e-6) / 1e6))


def sides(bench):
    for name in SIDES:
        path = os.path.join(data(), name + ".html")
        print("\n" + name + "\n" + "-" * len(name))
        for who, command in (("tern", [bench, "0", "72", path]), ("w3m", w3m(path))):
            text = subprocess.run(command, capture_output=True, text=True, check=True,
                                  timeout=60).stdout.splitlines()
            print("\n  %s:\n" % who)
            for line in text[:LINES]:
                print(("    " + line).rstrip())


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--sides", action="store_true")
    p.add_argument("--bench", default=os.path.join(os.environ.get("TOP_BUILDDIR", "."), "tests",
                                                   "bench", "htmlbench"))
    p.add_argument("files", nargs="*")
    o = p.parse_args()
    if o.sides:
        return sides(o.bench)
    files = o.files or sorted(glob.glob(os.path.join(data(), "**", "*.html"), recursive=True))
    return compare(o.bench, o.runs, [f for f in files if os.path.getsize(f) > 0])


if __name__ == "__main__":
    sys.exit(main())
