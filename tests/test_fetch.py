"""Pulling over real HTTP, on the loopback."""

import gzip
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reporter import __version__
from reporter.errors import SourceError
from reporter.fetch import Limits, fetch, read_file
from reporter.sources import REGISTRY

QUICK = Limits(connect=2, read=1, total=20, size=100_000, redirects=2, attempts=3, wait_first=0.001, wait_longest=0.1)
BODY = b"Meldedatum,Altersgruppe\n" * 100


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve() -> Iterator["Serve"]:
    """Start upstreams that give their answers in turn, the last one for ever."""
    servers: list[Upstream] = []

    def start(*answers: "Answer") -> "Upstream":
        server = Upstream(answers)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()


class Upstream:
    def __init__(self, answers: Sequence["Answer"]) -> None:
        self.requests: list[dict[str, str]] = []
        self.open = threading.Event()  # set once the upstream closes: what hangs or never ends stops then
        turn = itertools.chain(answers, itertools.repeat(answers[-1]))
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                upstream.requests.append(dict(self.headers))
                self.close_connection = True
                next(turn)(self, upstream)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/counts.csv"
        self.source = replace(REGISTRY["rki"], url=self.url)

    def close(self) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


Answer = Callable[[BaseHTTPRequestHandler, Upstream], None]
Serve = Callable[..., Upstream]


def answer(status: int = 200, body: bytes = BODY, length: int | None = None, **headers: str) -> Answer:
    def give(handler: BaseHTTPRequestHandler, _: Upstream) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return give


def endless(piece: bytes, pause: float) -> Answer:
    def give(handler: BaseHTTPRequestHandler, upstream: Upstream) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while not upstream.open.wait(pause):
                handler.wfile.write(piece)
        except OSError:  # the client has left
            pass

    return give


def hang(_: BaseHTTPRequestHandler, upstream: Upstream) -> None:
    upstream.open.wait(10)


def hang_up(handler: BaseHTTPRequestHandler, _: Upstream) -> None:
    handler.connection.close()


def failure(upstream: Upstream, limits: Limits = QUICK, headers: dict[str, str] | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        fetch(upstream.source, headers=headers, limits=limits)
    message = str(caught.value)
    assert message.startswith("rki: 127.0.0.1: ")
    assert message.isprintable()
    return message.removeprefix("rki: 127.0.0.1: ")


def test_gives_the_body_and_says_who_asks(serve: Serve) -> None:
    upstream = serve(answer())
    assert fetch(upstream.source, limits=QUICK) == BODY
    (request,) = upstream.requests
    assert request["User-Agent"].startswith(f"reporter/{__version__} ")


def test_unpacks_the_body(serve: Serve) -> None:
    assert fetch(serve(answer(body=gzip.compress(BODY), Content_Encoding="gzip")).source, limits=QUICK) == BODY


@pytest.mark.parametrize("status", [400, 403, 404, 410, 204, 304])
def test_other_statuses_fail_at_once(serve: Serve, status: int) -> None:
    upstream = serve(answer(status, b"" if status in {204, 304} else b"404: Not Found"))
    assert failure(upstream) == f"status {status}"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        answer(503, b"<html>"),
        answer(500),
        answer(429, Retry_After="0"),
        answer(429, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"),
        answer(length=len(BODY) + 1),
        answer(X_SODA2_Data_Out_Of_Date="true"),
        hang,
        hang_up,
    ],
    ids=["503", "500", "429", "429 with a date", "cut", "stale", "silence", "hang-up"],
)
def test_passing_trouble_is_tried_again(serve: Serve, trouble: Answer) -> None:
    upstream = serve(trouble, answer())
    assert fetch(upstream.source, limits=QUICK) == BODY
    assert len(upstream.requests) == 2


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (answer(503), "status 503"),
        (answer(429), "status 429"),
        (answer(length=len(BODY) + 1), "peer closed connection"),
        (answer(X_SODA2_Data_Out_Of_Date="true"), "a stale replica answered"),
        (hang, "no answer in time (ReadTimeout)"),
    ],
)
def test_lasting_trouble_fails_after_the_last_attempt(serve: Serve, trouble: Answer, reason: str) -> None:
    upstream = serve(trouble)
    limits = replace(QUICK, read=0.1) if trouble is hang else QUICK
    assert failure(upstream, limits).startswith(reason)
    assert len(upstream.requests) == QUICK.attempts


