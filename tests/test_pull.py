"""Pulling feeds over real HTTP on the loopback: news, no news, failover, lateness and what is kept aside."""

import gzip
import io
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from reporter import ask, config, fingerprint, pipeline, supply
from reporter.sources import REGISTRY, nhsn
from reporter.sources.base import archive_changes
from reporter.vintages import Vintages


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


class Upstream:
    """A server whose files a test changes; a body of None answers 500. It honours If-None-Match."""

    def __init__(self) -> None:
        self.files: dict[str, bytes | None] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.meet: threading.Barrier | None = None
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.split("?")[0]
                upstream.asked.append((path, self.headers.get("If-None-Match")))
                if upstream.meet is not None:
                    upstream.meet.wait(10)
                body = upstream.files.get(path)
                if body is None:
                    self.send_error(500)
                    return
                tag = f'"{sha256(body).hexdigest()[:16]}"'
                if self.headers.get("If-None-Match") == tag:
                    self.send_response(304)
                    self.send_header("ETag", tag)
                    self.end_headers()
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("ETag", tag)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    server = Upstream()
    yield server
    server.close()


def long_table(counts: pd.DataFrame) -> bytes:
    return counts.assign(target_end_date=counts["target_end_date"].dt.strftime("%Y-%m-%d")).to_csv(index=False).encode()


def daily(days: int, through: str = "2026-11-18", places: tuple[str, ...] = ("A", "B")) -> pd.DataFrame:
    """Made-up cases a day."""
    dates = pd.date_range(end=through, periods=days)
    rows = [("inc cases", place, day, 100.0 + 7 * n % 13) for place in places for n, day in enumerate(dates)]
    return pd.DataFrame(rows, columns=["target", "location", "target_end_date", "observation"])


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., pipeline.Outcome]:
    """Builds a site: `run(day, *feeds)`."""

    def build(day: str, *feeds: dict[str, Any], **kwargs: Any) -> pipeline.Outcome:
        now = datetime.fromisoformat(f"{day}T06:00:00").replace(tzinfo=UTC)
        return pipeline.build(config.parse({"feeds": list(feeds)}), tmp_path / "site", now, **kwargs)

    return build


def own(upstream: Upstream, name: str = "own", path: str = "/own.csv", **changed: Any) -> dict[str, Any]:
    feed = {
        "name": name,
        "source": "file",
        "url": upstream.url(path),
        "target": "inc cases",
        "cadence": "day",
        "horizons": 2,
        "models": ["baseline"],
        "limits": {"seconds": 2},
    }
    return {**feed, **changed}


def vintages(tmp_path: Path, name: str = "own") -> list[date]:
    return Vintages(tmp_path / "site" / "data" / name / "vintages").as_ofs


def status(tmp_path: Path, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "site" / "status.json").read_text(encoding="utf-8"))["feeds"][number]
    return found


# ---------------------------------------------------------------------------- news and no news


def test_an_unchanged_source_sends_nothing_and_changes_nothing(upstream, run, tmp_path, tree):
    upstream.files["/own.csv"] = long_table(daily(30))
    assert run("2026-11-19", own(upstream)).new == ["own/2026-11-18"]
    record = tree(tmp_path / "site" / "data" / "own" / "vintages")
    outcome = run("2026-11-20", own(upstream))
    assert (outcome.exit_code, outcome.new) == (0, [])
    assert [path for path, tag in upstream.asked if tag] == ["/own.csv"]
    assert tree(tmp_path / "site" / "data" / "own" / "vintages") == record
    assert status(tmp_path)["sources"][0]["answered"] == "2026-11-20"


def test_the_same_run_twice_changes_no_byte(upstream, run, tmp_path, tree):
    upstream.files["/own.csv"] = long_table(daily(30))
    run("2026-11-19", own(upstream))
    before = tree(tmp_path / "site")
    run("2026-11-19", own(upstream))
    after = tree(tmp_path / "site")
    assert {path for path in after if after[path] != before.get(path)} == set()


def test_a_source_is_asked_in_full_when_the_vintages_are_not_those_it_filled(upstream, run, tmp_path):
    upstream.files["/own.csv"] = long_table(daily(30))
    run("2026-11-19", own(upstream, models=["classic"]))  # which forecasts no incident counts, so nothing is on record
    for path in (tmp_path / "site/data/own/vintages").iterdir():
        path.unlink()
    run("2026-11-20", own(upstream, models=["classic"]))
    assert [tag for _, tag in upstream.asked] == [None, None]
    assert vintages(tmp_path) == [date(2026, 11, 20)]


