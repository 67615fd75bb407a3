"""Pulling a source's bytes over HTTP: all of them, in bounded time and size, or an error that says why not."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2
import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from reporter import __version__
from reporter.errors import SourceError
from reporter.sources.base import Source
from reporter.sources.reading import one_line, refuse_page

_log = logging.getLogger(__name__)
_TOO_MANY = 429


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long, how much and how often. Times are in seconds."""

    connect: float = 10.0
    read: float = 30.0
    """The longest silence."""
    total: float = 300.0
    """Over all attempts, the waits between them included; the last silence may run over it."""
    size: int = 64 * 2**20
    """Bytes, unpacked."""
    redirects: int = 5
    attempts: int = 4
    wait_first: float = 1.0
    """The pause before the second attempt, up to half as long again; it doubles from one to the next."""
    wait_longest: float = 60.0
    """An upstream that asks for a longer pause is left alone."""


class _PassingError(SourceError):
    """A failure that the next attempt may not meet."""

    def __init__(self, message: str, pause: float | None = None) -> None:
        super().__init__(message)
        self.pause = pause  # seconds that upstream asked for


@dataclass(frozen=True)
class _Pull:
    url: httpx2.URL
    headers: Mapping[str, str]
    limits: Limits
    where: str  # begins every message
    end: float  # on the monotonic clock


def fetch(source: Source, *, headers: Mapping[str, str] | None = None, limits: Limits | None = None) -> bytes:
    """Download what a source publishes now.

    Broken connections, silences, cut bodies, stale replicas, 429 and 5xx are tried again; nothing else is.

    Args:
        source: its `url` is what is asked for; `dataclasses.replace` gives a source another one.
        headers: sent besides our own, to the source's own host only (a token must not follow a redirect).
        limits: the default suits all sources.

    Returns:
        The body, unpacked; neither empty nor a web page.

    Raises:
        SourceError: one line with the source, its host and the reason.
    """
    limits = limits or Limits()
    url = _address(source)
    pull = _Pull(url, headers or {}, limits, f"{source.name}: {url.host}", time.monotonic() + limits.total)
    _check_headers(pull)
    set_on_retry_hooks([_log_retry])  # stamina's own would write to the terminal
    with _client(pull) as client:
        for attempt in stamina.retry_context(
            on=lambda error: _pause(error, limits),
            attempts=limits.attempts,
            timeout=limits.total,
            wait_initial=limits.wait_first,
            wait_max=limits.wait_longest,
            wait_jitter=limits.wait_first / 2,
        ):
            with attempt:
                body = _download(client, pull)
                refuse_page(pull.where, body)
                return body
    raise AssertionError("unreachable: the last attempt returns or raises")


def read_file(source: Source, path: Path, *, limits: Limits | None = None) -> bytes:
    """Read a source's bytes from a file, under the same limit of size.

    Raises:
        SourceError: one line with the source, the path and the reason.
    """
    limits = limits or Limits()
    try:
        with path.open("rb") as file:
            body = file.read(limits.size + 1)
    except OSError as error:
        raise SourceError(f"{source.name}: {path}: {error.strerror or type(error).__name__}") from None
    if len(body) > limits.size:
        raise SourceError(f"{source.name}: {path}: more than {limits.size} bytes")
    refuse_page(f"{source.name}: {path}", body)
    return body


def _address(source: Source) -> httpx2.URL:
    if source.url is None:
        raise SourceError(f"{source.name}: no address to pull from")
    try:
        url = httpx2.URL(source.url)
    except httpx2.InvalidURL as error:
        raise SourceError(f"{source.name}: not an address: {one_line(str(error))}") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise SourceError(f"{source.name}: an address begins with https:// or http:// and a host")
    return url


def _check_headers(pull: _Pull) -> None:
    # Here, since the transport would quote a bad header, and so a token, in its own errors and logs.
    for name, text in pull.headers.items():
        if not (text.isascii() and text.isprintable()) or text != text.strip():
            raise SourceError(f"{pull.where}: the header {name} holds a character or a space that no header may")


def _client(pull: _Pull) -> httpx2.Client:
    try:
        return httpx2.Client(
            headers={"User-Agent": f"reporter/{__version__} (forecast blog generator)"},
            timeout=httpx2.Timeout(pull.limits.read, connect=pull.limits.connect),
        )
    except (OSError, ValueError) as error:  # a proxy or certificate setting of the machine
        raise SourceError(f"{pull.where}: no connection can be set up: {one_line(str(error))}") from None


def _download(client: httpx2.Client, pull: _Pull) -> bytes:
    here = pull.url
    try:
        # Not the client's own redirects: it reads their bodies whole, and carries headers to other hosts.
        for _ in range(pull.limits.redirects + 1):
            headers = pull.headers if _origin(here) == _origin(pull.url) else None
            with client.stream("GET", here, headers=headers) as response:
                if response.next_request is None:
                    _check_status(response, pull)
                    return _read(response, pull)
                here = response.next_request.url
            if pull.url.scheme == "https" and here.scheme != "https":
                raise SourceError(f"{pull.where}: a redirect leaves https")
    except (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError) as error:
        raise SourceError(f"{pull.where}: the request cannot be sent: {one_line(str(error))}") from None
    except httpx2.TimeoutException as error:
        raise _PassingError(f"{pull.where}: no answer in time ({type(error).__name__})") from None
    except httpx2.RequestError as error:
        raise _PassingError(f"{pull.where}: {one_line(str(error)) or type(error).__name__}") from None
    raise SourceError(f"{pull.where}: more than {pull.limits.redirects} redirects")


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _read(response: httpx2.Response, pull: _Pull) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > pull.limits.size:
            raise SourceError(f"{pull.where}: more than {pull.limits.size} bytes")
        if time.monotonic() > pull.end:
            raise SourceError(f"{pull.where}: not done after {pull.limits.total:g} s")
    return bytes(body)


def _check_status(response: httpx2.Response, pull: _Pull) -> None:
    if response.status_code == _TOO_MANY or response.is_server_error:
        wait = response.headers.get("Retry-After", "")  # a date, its other form, would need a clock
        pause = float(wait) if wait.isascii() and wait.isdigit() else None
        raise _PassingError(f"{pull.where}: status {response.status_code}", pause)
    if response.status_code != httpx2.codes.OK:
        raise SourceError(f"{pull.where}: status {response.status_code}")
    if response.headers.get("X-SODA2-Data-Out-Of-Date", "").lower() == "true":
        raise _PassingError(f"{pull.where}: a stale replica answered")


def _pause(error: Exception, limits: Limits) -> bool | float:
    if not isinstance(error, _PassingError):
        return False
    if error.pause is None:
        return True
    return error.pause if error.pause <= limits.wait_longest else False


def _log_retry(details: RetryDetails) -> None:
    _log.info("%s; again in %.1f s", details.caused_by, details.wait_for)