def test_a_longer_pause_than_ours_is_respected_by_leaving(serve: Serve) -> None:
    upstream = serve(answer(429, Retry_After="3600"), answer())
    assert failure(upstream) == "status 429"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("body", [b"<HTML><body>maintenance", b" \n<!DOCTYPE html>", b"<?xml version='1.0'?>\n<html>"])
def test_a_web_page_with_status_200_is_refused(serve: Serve, body: bytes) -> None:
    upstream = serve(answer(body=body))
    assert failure(upstream) == "the answer is a web page, not data"
    assert len(upstream.requests) == 1


def test_an_empty_body_is_refused(serve: Serve) -> None:
    assert failure(serve(answer(body=b""))) == "the answer is empty"


def test_an_endless_body_is_stopped_by_its_size(serve: Serve) -> None:
    upstream = serve(endless(b"0" * 10_000, 0))
    assert failure(upstream) == "more than 100000 bytes"
    assert len(upstream.requests) == 1


def test_a_small_body_that_unpacks_to_a_huge_one_is_stopped(serve: Serve) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    assert failure(serve(answer(body=bomb, Content_Encoding="gzip"))) == "more than 100000 bytes"


def test_a_dripping_body_is_stopped_by_the_deadline(serve: Serve) -> None:
    begun = time.monotonic()
    assert failure(serve(endless(b"0", 0.02)), replace(QUICK, total=0.2)) == "not done after 0.2 s"
    assert time.monotonic() - begun < 2


def test_nobody_there() -> None:
    upstream = Upstream([answer()])
    upstream.close()
    assert "refused" in failure(upstream)


def test_redirects_are_followed_but_not_for_ever(serve: Serve) -> None:
    there = serve(answer())
    here = serve(answer(302, b"", Location=there.url))
    assert fetch(here.source, limits=QUICK) == BODY
    loop = serve(answer(302, b"", Location="/counts.csv"))
    assert failure(loop) == "more than 2 redirects"
    assert len(loop.requests) == 3
    assert failure(serve(answer(302, b"", Location="ftp://example.org/"))).startswith("the request cannot be sent")


def test_a_token_goes_to_its_own_host_only_and_into_no_message(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    there = serve(answer(503), answer())
    here = serve(answer(302, b"", Location=there.url))
    assert fetch(here.source, headers={"X-App-Token": "s3cret"}, limits=QUICK) == BODY
    assert here.requests[0]["X-App-Token"] == "s3cret"
    assert all("X-App-Token" not in request for request in there.requests)
    for token in ("s3cret\n", "s3crét", " s3cret"):
        assert failure(here, headers={"X-App-Token": token}).startswith("the header X-App-Token holds")
    assert any("status 503; again in" in line for line in caplog.messages)
    assert not any("s3cr" in line for line in caplog.messages)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (None, "no address"),
        ("counts.csv", "begins with https"),
        ("file:///etc/passwd", "begins with https"),
        ("http://host:port/", "not an address: Invalid port"),
    ],
)
def test_what_is_no_web_address_is_refused(url: str | None, reason: str) -> None:
    with pytest.raises(SourceError, match=f"rki: .*{reason}"):
        fetch(replace(REGISTRY["rki"], url=url), limits=QUICK)


def test_a_file_is_read_under_the_same_limits(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_bytes(BODY)
    source = REGISTRY["file"]
    assert read_file(source, path) == BODY
    with pytest.raises(SourceError, match=r"file: .*counts\.csv: more than 99 bytes"):
        read_file(source, path, limits=Limits(size=99))
    with pytest.raises(SourceError, match=r"file: .*absent\.csv: No such file"):
        read_file(source, tmp_path / "absent.csv")
    path.write_bytes(b"<html>")
    with pytest.raises(SourceError, match="web page"):
        read_file(source, path)
