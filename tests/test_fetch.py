"""Pulling over real HTTP, on the loopback."""

import gzip
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import upstream as up
from upstream import Answer, Upstream, endless, hang, hang_up

from reporter import __version__
from reporter.errors import SourceError
from reporter.fetch import Limits, Validators, download, fetch, read_file
from reporter.sources import REGISTRY
from reporter.sources.base import Paging, Part, Source, Token

QUICK = Limits(connect=2, read=1, total=20, size=100_000, redirects=2, attempts=3, wait_first=0.001, wait_longest=0.1)
BODY = b"Meldedatum,Altersgruppe\n" * 100
HIDDEN = "s3cret-t0ken"
Serve = Callable[..., Upstream]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Upstream] = []

    def start(*answers: Answer) -> Upstream:
        servers.append(Upstream(*answers))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def answer(status: int = 200, body: bytes = BODY, length: int | None = None, **headers: str) -> Answer:
    return up.answer(body, status, length, **headers)


def source(upstream: Upstream) -> Source:
    return replace(REGISTRY["rki"], url=upstream.url, token=Token(variable="UPSTREAM_TOKEN", header="X-App-Token"))


def failure(upstream: Upstream, limits: Limits = QUICK, part: Part | None = None, **environment: str) -> str:
    with pytest.raises(SourceError) as caught:
        download(source(upstream), part or Part(url=upstream.url), environment=environment, limits=limits)
    message = str(caught.value)
    assert message.startswith("rki: 127.0.0.1: ")
    assert message.isprintable()
    return message.removeprefix("rki: 127.0.0.1: ")


def test_gives_the_body_and_says_who_asks(serve: Serve) -> None:
    upstream = serve(answer())
    assert fetch(source(upstream), limits=QUICK) == BODY
    (request,) = upstream.requests
    assert request["User-Agent"].startswith(f"reporter/{__version__} ")


@pytest.mark.parametrize("pieces", [1, 2])
def test_unpacks_the_body(serve: Serve, pieces: int) -> None:
    """Also one that was packed in two pieces, which are one file to gzip."""
    half = len(BODY) // pieces
    packed = b"".join(gzip.compress(BODY[start : start + half]) for start in range(0, len(BODY), half))
    upstream = serve(answer(body=packed, Content_Encoding="gzip"))
    assert fetch(source(upstream), limits=QUICK) == BODY
    assert upstream.requests[0]["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize("status", [400, 403, 404, 410, 204, 304])
def test_other_statuses_fail_at_once(serve: Serve, status: int) -> None:
    upstream = serve(answer(status, b"" if status in {204, 304} else b"Not this way"))
    assert failure(upstream) == f"status {status}" + ("" if status in {204, 304} else ": Not this way")
    assert len(upstream.requests) == 1


REASON = b'{"message": "No such column: totalconfc19newadm",\r\n "errorCode": "query.soql.no-such-column", "data": {}}'


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (
            REASON,
            {},
            ': {"message": "No such column: totalconfc19newadm", "errorCode": "query.soql.no-such-column", "data":…',
        ),
        (gzip.compress(REASON), {"Content_Encoding": "gzip"}, ': {"message": "No such column: totalconf'),
        (b"x" * 50_000, {}, f": {'x' * 99}…"),
        (b"", {}, ""),
        (b" \n <h1>Bad request</h1>", {}, ""),
        (b"Bad request", {"Content_Type": "text/html"}, ""),
        (b"\x00\xff\xfe\x93", {}, ""),
        (b"not gzip", {"Content_Encoding": "gzip"}, ""),
    ],
    ids=["JSON", "packed", "long", "empty", "page", "page that says so", "no text", "not as packed as it says"],
)
def test_a_refusal_says_why_in_a_hundred_characters(
    serve: Serve, body: bytes, headers: dict[str, str], said: str
) -> None:
    message = failure(serve(answer(400, body, **headers)))
    assert message.startswith(f"status 400{said}")
    assert len(message) <= len("status 400: ") + 100
    assert said or message == "status 400"


