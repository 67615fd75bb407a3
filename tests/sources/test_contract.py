"""What every source has in common, and what each refuses in one plain line."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from reporter.dates import Cadence
from reporter.errors import SourceError
from reporter.schema import CHANGES, COUNTS, KEY
from reporter.sources import REGISTRY
from reporter.sources.base import PLACES, archive_changes

DATA = Path(__file__).parents[1] / "data" / "sources"
SAMPLES = {
    "rki": (DATA / "rki.csv").read_bytes(),
    "jhu": (DATA / "jhu.csv").read_bytes(),
    "nhsn": (DATA / "nhsn.json").read_bytes(),
    "file": b"target,location,target_end_date,observation\ninc x,01,2026-01-03,5\ninc x,NA,2026-01-03,6\n",
}
CSV = ("rki", "jhu", "file")
PAGE_503 = (
    b'\n<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n<html><title>503 Backend is unhealthy</title></html>'
)
LATIN_1 = "target,location,target_end_date,observation\ninc x,Köln,2026-01-03,5\n".encode("latin-1")


def test_registry_names_its_sources() -> None:
    assert set(REGISTRY) == set(SAMPLES)
    assert all(REGISTRY[name].name == name for name in REGISTRY)
    with pytest.raises(KeyError):
        REGISTRY["base"]


def test_listing_sources_imports_no_pandas() -> None:
    code = "import sys; from reporter.sources import REGISTRY; list(REGISTRY); assert 'pandas' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", SAMPLES)
def test_parse_gives_sorted_counts(name: str) -> None:
    counts = REGISTRY[name].parse(SAMPLES[name])
    assert list(counts.columns) == COUNTS.names
    assert counts.dtypes.astype(str).to_list() == ["str", "str", "datetime64[s]", "float64"]
    pd.testing.assert_frame_equal(counts, counts.sort_values(KEY, ignore_index=True))
    assert set(counts["target"]) <= set(REGISTRY[name].targets or counts["target"])


@pytest.mark.parametrize("name", CSV)
@pytest.mark.parametrize(
    "layout",
    [
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: raw.rstrip(b"\n"),
        lambda raw: b"\n" + raw + b"\n\n",
    ],
    ids=["byte order mark", "CRLF", "no final newline", "blank lines"],
)
def test_parse_does_not_mind_the_layout(name: str, layout: Callable[[bytes], bytes]) -> None:
    parse = REGISTRY[name].parse
    pd.testing.assert_frame_equal(parse(layout(SAMPLES[name])), parse(SAMPLES[name]))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (PAGE_503, "web page"),
        (b" <!DOCTYPE html><head>", "web page"),
        (b"404: Not Found", "missing columns|not whole JSON"),
        (b"\xef\xbb\xbf", "missing columns|not whole JSON"),
        (LATIN_1, "not UTF-8 text at byte 51"),
        (b"PAR1 but not parquet", "missing columns|not whole JSON|Parquet"),
    ],
)
def test_parse_refuses_what_is_no_data(name: str, raw: bytes, reason: str) -> None:
    refused(name, raw, reason)


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("rki", b"Faelle_neu", b"Faelle", "missing columns 'Faelle_neu'; found 'Meldedatum', 'Altersgruppe', "),
        ("rki", b"Faelle_gesamt", b"Faelle_neu", "column 'Faelle_neu' appears twice"),
        ("rki", b",00+,", b",alle,", "no rows of Altersgruppe '00[+]'"),
        ("rki", b"2025-05-03,00+", b"2025-05-32,00+", "not a date: '2025-05-32'"),
        ("rki", b"2025-05-03,00+", b"2025-05-02,00+", "the same count twice: inc covid cases, DE, 2025-05-02"),
        ("rki", b"39057297,85,", b"39057297,85x,", "not a number: '85x'"),
        ("rki", b"39057297,85,", b"39057297,-85,", "a count below zero: '-85'"),
        ("rki", b"39057297,85,", b"39057297,inf,", "not a number: 'inf'"),
        ("rki", b"39057297,85,424,0.5", b"39057297,8", "line 17 has 5 cells, the header 7"),
        ("rki", b"39057297,85,", b'39057297,"85"x,', "line 17 is not comma-separated text"),
        ("jhu", b"Country/Region", b"Country_Region", "missing columns 'Country/Region'; found 'Province/State', "),
        ("jhu", b"Lat,Long", b"Long,Lat", "not four columns of places"),
        ("jhu", b"12/27/20", b"12/27/2020", "not a date: '12/27/2020'"),
        ("jhu", b"12/27/20", b"2/30/20", "not a date: '2/30/20'"),
        ("jhu", b"12/27/20", b"12/26/20", "column '12/26/20' appears twice"),
        ("jhu", b"21923", b"n/a", "not a number: 'n/a'"),
        ("jhu", b"21923", b"-1", "a count below zero: '-1'"),
        ("jhu", b",Namibia", b",US", "the same row twice: '', 'US'"),
        ("jhu", b",Namibia", b",", "without Country/Region"),
        ("nhsn", b"]", b"", "not whole JSON"),
        ("nhsn", b"totalconfflunewadm", b"flu", "missing columns 'totalconfflunewadm'; found 'weekendingdate', "),
        ("nhsn", b"2021-08-28T00:00:00.000", b"2021-08-29T00:00:00.000", "not a date: '2021-08-29T00:00:00.000'"),
        ("nhsn", b"2021-08-28T00:00:00.000", b"2021-08-28T12:00:00.000", "not a date: '2021-08-28T12:00:00.000'"),
        ("nhsn", b'"852.0"', b'"many"', "not a number: 'many'"),
        ("nhsn", b'"852.0"', b"[852]", "not a number"),
        ("nhsn", b'"852.0"', b'"-852.0"', "a count below zero: '-852.0'"),
        ("nhsn", b'"MD"', b'"CO"', "the same count twice: wk inc covid hosp, 08, 2021-08-21"),
        ("nhsn", b'"MD"', b'"ZZ"', "unknown jurisdiction 'ZZ'"),
        ("file", b"observation", b"value", "missing columns 'observation'; found 'target', 'location', "),
        ("file", b"2026-01-03,5", b"20260103,5", "not a date: '20260103'"),
        ("file", b",5", b",five", "not a number: 'five'"),
        ("file", b"x,NA", b"x,01", "the same count twice: inc x, 01, 2026-01-03"),
    ],
)
def test_parse_refuses_what_is_wrong_with_the_reason(name: str, old: bytes, new: bytes, reason: str) -> None:
    assert old in SAMPLES[name]
    refused(name, SAMPLES[name].replace(old, new), reason)


@pytest.mark.parametrize("name", CSV)
def test_parse_refuses_a_header_without_rows(name: str) -> None:
    refused(name, SAMPLES[name].split(b"\n")[0], "no rows below the header")


def test_a_hostile_header_stays_one_short_line() -> None:
    raw = ",".join(f'"a\n\x1b{number}{"x" * 500}"' for number in range(1000)) + "\n"
    error = refused("rki", raw.encode(), "and 992 more")
    assert len(error) < 1000


@pytest.mark.parametrize("name", SAMPLES)
def test_places_are_unique_and_hold_all_of_sample_and_archive(name: str) -> None:
    source = REGISTRY[name]
    places = source.places()
    assert list(places.columns) == PLACES
    assert places["population"].dtype == "float64"
    assert places["location"].is_unique
    assert places["name"].is_unique
    if name != "file":
        assert set(source.parse(SAMPLES[name])["location"]) <= set(places["location"])
        assert set(archive_changes(source)["location"]) <= set(places["location"])


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "file"])
def test_archive_is_a_change_log_of_the_sources_targets(name: str) -> None:
    log = archive_changes(REGISTRY[name])
    assert list(log.columns) == CHANGES.names
    assert log["as_of"].is_monotonic_increasing
    assert not log.duplicated(["as_of", *KEY]).any()
    assert set(REGISTRY[name].targets) <= set(log["target"])
    assert (log["target_end_date"] <= log["as_of"]).all()
    if REGISTRY[name].cadence is Cadence.WEEK:
        assert set(log["target_end_date"].dt.day_name()) == {"Saturday"}


def test_a_source_without_archive_says_so() -> None:
    with pytest.raises(SourceError, match="file: no archive"):
        archive_changes(REGISTRY["file"])


def refused(name: str, raw: bytes, reason: str) -> str:
    with pytest.raises(SourceError, match=reason) as caught:
        REGISTRY[name].parse(raw)
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert message.isprintable()
    return message
