"""A server on loopback that answers deliveries as a test says, and the loop that carries them."""

from __future__ import annotations

import asyncio
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from torget.adapters.activitypub.fanout import Fanout


class Server:
    """A server that answers as the test says, and keeps what was delivered and how it was signed."""

    def __init__(self):
        self.got, self.answer, self.takes, self.wait = [], (202, {}), None, 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                time.sleep(outer.wait)
                headers = {name.lower(): value for name, value in self.headers.items()}
                way = "rfc9421" if "signature-input" in headers else "cavage"
                status, more = outer.answer
                if outer.takes and not outer.fits(way, headers):
                    status = 401
                outer.got.append((self.path, way, status, body, headers))
                self.send_response(status)
                for name, value in {"content-length": "0", **more}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.host = f"127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def fits(self, way, headers):
        kind = (
            "ed25519"
            if "ed25519-key" in headers.get("signature-input", headers["signature"])
            else "rsa"
        )
        return f"{way}-{kind}" == self.takes

    def inbox(self, number=0):
        return f"http://{self.host}/inbox/{number}"


def carry(**more):
    asyncio.run(Fanout(**more).run(threading.Event(), until_empty=True))
