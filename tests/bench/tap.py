#!/usr/bin/env python3
# tap.py - pass an IMAP connection on, and write down when changes were answered
#
# usage: tap.py --upstream HOST:PORT --ledger FILE [--life SECONDS]
#
# Prints PORT=n when it listens on 127.0.0.1, in the clear, and passes bytes
# without waiting.  For each command that reads or changes messages the ledger
# has two lines, with times of CLOCK_MONOTONIC in seconds:
#   TIME CONNECTION > TAG VERB SET    when it went to the server
#   TIME CONNECTION < TAG OK          when its tagged answer came back
# It looks at the beginning of what is read at once, so a command must not begin
# in the middle of a longer write: clients that wait for answers do not do that.
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import re
import select
import socket
import time

CHUNK = 256 << 10
LINE_MAX = 512          # of a command, in the ledger
COMMAND = re.compile(rb"(?m)^(\S+) (?:UID )?(STORE|MOVE|COPY|EXPUNGE|CLOSE|FETCH|APPEND)\b ?(\S*)", re.I)
ANSWER = re.compile(rb"(?m)^(\S+) (OK|NO|BAD)\b")


class Pair:
    """One connection: both sockets, and the tags that wait for an answer."""

    def __init__(self, client, upstream, number):
        self.client, self.number = client, number
        self.server = socket.create_connection(upstream)
        self.tags, self.rest = set(), b""
        for s in client, self.server:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def note(self, data, from_client, out):
        now = time.monotonic()
        if from_client:
            for m in COMMAND.finditer(data):
                self.tags.add(m[1])
                out.write("%.6f %d > %s %s %s\n" % (now, self.number, m[1].decode(), m[2].decode(
                    ).upper(), m[3][:LINE_MAX].decode("ascii", "replace")))
        elif self.tags:
            for m in ANSWER.finditer(self.rest + data):
                if m[1] in self.tags:
                    self.tags.discard(m[1])
                    out.write("%.6f %d < %s %s\n" % (now, self.number, m[1].decode(), m[2].decode()))
            self.rest = data[-64:].rpartition(b"\n")[2]


def serve(listener, upstream, out, end):
    pairs, count = {}, 0
    while (left := end - time.monotonic()) > 0:
        for s in select.select([listener, *pairs], [], [], left)[0]:
            if s is listener:
                count += 1
                pair = Pair(listener.accept()[0], upstream, count)
                pairs[pair.client] = pairs[pair.server] = pair
                continue
            pair = pairs.get(s)
            if not pair:
                continue
            try:
                data = s.recv(CHUNK)
                if data:
                    (pair.server if s is pair.client else pair.client).sendall(data)
                    pair.note(data, s is pair.client, out)
            except OSError:
                data = b""
            if not data:
                for each in pair.client, pair.server:
                    del pairs[each]
                    each.close()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--upstream", required=True)
    p.add_argument("--ledger", required=True)
    p.add_argument("--life", type=float, default=7200)
    o = p.parse_args()
    host, _, port = o.upstream.rpartition(":")
    listener = socket.create_server(("127.0.0.1", 0))
    print("PORT=%d" % listener.getsockname()[1], flush=True)
    with open(o.ledger, "w", buffering=1, encoding="utf-8") as out:
        serve(listener, (host, int(port)), out, time.monotonic() + o.life)


if __name__ == "__main__":
    main()
