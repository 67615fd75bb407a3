"""A site of 1,000 posts and 500 places: how quick all its pages are made, and what a day more costs.

    python benchmarks/pages_of_site.py folder --feeds 10 --posts 100 --places 50
    python benchmarks/pages_of_site.py folder --feeds 1 --posts 1000 --places 500

The record is made up (`benchmarks/growth.py`) and kept in the folder: a second measurement finds it there. What is
timed is publishing: reading the record, views, HTML, manifests and writes, in this process and on one core, the scores
made before. Then a day is put on record, of one feed, and later of all, and publishing is timed again; and once
more without any news.
"""

import argparse
import shutil
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from growth import FIRST, MODELS, Feed, Shape

from reporter import config, hub, job, pipeline
from reporter.dates import Cadence

KEPT = {".lock", "data"}


def main() -> None:
    """Make the record, or take it from the folder, and print what publishing costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--feeds", type=int, default=10)
    parser.add_argument("--posts", type=int, default=100, help="of each feed")
    parser.add_argument("--places", type=int, default=50, help="of each feed")
    options = parser.parse_args()
    feeds, posts, places = options.feeds, options.posts, options.places
    record = options.folder / f"{feeds}x{posts}x{places}"
    if not (record / "made").exists():
        shutil.rmtree(record, ignore_errors=True)
        site = record / "site"
        for feed in made_up(site, feeds, places):
            for number in range(posts):
                feed.put(FIRST + timedelta(days=number))
            feed.ledger.compact()
            feed.vintages.compact()
        score(settings(site, feeds, places), site, FIRST + timedelta(days=posts - 1))
        (record / "made").touch()
    work = options.folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(record, work)
    site, last = work / "site", FIRST + timedelta(days=posts - 1)
    mine = settings(site, feeds, places)
    every = made_up(site, feeds, places)
    whole = measure("all pages", mine, site, last, None)
    measure("nothing new", mine, site, last, whole)
    for what, new in (("a day of one feed", every[:1]), ("a day of all feeds", every[1:] if feeds > 1 else [])):
        day = last + timedelta(days=1)
        for feed in new:
            feed.put(day)
        if new:
            score(mine, site, day)
            measure(what, mine, site, day, whole)


def made_up(site: Path, feeds: int, places: int) -> list[Feed]:
    """The feeds, whose counts are seeded by their names."""
    site.mkdir(parents=True, exist_ok=True)
    shapes = [Shape(f"feed-{'x' * n}{n}", Cadence.DAY, ("inc covid cases",), places, 7) for n in range(feeds)]
    return [Feed(shape, site, 4) for shape in shapes]


def settings(site: Path, feeds: int, places: int) -> config.Settings:
    """Settings that follow every feed."""
    tables = [
        {
            "name": feed.shape.name, "source": "file", "path": str(feed.file), "target": list(feed.shape.targets),
            "cadence": "day", "settle": 0, "horizons": 7, "headline": "01", "models": list(MODELS),
        }
        for feed in made_up(site, feeds, places)
    ]  # fmt: skip
    return config.parse({"site": {"title": "A large site"}, "feeds": tables})


def jobs(mine: config.Settings, site: Path, day: date) -> list[job.Job]:
    """The work of every feed on a day."""
    now, publisher = moment(day), hub.Publisher(mine.site, mine.team)
    folders = [(feed, site / "data" / feed.name) for feed in mine.feeds]
    return [job.Job(feed, n, folder, now, None, publisher) for n, (feed, folder) in enumerate(folders)]


def moment(day: date) -> datetime:
    """Six in the morning."""
    return datetime(day.year, day.month, day.day, 6, tzinfo=UTC)


def score(mine: config.Settings, site: Path, day: date) -> None:
    """Score what is on record, as the daily job does before it publishes."""
    for one in jobs(mine, site, day):
        one.score_again([])


def measure(what: str, mine: config.Settings, site: Path, day: date, whole: float | None) -> float:
    """Publish, and print how long it took and which files are others than before; seconds."""
    before, outcome = files_of(site), pipeline.Outcome()
    works = jobs(mine, site, day)
    began = time.perf_counter()
    pipeline.publish(mine, site, works, moment(day), outcome)
    seconds = time.perf_counter() - began
    after = files_of(site)
    written = [name for name in after if after[name] != before.get(name)]
    pages = sum(name.endswith("index.html") for name in written)
    share = f", {seconds / whole:.3f} ({1 / (seconds / whole):.0f}th) of a full render" if whole else ""
    print(f"{what}: {seconds:.2f} s, {pages} pages, {pages / seconds:.0f} pages a second{share}")
    print(f"  {len(written)} files written of {len(after)}; failed: {outcome.failed}", flush=True)
    new = [name for name in after if name not in before]
    if whole and new:
        print(f"  new: {sum(after[name][0] for name in new):,} bytes in {', '.join(new[:3])}", flush=True)
    return seconds


def files_of(site: Path) -> dict[str, tuple[int, int]]:
    """Size and time of each file that is no part of the record, by its path."""
    found = {}
    for top in site.iterdir():
        if top.name not in KEPT:
            for path in [top] if top.is_file() else top.rglob("*"):
                if path.is_file():
                    found[str(path.relative_to(site))] = (path.stat().st_size, path.stat().st_mtime_ns)
    return found


if __name__ == "__main__":
    main()