def test_only_what_changed_is_stored_and_what_vanished_is_withdrawn(upstream, run, tmp_path):
    counts = daily(60)
    upstream.files["/own.csv"] = long_table(counts)
    run("2026-11-19", own(upstream))
    gone = (counts["location"] == "B") & (counts["target_end_date"] == "2026-10-10")
    revised = counts[~gone].reset_index(drop=True)
    revised.loc[5, "observation"] += 1
    news = daily(1, "2026-11-19")
    upstream.files["/own.csv"] = long_table(pd.concat([revised, news]))
    run("2026-11-20", own(upstream))
    stored = pd.read_parquet(tmp_path / "site/data/own/vintages/2026-11-20.parquet")
    assert len(stored) == 4
    assert stored.loc[stored["observation"].isna(), ["location", "target_end_date"]].astype(
        str
    ).to_numpy().tolist() == [["B", "2026-10-10"]]


def test_a_change_log_at_an_address_brings_its_past_vintages(upstream, run, tmp_path, april):
    log = april.assign(**{name: april[name].dt.strftime("%Y-%m-%d") for name in ("as_of", "target_end_date")})
    upstream.files["/own.csv"] = log.to_csv(index=False).encode()
    feed = own(upstream, target="cum confirmed cases", backfill=3)
    outcome = run("2020-04-15", feed)
    assert outcome.new == ["own/2020-04-11", "own/2020-04-12", "own/2020-04-13"]
    assert vintages(tmp_path)[-2:] == [date(2020, 4, 13), date(2020, 4, 14)]


# ---------------------------------------------------------------------------- side by side


def test_sources_are_pulled_side_by_side(upstream, run):
    upstream.meet = threading.Barrier(3)  # nobody is answered before all three have asked
    feeds = [own(upstream, name, f"/{name}.csv") for name in ("one", "two", "three")]
    for feed in feeds:
        upstream.files[f"/{feed['name']}.csv"] = long_table(daily(30))
    outcome = run("2026-11-19", *feeds)
    assert outcome.failed == []
    assert len(outcome.new) == 3


def test_feeds_that_share_an_address_download_it_once(upstream, run):
    upstream.files["/own.csv"] = long_table(daily(30))
    outcome = run("2026-11-19", own(upstream, "one"), own(upstream, "two"))
    assert outcome.new == ["one/2026-11-18", "two/2026-11-18"]
    assert [path for path, _ in upstream.asked] == ["/own.csv"]


# ---------------------------------------------------------------------------- refused


def test_what_is_refused_is_kept_aside_with_its_reason(upstream, run, tmp_path):
    upstream.files["/own.csv"] = long_table(daily(30))
    run("2026-11-19", own(upstream))
    worse = long_table(daily(30, "2026-11-19", places=("A",)))
    upstream.files["/own.csv"] = worse
    outcome = run("2026-11-20", own(upstream))
    (line,) = outcome.failed
    assert outcome.exit_code == 3
    assert line.startswith("own: file: ")
    assert "fewer_places" in line
    folder = tmp_path / "site/data/own/refused"
    about = json.loads((folder / "file.json").read_text(encoding="utf-8"))
    assert f"own: {about['reason']}" == line
    assert about["answers"][0]["sha256"] == sha256(worse).hexdigest()
    assert gzip.decompress((folder / "file-1.gz").read_bytes()) == worse
    assert vintages(tmp_path) == [date(2026, 11, 19)]
    assert line in unescape((tmp_path / "site/status/index.html").read_text(encoding="utf-8"))
    assert run("2026-11-20", own(upstream, limits={"seconds": 2, "fewer_places": 1})).exit_code == 0


