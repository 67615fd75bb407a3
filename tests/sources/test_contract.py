"""What every source has in common, and what each refuses in one plain line."""

import csv
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import hypothesis
import hypothesis.strategies as st
import pandas as pd
import pytest

from reporter.dates import Cadence
from reporter.errors import SourceError
from reporter.schema import CHANGES, COUNTS, KEY
from reporter.sources import REGISTRY
from reporter.sources.base import PLACES, archive_changes

DATA = Path(__file__).parents[1] / "data" / "sources"
FILES = {path.stem: path for path in sorted(DATA.iterdir()) if path.stem in REGISTRY}
SAMPLES = {name: path.read_bytes() for name, path in FILES.items()}
CSV = [name for name, path in FILES.items() if path.suffix == ".csv"]
LONG = [name for name in CSV if not name.startswith("jhu")]  # whose columns are days
ARCHIVED = [name for name in SAMPLES if REGISTRY[name].archive]
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


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize(
    "layout",
    [
        lambda header, rows: ([*header, "new"], [[*row, "?"] for row in rows]),
        lambda header, rows: (["", *header], [[str(number), *row] for number, row in enumerate(rows)]),
        lambda header, rows: (["X", *header], [[str(number), *row] for number, row in enumerate(rows)]),
        lambda header, rows: (header[::-1], [row[::-1] for row in rows]),
        lambda header, rows: (header, rows[::-1]),
    ],
    ids=["new column", "index without a name", "index", "columns in another order", "rows in another order"],
)
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL], ids=["", "quoted"])
def test_parse_goes_by_the_columns_names(name: str, layout: Callable[..., Any], quoting: Literal[0, 1]) -> None:
    header, *rows = csv.reader(io.StringIO(SAMPLES[name].decode("utf-8-sig")))
    header, rows = layout(header, rows)
    text = io.StringIO()
    csv.writer(text, quoting=quoting).writerows([header, *rows])
    parse = REGISTRY[name].parse
    pd.testing.assert_frame_equal(parse(text.getvalue().encode()), parse(SAMPLES[name]))


@pytest.mark.parametrize("name", CSV)
def test_half_a_row_is_refused(name: str) -> None:
    lines = SAMPLES[name].rstrip(b"\n").split(b"\n")
    refused(name, b"\n".join([*lines, lines[-1].split(b",")[0] + b","]), "cells, the header|Expected [0-9]+ columns")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_merge_half_done_is_refused(name: str) -> None:
    head, _, rest = SAMPLES[name].partition(b"\n")
    both = head + b"\n<<<<<<< HEAD\n" + rest + b"=======\n" + rest + b">>>>>>> upstream\n"
    refused(name, both, "git conflict markers")