def test_a_refusal_whose_reason_never_comes_is_one_all_the_same(serve: Serve) -> None:
    begun = time.monotonic()
    assert failure(serve(answer(400, b"no such", length=99)), replace(QUICK, read=0.2)) == "status 400: no such"
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize("before", [0, 90, 4096 - 5, 4096 - len("s3cret-t0ken")])
def test_a_token_in_a_refusal_is_hidden_wherever_it_is_cut(serve: Serve, before: int) -> None:
    for space in (b" ", b"x"):
        message = failure(serve(answer(403, space * before + HIDDEN.encode())), UPSTREAM_TOKEN=HIDDEN)
        assert HIDDEN[:3] not in message
        assert message.startswith("status 403")


@pytest.mark.parametrize(
    "page",
    [
        answer(body=up.page("maintenance")),
        answer(body=up.page("maintenance"), Content_Type="text/html"),
        answer(body=gzip.compress(up.page("maintenance")), Content_Type="text/html", Content_Encoding="gzip"),
    ],
)
def test_a_page_in_place_of_data_can_be_kept_aside(serve: Serve, page: Answer) -> None:
    upstream = serve(page)
    for environment, kept in (({}, up.page("maintenance")), ({"UPSTREAM_TOKEN": "maintenance"}, None)):
        with pytest.raises(SourceError) as caught:
            download(source(upstream), Part(url=upstream.url), environment=environment, limits=QUICK)
        assert caught.value.raw == kept
    with pytest.raises(SourceError) as caught:
        download(source(upstream), Part(url="http://127.0.0.1:9/"), limits=replace(QUICK, attempts=1))
    assert caught.value.raw is None


SOON = {"date": "Wed, 21 Oct 2026 07:28:00 GMT", "Retry_After": "Wed, 21 Oct 2026 07:28:00 GMT"}


@pytest.mark.parametrize(
    "trouble",
    [
        answer(503, b"<html>"),
        answer(500),
        answer(429),
        answer(429, Retry_After="0"),
        answer(429, Retry_After="soon"),
        up.dated(429, **SOON),
        up.dated(429, **SOON | {"date": "", "Retry_After": "Wed, 21 Oct 2099 07:28:00 GMT"}),
        answer(length=len(BODY) + 1),
        answer(body=gzip.compress(BODY)[:-3], Content_Encoding="gzip"),
        answer(Content_Encoding="gzip"),
        answer(X_SODA2_Data_Out_Of_Date="true"),
        hang,
        hang_up,
    ],
    ids=[
        "503", "500", "429", "429 at once", "429 whenever", "429 with a date", "429 with a date and no clock",
        "short", "cut gzip", "no gzip", "stale", "silence", "hang-up",
    ],
)  # fmt: skip
def test_passing_trouble_is_tried_again(serve: Serve, trouble: Answer) -> None:
    upstream = serve(trouble, answer())
    assert fetch(source(upstream), limits=QUICK) == BODY
    assert len(upstream.requests) == 2


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (answer(503), "status 503"),
        (answer(429), "status 429"),
        (answer(length=len(BODY) + 1), "peer closed connection"),
        (answer(body=gzip.compress(BODY)[:-3], Content_Encoding="gzip"), "the answer ends before its gzip stream does"),
        (answer(Content_Encoding="gzip"), "the answer cannot be unpacked"),
        (answer(X_SODA2_Data_Out_Of_Date="true"), "a stale replica answered"),
        (hang, "no answer in time (ReadTimeout)"),
        (up.stuck(BODY), "no answer in time (ReadTimeout)"),
    ],
    ids=["503", "429", "short", "cut gzip", "no gzip", "stale", "silence", "silence in the body"],
)
def test_lasting_trouble_fails_after_the_last_attempt(serve: Serve, trouble: Answer, reason: str) -> None:
    upstream = serve(trouble)
    limits = replace(QUICK, read=0.1) if "no answer" in reason else QUICK
    assert failure(upstream, limits).startswith(reason)
    assert len(upstream.requests) == QUICK.attempts


LATER = {"date": "Wed, 21 Oct 2026 07:28:00 GMT", "Retry_After": "Wed, 21 Oct 2026 08:28:00 GMT"}


