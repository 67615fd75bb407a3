"""Pages as {path: bytes}."""

from reporter.posts import FeedRecord, Site


def pages(site: Site, records: list[FeedRecord]) -> dict[str, bytes]:
    return {}
