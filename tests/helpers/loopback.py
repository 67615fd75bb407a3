"""A site served on the loopback as GitHub Pages serves a project's: below a sub-path, compressed."""

import contextlib
import functools
import gzip
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

SUB_PATH = "/reporter/"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".xml": "application/xml",
    ".svg": "image/svg+xml",
    ".csv": "text/csv; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
}
COMPRESSED = {".html", ".css", ".js", ".json", ".xml", ".svg", ".csv", ".txt"}


@dataclass
class Served:
    """A site that is being served.

    Attributes:
        address: of its home.
        asked: every path that was asked for, with the status and the bytes of the body sent.
    """

    address: str
    asked: list[tuple[str, int, int]] = field(default_factory=list)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20  # a browser keeps connections; none is kept for ever

    def __init__(self, *args, site: Path, asked: list[tuple[str, int, int]]) -> None:
        self.site, self.asked = site, asked
        super().__init__(*args)

    def do_GET(self) -> None:
        """Answer with the file, the folder's index, or the site's own page for what is not there."""
        path = unquote(urlsplit(self.path).path)
        status, file = 404, self.site / "404.html"
        if path.startswith(SUB_PATH):
            wanted = (self.site / path.removeprefix(SUB_PATH)).resolve()
            wanted = wanted / "index.html" if path.endswith("/") else wanted
            if wanted.is_relative_to(self.site.resolve()) and wanted.is_file():
                status, file = 200, wanted
        kind = file.suffix
        body = file.read_bytes() if file.is_file() else b""
        self.send_response(status)
        self.send_header("Content-Type", TYPES.get(kind, "application/octet-stream"))
        self.send_header("Cache-Control", "max-age=600")
        if kind in COMPRESSED and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 6, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.asked.append((self.path, status, len(body)))
        with contextlib.suppress(ConnectionError):  # the browser may have gone on to another page
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A connection that the browser dropped is no news."""


@contextlib.contextmanager
def serving(site: Path) -> Iterator[Served]:
    """Serve a site until the block ends."""
    asked: list[tuple[str, int, int]] = []
    with _Server(("127.0.0.1", 0), functools.partial(_Handler, site=site, asked=asked)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Served(f"http://127.0.0.1:{server.server_address[1]}{SUB_PATH}", asked)
        finally:
            server.shutdown()
            thread.join()
