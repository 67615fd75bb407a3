from datetime import date
from pathlib import Path

import pytest

from reporter import config, pipeline
from reporter.errors import SettingsError

FEED = {"name": "a", "source": "jhu", "target": "cum confirmed cases", "cadence": "day", "horizons": 7}


@pytest.mark.parametrize(
    ("changed", "key", "found", "allowed"),
    [
        ({"horizon": 3}, "feeds[0].horizon", 3, "no such key; the keys are name"),
        ({"horizons": "7"}, "feeds[0].horizons", "7", "a whole number from 1 to 28"),
        ({"horizons": 7.0}, "feeds[0].horizons", 7.0, "a whole number from 1 to 28"),
        ({"horizons": True}, "feeds[0].horizons", True, "a whole number from 1 to 28"),
        ({"horizons": 0}, "feeds[0].horizons", 0, "a whole number from 1 to 28"),
        ({"start": "2026-02-30"}, "feeds[0].start", "2026-02-30", 'a day as "YYYY-MM-DD"'),
        ({"start": "20260203"}, "feeds[0].start", "20260203", 'a day as "YYYY-MM-DD"'),
        ({"start": "2026-02-03", "end": "2026-02-01"}, "feeds[0].end", "2026-02-01", "a day not before start"),
        ({"start": "2026-02-03", "backfill": 3}, "feeds[0].backfill", 3, "not both"),
        ({"cadence": "month"}, "feeds[0].cadence", "month", '"day" or "week"'),
        ({"name": "../etc"}, "feeds[0].name", "../etc", "up to 63 small letters"),
        ({"name": "data"}, "feeds[0].name", "data", "any name but assets"),
        ({"archive": "yes"}, "feeds[0].archive", "yes", "true or false"),
        ({"locations": ["US", "US"]}, "feeds[0].locations", "US", "each only once"),
        ({"locations": ["US"], "headline": "Italy"}, "feeds[0].headline", "Italy", "one of the feed's locations: US"),
        ({"locations": []}, "feeds[0].locations", [], "a list of the source's location codes"),
        ({"lead": "rnn", "models": ["baseline"]}, "feeds[0].lead", "rnn", "one of the feed's models"),
        ({"source": "jhuu"}, "feeds[0].source", "jhuu", "one of rki, nhsn, jhu, jhu-counties, who, hub, file"),
        ({"target": "inc deaths"}, "feeds[0].target", "inc deaths", "one of cum confirmed cases, cum deaths"),
        ({"locations": ["US", "Atlantis"]}, "feeds[0].locations", "Atlantis", "one of Afghanistan"),
        ({"headline": "Atlantis"}, "feeds[0].headline", "Atlantis", "one of Afghanistan"),
        ({"models": ["baseline", "oracle"]}, "feeds[0].models", "oracle", "one of baseline, classic, sigmoid, rnn"),
        ({"cadence": "week"}, "feeds[0].cadence", "week", '"day", as jhu counts'),
        ({"path": "x.csv"}, "feeds[0].path", "x.csv", 'where source = "file"'),
        ({"source": "file"}, "feeds[0].path", None, 'where source = "file"'),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(changed, key, found, allowed):
    with pytest.raises(SettingsError) as caught:
        pipeline.check(config.parse({"feeds": [{**FEED, **changed}]}))
    assert (caught.value.key, caught.value.found) == (key, found)
    assert allowed in caught.value.allowed
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ({}, "feeds"),
        ({"feeds": []}, "feeds"),
        ({"feeds": 3}, "feeds"),
        ({"feeds": ["x"]}, "feeds[0]"),
        ({"sites": {}, "feeds": [FEED]}, "sites"),
        ({"site": {"titel": "x"}, "feeds": [FEED]}, "site.titel"),
        ({"site": {"base_url": "example.org"}, "feeds": [FEED]}, "site.base_url"),
        ({"feeds": [FEED, FEED]}, "feeds[1].name"),
        ({"feeds": [{}]}, "feeds[0].name"),
    ],
)
def test_tables_are_checked_too(raw, key):
    with pytest.raises(SettingsError) as caught:
        config.parse(raw)
    assert caught.value.key == key


TEAM = {
    "name": "Newsroom",
    "abbr": "News",
    "contributors": [{"name": "Ada", "affiliation": "Newsroom", "email": "ada@example.org"}],
}


