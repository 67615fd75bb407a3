"""An upstream that misbehaves: real HTTP on the loopback, and the faults that a pull has to live with."""

import contextlib
import gzip
import itertools
import socket
import threading
from collections.abc import Callable
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Upstream:
    """Gives its answers in turn, the last one for ever.

    Its last answers can be changed with `says`; `requests` are the headers that came, `paths` what was asked for.
    """

    def __init__(self, *answers: "Answer") -> None:
        self.requests: list[Message] = []
        self.paths: list[str] = []
        self.closed = threading.Event()  # what hangs or never ends stops then
        self.says(*answers)
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                upstream.requests.append(self.headers)
                upstream.paths.append(self.path)
                self.close_connection = True
                with contextlib.suppress(OSError):  # the client has left
                    next(upstream._turn)(self, upstream)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/counts.csv"

    def says(self, *answers: "Answer") -> None:
        self._turn = itertools.chain(answers, itertools.repeat(answers[-1]))

    def close(self) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


Answer = Callable[[BaseHTTPRequestHandler, Upstream], None]


def answer(body: bytes, status: int = 200, length: int | None = None, **headers: str) -> Answer:
    def give(handler: BaseHTTPRequestHandler, _: Upstream) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return give


def dated(status: int, date: str, **headers: str) -> Answer:
    """An empty answer whose `Date` is not the server's own; without one if it is empty."""

    def give(handler: BaseHTTPRequestHandler, _: Upstream) -> None:
        handler.send_response_only(status)
        for name, value in {"Content-Length": "0", **({"Date": date} if date else {}), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return give


def conditional(body: bytes, etag: str, **headers: str) -> Answer:
    """304 for who has it already."""

    def give(handler: BaseHTTPRequestHandler, upstream: Upstream) -> None:
        if handler.headers.get("If-None-Match") == etag:
            answer(b"", 304, ETag=etag)(handler, upstream)
        else:
            answer(body, ETag=etag, **headers)(handler, upstream)

    return give


def endless(piece: bytes, pause: float, begin: bytes = b"", **headers: str) -> Answer:
    """A body that never ends: `begin`, then the piece again and again, with a pause (in seconds) before each."""

    def give(handler: BaseHTTPRequestHandler, upstream: Upstream) -> None:
        handler.send_response(200)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(begin)
        while not upstream.closed.wait(pause):
            handler.wfile.write(piece)

    return give


def endless_headers(pause: float) -> Answer:
    """A header line that drips in and never ends."""

    def give(handler: BaseHTTPRequestHandler, upstream: Upstream) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        while not upstream.closed.wait(pause):
            handler.wfile.write(b"0")

    return give


def stuck(body: bytes) -> Answer:
    """Half of a body, and then nothing."""

    def give(handler: BaseHTTPRequestHandler, upstream: Upstream) -> None:
        answer(body[: len(body) // 2], length=len(body))(handler, upstream)
        handler.wfile.flush()
        upstream.closed.wait(10)

    return give


def hang(_: BaseHTTPRequestHandler, upstream: Upstream) -> None:
    upstream.closed.wait(10)


def waiting(until: threading.Event, then: Answer) -> Answer:
    """Nothing before something has happened."""

    def give(handler: BaseHTTPRequestHandler, upstream: Upstream) -> None:
        until.wait(60)
        then(handler, upstream)

    return give


def hang_up(handler: BaseHTTPRequestHandler, _: Upstream) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def packed(body: bytes, cut: int = 0) -> Answer:
    """As gzip, without its last bytes; the length is right, as if a cache had kept a cut file."""
    stream = gzip.compress(body)
    return answer(stream[: len(stream) - cut], Content_Encoding="gzip")


def bomb(size: int) -> Answer:
    """A small body that unpacks to that many bytes."""
    return packed(bytes(size))


def page(title: str) -> bytes:
    return f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>{title}</body></html>".encode()


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
