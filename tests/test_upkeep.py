"""A daily run makes a day's pages and scores, and the site is the one that making everything anew would give."""

import json
import shutil
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from reporter import config, evaluate, pipeline, scores
from reporter.ledger import Ledger
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes

NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def spring(tmp_path_factory):
    """A hundred and more vintages of three places."""
    changes = archive_changes(REGISTRY["jhu"])
    mine = changes["location"].isin(["US", "Italy", "Sweden"]) & (changes["target"] == "cum confirmed cases")
    path = tmp_path_factory.mktemp("spring") / "spring.parquet"
    changes[mine].to_parquet(path)
    return path


@pytest.fixture
def build(tmp_path, feed, spring):
    def build(as_of=None, out="site", title="", **changed):
        path = changed.pop("path", spring)
        table = feed(path, start="2020-03-27", end=None, models=["baseline"], title=title, **changed)
        settings = config.parse({"feeds": [table]})
        return pipeline.build(settings, tmp_path / out, NOW, offline=True, as_of=as_of and date.fromisoformat(as_of))

    return build


@pytest.fixture(scope="module")
def until_july(tmp_path_factory, spring, feed):
    """A site with a hundred posts, to be copied."""
    folder = tmp_path_factory.mktemp("july") / "site"
    settings = config.parse({"feeds": [feed(spring, start="2020-03-27", end=None, models=["baseline"])]})
    assert pipeline.build(settings, folder, NOW, offline=True, as_of=date(2020, 7, 9)).failed == []
    return folder


@pytest.fixture
def july(until_july, tmp_path):
    return shutil.copytree(until_july, tmp_path / "site")


def without_pages(site, to):
    """The record alone, in another folder."""
    shutil.copytree(site / "data", to / "data")
    for derived in ("series.json", "scores.parquet", "said.parquet", "peer-scores.parquet"):
        path = to / "data" / "april" / derived
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return to


def test_a_day_more_gives_the_site_that_making_everything_anew_would_give(july, build, tree, tmp_path):
    outcome = build("2020-07-10")
    assert outcome.failed == []
    assert len(outcome.new) == 1
    posts = list(july.glob("april/2020-*/index.html"))
    assert len(posts) > 100
    # The new post, the one before, places, lists, and the files beside them; not the hundred, nor their 400 files.
    assert outcome.changed < 52
    without_pages(july, tmp_path / "anew")
    again = build("2020-07-10", out="anew")
    assert again.new == []
    assert tree(july) == tree(tmp_path / "anew")


def test_weeks_more_merge_months_and_mend_the_links_of_their_posts(july, build, tree, tmp_path):
    for day in ("2020-07-20", "2020-08-10"):
        assert build(day).failed == []
    assert (july / "data/april/model-output/baseline/2020-05-baseline.parquet").exists()
    for page in july.glob("april/2020-*/index.html"):
        for link in page.read_text().split('href="../../data/')[1:]:
            assert (july / "data" / link.split('"')[0]).exists(), (page, link[:80])
    without_pages(july, tmp_path / "anew")
    build("2020-08-10", out="anew")
    assert tree(july) == tree(tmp_path / "anew")


def test_nothing_new_makes_nothing(july, build, tree):
    before = tree(july)
    assert build("2020-07-09").changed == 0
    assert tree(july) == before


@pytest.mark.parametrize(
    "name",
    [
        "april/pages.json",
        "data/april/series.json",
        "data/april/scores.parquet/2020-05.parquet",
        "data/april/said.parquet/2020-05.parquet",
        "data/april/said.parquet/2020-07.parquet",
    ],
)
@pytest.mark.parametrize("damage", [b"", b"{}", b'{"posts": [{}]}'])
def test_what_was_kept_can_be_lost(july, build, tree, name, damage):
    before = tree(july)
    (july / name).write_bytes(damage)
    assert build("2020-07-09").failed == []
    assert tree(july) == before


