"""A server on this machine that speaks real HTTP and misbehaves by request."""

import hashlib
import re
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

CONTENT = bytes(range(256)) * 4000


class Handler(BaseHTTPRequestHandler):
    """Serves the files of the server; ``faults`` says what goes wrong, how often, at which path."""

    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections += 1

    def do_GET(self):
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        path = urlsplit(self.path).path
        fault = self._fault(path)
        if callable(fault):
            return fault(self)
        if path not in self.server.files:
            return self.answer(404, b"no such file")
        return self.serve(self.server.files[path])

    def do_POST(self):
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def _fault(self, path):
        queue = self.server.faults[path]
        if not queue:
            return None
        fault, times = queue[0]
        queue[0] = (fault, times - 1)
        if times <= 1:
            queue.pop(0)
        return fault

    def serve(self, content, etag=None):
        tag = etag or f'"{hashlib.md5(content).hexdigest()}"'
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        unchanged = self.headers.get("If-Range", tag) == tag
        if asked and unchanged:
            first = int(asked[1])
            if first >= len(content):
                return self.answer(416, b"", {"Content-Range": f"bytes */{len(content)}"})
            last = min(int(asked[2] or len(content) - 1), len(content) - 1)
            part = content[first : last + 1]
            where = {"Content-Range": f"bytes {first}-{last}/{len(content)}", "ETag": tag}
            return self.answer(206, part, where)
        return self.answer(200, content, {"ETag": tag})

    def answer(self, status, content=b"", headers=None, length=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)
        if length is not None and length != len(content):
            self.close_connection = True

    def log_message(self, *_):
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    """The server, its files by path, its faults by path, and what it was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.faults, self.asked = {}, defaultdict(list), []
        self.connections = 0

    @property
    def root(self):
        return f"http://127.0.0.1:{self.server_port}"

    def misbehave(self, path, fault, times=10_000):
        self.faults[path].append((fault, times))

    def handle_error(self, *_):
        """Clients that hang up are part of the tests."""


@contextmanager
def serving():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def status(code, content=b"", **headers):
    """Return a fault that answers with a status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(code, content, named)


def cut_after(count):
    """Return a fault that hangs up after some bytes of the body."""

    def fault(handler):
        path = urlsplit(handler.path).path
        whole = handler.wfile

        class Short:
            left = count

            def write(self, data):
                if data.startswith(b"HTTP/"):
                    return whole.write(data)
                whole.write(data[: self.left])
                self.left -= min(len(data), self.left)
                if not self.left:
                    handler.close_connection = True
                return len(data)

            def flush(self):
                whole.flush()

        handler.wfile = Short()
        try:
            handler.serve(handler.server.files[path])
        finally:
            handler.wfile = whole

    return fault


def silent(seconds):
    """Return a fault that says nothing for a while."""

    def fault(handler):
        time.sleep(seconds)
        handler.close_connection = True

    return fault
