"""View models of the pages: all wording and rounding. Every number comes from the record."""

from reporter.posts.record import Attribution, Belief, FeedRecord, Kept, Peers, Site, Switch, Upstream

__all__ = ["Attribution", "Belief", "FeedRecord", "Kept", "Peers", "Site", "Switch", "Upstream"]
