#!/usr/bin/env python3
# introspect.py - token introspection (RFC 7662) for a Dovecot of the tests
#
# usage: introspect.py [PORT]
#
# Prints PORT=N when it listens on 127.0.0.1, and runs until it is stopped. The
# token "tok-alice" is alice's, for every user likewise; any other token is not
# active.
#
# exit: 0 stopped, 2 usage
#
# SPDX-License-Identifier: GPL-3.0-or-later

import http.server
import json
import re
import signal
import sys
import time
import urllib.parse

BODY_MAX = 64 << 10
LIFE_S = 3600


def facts(token):
    m = re.fullmatch(r"tok-([a-z0-9]+)", token)
    if not m:
        return {"active": False}
    return {"active": True, "username": m[1], "scope": "email", "client_id": "test",
            "exp": int(time.time()) + LIFE_S}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, form):
        token = urllib.parse.parse_qs(form).get("token", [""])[0]
        if not token:
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        body = json.dumps(facts(token)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(urllib.parse.urlsplit(self.path).query)

    def do_POST(self):
        n = min(int(self.headers.get("Content-Length") or 0), BODY_MAX)
        self.answer(self.rfile.read(n).decode("latin-1"))

    def log_message(self, *args):
        pass


def main():
    if len(sys.argv) > 2 or not all(a.isdigit() for a in sys.argv[1:]):
        print("usage: introspect.py [PORT]", file=sys.stderr)
        return 2
    port = int(sys.argv[1]) if len(sys.argv) == 2 else 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    signal.signal(signal.SIGTERM, lambda *args: sys.exit(0))
    print("PORT=%d" % server.server_port, flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