def test_a_page_that_is_gone_or_cut_is_made_again(july, build, tree):
    before = tree(july)
    (july / "april/2020-05-01/index.html").unlink()
    (july / "april/2020-06-01/index.html").write_text("cut")
    assert build("2020-07-09").changed == 2
    assert tree(july) == before


def test_other_settings_make_every_page_anew(july, build):
    assert build("2020-07-09", title="Another").changed > 100


def test_only_months_whose_truth_changed_are_scored_again(july, build, tmp_path):
    folder = july / "data/april/scores.parquet"
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    build("2020-07-10")
    after = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    changed = [name for name in after if after[name] != before.get(name)]
    revised = pd.read_parquet(july / "data/april/target-data/time-series.parquet")
    assert "2020-07.parquet" in changed
    assert "2020-03.parquet" not in changed
    assert not revised.empty


def test_only_the_month_that_grew_is_looked_back_at_again(july, build):
    folder = july / "data/april/said.parquet"
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    build("2020-07-10")
    after = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert [name for name in sorted(after) if after[name] != before.get(name)] == ["2020-07.parquet"]


def test_the_folder_of_scores_reads_as_the_table_that_scoring_all_gives(july):
    from reporter.dates import Cadence
    from reporter.vintages import View, Vintages

    data = july / "data" / "april"
    changes = Vintages(data / "vintages").changes
    changes = changes[changes["as_of"] <= "2020-07-09"]
    view = View(changes, ["cum confirmed cases"], ["US", "Italy", "Sweden"], Cadence.DAY, 0)
    ledger = Ledger(data)
    live = {pd.Timestamp(one["reference_date"]): one["live"] for one in ledger.receipts()}
    whole = evaluate.score_table(ledger.forecasts(), view.first, view.latest, live)
    read = scores.read(data / "scores.parquet")
    pd.testing.assert_frame_equal(read.astype(whole.dtypes), whole)
    assert len(pd.read_parquet(data / "scores.parquet")) == len(whole)


def test_the_list_of_pages_names_every_file_of_every_page(july):
    listed = json.loads((july / "april/pages.json").read_text())
    there = {str(path.relative_to(july)): path.stat().st_size for path in july.glob("april/**/*") if path.is_file()}
    del there["april/pages.json"]
    pages = listed["pages"].items()
    assert {f"{address}{name}": size for address, page in pages for name, size in page["files"].items()} == there
    assert len(listed["events"]) == 50


def test_old_revisions_are_listed_without_reading_old_forecasts(build, spring, tmp_path, tree):
    """A count revised long after: its forecasts are older than what a daily run reads."""
    changes = pd.read_parquet(spring)
    us = changes[(changes["location"] == "US") & (changes["target_end_date"] == "2020-04-20")].tail(1)
    late = us.assign(as_of=pd.Timestamp("2020-07-10"), observation=us["observation"] * 3)
    revised = str(tmp_path / "revised.parquet")
    pd.concat([changes, late]).to_parquet(revised)
    build("2020-07-09", path=revised)
    assert "Monday 20 April 2020" not in (tmp_path / "site/scoreboard/index.html").read_text()
    assert build("2020-07-10", path=revised).failed == []
    assert "Monday 20 April 2020" in (tmp_path / "site/scoreboard/index.html").read_text()


def test_a_kill_between_other_settings_and_their_list_leaves_no_wrong_pages(july, build, tree, monkeypatch):
    before, write = tree(july), pipeline.files.write

    def until_the_list(path, data, **options):
        if path.name == "pages.json":
            raise KeyboardInterrupt  # as good as a kill: the pages are there, their list is not
        return write(path, data, **options)

    with monkeypatch.context() as patched:
        patched.setattr(pipeline.files, "write", until_the_list)
        with pytest.raises(KeyboardInterrupt):
            build("2020-07-09", title="Other")
    assert tree(july) != before
    build("2020-07-09")
    assert tree(july) == before


