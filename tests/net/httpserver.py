#!/usr/bin/env python3
"""usage: httpserver.py CERT KEY LOG

An HTTPS server on a free loopback port, which it prints.  Every request goes
into LOG as one line of JSON.  The path says how it answers:
  /ok 200, /redirect 302 to /elsewhere, /missing 404, /big 10 MB, /headers too
  many of them, /slow nothing for 20 s, /cut half an answer.
It ends when its standard input does.
"""
import http.server
import json
import os
import ssl
import sys
import threading
import time

CERT, KEY, LOG = sys.argv[1:]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def note(self, body):
        line = json.dumps({"method": self.command, "path": self.path, "body": body,
                           "headers": {k.lower(): v for k, v in self.headers.items()}})
        with open(LOG, "a", encoding="utf-8") as f:
            f.write(line + "\n")

    def reply(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.note(body.decode())
        try:
            self.answer()
        except OSError:
            self.close_connection = True

    def do_GET(self):
        self.note("")
        self.reply(200)

    def answer(self):
        if self.path == "/redirect":
            self.reply(302, [("Location", "/elsewhere"), ("Set-Cookie", "a=b")])
        elif self.path == "/missing":
            self.reply(404, body=b"no")
        elif self.path == "/big":
            self.reply(200, body=b"x" * 10_000_000)
        elif self.path == "/headers":
            self.reply(200, [(f"X-{i}", "y" * 1000) for i in range(90)])
        elif self.path == "/slow":
            time.sleep(20)
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"x" * 50)
            self.close_connection = True
        else:
            self.reply(200, [("Set-Cookie", "a=b")], b"done")


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERT, KEY)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.handle_error = lambda *args: None
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
sys.stdout.write(f"{server.server_address[1]}\n")  # at once, also when it is not buffered
sys.stdout.flush()
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
os._exit(0)