@pytest.mark.parametrize("trouble", [answer(429, Retry_After="3600"), up.dated(503, **LATER)])
def test_a_longer_pause_than_ours_is_respected_by_leaving(serve: Serve, trouble: Answer) -> None:
    upstream = serve(trouble, answer())
    assert failure(upstream).endswith(", and it asks for a pause of 3600 s")
    assert len(upstream.requests) == 1


def test_a_pause_in_either_form_is_kept(serve: Serve) -> None:
    for trouble in (answer(429, Retry_After="1"), up.dated(429, **SOON | {"date": "Wed, 21 Oct 2026 07:27:59 GMT"})):
        begun = time.monotonic()
        assert fetch(source(serve(trouble, answer())), limits=replace(QUICK, wait_longest=2)) == BODY
        assert time.monotonic() - begun > 1


@pytest.mark.parametrize("body", [b"<HTML><body>maintenance", b" \n<!DOCTYPE html>", b"<?xml version='1.0'?>\n<html>"])
def test_a_web_page_with_status_200_is_refused(serve: Serve, body: bytes) -> None:
    upstream = serve(answer(body=body))
    assert failure(upstream) == "the answer is a web page, not data"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("kind", ["text/html", "Text/HTML; charset=utf-8", "application/xhtml+xml", "image/png"])
def test_what_calls_itself_no_data_is_refused(serve: Serve, kind: str) -> None:
    upstream = serve(answer(Content_Type=kind))
    assert failure(upstream) == f"the answer is of type '{kind.lower().split(';')[0]}', not data"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("kind", ["text/plain", "text/csv", "application/octet-stream", "application/json", ""])
def test_what_sources_call_their_data_is_taken(serve: Serve, kind: str) -> None:
    assert fetch(source(serve(answer(Content_Type=kind))), limits=QUICK) == BODY


def test_another_packing_than_was_asked_for_is_refused(serve: Serve) -> None:
    assert failure(serve(answer(Content_Encoding="br"))) == "the answer is packed as 'br', not as gzip"


def test_an_empty_body_is_refused(serve: Serve) -> None:
    assert failure(serve(answer(body=b""))) == "the answer is empty"
    assert failure(serve(answer(body=b"", Content_Encoding="gzip"))) == "the answer is empty"


def test_an_endless_body_is_stopped_by_its_size(serve: Serve) -> None:
    upstream = serve(endless(b"0" * 10_000, 0))
    assert failure(upstream) == "more than 100000 bytes"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("body", [gzip.compress(bytes(10_000_000)), gzip.compress(b"") * 10_000])
def test_a_small_body_that_unpacks_to_a_huge_one_is_stopped(serve: Serve, body: bytes) -> None:
    """And so is one that unpacks to nothing for ever."""
    assert failure(serve(answer(body=body, Content_Encoding="gzip"))) == "more than 100000 bytes"


@pytest.mark.parametrize("trouble", [endless(b"0", 0.02), endless(b"0", 0.19), up.endless_headers(0.02)])
def test_what_drips_is_stopped_by_the_deadline(serve: Serve, trouble: Answer) -> None:
    begun = time.monotonic()
    assert failure(serve(trouble), replace(QUICK, total=0.2)) == "not done after 0.2 s"
    assert time.monotonic() - begun < 1


def test_silence_is_stopped_by_the_deadline_of_the_whole(serve: Serve) -> None:
    begun = time.monotonic()
    assert failure(serve(hang), replace(QUICK, read=30, total=0.2)) == "not done after 0.2 s"
    assert time.monotonic() - begun < 1


def test_nobody_there() -> None:
    upstream = Upstream(answer())
    upstream.close()
    assert "refused" in failure(upstream)


def test_redirects_are_followed_but_not_for_ever(serve: Serve) -> None:
    there = serve(answer())
    here = serve(answer(302, b"", Location=there.url))
    assert fetch(source(here), limits=QUICK) == BODY
    loop = serve(answer(302, b"", Location="/counts.csv"))
    assert failure(loop) == "more than 2 redirects"
    assert len(loop.requests) == 3
    assert failure(serve(answer(302, b"", Location="ftp://example.org/"))).startswith("the request cannot be sent")


