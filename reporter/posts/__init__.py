"""View models of the pages: all wording and rounding. Every number comes from the record."""

from reporter.posts.record import Attribution, FeedRecord, Kept, Method, Peers, Site, Standing, Upstream

__all__ = ["Attribution", "FeedRecord", "Kept", "Method", "Peers", "Site", "Standing", "Upstream"]
