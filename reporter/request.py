"""One request over HTTP: all of its answer, in bounded time and size, or an error that says why not."""

import contextlib
import json
import logging
import time
import zlib
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx2

from reporter import __version__
from reporter.errors import SourceError
from reporter.sources.reading import one_line, quoted
from reporter.transport import Cutter, Gzip, asked_for

_TOO_MANY = 429
_NO_DATA = ("text/html", "application/xhtml", "application/pdf", "image/", "audio/", "video/", "font/")
_TELLTALE = 8  # characters from which on a token cannot stand in data by chance
_SAID = 100  # characters of a refusal that a message repeats
_SAID_WITHIN = 4096  # bytes
_MOST_KEPT = 4 * 2**20  # bytes of an answer that is no data
_LONGEST_VALIDATOR = 300  # characters
_TALKERS = ("httpx2", *(f"httpcore2.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")))


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long, how much and how often. Times are in seconds."""

    connect: float = 10.0
    """For each of a host's addresses."""
    read: float = 30.0
    """The longest silence."""
    total: float = 300.0
    """Over all pages and attempts; no attempt begins after it, and one at work is cut."""
    size: int = 64 * 2**20
    """Bytes, unpacked, over all pages."""
    redirects: int = 5
    attempts: int = 4
    """For each page."""
    wait_first: float = 1.0
    """The pause before the second attempt, up to half as long again; it doubles from one to the next."""
    wait_longest: float = 60.0
    """An upstream that asks for a longer pause is left alone."""

    @classmethod
    def within(cls, seconds: float, megabytes: float) -> Self:
        """Limits of time and size; where there is little time, patience is less."""
        return cls(
            connect=min(cls.connect, seconds / 4),
            read=min(cls.read, seconds / 4),
            total=seconds,
            size=round(megabytes * 2**20),
            wait_first=min(cls.wait_first, seconds / 100),
        )


@dataclass(frozen=True)
class Validators:
    """By which upstream tells whether what it sent last is still what it has (RFC 9110, section 8.8)."""

    etag: str | None = None
    last_modified: str | None = None

    @classmethod
    def from_json(cls, kept: object) -> Self:
        """What `as_json` gave; anything else gives none, and so an unconditional request."""
        kept = kept if isinstance(kept, dict) else {}
        return cls(_tidy(kept.get("etag")), _tidy(kept.get("last_modified")))

    def as_json(self) -> dict[str, str]:
        """Keys and texts; empty if there are none."""
        both = {"etag": self.etag, "last_modified": self.last_modified}
        return {key: text for key, text in both.items() if text is not None}

    @property
    def headers(self) -> dict[str, str]:
        """Those of a request that wants no answer if nothing has changed."""
        both = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {key: text for key, text in both.items() if text is not None}


@dataclass(frozen=True)
class Answer:
    """What upstream answered.

    Attributes:
        raw: the body, unpacked; None if it has not changed since the validators of the request.
        validators: for the next request.
    """

    raw: bytes | None
    validators: Validators = Validators()


@dataclass(frozen=True)
class Secret:
    """A token and the header that carries it."""

    header: str
    text: str = field(repr=False)

    def hidden(self, text: str) -> str:
        """The text without the token."""
        for form in (self.text, quote(self.text, safe=""), json.dumps(self.text)[1:-1], self.text.replace("/", r"\/")):
            text = text.replace(form, "[token]")
        return text

    def without_its_beginning(self, text: str) -> str:
        """The text without a part of the token at its end: it may have been cut there."""
        for length in range(len(self.text) - 1, 2, -1):
            text = text.removesuffix(self.text[:length])
        return text


class PassingError(SourceError):
    """A failure that the next attempt may not meet.

    Attributes:
        pause: seconds that upstream asked for.
    """

    def __init__(self, message: str, pause: float | None = None) -> None:
        super().__init__(message)
        self.pause = pause


