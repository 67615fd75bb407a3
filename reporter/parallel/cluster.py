"""The ordered map on a Ray cluster. Ray is an extra (`reporter[cluster]`) and is imported here only."""

import logging
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from reporter import __version__, fingerprint
from reporter.errors import ReporterError, WorkerError
from reporter.parallel.window import OrderedMap, in_order

SECONDS = 20
"""After which a cluster that has not answered is said to be out of reach."""

_SHOWN = 12
_INSTALL = 'a cluster needs Ray, which is not installed: pip install "reporter[cluster]"'


@contextmanager
def ordered_map(address: str) -> Iterator[OrderedMap]:
    """See `reporter.parallel.on_cluster`."""
    ray = _ray()
    _reach(address)
    try:
        ray.init(address=address, configure_logging=False, log_to_driver=False)
    except Exception as error:
        raise WorkerError(f"{address}: the Ray cluster cannot be joined: {_line(error)}") from error
    try:
        cores = int(ray.cluster_resources().get("CPU", 0))
        if not cores:
            raise WorkerError(f"{address}: the Ray cluster has no worker; for one: ray start --address={address}")
        # Ray gives each task one core and sets its libraries' threads to as many.
        remote = ray.remote(num_cpus=1, max_retries=1)(_answer)

        def on_cluster(work: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[Any]:
            return in_order(lambda task: _Answer(ray, remote, work, task), tasks, 2 * cores)

        yield on_cluster
    finally:
        ray.shutdown()


class _Answer:
    """A task under way; called, it waits for the result."""

    def __init__(self, ray: Any, remote: Any, work: Callable[[Any], Any], task: Any) -> None:
        self._ray = ray
        # Pickled here: the other side compares programs before it reads what only the same program can.
        self._reference = remote.remote(_program(), pickle.dumps((work, task), protocol=pickle.HIGHEST_PROTOCOL))

    def __call__(self) -> Any:
        try:
            return self._ray.get(self._reference)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, ReporterError):
                raise error.cause from None
            raise WorkerError(f"a worker of the cluster failed: {_line(error.cause)}") from error
        except self._ray.exceptions.RayError as error:
            raise WorkerError(f"a worker of the cluster was killed twice over the same task: {_line(error)}") from error


def _program() -> tuple[str, str]:
    """The version, which does not change with each commit, and the hash of the code, which does."""
    return __version__, fingerprint.code_sha256()


def _answer(program: tuple[str, str], order: bytes) -> Any:
    here = _program()
    if program != here:
        # A receipt names the driver's code, so no other may make a forecast.
        (version, code), (wanted, wanted_code) = here, program
        raise WorkerError(
            f"a node of the cluster has reporter {version} of code {code[:_SHOWN]}…; "
            f"here it is {wanted} of code {wanted_code[:_SHOWN]}…"
        )
    work, task = pickle.loads(order)  # noqa: S301 - our own driver's
    return work(task)


def _ray() -> Any:
    # Read when Ray is imported: it tells nobody that it is used, and warns of no plans of its own.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray  # noqa: PLC0415 - an extra; without it the line below is what the user needs
    except ImportError:
        raise WorkerError(_INSTALL) from None
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    return ray


def _reach(address: str) -> None:
    """Ray waits for minutes where no head is, and cannot be told to stop; ask first, and from another process.

    Raises:
        WorkerError: within `SECONDS` no cluster answered.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise WorkerError(f"{address}: no address of a cluster; give HOST:PORT, as `ray start --head` prints it")
    try:
        socket.create_connection((host, int(port)), timeout=SECONDS).close()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise WorkerError(f"{address}: no Ray cluster answers there: {why}") from None
    join = "import ray, sys; ray.init(sys.argv[1], configure_logging=False, log_to_driver=False)"
    try:
        subprocess.run(  # noqa: S603 - this very Python; what it says is said again by the join that follows
            [sys.executable, "-c", join, address], timeout=SECONDS, capture_output=True, check=False
        )
    except subprocess.TimeoutExpired:
        raise WorkerError(
            f"{address}: no Ray cluster answers there within {SECONDS} s; is this machine a part of it? "
            f"If not: ray start --address={address}"
        ) from None


def _line(error: BaseException) -> str:
    """The first sentence of what Ray has to say, which is often a page."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