def test_what_has_not_changed_is_not_sent_again(serve: Serve) -> None:
    upstream = serve(up.conditional(BODY, '"v1"', Last_Modified="Fri, 20 Nov 2026 05:36:00 GMT"))
    part = Part(url=upstream.url)
    first = download(source(upstream), part, limits=QUICK)
    assert (first.raw, first.validators) == (BODY, Validators('"v1"', "Fri, 20 Nov 2026 05:36:00 GMT"))
    assert "If-None-Match" not in upstream.requests[0]
    kept = Validators.from_json(json.loads(json.dumps(first.validators.as_json())))
    second = download(source(upstream), part, validators=kept, limits=QUICK)
    assert (second.raw, second.validators) == (None, first.validators)
    assert upstream.requests[1]["If-None-Match"] == '"v1"'
    assert upstream.requests[1]["If-Modified-Since"] == "Fri, 20 Nov 2026 05:36:00 GMT"
    assert download(source(upstream), part, validators=Validators('"v0"'), limits=QUICK).raw == BODY


def test_an_upstream_without_validators_is_asked_for_all_of_it(serve: Serve) -> None:
    upstream = serve(answer())
    first = download(source(upstream), Part(url=upstream.url), limits=QUICK)
    assert first.validators == Validators()
    assert first.validators.as_json() == {}


@pytest.mark.parametrize("kept", [None, [], {}, {"etag": 3}, {"etag": ""}, {"etag": "a\nb"}, {"etag": "x" * 9999}])
def test_validators_that_cannot_be_sent_are_none(kept: object) -> None:
    assert Validators.from_json(kept) == Validators()


def pages_of(upstream: Upstream, *, last: int) -> Part:
    """A part in pages `?1`, `?2`, …"""

    def following(url: str, raw: bytes) -> str | None:
        number = int(raw.split(b" ")[0])
        return None if number >= last else f"{upstream.url}?{number + 1}"

    return Part(url=upstream.url, paging=Paging(following=following, joined=b"".join))


def test_pages_are_asked_for_one_after_the_other_and_joined(serve: Serve) -> None:
    upstream = serve(answer(body=b"1 a\n", ETag='"v1"'), answer(503), answer(body=b"2 b\n"), answer(body=b"3 c\n"))
    got = download(source(upstream), pages_of(upstream, last=3), limits=QUICK)
    assert (got.raw, got.validators) == (b"1 a\n2 b\n3 c\n", Validators())
    assert [path.partition("?")[2] for path in upstream.paths] == ["", "2", "2", "3"]


def test_only_a_single_page_is_asked_for_conditionally(serve: Serve) -> None:
    upstream = serve(up.conditional(b"1 a\n", '"v1"'))
    got = download(source(upstream), pages_of(upstream, last=1), limits=QUICK)
    assert (got.raw, got.validators) == (b"1 a\n", Validators('"v1"'))
    again = download(source(upstream), pages_of(upstream, last=1), validators=got.validators, limits=QUICK)
    assert again.raw is None


def test_all_pages_share_the_limits(serve: Serve) -> None:
    pages = [answer(body=b"%d " % number + b"0" * 40_000) for number in range(1, 9)]
    upstream = serve(*pages)
    assert failure(upstream, part=pages_of(upstream, last=8)) == "more than 100000 bytes"
    assert len(upstream.requests) == 3

    def late(handler, upstream):
        time.sleep(0.12)
        answer(body=b"%d " % len(upstream.requests))(handler, upstream)

    slow = serve(late)
    assert failure(slow, replace(QUICK, total=0.3), pages_of(slow, last=9)) == "not done after 0.3 s"


def test_pages_that_go_in_a_circle_are_refused(serve: Serve) -> None:
    upstream = serve(answer())
    part = Part(url=upstream.url, paging=Paging(following=lambda *_: upstream.url, joined=b"".join))
    with pytest.raises(SourceError, match="rki: page 1 says that it is followed by one before it"):
        download(source(upstream), part, limits=QUICK)


