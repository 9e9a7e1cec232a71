"""A public folder of Google Drive on a server of the tests, as its pages show it to a browser.

Addresses in answers are Google's own: the client must lead each of them to this server by itself.
Like Google's, it tells versions of a file apart by the time of their change, not by an ETag.
"""

import html
import re
from urllib.parse import parse_qs, urlsplit

FOLDER = "1AbCdEfGhIjKlMnOpQrStUvWxYz_-0123"
INNER = "1InnerFolderInnerFolderInnerFolder"
LINK = "/glavitu-weights"
VIEW = "/google-drive/embeddedfolderview"
ASK = "/google-drive/uc"
FILE = "/google-drive-files/download"
SCANNED = 200_000
"""Bytes up to which Google looks for viruses; larger files ask for a confirmation."""

FOR_EVER = 1_000_000
FIRST_CHANGE = "Mon, 15 Jan 2024 10:00:00 GMT"
LATER_CHANGE = "Tue, 16 Jan 2024 10:00:00 GMT"

QUOTA = b"""<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>
<p class="uc-error-caption">Sorry, you can&#39;t view or download this file at this time.</p>
<p class="uc-error-subcaption">Too many users have viewed or downloaded this file recently.</p>
</body></html>"""


def number_of(name, folder=""):
    """Give the number that a file has in the whole of Drive."""
    return re.sub(r"[^A-Za-z0-9]", "-", folder + name).ljust(28, "0")


def numbered(files, folder=""):
    return {name: number_of(name, folder) for name in files}


class Drive:
    """The shared folder. Files by name; ``inner`` lie in a folder of it."""

    def __init__(self, server):
        self.server = server
        self.files, self.inner, self.changed = {}, {}, {}
        self.confirmed = 0
        answers = {LINK: self.link, VIEW: self.view, ASK: self.ask, FILE: self.file}
        for path, answer in answers.items():
            server.misbehave(path, answer, FOR_EVER)

    def misbehave(self, path, fault, times=10_000):
        """Answer a path wrongly so many times, before all that was set for it so far."""
        self.server.faults[path].insert(0, (fault, times))

    def asked(self, path=FILE):
        """Give query and headers of what was asked for at a path."""
        return [
            (parse_qs(urlsplit(asked).query), headers)
            for _, asked, headers in self.server.asked
            if urlsplit(asked).path == path
        ]

    def link(self, handler):
        lead(handler, 301, f"https://drive.google.com/drive/folders/{FOLDER}?usp=sharing")

    def view(self, handler):
        folder = query(handler)["id"][0]
        shown = {FOLDER: numbered(self.files), INNER: numbered(self.inner, "older")}.get(folder)
        if shown is None:
            return page(handler, b"<title>Error 404</title>", 404)
        entries = [
            entry(f"https://drive.google.com/file/d/{number}/view?usp=drive_web", name)
            for name, number in shown.items()
        ]
        if self.inner:
            other = INNER if folder == FOLDER else FOLDER  # a folder may lead back
            entries.insert(0, entry(f"https://drive.google.com/drive/folders/{other}", "other"))
        return page(
            handler, f"<html><head><title>weights</title></head><body>{''.join(entries)}".encode()
        )

    def ask(self, handler):
        asked = query(handler)["id"][0]
        lead(
            handler,
            303,
            f"https://drive.usercontent.google.com/download?id={asked}&export=download",
        )

    def file(self, handler):
        asked = query(handler)
        everything = {number_of(name): (name, self.files[name]) for name in self.files}
        name, content = everything.get(asked["id"][0], (None, b""))
        if name is None:
            return page(handler, b"<title>Error 404 (Not Found)!!1</title>", 404)
        if len(content) > SCANNED and asked.get("confirm") != ["t"]:
            return page(handler, self.scanner(name))
        return serve(handler, content, self.changed.get(name, FIRST_CHANGE))

    def scanner(self, name):
        self.confirmed += 1
        text = f"""<!DOCTYPE html><html>
<head><title>Google Drive - Virus scan warning</title></head>
<body><p class="uc-warning-caption">Google Drive can't scan this file for viruses.</p>
<span class="uc-name-size"><a href="/open?id={number_of(name)}">{name}</a> (38M)</span>
<form id="download-form" action="https://drive.usercontent.google.com/download" method="get">
<input type="submit" id="uc-download-link" value="Download anyway"/>
<input type="hidden" name="id" value="{number_of(name)}">
<input type="hidden" name="export" value="download">
<input type="hidden" name="confirm" value="t">
<input type="hidden" name="uuid" value="00000000-{self.confirmed:04}"></form></body></html>"""
        return text.encode()

    def cut(self, name, count):
        """Return a fault that hangs up after some bytes of a file."""

        def fault(handler):
            handler.wfile = Short(handler, count)
            try:
                self.file(handler)
            finally:
                handler.wfile = handler.wfile.whole

        return fault


class Short:
    """Writes the head of an answer, and only the beginning of its body."""

    def __init__(self, handler, count):
        self.handler, self.whole, self.left = handler, handler.wfile, count

    def write(self, data):
        if data.startswith(b"HTTP/"):
            return self.whole.write(data)
        self.whole.write(data[: self.left])
        self.left -= min(len(data), self.left)
        if not self.left:
            self.handler.close_connection = True
        return len(data)

    def flush(self):
        self.whole.flush()


def query(handler):
    return parse_qs(urlsplit(handler.path).query)


def entry(address, name):
    return (
        f'<div class="flip-entry" id="entry-x" tabindex="0" role="link">'
        f'<div class="flip-entry-info"><a href="{html.escape(address)}" target="_blank">'
        f'<div class="flip-entry-visual"><img src="https://drive.google.com/i.png"/></div>'
        f'<div class="flip-entry-title">{html.escape(name)}</div></a></div>'
        f'<div class="flip-entry-last-modified"><div>1/15/24</div></div></div>'
    )


def page(handler, content, status=200):
    handler.answer(status, content, {"Content-Type": "text/html; charset=utf-8"})


def lead(handler, status, address):
    handler.answer(status, b"", {"Location": address, "Content-Type": "text/html"})


def serve(handler, content, changed):
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": 'attachment; filename="weights.h5"',
        "Accept-Ranges": "bytes",
        "Last-Modified": changed,
    }
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", handler.headers.get("Range", ""))
    if asked is None or handler.headers.get("If-Range", changed) != changed:
        return handler.answer(200, content, headers)
    first, last = int(asked[1]), min(int(asked[2] or len(content)), len(content) - 1)
    headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
    return handler.answer(206, content[first : last + 1], headers)
