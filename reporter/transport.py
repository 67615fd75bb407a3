"""What an HTTP client lacks: a limit on the whole, gzip that is checked to its end, both forms of `Retry-After`."""

import socket
import threading
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any


class Cutter:
    """Ends connections when the time is over: a limit on silences begins anew with every byte that drips in.

    Args:
        seconds: from `start` on.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self.is_over = False
        self._sockets: list[socket.socket] = []

    def start(self) -> None:
        """Begin to count."""
        self._timer.start()

    def stop(self) -> None:
        """Cut nothing any more."""
        self._timer.cancel()
        self._timer.join()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take note of a new connection, as the transport tells of it."""
        stream = info.get("return_value")
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")) and stream is not None:
            with self._lock:
                self._sockets.append(stream.get_extra_info("socket"))
                over = self.is_over
            if over:
                self._cut()

    def _cut(self) -> None:
        with self._lock:
            self.is_over = True
            for one in self._sockets:
                try:
                    socket.socket.shutdown(one, socket.SHUT_RDWR)  # wakes whoever reads it
                except OSError:  # closed long since
                    continue


class Gzip:
    """A gzip stream, of one or more members."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)

    @property
    def is_whole(self) -> bool:
        """Whether its last member has ended."""
        return self._member.eof

    def unpack(self, chunk: bytes, most: int) -> bytes:
        """Unpack what has come in, but no more than so many bytes of it (at least 1).

        Raises:
            zlib.error: it is not gzip.
        """
        unpacked = bytearray()
        while chunk and len(unpacked) < most:
            if self._member.eof:
                self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)
            unpacked += self._member.decompress(chunk, most - len(unpacked))
            chunk = self._member.unused_data
        return bytes(unpacked)


def asked_for(headers: Mapping[str, str]) -> float | None:
    """Seconds in `Retry-After`; a date is held against the answer's own, as clocks differ."""
    wait = headers.get("Retry-After", "").strip()
    if wait.isascii() and wait.isdigit():
        return float(wait)
    try:
        then, now = (_moment(text) for text in (wait, headers.get("Date", "")))
    except ValueError:
        return None
    return max((then - now).total_seconds(), 0.0)


def _moment(text: str) -> datetime:
    moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