def test_a_failing_page_fails_the_whole(serve: Serve) -> None:
    upstream = serve(answer(body=b"1 a\n"), answer(body=up.page("maintenance")))
    assert failure(upstream, part=pages_of(upstream, last=3)) == "the answer is a web page, not data"


def test_a_token_is_sent_if_the_environment_has_it(serve: Serve) -> None:
    upstream = serve(answer())
    for environment in ({"UPSTREAM_TOKEN": HIDDEN}, {"UPSTREAM_TOKEN": ""}, {}):
        download(source(upstream), Part(url=upstream.url), environment=environment, limits=QUICK)
    download(replace(source(upstream), token=None), Part(url=upstream.url), environment={"UPSTREAM_TOKEN": HIDDEN})
    assert [request["X-App-Token"] for request in upstream.requests] == [HIDDEN, None, None, None]


def test_a_token_goes_to_its_own_origin_only_and_into_no_log(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    for name in (None, "httpx2", "httpcore2", "httpcore2.http11", "httpcore2.connection", "reporter"):
        caplog.set_level(logging.DEBUG, logger=name)
    there = serve(answer(503), answer())
    here = serve(answer(302, b"", Location=f"{there.url}?token={HIDDEN}", X_Echo=HIDDEN))
    part = Part(url=here.url)
    assert download(source(here), part, environment={"UPSTREAM_TOKEN": HIDDEN}, limits=QUICK).raw == BODY
    assert here.requests[0]["X-App-Token"] == HIDDEN
    assert all("X-App-Token" not in request for request in there.requests)
    assert any("status 503; again in" in line for line in caplog.messages)
    assert not any(HIDDEN in line for line in caplog.messages)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (answer(302, b"", Location=f"ftp://{HIDDEN}/"), "the request cannot be sent"),
        (answer(302, b"", Location=f"http://127.0.0.1:{HIDDEN}/"), ""),
        (answer(Content_Encoding=HIDDEN), "the answer is packed as '[token]'"),
        (answer(Content_Type=f"image/{HIDDEN}"), "the answer is of type 'image/[token]'"),
        (answer(body=f"bad token: {HIDDEN}".encode()), "the answer repeats the token"),
    ],
)
def test_a_token_that_comes_back_is_in_no_message(serve: Serve, trouble: Answer, reason: str) -> None:
    message = failure(serve(trouble), UPSTREAM_TOKEN=HIDDEN)
    assert message.startswith(reason)
    assert HIDDEN not in message


def test_a_token_that_comes_back_is_not_kept(serve: Serve) -> None:
    upstream = serve(answer(ETag=f'"{HIDDEN}"', Last_Modified="Fri, 20 Nov 2026 05:36:00 GMT"))
    got = download(source(upstream), Part(url=upstream.url), environment={"UPSTREAM_TOKEN": HIDDEN}, limits=QUICK)
    assert got.validators == Validators(None, "Fri, 20 Nov 2026 05:36:00 GMT")


@pytest.mark.parametrize("token", [f"{HIDDEN}\n", "s3crét", f" {HIDDEN}"])
def test_a_token_that_is_none_is_refused_unseen(serve: Serve, token: str) -> None:
    upstream = serve(answer())
    message = failure(upstream, UPSTREAM_TOKEN=token)
    assert message == "the token for X-App-Token holds what no header may, or a space"
    assert upstream.requests == []


def test_many_are_pulled_side_by_side(serve: Serve) -> None:
    together = threading.Barrier(4, timeout=5)

    def meet(handler, upstream):
        together.wait()
        answer(body=upstream.url.encode())(handler, upstream)

    servers = [serve(answer(503), meet) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        bodies = list(pool.map(lambda one: fetch(source(one), limits=QUICK), servers))
    assert bodies == [one.url.encode() for one in servers]


def test_nothing_of_a_pull_stays_behind(serve: Serve) -> None:
    upstream = serve(answer())
    before = threading.active_count()
    fetch(source(upstream), limits=replace(QUICK, total=300))
    deadline = time.monotonic() + 2
    while threading.active_count() > before and time.monotonic() < deadline:  # the server's own thread ends
        time.sleep(0.01)
    assert threading.active_count() <= before


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
