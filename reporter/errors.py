"""Errors that are ours: each is one line a publisher can act on."""


class ReporterError(Exception):
    """Base of every error that `reporter` raises on purpose."""


class SettingsError(ReporterError):
    """A setting is unknown, of the wrong type or impossible.

    The message names the key, what was found and what is allowed. Exit code 2.
    """

    def __init__(self, key: str, found: object, allowed: str) -> None:
        super().__init__(f"{key}: found {found!r}; allowed: {allowed}")
        self.key = key
        self.found = found
        self.allowed = allowed


class ContractError(ReporterError):
    """A frame lacks columns, or holds values its contract forbids."""


class SourceError(ReporterError):
    """Upstream could not be reached, or what it sent is not what it publishes.

    Attributes:
        raw: what it sent in place of data, if that was read; None otherwise.
    """

    raw: bytes | None = None


class RefusedError(SourceError):
    """Upstream's counts can be read, but differ too much from what is known to be stored unseen.

    Attributes:
        setting: the one that allows such counts; None if no setting does.
    """

    def __init__(self, message: str, setting: str | None = None) -> None:
        super().__init__(message if setting is None else f"{message} (feeds.limits.{setting})")
        self.setting = setting


class RecordError(ReporterError):
    """The append-only record would have been rewritten, or was altered."""


class WorkerError(ReporterError):
    """A worker process was killed in the middle of its work."""


class ModelError(ReporterError):
    """A model could not forecast, or broke the contract of `models.base`."""


class TooShortError(ModelError):
    """A series has too little history for the model that was asked."""


def in_one_line(error: BaseException) -> str:
    """What went wrong, for a log or a page; an error that is none of ours names its kind."""
    text = " ".join(str(error).split())
    if isinstance(error, ReporterError):
        return text
    if isinstance(error, OSError) and error.strerror:
        return " ".join([error.strerror, *([f"({error.filename})"] if error.filename else [])])
    return f"{type(error).__name__}: {text} (a fault of reporter's own; -v shows the trace)"