def test_a_source_that_goes_on_sending_less_is_believed_in_the_end(upstream, run, tmp_path):
    upstream.files["/own.csv"] = long_table(daily(30))
    run("2026-11-19", own(upstream))
    limits = {"seconds": 2, "believed": 5}
    for day, code in (("20", 3), ("22", 3), ("24", 3), ("25", 0)):
        upstream.files["/own.csv"] = long_table(daily(30, f"2026-11-{day}", places=("A",)))
        assert run(f"2026-11-{day}", own(upstream, limits=limits)).exit_code == code
    (belief,) = status(tmp_path)["beliefs"]
    assert (belief["day"], belief["source"]) == ("2026-11-25", "file")
    assert "fewer_places" in belief["reason"]
    assert "because the source kept sending them" in (tmp_path / "site/status/index.html").read_text(encoding="utf-8")
    stored = pd.read_parquet(tmp_path / "site/data/own/vintages/2026-11-25.parquet")
    assert set(stored.loc[stored["observation"].isna(), "location"]) == {"B"}


@pytest.mark.parametrize("between", ["good", "failing", "worse"])
def test_only_a_source_that_insists_on_the_same_is_believed(upstream, run, tmp_path, between):
    limits = {"seconds": 1, "believed": 5}
    good, bad = daily(30), daily(30, places=("A",))
    upstream.files["/own.csv"] = long_table(good)
    run("2026-11-19", own(upstream))
    days = [f"2026-11-{day}" for day in range(20, 27)]
    for day in days:
        sent: dict[str, bytes | None] = dict.fromkeys(days, long_table(bad))
        if between == "good":
            sent["2026-11-23"] = long_table(good)
        elif between == "failing":  # on two days only it sent anything
            sent |= dict.fromkeys(days[1:-1])
        else:
            sent[days[-1]] = long_table(bad.tail(12))  # half of A is gone as well
        upstream.files["/own.csv"] = sent[day]
        code = run(day, own(upstream, limits=limits)).exit_code
        if between == "worse" and day == "2026-11-25":
            assert code == 0
            return
        assert code == (0 if sent[day] == long_table(good) else 3), day
    assert status(tmp_path)["beliefs"] == []
    assert vintages(tmp_path) == [date(2026, 11, 19)]


def test_a_belief_lifts_no_other_limit(upstream, run, tmp_path):
    limits = {"seconds": 2, "believed": 3}
    upstream.files["/own.csv"] = long_table(daily(30))
    run("2026-11-19", own(upstream))
    bad = daily(30, places=("A",))
    for day in ("20", "21", "22"):
        upstream.files["/own.csv"] = long_table(bad)
        assert run(f"2026-11-{day}", own(upstream, limits=limits)).exit_code == 3
    upstream.files["/own.csv"] = long_table(bad.iloc[1::2])  # half of A's counts are gone too
    (line,) = run("2026-11-23", own(upstream, limits=limits)).failed
    assert "fewer_counts" in line
    assert vintages(tmp_path) == [date(2026, 11, 19)]


def test_a_web_page_is_kept_aside_and_old_answers_are_not(upstream, run, tmp_path):
    upstream.files["/own.csv"] = long_table(daily(30))
    run("2026-11-19", own(upstream))
    folder = tmp_path / "site/data/own/refused"
    folder.mkdir()
    (folder / "file-2.gz").write_bytes(b"of a refusal before")
    upstream.files["/own.csv"] = page = b"<!DOCTYPE html><title>Under maintenance</title>"
    assert run("2026-11-20", own(upstream)).exit_code == 3
    assert gzip.decompress((folder / "file-1.gz").read_bytes()) == page
    assert {path.name for path in folder.iterdir()} == {"file.json", "file-1.gz"}


def test_a_page_in_place_of_a_file_at_hand_stays_a_failure(run, tmp_path):
    path = tmp_path / "own.csv"
    feed = {"name": "own", "source": "file", "path": str(path), "target": "inc cases", "cadence": "day", "horizons": 2}
    path.write_bytes(long_table(daily(30)))
    run("2026-11-19", feed, offline=True)
    path.write_bytes(b"<html>sign in</html>")
    assert [run(day, feed, offline=True).exit_code for day in ("2026-11-20", "2027-06-01")] == [3, 3]
    assert (tmp_path / "site/data/own/refused/file-1.gz").exists()


def test_a_key_in_an_address_is_not_published(upstream, run, tmp_path):
    feed = own(upstream, url=upstream.url("/own.csv?key=SECRETKEY123"))
    upstream.files["/own.csv"] = long_table(daily(30))
    run("2026-11-19", feed)
    upstream.files["/own.csv"] = b"nothing of use"
    assert run("2026-11-20", feed).exit_code == 3
    for path in (tmp_path / "site").rglob("*"):
        assert path.is_dir() or b"SECRETKEY123" not in path.read_bytes(), path