class Session:
    """The requests of one download: they share connections, a deadline and a token.

    Args:
        name: the source's, for messages.
        url: where the download begins. The token is sent to its scheme, host and port only.
        limits: of which the total begins now.
        secret: the token, if there is one.

    Raises:
        SourceError: the address or the token is none, or the machine's network settings are broken.
    """

    def __init__(self, name: str, url: str, limits: Limits, secret: Secret | None = None) -> None:
        self.end = time.monotonic() + limits.total
        self._name = name
        self._limits = limits
        self._secret = secret
        self._home = self._address(url)
        self.where = f"{name}: {self._home.host}"
        # Here, since the transport would quote a bad header, and so the token, in its own errors.
        if secret is not None and (not _printable(secret.text) or secret.text != secret.text.strip()):
            raise SourceError(f"{self.where}: the token for {secret.header} holds what no header may, or a space")
        self._cutter = Cutter(limits.total)
        self._client = self._set_up()

    def __enter__(self) -> Self:
        self._cutter.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cutter.stop()
        self._client.close()

    def get(self, url: str, validators: Validators, room: int) -> Answer:
        """Ask once, and follow redirects.

        Args:
            url: of this source.
            validators: of the last answer; those of none ask unconditionally.
            room: how many bytes the body may have.

        Raises:
            PassingError: it may help to ask again.
            SourceError: it will not.
        """
        here = self._address(url)
        try:
            # Not the client's own redirects: it reads their bodies whole, and carries headers to other hosts.
            for _ in range(self._limits.redirects + 1):
                self._refuse_late()
                if self._home.scheme == "https" and here.scheme != "https":
                    raise self._error("a redirect leaves https")
                with self._client.stream("GET", here, **self._asking(here, validators)) as response:
                    if response.next_request is None:
                        return self._answer(response, validators, room)
                    here = response.next_request.url
        except httpx2.HTTPError as error:
            self._refuse_late()
            raise self._of_transport(error) from None
        raise self._error(f"more than {self._limits.redirects} redirects")

    def _address(self, text: str) -> httpx2.URL:
        try:
            url = httpx2.URL(text)
        except httpx2.InvalidURL as error:
            raise SourceError(f"{self._name}: not an address: {self._hidden(one_line(str(error)))}") from None
        if url.scheme not in {"http", "https"} or not url.host:
            raise SourceError(f"{self._name}: an address begins with https:// or http:// and a host")
        return url

    def _set_up(self) -> httpx2.Client:
        for name in _TALKERS:  # they log addresses and headers, and so perhaps the token
            logging.getLogger(name).addFilter(_drop)
        try:
            return httpx2.Client(
                headers={"User-Agent": f"reporter/{__version__} (forecast blog generator)", "Accept-Encoding": "gzip"},
                # A connection that upstream is just closing must not cost an attempt.
                limits=httpx2.Limits(max_keepalive_connections=0),
            )
        except (OSError, ValueError) as error:  # a proxy or certificate setting of the machine
            raise self._error(f"no connection can be set up: {one_line(str(error))}") from None

    def _asking(self, here: httpx2.URL, validators: Validators) -> dict[str, Any]:
        headers = validators.headers
        if self._secret is not None and _origin(here) == _origin(self._home):
            headers[self._secret.header] = self._secret.text
        left = max(self.end - time.monotonic(), 0.001)
        timeout = httpx2.Timeout(self._limits.read, connect=min(self._limits.connect, left))
        return {"headers": headers, "timeout": timeout, "extensions": {"trace": self._cutter.trace}}

    def _answer(self, response: httpx2.Response, validators: Validators, room: int) -> Answer:
        if response.headers.get("X-SODA2-Data-Out-Of-Date", "").lower() == "true":
            raise self._passing("a stale replica answered")
        if response.status_code == httpx2.codes.NOT_MODIFIED and validators.headers:
            return Answer(None, validators)
        self._check_status(response)
        kind = response.headers.get("Content-Type", "").strip().lower()
        if kind.startswith(_NO_DATA):
            error = self._error(f"the answer is of type {quoted(kind.partition(';')[0])}, not data")
            body = self._beginning(response, min(room, _MOST_KEPT))
            error.raw = None if self._tells(body) else body
            raise error
        body = self._body(response, room)
        if self._tells(body):
            raise self._error("the answer repeats the token; nothing of it is kept")
        return Answer(body, self._validators(response))

    def _tells(self, body: bytes) -> bool:
        """Whether the token is in a body."""
        secret = self._secret
        return secret is not None and len(secret.text) >= _TELLTALE and secret.text.encode() in body

    def _check_status(self, response: httpx2.Response) -> None:
        status = response.status_code
        if status == _TOO_MANY or response.is_server_error:
            pause = asked_for(response.headers)
            asking = "" if pause is None else f", and it asks for a pause of {pause:g} s"
            raise self._passing(f"status {status}{asking}", pause)
        if status != httpx2.codes.OK:
            said = self._said(response) if response.is_client_error else ""
            raise self._error(f"status {status}{said and f': {said}'}")

    def _said(self, response: httpx2.Response) -> str:
        """The first words of a refusal; none of a web page's."""
        if response.headers.get("Content-Type", "").strip().lower().startswith(_NO_DATA):
            return ""
        body = self._beginning(response, _SAID_WITHIN)
        text = self._hidden(body.decode(errors="replace")).removeprefix("\ufeff").strip()
        if self._secret is not None:
            text = self._secret.without_its_beginning(text)
        return "" if text.startswith("<") or "\ufffd" in text[:_SAID] else self._hidden(one_line(text, _SAID))

    def _beginning(self, response: httpx2.Response, most: int) -> bytes:
        """As many bytes of a body as arrive and can be unpacked."""
        body, gzip = bytearray(), Gzip() if "gzip" in response.headers.get("Content-Encoding", "").lower() else None
        with contextlib.suppress(httpx2.HTTPError, zlib.error):
            for chunk in response.iter_raw():
                body += gzip.unpack(chunk, most - len(body)) if gzip else chunk
                if len(body) >= most or time.monotonic() >= self.end:
                    break
        return bytes(body[:most])

    def _validators(self, response: httpx2.Response) -> Validators:
        both = (_tidy(response.headers.get(name)) for name in ("ETag", "Last-Modified"))
        return Validators(*(text if text is not None and self._hidden(text) == text else None for text in both))

    def _body(self, response: httpx2.Response, room: int) -> bytes:
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in {"", "identity", "gzip", "x-gzip"}:
            raise self._error(f"the answer is packed as {quoted(encoding)}, not as gzip")
        body, received, gzip = bytearray(), 0, Gzip() if "gzip" in encoding else None
        # Raw: the client's own unpacking takes a cut stream for a whole one.
        for chunk in response.iter_raw():
            received += len(chunk)
            try:
                body += gzip.unpack(chunk, room + 1 - len(body)) if gzip else chunk
            except zlib.error:
                raise self._passing("the answer cannot be unpacked") from None
            if max(len(body), received) > room:
                raise self._error(f"more than {self._limits.size} bytes")
            self._refuse_late()
        self._refuse_late()  # once cut, a body without a length looks whole
        if gzip and received and not gzip.is_whole:
            raise self._passing("the answer ends before its gzip stream does")
        return bytes(body)

    def _refuse_late(self) -> None:
        if self._cutter.is_over or time.monotonic() >= self.end:
            raise self._error(f"not done after {self._limits.total:g} s")

    def _of_transport(self, error: httpx2.HTTPError) -> SourceError:
        if isinstance(error, httpx2.UnsupportedProtocol | httpx2.LocalProtocolError):
            return self._error(f"the request cannot be sent: {one_line(str(error))}")
        if isinstance(error, httpx2.TimeoutException):
            return self._passing(f"no answer in time ({type(error).__name__})")
        return self._passing(one_line(str(error)) or type(error).__name__)

    def _error(self, reason: str) -> SourceError:
        return SourceError(self._hidden(f"{self.where}: {reason}"))

    def _passing(self, reason: str, pause: float | None = None) -> PassingError:
        return PassingError(self._hidden(f"{self.where}: {reason}"), pause)

    def _hidden(self, text: str) -> str:
        return text if self._secret is None else self._secret.hidden(text)


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _drop(_: logging.LogRecord) -> bool:
    return False


def _printable(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _tidy(text: object) -> str | None:
    """A validator that can be kept and sent back."""
    fine = isinstance(text, str) and 0 < len(text) <= _LONGEST_VALIDATOR and _printable(text) and text == text.strip()
    return text if isinstance(text, str) and fine else None
