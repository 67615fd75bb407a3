"""Each upstream's own format, against values read off the files by hand."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

from reporter.errors import SourceError
from reporter.sources import REGISTRY, jhu, nhsn, rki

DATA = Path(__file__).parents[1] / "data" / "sources"


def values(counts: pd.DataFrame, **where: object) -> list[float]:
    for column, value in where.items():
        counts = counts[counts[column] == value]
    return counts["observation"].to_list()


def names(source: str) -> pd.Series:
    return REGISTRY[source].places().set_index("location")["name"]


def test_rki_reads_all_ages_day_by_day() -> None:
    counts = rki.parse((DATA / "rki.csv").read_bytes())
    assert counts["target_end_date"].to_list() == pd.date_range("2025-05-01", "2025-06-29").to_list()
    assert set(counts["target"]) == {"inc covid cases"}
    assert set(counts["location"]) == {"DE"}
    assert counts["observation"].head(3).to_list() == [103, 2, 85]
    assert counts["observation"].tail(3).to_list() == [89, 74, 0]


def test_rki_blank_is_not_zero() -> None:
    raw = (DATA / "rki.csv").read_bytes().replace(b"39057297,85,", b"39057297,,")
    (value,) = values(rki.parse(raw), target_end_date=pd.Timestamp("2025-05-03"))
    assert pd.isna(value)


def test_rki_population_is_the_files_own() -> None:
    assert b",00+,84358845," in (DATA / "rki.csv").read_bytes()
    assert rki.places().to_numpy().tolist() == [["DE", "Germany", 84358845.0]]


@pytest.mark.parametrize(
    ("country", "last"),
    [
        ("Australia", 118 + 4906 + 74 + 1250 + 575 + 234 + 20365 + 859),
        ("France", 12832 + 16795 + 8620 + 6072 + 5890 + 38 + 8936 + 184 + 15 + 961 + 2570767),
        ("US", 19511426),
        ("Namibia", 22851),
        ("Korea, South", 59773),
        ("Taiwan*", 795),
        ("Diamond Princess", 712),
    ],
)
def test_jhu_sums_a_countrys_rows(country: str, last: int) -> None:
    counts = jhu.parse((DATA / "jhu.csv").read_bytes())
    assert len(counts) == 7 * 5
    assert counts["target_end_date"].min() == pd.Timestamp("2020-12-25")
    assert values(counts, location=country, target_end_date=pd.Timestamp("2020-12-29")) == [last]


def test_jhu_sum_of_nothing_but_blanks_is_unknown() -> None:
    raw = b"Province/State,Country/Region,Lat,Long,1/22/20,1/23/20\nA,X,,,,1\nB,X,,,,\n,Y,0,0,3,\n"
    counts = jhu.parse(raw)
    assert counts["observation"].isna().to_list() == [True, False, False, True]
    assert counts["observation"].dropna().to_list() == [1, 3]


def test_jhu_places_carry_the_names_readers_know() -> None:
    known = names("jhu")
    assert known[["US", "Korea, South", "Taiwan*", "Namibia"]].to_list() == [
        "United States",
        "South Korea",
        "Taiwan",
        "Namibia",
    ]
    people = jhu.places().set_index("location")["population"]
    assert people["Namibia"] == 2540916
    assert people[["Diamond Princess", "Bahamas, The"]].isna().all()


def test_nhsn_reads_places_by_fips_and_leaves_absent_keys_out() -> None:
    counts = nhsn.parse((DATA / "nhsn.json").read_bytes())
    first = pd.Timestamp("2021-08-21")
    assert values(counts, target="wk inc covid hosp", target_end_date=first) == [852, 53, 10384]
    assert values(counts, target="wk inc flu hosp", target_end_date=first) == [0, 2, 6049]
    assert values(counts, target="wk inc rsv hosp") == [0, 84]
    assert set(counts["location"]) == {"08", "24", "US"}
    assert len(counts) == 6 + 6 + 2


@pytest.mark.parametrize("jurisdiction", ["Region 1", "region 10", "REGION 3", "GU", "VI", "as"])
def test_nhsn_leaves_out_regions_and_territories_without_fips(jurisdiction: str) -> None:
    rows = [row("CA"), row(jurisdiction)]
    assert set(nhsn.parse(json.dumps(rows).encode())["location"]) == {"06"}
    with pytest.raises(SourceError, match="nhsn: no counts"):
        nhsn.parse(json.dumps(rows[1:]).encode())


def test_nhsn_takes_numbers_and_nulls_too() -> None:
    rows = [row("PR") | {"totalconfc19newadm": 7, "totalconfflunewadm": None, "totalconfrsvnewadm": 1.5}]
    counts = nhsn.parse(json.dumps(rows).encode())
    assert counts[["location", "observation"]].to_numpy().tolist() == [["72", 7.0], ["72", 1.5]]


@pytest.mark.parametrize("raw", [b"{}", b'{"error": true, "message": "Throttled"}', b"[1]", b"3", b"null"])
def test_nhsn_refuses_json_that_is_no_list_of_rows(raw: bytes) -> None:
    with pytest.raises(SourceError, match="nhsn: not a list of rows"):
        nhsn.parse(raw)


def test_nhsn_refuses_an_answer_that_may_be_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nhsn, "LIMIT", 2)
    with pytest.raises(SourceError, match="exactly 2 rows"):
        nhsn.parse(json.dumps([row("CA"), row("TX")]).encode())
    with pytest.raises(SourceError, match="no rows"):
        nhsn.parse(b"[]")


def test_nhsn_address_asks_for_everything_in_a_stable_order() -> None:
    query = parse_qs(urlsplit(str(nhsn.SOURCE.url)).query)
    assert query == {
        "$select": ["weekendingdate,jurisdiction,totalconfc19newadm,totalconfflunewadm,totalconfrsvnewadm"],
        "$where": ["weekendingdate>='2020-08-08T00:00:00.000'"],
        "$order": ["jurisdiction,weekendingdate"],
        "$limit": [str(nhsn.LIMIT)],
    }


def test_nhsn_places_are_the_hubs() -> None:
    known = names("nhsn")
    assert len(known) == 53
    assert known[["US", "06", "72"]].to_list() == ["United States", "California", "Puerto Rico"]
    assert nhsn.places().set_index("location").loc["01", "population"] == 4903185


def row(jurisdiction: str) -> dict[str, Any]:
    counts = {"totalconfc19newadm": "1.0", "totalconfflunewadm": "2.0", "totalconfrsvnewadm": "3.0"}
    return {"weekendingdate": "2024-11-02T00:00:00.000", "jurisdiction": jurisdiction} | counts
