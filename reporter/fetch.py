"""Pulling what a source publishes: page by page, tried again where that may help, or an error that says why not."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from reporter.errors import SourceError
from reporter.request import Answer, Limits, PassingError, Secret, Session, Validators
from reporter.sources.base import Part, Source
from reporter.sources.reading import refuse_page

__all__ = ["Answer", "Limits", "Validators", "download", "fetch", "read_file"]

_log = logging.getLogger(__name__)


def download(
    source: Source,
    part: Part,
    *,
    environment: Mapping[str, str] | None = None,
    validators: Validators | None = None,
    limits: Limits | None = None,
) -> Answer:
    """Download one part of what a source publishes now; from any number of threads.

    Broken connections, silences, cut bodies, stale replicas, 429 and 5xx are tried again; nothing else is.

    Args:
        source: its `name` begins every message; its `token` says what to look for in the environment.
        part: what is asked for.
        environment: variables, of which one may hold the token. It is sent to the part's own scheme, host and
            port, and appears in no message and no log.
        validators: of the answer before, if nothing that was made from it is missed.
        limits: the default suits all sources.

    Returns:
        The pages, joined, and validators; those of none if there was more than one page, as the first says nothing
        of the others. The body is neither empty nor a web page; None says that nothing has changed.

    Raises:
        SourceError: one line with the source, its host and the reason; of a web page sent as data it holds the bytes.
    """
    limits = limits or Limits()
    secret = _secret(source, environment or {})
    set_on_retry_hooks([_log_retry])  # of the whole process; stamina's own would write to the terminal
    with Session(source.name, part.url, limits, secret) as session:
        first = _page(session, part.url, validators or Validators(), limits.size, limits)
        if part.paging is None or first.raw is None:
            return first
        pages, url, asked, room = [first.raw], part.url, {part.url}, limits.size
        while (following := part.paging.following(url, pages[-1])) is not None:
            if following in asked:
                raise SourceError(f"{source.name}: page {len(pages)} says that it is followed by one before it")
            url, room = following, room - len(pages[-1])
            asked.add(url)
            pages.append(_page(session, url, Validators(), room, limits).raw or b"")
    return first if len(pages) == 1 else Answer(part.paging.joined(pages))


def fetch(source: Source, *, limits: Limits | None = None) -> bytes:
    """Download what is at a source's `url`, as `download` does.

    Raises:
        SourceError: one line with the source, its host and the reason.
    """
    if source.url is None:
        raise SourceError(f"{source.name}: no address to pull from")
    return download(source, Part(url=source.url), limits=limits).raw or b""


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
    try:
        refuse_page(f"{source.name}: {path}", body)
    except SourceError as error:
        error.raw = body
        raise
    return body


def _secret(source: Source, environment: Mapping[str, str]) -> Secret | None:
    text = environment.get(source.token.variable) if source.token else None
    return Secret(source.token.header, text) if source.token and text else None


def _page(session: Session, url: str, validators: Validators, room: int, limits: Limits) -> Answer:
    for attempt in stamina.retry_context(
        on=lambda error: _pause(error, session.end, limits),
        attempts=limits.attempts,
        timeout=limits.total,
        wait_initial=limits.wait_first,
        wait_max=limits.wait_longest,
        wait_jitter=limits.wait_first / 2,
    ):
        with attempt:
            answer = session.get(url, validators, room)
            try:
                if answer.raw is not None:
                    refuse_page(session.where, answer.raw)
            except SourceError as error:
                error.raw = answer.raw
                raise
            return answer
    raise AssertionError("unreachable: the last attempt returns or raises")


def _pause(error: Exception, end: float, limits: Limits) -> bool | float:
    if not isinstance(error, PassingError):
        return False
    if error.pause is None:
        return True
    return error.pause if error.pause <= min(limits.wait_longest, end - time.monotonic()) else False


def _log_retry(details: RetryDetails) -> None:
    _log.info("%s; again in %.1f s", details.caused_by, details.wait_for)
