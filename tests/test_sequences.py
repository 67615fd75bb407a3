"""After days, changed settings and lost pages in some order, the site is the one that making all anew would give."""

import random
import shutil
from datetime import UTC, date, datetime, timedelta

import pytest

from reporter import config, pipeline
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes

START = date(2020, 4, 9)
DERIVED = ("series.json", "scores.parquet", "said.parquet", "peer-scores.parquet")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Vintages of three places."""
    changes = archive_changes(REGISTRY["jhu"])
    mine = changes["location"].isin(["US", "Italy", "Sweden"]) & (changes["target"] == "cum confirmed cases")
    path = tmp_path_factory.mktemp("source") / "source.parquet"
    changes[mine].to_parquet(path)
    return path


class World:
    """What a publisher changes from day to day, and what lies on the disk."""

    def __init__(self, source, feed, folder):
        self.site, self.anew, self.day, self.hour = folder / "site", folder / "anew", START + timedelta(2), 6
        self.title = "Counted"
        common = {"start": str(START), "end": None, "headline": None, "models": ["baseline", "sigmoid"]}
        self.feeds = {
            "april": feed(source, **common, locations=["US", "Italy"]),
            "may": feed(source, **common, name="may", locations=["Sweden"], archive=False),
        }
        self.used = ["april", "may"]

    def build(self, out):
        feeds = [self.feeds[name] for name in self.used]
        settings = config.parse({"site": {"title": self.title}, "feeds": feeds})
        now = datetime(2026, 11, 20, self.hour, tzinfo=UTC) + (self.day - START)
        return pipeline.build(settings, out, now, offline=True, as_of=self.day)

    def of_feeds_used(self, files):
        """Without the record and the pages of a feed that is no longer in the settings, which stay where they are."""
        gone = {name for name in self.feeds if name not in self.used}
        return {path: data for path, data in files.items() if not gone & set(path.split("/")[:2])}

    def render_anew(self):
        """Render the record of the site where nothing is rendered."""
        shutil.rmtree(self.anew, ignore_errors=True)
        shutil.copytree(self.site / "data", self.anew / "data")
        for path in [path for name in DERIVED for path in self.anew.glob(f"data/*/{name}")]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.build(self.anew)


def another_day(world, rng):
    world.day += timedelta(rng.choice([1, 1, 2]))


def no_news(world, rng):
    world.hour = rng.randrange(24)


def another_title(world, rng):
    world.title = f"Counted {rng.randrange(99)}"


def another_feed_title(world, rng):
    world.feeds["april"]["title"] = f"April {rng.randrange(99)}"


def other_places(world, rng):
    world.feeds["may"]["locations"] = rng.choice([["Sweden"], ["Sweden", "US"], ["Italy", "Sweden"]])


def other_feeds(world, rng):
    world.used = rng.choice([["april"], ["april", "may"], ["may", "april"]])


def lost_page(world, rng):
    pages = sorted(path for path in world.site.rglob("index.html") if path.is_file())
    rng.choice(pages).unlink()


STEPS = (another_day, no_news, another_title, another_feed_title, other_places, other_feeds, lost_page)


@pytest.mark.parametrize("seed", [1])
def test_any_sequence_gives_the_site_that_rendering_its_record_anew_would_give(seed, source, feed, tree, tmp_path):
    rng = random.Random(seed)  # noqa: S311 - it only shuffles
    world = World(source, feed, tmp_path)
    world.build(world.site)
    for step in [*rng.sample(STEPS, 4), other_feeds, another_day]:
        step(world, rng)
        assert world.build(world.site).failed == [], step.__name__
        world.render_anew()
        mine, anew = (world.of_feeds_used(tree(site)) for site in (world.site, world.anew))
        differing = sorted(path for path in mine.keys() | anew.keys() if mine.get(path) != anew.get(path))
        assert differing == [], (seed, step.__name__)