def test_a_source_that_sends_what_cannot_be_read_never_counts_as_ended(upstream, run, tmp_path):
    upstream.files["/own.csv"] = long_table(daily(30))
    run("2026-11-19", own(upstream))
    upstream.files["/own.csv"] = long_table(daily(30)).replace(b"observation", b"value")
    for day in ("2026-11-20", "2027-06-01", "2027-06-02"):
        assert run(day, own(upstream)).exit_code == 3
    assert status(tmp_path)["state"] == "stale"


def test_an_unchanged_file_is_read_again_by_another_program(upstream, run, tmp_path, monkeypatch):
    upstream.files["/own.csv"] = long_table(daily(30))
    run("2026-11-19", own(upstream))
    monkeypatch.setattr(fingerprint, "code_sha256", lambda: "another")
    run("2026-11-20", own(upstream))
    assert [tag for _, tag in upstream.asked] == [None, None]


def test_what_a_frozen_source_says_is_no_live_forecast(upstream, run, tmp_path):
    upstream.files["/own.csv"] = long_table(daily(60, "2023-03-09"))
    assert run("2026-11-19", own(upstream)).new == ["own/2023-03-09"]
    receipt = json.loads((tmp_path / "site/data/own/receipts/2023-03-09.json").read_text())
    assert receipt["live"] is False
    assert status(tmp_path)["state"] == "retired"


def test_a_file_at_hand_is_held_to_the_same_limits_and_told_of(run, tmp_path):
    path = tmp_path / "own.csv"
    feed = {"name": "own", "source": "file", "path": str(path), "target": "inc cases", "cadence": "day", "horizons": 2}
    feed |= {"models": ["baseline"], "limits": {"believed": 3}}
    path.write_bytes(long_table(daily(30)))
    assert run("2026-11-19", feed, offline=True).new == ["own/2026-11-18"]
    assert status(tmp_path)["sources"][0]["answered"] == "2026-11-19"
    path.write_bytes(long_table(daily(30, places=("A",))))
    codes = [run(f"2026-11-{day}", feed, offline=True).exit_code for day in (20, 21, 22, 23)]
    assert codes == [3, 3, 3, 0]
    about = json.loads((tmp_path / "site/data/own/refused/file.json").read_text(encoding="utf-8"))
    assert about["answers"][0]["url"] == "own.csv"  # and not where it lies


def test_what_nobody_can_mean_is_never_believed(upstream, run, tmp_path):
    upstream.files["/own.csv"] = long_table(daily(30))
    run("2026-11-19", own(upstream))
    limits = {"seconds": 2, "believed": 1}
    upstream.files["/own.csv"] = long_table(daily(31, "2026-11-19").assign(observation=0))
    for day in ("20", "22", "24"):
        (line,) = run(f"2026-11-{day}", own(upstream, limits=limits)).failed
        assert "counts are 0" in line
    assert vintages(tmp_path) == [date(2026, 11, 19)]


def test_a_fault_in_reading_an_answer_is_the_sources_failure(upstream, run, tmp_path, monkeypatch):
    upstream.files |= {"/own.csv": long_table(daily(30)), "/two.csv": long_table(daily(30))}
    feeds = [own(upstream), own(upstream, "two", "/two.csv")]
    run("2026-11-19", *feeds)
    upstream.files["/own.csv"] = long_table(daily(31, "2026-11-19"))
    monkeypatch.setattr(ask.Received, "counts", lambda _: 1 / 0)
    (line,) = run("2026-11-20", *feeds).failed  # the other feed's upstream has not changed
    assert line.startswith("own: file: ZeroDivisionError: division by zero (a fault of reporter's own")
    assert (tmp_path / "site/data/own/refused/file-1.gz").exists()


# ---------------------------------------------------------------------------- failover


DAYS = [f"2026-11-{day:02}" for day in range(1, 11)]

WEEKLY = ["wk inc covid hosp"]
PLACES = ["US", "01", "06"]
NHSN = {"01": "AL", "06": "CA", "US": "USA"}