@pytest.fixture(scope="module")
def of_two(tmp_path_factory, feed, spring):
    """A site of two feeds, to be copied, and what builds it again."""
    folder = tmp_path_factory.mktemp("two")
    changes = pd.read_parquet(spring)
    changes[changes["as_of"] <= "2020-04-15"].to_parquet(folder / "spring.parquet")

    def build(out, ends=("2020-04-10", "2020-04-10"), titles=("One", "Two")):
        tables = []
        for name, end, title in zip(("one", "two"), ends, titles, strict=True):
            table = feed(folder / "spring.parquet", start="2020-04-03", end=end, models=["baseline"], title=title)
            tables.append({**table, "name": name})
        assert pipeline.build(config.parse({"feeds": tables}), out, NOW, offline=True).failed == []

    build(folder / "site")
    return folder / "site", build


@pytest.fixture
def two(of_two, tmp_path):
    """Builds a copy of the site of two feeds again; says which pages were written, whatever their bytes."""
    site, build = of_two
    out = shutil.copytree(site, tmp_path / "two")

    def stamps():
        files = (path for path in out.rglob("*") if path.is_file())
        return {str(path.relative_to(out)): path.stat().st_mtime_ns for path in files}

    def again(**changed):
        before = stamps()
        build(out, **changed)
        written = {name for name, stamp in stamps().items() if before.get(name) != stamp}
        return {name for name in written if name.startswith(("one/", "two/", "index", "scoreboard", "data/index"))}

    return again


SHARED = {"index.html", "scoreboard/index.html", "data/index.html"}


def test_nothing_new_touches_no_page(two):
    assert two() == set()


def test_a_day_of_one_feed_touches_its_own_pages_alone(two):
    written = two(ends=("2020-04-11", "2020-04-10"))
    assert {name for name in written if name.startswith("two/")} == set()
    posts = {name.split("/")[1] for name in written if name.startswith("one/2020")}
    assert posts == {"2020-04-09", "2020-04-10"}
    assert {name for name in written if name.startswith("one/2020-04-09/")} == {"one/2020-04-09/index.html"}
    assert written >= {"one/index.html", "one/us/index.html", "index.html", "data/index.html"}


def test_the_title_of_one_feed_touches_no_page_of_the_other(two):
    written = two(titles=("Uno", "Two"))
    assert {name for name in written if name.startswith("two/")} == set()
    assert len([name for name in written if name.startswith("one/")]) > 8 + 3
    assert written >= SHARED


def test_another_template_makes_every_page_anew(two, tmp_path, monkeypatch):
    from reporter import render, upkeep

    theme = tmp_path / "theme"
    shutil.copytree(next(folder for folder in render.FOLDERS if folder.is_dir()), theme)
    base = theme / "base.html"
    base.write_text(base.read_text().replace("<main ", '<main data-other="1" '))
    monkeypatch.setattr(render, "FOLDERS", (theme, *render.FOLDERS))
    upkeep.templates_sha256.cache_clear()
    try:
        written = two()
    finally:
        upkeep.templates_sha256.cache_clear()
    assert written >= SHARED | {"one/us/index.html", "two/2020-04-03/index.html", "one/index.html"}
    assert len([name for name in written if name.endswith("index.html")]) == 2 * (8 + 3 + 1) + 3


def test_pages_that_stand_are_not_computed(two, monkeypatch):
    """Of a feed without news no page, no piece of one and no forecast is made or read."""
    made = []
    for name in ("post", "place_page", "feed_index", "card", "feed_board", "feed_data"):
        monkeypatch.setattr(f"reporter.render.{name}", lambda *_, name=name: made.append(name))
    assert two() == set()
    assert made == []


@pytest.mark.parametrize("page", ["index.html", "scoreboard/index.html", "one/us/index.html", "pages.json"])
def test_an_altered_page_is_made_again(two, tmp_path, tree, page):
    before = tree(tmp_path / "two")
    (tmp_path / "two" / page).write_text("cut")
    assert page in two() | {"pages.json"}
    assert tree(tmp_path / "two") == before
