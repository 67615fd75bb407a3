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
    """Upstream could not be reached, or what it sent is not what it publishes."""


class RecordError(ReporterError):
    """The append-only record would have been rewritten, or was altered."""


class ModelError(ReporterError):
    """A model could not forecast, or broke the contract of `models.base`."""


class TooShortError(ModelError):
    """A series has too little history for the model that was asked."""