@pytest.fixture(scope="module")
def admissions() -> pd.DataFrame:
    """The counts of three places as known on 2025-06-27."""
    changes = archive_changes(REGISTRY["nhsn"])
    mine = changes[changes["target"].isin(WEEKLY) & changes["location"].isin(PLACES)]
    return mine.drop_duplicates(["target", "location", "target_end_date"], keep="last").drop(columns="as_of")


def later(counts: pd.DataFrame, weeks: int) -> pd.DataFrame:
    """The counts with made-up weeks after the last."""
    last = counts[counts["target_end_date"] == counts["target_end_date"].max()]
    made_up = [last.assign(target_end_date=last["target_end_date"] + pd.Timedelta(weeks=n + 1)) for n in range(weeks)]
    return pd.concat([counts, *made_up])


def socrata(counts: pd.DataFrame) -> bytes:
    rows = [
        {
            "weekendingdate": f"{row.target_end_date:%Y-%m-%d}T00:00:00.000",
            "jurisdiction": NHSN[row.location],
            "totalconfc19newadm": str(row.observation),
            "totalconfflunewadm": "1.0",
            "totalconfrsvnewadm": "1.0",
        }
        for row in counts.dropna().itertuples()
    ]
    return json.dumps(rows).encode()


def hub(counts: pd.DataFrame, as_of: str) -> bytes:
    table = counts.dropna().assign(as_of=as_of)
    return table.to_csv(index=False).encode()


