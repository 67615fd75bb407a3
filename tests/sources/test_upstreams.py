"""Each upstream's own format, against values read off the files by hand."""

from pathlib import Path

import pandas as pd
import pytest

from reporter.sources import REGISTRY, rki, who

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


def test_who_reads_weeks_by_country_code() -> None:
    counts = who.parse((DATA / "who.csv").read_bytes())
    assert set(counts["location"]) == {"BL", "CI", "DE", "EC", "NA", "TR", "US", "XXJ"}
    assert len(counts) == 2 * 8 * 7
    cases, deaths = who.SOURCE.targets
    day = pd.Timestamp("2020-09-13")
    assert values(counts, target=cases, location="NA", target_end_date=day) == [1034]
    assert values(counts, target=deaths, location="NA", target_end_date=day) == [17]
    assert values(counts, target=cases, location="CI", target_end_date=day) == [399]
    assert values(counts, target=cases, location="TR", target_end_date=pd.Timestamp("2025-09-14")) == [2]


def test_who_corrections_are_negative() -> None:
    counts = who.parse((DATA / "who.csv").read_bytes())
    assert values(counts, target="wk inc covid cases", location="EC")[:3] == [5139, -1594, 9169]


def test_who_keeps_blank_apart_from_zero() -> None:
    counts = who.parse((DATA / "who.csv").read_bytes())
    late = counts[counts["target_end_date"] > "2025-09-01"]
    assert values(late, target="wk inc covid cases", location="DE") == [3, 4, 0, 1]
    assert late[late["location"] == "NA"]["observation"].isna().all()
    assert len(late[late["location"] == "NA"]) == 8
    deaths = values(late, target="wk inc covid deaths", location="US")
    assert deaths[:3] == [386, 317, 191]
    assert pd.isna(deaths[3])


OLD = (DATA / "who-daily-2020.csv").read_bytes()


@pytest.mark.parametrize(
    "raw",
    [OLD, OLD.replace(b", ", b",").replace(b"\n2020-09-0", b"\r\n2020-09-0").replace(b",NA", b"T00:00:00Z,NA")],
    ids=["September 2020", "June 2020"],
)
def test_who_reads_the_daily_files_of_2020(raw: bytes) -> None:
    counts = who.parse(raw)
    assert set(counts["target"]) == {"inc covid cases", "inc covid deaths"}
    assert set(counts["location"]) == {"CI", "EC", "NA", "TR"}, "Other is no place"
    assert values(counts, target="inc covid cases", location="NA") == [241, 191, 171, 125, 118]
    assert values(counts, target="inc covid deaths", location="NA") == [1, 0, 2, 2, -2]
    assert counts["target_end_date"].min() == pd.Timestamp("2020-09-05")


def test_who_row_without_code_goes_by_its_name() -> None:
    raw = (DATA / "who.csv").read_bytes()
    pd.testing.assert_frame_equal(who.parse(raw.replace(b",NA,", b",,")), who.parse(raw))
    assert "NA" not in set(who.parse(raw.replace(b",NA,Namibia", b",,World"))["location"])


def test_who_regions_may_be_renamed() -> None:
    raw = (DATA / "who.csv").read_bytes()
    assert b",AFRO," in raw
    pd.testing.assert_frame_equal(who.parse(raw.replace(b",AFRO,", b",AFR,")), who.parse(raw))


def test_who_places_have_whole_names_and_people() -> None:
    assert b"\xef\xbf\xbd" in (DATA / "who.csv").read_bytes()
    known = names("who")
    assert len(known) == 240
    assert known[["CI", "TR", "BL", "NA"]].to_list() == ["Côte d'Ivoire", "Türkiye", "Saint Barthélemy", "Namibia"]
    assert not known.str.contains("\ufffd").any()
    people = who.places().set_index("location")["population"]
    assert people["NA"] == 2540916
    assert pd.isna(people["XXJ"])