@pytest.mark.parametrize(
    ("changed", "key", "allowed"),
    [
        ({"abbr": "The-News"}, "team.abbr", "up to 21 letters, digits, _ and +"),
        ({"abbr": None}, "team.abbr", "up to 21 letters"),
        ({"contributors": []}, "team.contributors", "one or more [[team.contributors]] tables"),
        ({"contributors": [{"name": "Ada"}]}, "team.contributors[0].affiliation", "a text (it must be given)"),
        (
            {"contributors": [{**TEAM["contributors"][0], "email": "ada"}]},
            "team.contributors[0].email",
            "an email address",
        ),
        ({"contributors": [{**TEAM["contributors"][0], "orcid": "1"}]}, "team.contributors[0].orcid", "an ORCID as"),
        ({"contributors": [{**TEAM["contributors"][0], "mail": "x"}]}, "team.contributors[0].mail", "no such key"),
        ({"licence": "MIT"}, "team.licence", "one of CC0-1.0, CC-BY-4.0"),
        ({"website_url": "example.org"}, "team.website_url", "an http or https address"),
        ({"designated": ["oracle"]}, "team.designated", "the feeds' models: baseline, rnn, sigmoid"),
        ({"designated": ["baseline", "rnn", "sigmoid"]}, "team.designated", "at most 2 models"),
        ({"license": "CC0-1.0"}, "team.license", "no such key; the keys are name, abbr"),
    ],
)
def test_what_is_wrong_with_a_team_is_named(changed, key, allowed):
    with pytest.raises(SettingsError) as caught:
        config.parse({"feeds": [FEED], "team": {**TEAM, **changed}})
    assert caught.value.key == key
    assert allowed in caught.value.allowed


def test_a_team_needs_little():
    team = config.parse({"feeds": [FEED], "team": TEAM}).team
    assert (team.name, team.licence, team.designated) == ("Newsroom", "CC-BY-4.0", None)
    assert config.parse({"feeds": [FEED]}).team is None


def test_one_target_and_several_are_written_alike():
    assert config.parse({"feeds": [FEED]}).feeds[0].target == ("cum confirmed cases",)
    assert config.parse({"feeds": [{**FEED, "start": date(2020, 4, 1)}]}).feeds[0].start == date(2020, 4, 1)


def test_a_file_that_is_no_toml_is_named(tmp_path):
    path = tmp_path / "reporter.toml"
    path.write_text("[[feeds]\n")
    with pytest.raises(SettingsError, match="a readable TOML file"):
        config.load(path)
    with pytest.raises(SettingsError, match="No such file"):
        config.load(tmp_path / "none.toml")


def test_the_default_settings_are_right():
    settings = config.load(config.bundled())
    pipeline.check(settings)
    feeds = {feed.name: feed for feed in settings.feeds}
    assert list(feeds) == ["germany-cases", "us-admissions", "us-2020"]
    assert feeds["us-2020"].archive
    assert [name for name, feed in feeds.items() if "classic" in feed.models] == ["us-2020"]


def test_april_follows_the_30_places_with_most_cases():
    from reporter.dates import Cadence
    from reporter.sources import REGISTRY
    from reporter.sources.base import archive_changes
    from reporter.vintages import View

    feed = next(feed for feed in config.load(config.bundled()).feeds if feed.name == "us-2020")
    changes = archive_changes(REGISTRY["jhu"])
    everywhere = list(changes["location"].unique())
    counts = View(changes, list(feed.target), everywhere, Cadence.DAY, 0).as_of(date(2020, 4, 11))
    day = counts[counts["target_end_date"] == "2020-04-10"].sort_values("observation", ascending=False)
    assert list(day["location"].head(30)) == list(feed.locations or ())


def test_a_digest_changes_with_what_a_forecast_depends_on():
    digest = config.parse({"feeds": [FEED]}).feeds[0].digest
    assert config.parse({"feeds": [{**FEED, "title": "x"}]}).feeds[0].digest == digest
    assert config.parse({"feeds": [{**FEED, "horizons": 8}]}).feeds[0].digest != digest


def test_settings_are_found_in_the_package_or_beside_it():
    assert config.bundled().is_file()
    assert config.bundled().parent in (Path(config.__file__).parent / "data", Path(config.__file__).parent.parent)