@pytest.mark.parametrize("name", SAMPLES)
@hypothesis.given(data=st.data())
@hypothesis.settings(max_examples=60)
def test_whatever_arrives_is_read_or_refused_in_one_line(name: str, data: st.DataObject) -> None:
    raw = bytearray(SAMPLES[name][: data.draw(st.integers(0, len(SAMPLES[name])))])
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=4)):
        if place < len(raw):
            raw[place] = byte
    try:
        counts = REGISTRY[name].parse(bytes(raw))
    except SourceError as error:
        assert str(error).isprintable()  # noqa: PT017 - most of what arrives is refused, and some is not
    else:
        assert list(counts.columns) == COUNTS.names


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
        ("jhu", b"12/27/20", b"2020-12-27", "not a date: '2020-12-27'"),
        ("jhu", b"12/25/20", b"25/12/20", "not a date: '25/12/20'"),
        ("jhu", b"12/27/20", b"2/30/20", "not a date: '2/30/20'"),
        ("jhu", b"12/27/20", b"12/26/20", "column '12/26/20' appears twice"),
        ("jhu", b"12/27/20", b"12/26/2020", "the day 2020-12-26 appears twice"),
        ("jhu", b"12/27/20", b"total", "not a date: 'total'"),
        ("jhu", b"/20", b"", "not a date: '12/25'"),
        (
            "jhu",
            b"12/",
            b"Dec ",
            "no column is a day; found 'Province/State', .*, 'Dec 25/20'",
        ),
        ("jhu", b"21923", b"n/a", "not a number: 'n/a'"),
        ("jhu", b"21923", b"-1", "a count below zero: '-1'"),
        ("jhu", b",Namibia", b",US", "the same row twice: '', 'US'"),
        ("jhu", b",Namibia", b",", "without Country/Region"),
        ("jhu", b"22287,", b"0x22287,", "not a number: '0x22287'"),
        ("jhu-counties", b"FIPS", b"Fips", "missing columns 'FIPS'; found 'UID', 'iso2', "),
        ("jhu-counties", b"UID,", b"U,", "missing columns 'UID'; found 'U', 'iso2', "),
        ("jhu-counties", b"1001.0,Autauga", b"1001.5,Autauga", "not a FIPS code or UID: '1001.5'"),
        ("jhu-counties", b"1001.0,Autauga", b"AL001,Autauga", "not a FIPS code or UID: 'AL001'"),
        ("jhu-counties", b"1001.0,Autauga", b"6037.0,Autauga", "the same row twice: '06037'"),
        ("jhu-counties", b"84070003,", b",", "a row without FIPS and UID"),
        ("jhu-counties", b"84070003,", b"84070002,", "the same row twice: '84070002'"),
        ("jhu-counties", b",4065,", b",-4065,", "a count below zero: '-4065'"),
        ("jhu-counties", b",4065,", b",nan,", "not a number: 'nan'"),
        ("jhu-counties", b",4065,", b",1e999,", "not a number: '1e999'"),
        ("jhu-counties", b",4065,", b",", "line 2 has 15 cells, the header 16"),
        ("jhu-counties", b'"Guam, US"', b"Guam, US", "line 10 has 17 cells, the header 16"),
        ("nhsn", b"]", b"", "not whole JSON"),
        ("nhsn", b"totalconfflunewadm", b"flu", "missing columns 'totalconfflunewadm'; found 'weekendingdate', "),
        ("nhsn", b"2021-08-28T00:00:00.000", b"2021-08-29T00:00:00.000", "not a date: '2021-08-29T00:00:00.000'"),
        ("nhsn", b"2021-08-28T00:00:00.000", b"2021-08-28T12:00:00.000", "not a date: '2021-08-28T12:00:00.000'"),
        ("nhsn", b'"852.0"', b'"many"', "not a number: 'many'"),
        ("nhsn", b'"852.0"', b"[852]", "not a number"),
        ("nhsn", b'"852.0"', b'"-852.0"', "a count below zero: '-852.0'"),
        ("nhsn", b'"MD"', b'"CO"', "the same count twice: wk inc covid hosp, 08, 2021-08-21"),
        ("nhsn", b'"MD"', b'" "', "a row without a place"),
        ("nhsn", b'"2.0"', b'"-2.0"', "a count below zero: '-2.0'"),
        ("who", b"Country_code", b"Code", "missing columns 'Country_code'; found 'Date_reported', 'Code', "),
        ("who", b"2025-09-28,NA", b"28/09/2025,NA", "not a date: '28/09/2025'"),
        ("who", b"2025-09-28,NA", b"2025-09-28T12:00:00Z,NA", "not a date: '2025-09-28T12:00:00Z'"),
        ("who", b"2025-09-28,NA", b"2025-09-27,NA", "a week that ends on Saturday 2025-09-27, not on a Sunday"),
        ("who", b"2025-09-28,NA", b"2025-09-21,NA", "the same count twice: wk inc covid cases, NA, 2025-09-21"),
        ("who", b",NA,", b",na,", "not a Country_code: 'na'"),
        ("who", b",1320,", b",many,", "not a number: 'many'"),
        ("hub", b"observation", b"count", "missing columns 'observation'; found 'target_end_date', 'count', "),
        ("hub", b"location", b"place", "missing columns 'location'; found "),
        ("hub", b"2025-06-21,17", b"2025-06-22,17", "not a date: '2025-06-22'"),
        ("hub", b"2025-06-21,17", b"21.06.2025,17", "not a date: '21.06.2025'"),
        ("hub", b",06,", b",,", "a row without a place"),
        ("hub", b",17,", b",-17,", "a count below zero: '-17'"),
        ("hub", b",17,", b",n/a,", "not a number: 'n/a'"),
        (
            "hub",
            b"2025-06-21,17",
            b"2025-06-14,17",
            "two values as of 2025-06-25 for wk inc covid hosp, 06, 2025-06",
        ),
        ("hub", b"covid hosp", b"covid admissions", "no rows of wk inc covid hosp, wk inc flu hosp, wk inc rsv hosp"),
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
    if not places.empty:
        assert set(source.parse(SAMPLES[name])["location"]) <= set(places["location"])
    if source.archive:
        assert set(archive_changes(source)["location"]) <= set(places["location"])


@pytest.mark.parametrize("name", SAMPLES)
def test_weeks_end_on_the_sources_day(name: str) -> None:
    source = REGISTRY[name]
    if source.cadence is Cadence.WEEK:
        assert set(source.parse(SAMPLES[name])["target_end_date"].dt.day_of_week) == {source.week_ends}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_target_is_downloaded_from_somewhere(name: str) -> None:
    source = REGISTRY[name]
    for target in source.targets:
        parts = source.downloads([target])
        assert all(part.url.startswith("https://") for part in parts)
        assert parts
    assert {target for part in source.parts for target in part.targets} <= set(source.targets)


@pytest.mark.parametrize("name", [name for name in SAMPLES if REGISTRY[name].changes])
def test_past_vintages_end_in_the_newest_values(name: str) -> None:
    source = REGISTRY[name]
    assert source.changes is not None
    log = source.changes(SAMPLES[name])
    if log is not None:
        assert list(log.columns) == CHANGES.names
        newest = log.sort_values("as_of", kind="stable").drop_duplicates(KEY, keep="last")[COUNTS.names]
        newest = newest.sort_values(KEY, ignore_index=True)
        pd.testing.assert_frame_equal(newest, source.parse(SAMPLES[name]))


@pytest.mark.parametrize("name", ARCHIVED)
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
