#!/usr/bin/env python3
"""A small HTTP server with bad manners, for the tests of io/http.

    http_server.py [--tls CERT.pem KEY.pem [--client-ca CA.pem]]

listens on a free port of 127.0.0.1, prints the port and a newline, and serves until its standard
input ends. The path says what happens:
    /echo            the request as JSON: method, path, headers, body
    /status/N[?retry=V]   status N, a body, Retry-After V
    /big/N           N bytes
    /slow/MS         waits before the answer
    /drip/N/MS       N pieces of 4 bytes, a pause after each
    /stall           the head, 4 bytes, then nothing
    /cut             promises 100 bytes, sends 10
    /drop            closes without an answer
    /garbage         no HTTP
    /redirect        302 to /echo
"""
import json
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def head(self, status, length, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", "Application/JSON; charset=utf-8")
        if length is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(length))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def whole(self, status, body, headers=()):
        self.head(status, len(body), headers)
        if self.command != "HEAD":
            self.wfile.write(body)

    def end_at_once(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def do_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        words = url.path.strip("/").split("/")
        word, args = words[0], words[1:]
        if word == "echo":
            text = json.dumps({
                "method": self.command, "path": self.path, "body": body.decode("latin-1"),
                "headers": {k.lower(): v for k, v in self.headers.items()},
                "port": self.client_address[1]})
            self.whole(200, text.encode())
        elif word == "status":
            extra = [("Retry-After", query["retry"][0])] if "retry" in query else []
            self.whole(int(args[0]), b'{"status":"said so"}', extra)
        elif word == "big":
            self.whole(200, b"x" * int(args[0]))
        elif word == "slow":
            time.sleep(int(args[0]) / 1000)
            self.whole(200, b"{}")
        elif word == "drip":
            self.head(200, None)
            for i in range(int(args[0])):
                self.wfile.write(b"%04d" % i)
                self.wfile.flush()
                time.sleep(int(args[1]) / 1000)
        elif word == "stall":
            self.head(200, 100)
            self.wfile.write(b"part")
            self.wfile.flush()
            time.sleep(20)
        elif word == "cut":
            self.head(200, 100)
            self.wfile.write(b"0123456789")
            self.wfile.flush()
            self.end_at_once()
        elif word == "drop":
            self.end_at_once()
        elif word == "garbage":
            self.wfile.write(b"SSH-2.0-OpenSSH\r\n")
            self.end_at_once()
        elif word == "redirect":
            self.whole(302, b"", [("Location", "/echo")])
        else:
            self.whole(404, b'{"message":"no such path"}')

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_any


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass


def main(argv):
    server = Server(("127.0.0.1", 0), Handler)
    if "--tls" in argv:
        at = argv.index("--tls")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(argv[at + 1], argv[at + 2])
        if "--client-ca" in argv:
            context.load_verify_locations(argv[argv.index("--client-ca") + 1])
            context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True,
                                            do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv)