@pytest.fixture
def two_tables(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A feed from NHSN's final and preliminary table, `/0.json` and `/1.json` of the upstream."""
    parts = tuple(
        replace(part, url=upstream.url(f"/{number}.json"), paging=None) for number, part in enumerate(nhsn.SOURCE.parts)
    )
    monkeypatch.setattr(nhsn, "SOURCE", replace(nhsn.SOURCE, parts=parts))
    return {key: value for key, value in both(upstream, source="nhsn").items() if key != "url"}


def both(upstream: Upstream, **changed: Any) -> dict[str, Any]:
    return {
        "name": "us",
        "source": ["nhsn", "hub"],
        "url": [upstream.url("/nhsn.json"), upstream.url("/hub.csv")],
        "target": WEEKLY,
        "locations": PLACES,
        "cadence": "week",
        "horizons": 2,
        "models": ["baseline"],
        "limits": {"seconds": 2},
        **changed,
    }


def test_the_next_source_takes_over_when_the_first_fails_and_gives_back(upstream, run, tmp_path, admissions):
    upstream.files["/nhsn.json"] = socrata(later(admissions, 1))
    assert run("2025-07-02", both(upstream)).exit_code == 0
    assert status(tmp_path)["source"] == "nhsn"

    upstream.files |= {"/nhsn.json": None, "/hub.csv": hub(later(admissions, 2), "2025-07-09")}
    outcome = run("2025-07-09", both(upstream))
    assert outcome.exit_code == 3
    (line,) = outcome.failed
    assert line.startswith("us: nhsn: 127.0.0.1: status 500")
    assert outcome.new == ["us/2025-07-05"]
    found = status(tmp_path)
    assert found["source"] == "hub"
    assert found["state"] == "fresh"
    (switch,) = found["switches"]
    assert (switch["day"], switch["before"], switch["after"]) == ("2025-07-09", "nhsn", "hub")
    assert "status 500" in switch["reason"]
    page = (tmp_path / "site/status/index.html").read_text(encoding="utf-8")
    assert "Wednesday 9 July 2025: from CDC NHSN" in page

    upstream.files["/nhsn.json"] = socrata(later(admissions, 3))
    outcome = run("2025-07-16", both(upstream))
    assert (outcome.exit_code, outcome.new) == (0, ["us/2025-07-12"])
    found = status(tmp_path)
    assert (found["source"], found["switches"][-1]["reason"]) == ("nhsn", "nhsn is back")


def test_an_older_or_empty_first_file_is_refused_on_a_bundled_archive(upstream, run, tmp_path, admissions):
    feed = both(upstream, source="nhsn", url=upstream.url("/nhsn.json"))
    early = admissions[admissions["target_end_date"] < "2025-05-01"]
    for body, words in ((early, "before the last vintage"), (admissions.assign(observation=0.0), "counts are 0")):
        upstream.files["/nhsn.json"] = socrata(body)
        (line,) = run("2025-07-02", feed).failed
        assert words in line
    assert vintages(tmp_path, "us")[-1] == date(2025, 6, 27)


def test_the_first_source_failing_at_first_is_a_switch_too(upstream, run, tmp_path, admissions):
    hole = admissions["target_end_date"].between("2024-05-01", "2024-06-30")
    for weeks, day in ((2, "2025-07-09"), (3, "2025-07-16"), (4, "2025-07-23")):
        upstream.files["/hub.csv"] = hub(later(admissions[~hole], weeks), day)
        assert run(day, both(upstream)).new
    (switch,) = status(tmp_path)["switches"]
    assert (switch["before"], switch["after"]) == ("nhsn", "hub")
    changes = Vintages(tmp_path / "site/data/us/vintages").changes
    assert changes.loc[changes["as_of"] > "2025-07-01", "observation"].notna().all()


def test_a_belief_settles_the_matter_after_a_switch_as_well(upstream, run, tmp_path, admissions):
    upstream.files |= {"/nhsn.json": None, "/hub.csv": hub(later(admissions, 2), "2025-07-09")}
    run("2025-07-09", both(upstream))
    gone = admissions["target_end_date"] < "2022-06-01"
    limits = {"seconds": 1, "believed": 3}
    codes = []
    for number in range(8):
        counts = later(admissions[~gone], 3)
        counts.loc[counts.index[-1], "observation"] += number  # a new file each day
        upstream.files |= {"/nhsn.json": socrata(counts), "/hub.csv": None}
        codes.append(run(f"2025-07-{16 + number}", both(upstream, limits=limits)).exit_code)
    assert codes[-4:] == [0, 0, 0, 0], codes


def test_limits_that_are_broken_together_are_believed_together(upstream, run, tmp_path):
    upstream.files["/own.csv"] = long_table(daily(40))
    run("2026-11-19", own(upstream))
    half = daily(40, places=("A",)).iloc[1::2]
    codes = []
    for day in range(20, 26):
        upstream.files["/own.csv"] = long_table(half.assign(observation=half["observation"] + day))
        codes.append(run(f"2026-11-{day}", own(upstream, limits={"seconds": 2, "believed": 3})).exit_code)
    assert codes == [3, 3, 3, 0, 0, 0]


def test_corrections_in_a_log_arrive_with_a_row_of_every_day(run, tmp_path):
    path = tmp_path / "log.csv"
    feed = {"name": "own", "source": "file", "path": str(path), "target": "inc cases", "cadence": "day", "horizons": 2}
    feed |= {"models": ["baseline"]}
    log = [f"{day},inc cases,A,{day},{90 + number}" for number, day in enumerate(DAYS)]
    for number, day in enumerate(DAYS):
        text = "as_of,target,location,target_end_date,observation\n" + "\n".join(log[: number + 1])
        path.write_text(text.replace(",92\n", ",97\n") if number > 5 else text, encoding="utf-8")
        run(day, feed, offline=True)
    known = Vintages(tmp_path / "site/data/own/vintages").known.set_index("target_end_date")["observation"]
    assert known[pd.Timestamp(DAYS[2])] == 97
    rows = pd.read_parquet(tmp_path / f"site/data/own/vintages/{DAYS[6]}.parquet")
    assert sorted(rows["observation"]) == [96, 97]  # known from the day it was written on


def test_a_slow_source_makes_live_forecasts_and_a_frozen_one_none(upstream, run, tmp_path):
    live = {}
    for day in (1, 2, 3):
        upstream.files["/own.csv"] = long_table(daily(40, f"2026-10-{10 + day}"))
        run(f"2026-11-0{day}", own(upstream))
        receipt = tmp_path / f"site/data/own/receipts/2026-10-{10 + day}.json"
        live[day] = json.loads(receipt.read_text(encoding="utf-8"))["live"]
    assert live == {1: False, 2: True, 3: True}


def test_a_lost_table_is_named_while_the_other_is_unchanged(upstream, run, tmp_path, admissions, two_tables):
    upstream.files |= {"/0.json": socrata(later(admissions, 1)), "/1.json": socrata(later(admissions, 1))}
    run("2025-07-02", two_tables)
    upstream.files["/1.json"] = None
    first, again = run("2025-07-03", two_tables), run("2025-07-03", two_tables)
    assert first.failed == again.failed
    assert len(first.failed) == 1
    page = (tmp_path / "site/status/index.html").read_text(encoding="utf-8")
    assert "A part of what CDC NHSN publishes could not be had this time; the rest was used." in page


def test_a_days_failure_does_not_mix_two_releases(upstream, run, tmp_path, admissions, tree):
    upstream.files["/nhsn.json"] = socrata(later(admissions, 1))
    run("2025-07-02", both(upstream))
    record = tree(tmp_path / "site/data/us/vintages")
    other = later(admissions, 1).assign(observation=lambda frame: frame["observation"] + 1)
    upstream.files |= {"/nhsn.json": None, "/hub.csv": hub(other, "2025-07-02")}
    outcome = run("2025-07-03", both(upstream))
    assert (outcome.exit_code, outcome.failed[0][:9]) == (3, "us: nhsn:")
    assert tree(tmp_path / "site/data/us/vintages") == record
    assert (status(tmp_path)["source"], status(tmp_path)["switches"]) == ("nhsn", [])


def test_nhsn_goes_on_with_one_of_its_tables(upstream, run, admissions, two_tables):
    upstream.files |= {"/0.json": socrata(later(admissions, 1)), "/1.json": socrata(later(admissions, 2))}
    assert run("2025-07-09", two_tables).new == ["us/2025-07-05"]  # the preliminary table has the newest week
    upstream.files |= {"/0.json": socrata(later(admissions, 3)), "/1.json": None}
    outcome = run("2025-07-16", two_tables)
    assert (outcome.exit_code, outcome.new) == (3, ["us/2025-07-12"])
    assert len(outcome.failed) == 1
    upstream.files["/0.json"] = None
    outcome = run("2025-07-17", two_tables)
    assert (outcome.exit_code, outcome.new, len(outcome.failed)) == (3, [], 1)


def test_nothing_is_withdrawn_when_sources_take_turns(upstream, run, tmp_path, admissions):
    upstream.files["/nhsn.json"] = socrata(later(admissions, 1))
    run("2025-07-02", both(upstream))
    hole = admissions["target_end_date"].between("2024-05-01", "2024-06-30")
    for weeks, day in ((2, "2025-07-09"), (3, "2025-07-16"), (4, "2025-07-23")):
        upstream.files |= {"/nhsn.json": None, "/hub.csv": hub(later(admissions[~hole], weeks), day)}
        assert run(day, both(upstream)).new
        assert status(tmp_path)["source"] == "hub"
    (tmp_path / "site/data/us/sources.json").unlink()  # and nobody knows any more whose the counts are
    upstream.files["/nhsn.json"] = socrata(later(admissions[~hole], 5))
    assert run("2025-07-30", both(upstream)).new == ["us/2025-07-26"]
    changes = Vintages(tmp_path / "site/data/us/vintages").changes
    mine = changes["location"].isin(PLACES) & changes["target"].isin(WEEKLY)
    assert changes.loc[mine & (changes["as_of"] > "2025-07-01"), "observation"].notna().all()


def test_a_log_that_is_dated_wrongly_does_not_stop_its_source(upstream, run, tmp_path, admissions):
    early, late = (pd.read_csv(io.BytesIO(hub(admissions, day))) for day in ("2025-06-25", "2025-06-28"))
    early.loc[early.index[-1], "as_of"] = "2020-01-01"  # long before its period
    upstream.files["/hub.csv"] = pd.concat([early, late]).to_csv(index=False).encode()
    feed = both(upstream, source="hub", url=upstream.url("/hub.csv"))
    outcome = run("2025-06-26", feed)  # two days before what it calls its vintage
    assert outcome.failed == []
    assert vintages(tmp_path, "us")[-1] <= date(2025, 6, 26)


def test_a_first_source_that_is_behind_the_record_is_left_until_it_has_caught_up(upstream, run, tmp_path, admissions):
    upstream.files |= {"/nhsn.json": None, "/hub.csv": hub(later(admissions, 2), "2025-07-09")}
    assert run("2025-07-09", both(upstream)).new == ["us/2025-07-05"]
    upstream.files["/nhsn.json"] = socrata(later(admissions, 1))
    for day in ("2025-07-10", "2025-07-11"):  # in full, and not modified
        outcome = run(day, both(upstream))
        assert (outcome.exit_code, status(tmp_path)["source"]) == (0, "hub")
        assert [one["waits"] for one in status(tmp_path)["sources"]] == [True, False]
    page = (tmp_path / "site/status/index.html").read_text(encoding="utf-8")
    assert "It is not used yet: another source had counts as new or newer." in page
    upstream.files["/nhsn.json"] = socrata(later(admissions, 2))
    run("2025-07-12", both(upstream))
    assert status(tmp_path)["source"] == "nhsn"
    assert status(tmp_path)["switches"][-1]["reason"] == "nhsn is back"


def test_the_next_source_takes_over_when_the_first_is_stale(upstream, run, tmp_path, admissions):
    upstream.files |= {"/nhsn.json": socrata(later(admissions, 1)), "/hub.csv": hub(later(admissions, 1), "2025-07-02")}
    run("2025-07-02", both(upstream))
    upstream.files["/hub.csv"] = hub(later(admissions, 4), "2025-07-23")
    assert run("2025-07-23", both(upstream)).new == []  # two weeks after the expected date, and not more
    outcome = run("2025-07-24", both(upstream))
    assert (outcome.exit_code, outcome.new) == (0, ["us/2025-07-19"])
    found = status(tmp_path)
    assert (found["source"], found["state"]) == ("hub", "fresh")
    assert "nothing new since 2025-07-02" in found["switches"][0]["reason"]


def test_a_holiday_of_the_source_ends_in_stale_and_not_in_an_error(upstream, run, tmp_path, admissions):
    """As long as NHSN's of 2025: nothing for 56 days."""
    feed = both(upstream, source="nhsn", url=upstream.url("/nhsn.json"))
    upstream.files["/nhsn.json"] = socrata(later(admissions, 1))
    run("2025-07-02", feed)
    states = {}
    for day in ("2025-07-09", "2025-07-13", "2025-07-14", "2025-07-23", "2025-07-24", "2025-08-27"):
        assert run(day, feed).exit_code == 0
        states[day] = (status(tmp_path)["state"], status(tmp_path)["expected"])
    assert [state for state, _ in states.values()] == ["fresh", "fresh", "late", "late", "stale", "stale"]
    assert {expected for _, expected in states.values()} == {"2025-07-09"}
    home = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert 'class="word">stale</span>' in home
    assert re.search(r"expected about (<[^>]*>)?Wednesday 9 July 2025", home)
    upstream.files["/nhsn.json"] = socrata(later(admissions, 9))
    assert run("2025-08-28", feed).new == ["us/2025-08-23"]
    assert status(tmp_path)["state"] == "fresh"


def test_a_retired_source_is_asked_on_but_no_longer_counts_as_a_failure(upstream, run, tmp_path):
    upstream.files["/own.csv"] = long_table(daily(30))
    run("2026-11-19", own(upstream))
    upstream.files["/own.csv"] = None
    assert run("2027-02-17", own(upstream)).exit_code == 3
    assert status(tmp_path)["state"] == "stale"
    assert run("2027-02-19", own(upstream)).exit_code == 0
    found = status(tmp_path)
    assert found["state"] == "retired"
    assert "status 500" in found["sources"][0]["failed"]
    assert found["sources"][0]["failing_since"] == "2027-02-17"
    upstream.files["/own.csv"] = long_table(daily(130, "2027-02-19"))
    assert run("2027-02-20", own(upstream)).new == ["own/2027-02-19"]


# ---------------------------------------------------------------------------- what is kept


def test_what_sources_told_survives_the_disk_and_damage_costs_no_more_than_a_question(tmp_path):
    told = supply.Told(
        date(2026, 1, 2), date(2026, 1, 2), date(2026, 1, 1), date(2026, 1, 2), validators={"u": {"etag": "x"}}
    )
    kept = supply.Supply("nhsn", told={"nhsn": told}).using("hub", "a reason", date(2026, 1, 3))
    supply.keep(tmp_path, kept)
    assert supply.read(tmp_path) == kept
    path = tmp_path / supply.NAME
    for damaged in (b"", b"{}", b"[]", path.read_bytes().replace(b"2026-01-01", b"yesterday"), b'{"told": {"a": 5}}'):
        path.write_bytes(damaged)
        assert supply.read(tmp_path) is None
