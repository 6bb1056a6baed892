#!/usr/bin/env python3
# link.py - a slow line: relays TCP with a delay, a bandwidth and a count
#
# usage: link.py --upstream HOST:PORT [--delay MS] [--rate BITS] [--life SECONDS]
#
#   --delay MS   a round trip takes MS longer; so does opening a connection
#   --rate BITS  so many bits a second in each direction (no limit)
#
# Prints PORT=n, and for each connection that ends a JSON line: bytes up and down,
# and turns: how often the client spoke after the server had. TLS passes as it is.
# As a module: Link(upstream, port) runs in a thread of its own; delay and rate may
# be changed at any time, take() tells the counts since the last take().
#
# It takes its own time on the processor (about 5 ms for each MB).
# exit: 0 its life is over or SIGTERM, 2 usage
#
# SPDX-License-Identifier: GPL-3.0-or-later

import argparse
import asyncio
import json
import logging
import threading

CHUNK = 64 << 10
CONNECT_TURNS = 1       # round trips that opening a TCP connection takes


class Link:
    def __init__(self, upstream, port=0, delay_ms=0, rate=0, told=None):
        self.upstream, self.port = upstream, port
        self.delay, self.rate = delay_ms / 1000, rate
        self.told = told
        self.up = self.down = self.turns = self.opened = 0
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        if not self.ready.wait(10):
            raise OSError("the link does not start")

    def take(self):
        counts = {"up": self.up, "down": self.down, "turns": self.turns, "connections": self.opened}
        self.up = self.down = self.turns = self.opened = 0
        return counts

    def stop(self):
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # which connections are cut
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)

    def _run(self):
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", self.port))
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        self.loop.run_forever()
        left = asyncio.all_tasks(self.loop)     # of connections that are cut
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))

    async def _serve(self, client, to_client):
        try:
            server, to_server = await asyncio.open_connection(*self.upstream)
        except OSError:
            to_client.close()
            return
        self.opened += 1
        state = {"spoke": "server", "up": 0, "down": 0, "turns": 0}
        opening = self.loop.time() + CONNECT_TURNS * self.delay
        await asyncio.gather(self._pass(client, to_server, "up", state, opening),
                             self._pass(server, to_client, "down", state, opening))
        if self.told:
            self.told({k: state[k] for k in ("up", "down", "turns")})

    async def _pass(self, reader, writer, way, state, opening):
        queue = asyncio.Queue()
        feeding = asyncio.ensure_future(self._deliver(queue, writer))
        free = opening          # when the line can take the next byte
        try:
            while data := await reader.read(CHUNK):
                self._count(way, len(data), state)
                free = max(self.loop.time(), free)
                for at in range(0, len(data), CHUNK if not self.rate else 1460):
                    piece = data[at:at + (CHUNK if not self.rate else 1460)]
                    if self.rate:
                        free += len(piece) * 8 / self.rate
                    queue.put_nowait((free + self.delay / 2, piece))
                if self.rate and free - self.loop.time() > 1:
                    await asyncio.sleep(free - self.loop.time() - 1)  # a second's buffer
        except OSError:
            pass
        queue.put_nowait((max(self.loop.time(), free) + self.delay / 2, b""))
        await feeding

    def _count(self, way, n, state):
        setattr(self, way, getattr(self, way) + n)
        state[way] += n
        if way == "up" and state["spoke"] == "server":
            self.turns += 1
            state["turns"] += 1
        state["spoke"] = "client" if way == "up" else "server"

    async def _deliver(self, queue, writer):
        try:
            while True:
                due, data = await queue.get()
                if (left := due - self.loop.time()) > 0:
                    await asyncio.sleep(left)
                if not data:
                    break
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--upstream", required=True)
    p.add_argument("--delay", type=float, default=0)
    p.add_argument("--rate", type=float, default=0)
    p.add_argument("--life", type=float, default=120)
    o = p.parse_args()
    host, _, port = o.upstream.rpartition(":")
    link = Link((host, int(port)), delay_ms=o.delay, rate=o.rate,
                told=lambda counts: print(json.dumps(counts), flush=True))
    print("PORT=%d" % link.port, flush=True)
    link.thread.join(o.life)


if __name__ == "__main__":
    main()
