"""JHU's files, against sums made by hand."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reporter.schema import counts_in_order
from reporter.sources import REGISTRY, jhu

DATA = Path(__file__).parents[1] / "data" / "sources"
PROVINCES = (DATA / "jhu-provinces.csv").read_bytes()
COUNTIES = (DATA / "jhu-counties.csv").read_bytes()
DEATHS = (
    COUNTIES.replace(b"Combined_Key,", b"Combined_Key,Population,")
    .replace(b'US",', b'US",55869,')
    .replace(b",US\n", b",US,55869\n")
)


def values(counts: pd.DataFrame, location: str) -> list[float]:
    return counts.loc[counts["location"] == location, "observation"].to_list()


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
    assert values(counts, country)[-1] == last


def test_jhu_sum_of_nothing_but_blanks_is_unknown() -> None:
    raw = b"Province/State,Country/Region,Lat,Long,1/22/20,1/23/20\nA,X,,,,1\nB,X,,,,\n,Y,0,0,3,\n"
    counts = jhu.parse(raw)
    assert counts["observation"].isna().to_list() == [True, False, False, True]
    assert counts["observation"].dropna().to_list() == [1, 3]


def test_jhu_places_carry_the_names_readers_know() -> None:
    known = jhu.places().set_index("location")["name"]
    assert known[["US", "Korea, South", "Taiwan*", "Namibia"]].to_list() == [
        "United States",
        "South Korea",
        "Taiwan",
        "Namibia",
    ]
    people = jhu.places().set_index("location")["population"]
    assert people["Namibia"] == 2540916
    assert people[["Diamond Princess", "Bahamas, The"]].isna().all()


@pytest.mark.parametrize(
    ("country", "so_far"),
    [
        ("Australia", [0, 200, 250, 3640, 28381]),
        ("Canada", [0, 193, 198, 5576, 568807]),
        ("China", [548, 80945, 80977, 81999, 95797]),
        ("Denmark", [0, 804, 836, 2366, 159074]),
        ("Namibia", [0, 0, 2, 8, 22851]),
    ],
)
def test_a_country_counted_by_province_is_their_sum(country: str, so_far: list[float]) -> None:
    counts = jhu.parse(PROVINCES)
    assert counts["location"].unique().tolist() == ["Australia", "Canada", "China", "Denmark", "Namibia"]
    ends = counts.loc[counts["location"] == country, "target_end_date"].dt.strftime("%m-%d").to_list()
    assert ends == ["01-22", "03-13", "03-14", "03-28", "12-29"]
    assert values(counts, country) == so_far


def test_countries_deaths_are_told_by_where_they_were_downloaded() -> None:
    cases, deaths = REGISTRY["jhu"].downloads(["cum deaths", "cum confirmed cases"])
    assert cases.url.endswith("confirmed_global.csv")
    assert deaths.url.endswith("deaths_global.csv")
    assert cases.parse is None
    assert deaths.parse is not None
    told = deaths.parse(PROVINCES)
    assert set(told["target"]) == {"cum deaths"}
    pd.testing.assert_frame_equal(told.assign(target="cum confirmed cases"), jhu.parse(PROVINCES), check_dtype=False)
    assert REGISTRY["jhu"].downloads(["cum deaths"]) == (deaths,)


def test_counties_go_by_fips_and_what_has_none_by_uid() -> None:
    counts = jhu.counties(COUNTIES)
    newest = counts[counts["target_end_date"] == pd.Timestamp("2020-12-30")]
    assert newest[["location", "observation"]].to_numpy().tolist() == [
        ["01001", 4164.0],  # Autauga, written 1001.0
        ["06037", 756116.0],
        ["09009", 46892.0],
        ["60", 0.0],  # American Samoa
        ["66", 7308.0],
        ["72001", 309.0],
        ["78", 2010.0],
        ["80001", 0.0],  # out of Alabama
        ["84070002", 1201.0],  # Dukes and Nantucket, one row for two counties
        ["84070003", 29789.0],
        ["84070015", 14594.0],
        ["88888", 49.0],
        ["90001", 0.0],  # Alabama, county unknown
        ["99999", 103.0],
    ]
    assert len(counts) == 14 * 5
    assert set(counts["target"]) == {"cum confirmed cases"}


def test_a_total_that_falls_is_kept() -> None:
    assert values(jhu.counties(COUNTIES), "66") == [7268, 7266, 7281, 7293, 7308]


@pytest.mark.parametrize("code", [b"1001", b"01001", b"1001.", b"1001.00", b" 1001.0 "])
def test_a_fips_code_has_five_digits_however_it_is_written(code: bytes) -> None:
    raw = COUNTIES.replace(b",1001.0,", b"," + code + b",")
    pd.testing.assert_frame_equal(jhu.counties(raw), jhu.counties(COUNTIES))


def test_a_column_of_populations_tells_deaths() -> None:
    deaths = jhu.counties(DEATHS)
    assert set(deaths["target"]) == {"cum deaths"}
    assert values(deaths, "01001") == [3999, 4029, 4065, 4105, 4164]
    both = REGISTRY["jhu-counties"].combine([jhu.counties(COUNTIES), deaths])
    assert both["target"].unique().tolist() == ["cum confirmed cases", "cum deaths"]
    pd.testing.assert_frame_equal(both, counts_in_order(both))
    assert [part.url.rsplit("_", 2)[1] for part in REGISTRY["jhu-counties"].parts] == ["confirmed", "deaths"]


def test_either_source_reads_the_counties_and_one_the_countries() -> None:
    for raw in (COUNTIES, DEATHS):
        pd.testing.assert_frame_equal(REGISTRY["jhu"].parse(raw), REGISTRY["jhu-counties"].parse(raw))
    with pytest.raises(jhu.SourceError, match="jhu-counties: missing columns 'UID', 'FIPS', "):
        REGISTRY["jhu-counties"].parse(PROVINCES)


def test_a_blank_cell_is_not_zero() -> None:
    counts = jhu.counties(COUNTIES.replace(b",4065,", b",,").replace(b",7281,", b", ,"))
    for location in ("01001", "66"):
        assert [pd.isna(value) for value in values(counts, location)] == [False, False, True, False, False]
    assert values(counts, "60") == [0] * 5


def indexed(raw: bytes, name: bytes) -> bytes:
    header, *rows = raw.splitlines()
    return b"\n".join([name + b"," + header, *(b"%d,%s" % (number, row) for number, row in enumerate(rows))])


LAYOUTS = {
    "whole years": lambda raw: raw.replace(b"/20", b"/2020"),
    "index without a name": lambda raw: indexed(raw, b""),
    "index": lambda raw: indexed(raw, b"Unnamed: 0"),
    "other names": lambda raw: raw.replace(b"Long", b"Longitude").replace(b"Lat", b"Latitude"),
    "other order": lambda raw: b"\n".join([raw.splitlines()[0], *raw.splitlines()[:0:-1]]),
    "CRLF and blank lines": lambda raw: raw.replace(b"\n", b"\r\n\r\n"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("sample", [PROVINCES, COUNTIES], ids=["countries", "counties"])
def test_the_layout_does_not_matter(sample: bytes, layout: str) -> None:
    raw = LAYOUTS[layout](sample)
    assert raw != sample
    pd.testing.assert_frame_equal(jhu.parse(raw), jhu.parse(sample))


def test_days_may_have_leading_zeros() -> None:
    raw = PROVINCES.replace(b",3/", b",03/").replace(b",1/", b",01/")
    pd.testing.assert_frame_equal(jhu.parse(raw), jhu.parse(PROVINCES))


def test_days_in_another_order_are_put_in_order() -> None:
    lines = [line.split(b",") for line in PROVINCES.splitlines()]
    turned = b"\n".join(b",".join([*line[:4], *line[:3:-1]]) for line in lines)
    pd.testing.assert_frame_equal(jhu.parse(turned), jhu.parse(PROVINCES))


@pytest.mark.parametrize("sample", [PROVINCES, COUNTIES, DEATHS], ids=["countries", "counties", "deaths"])
def test_what_is_read_keeps_the_contract_by_itself(sample: bytes) -> None:
    counts = jhu.parse(sample)
    pd.testing.assert_frame_equal(counts, counts_in_order(counts.sample(frac=1, random_state=1)))
    assert counts.dtypes.astype(str).to_list() == ["str", "str", "datetime64[s]", "float64"]


ODD = ["", " ", "0", "7", "12.0", "1e3", "+5", "-1", "nan", "NA", "inf", "true", "2020-01-01", "1,5", '"']
CELL = st.one_of(st.sampled_from(ODD), st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=4))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 13), st.integers(11, 15), CELL), max_size=4))
@example([(0, 11, ""), (0, 12, "-1")])
def test_reading_quickly_and_cell_by_cell_agree(changes: list[tuple[int, int, str]]) -> None:
    """A name with 0x in it is what the quick reader leaves alone."""
    rows = [line.rsplit(",", 5) for line in COUNTIES.decode().splitlines()]
    for row, column, cell in changes:
        rows[row + 1][column - 10] = cell
    quick = "\n".join(",".join(row) for row in rows)
    said = []
    for text in (quick, quick.replace("Autauga", "0xAutauga")):
        try:
            said.append(jhu.counties(text.encode()).to_csv())
        except jhu.SourceError as error:
            said.append(str(error))
    assert said[0] == said[1]


def test_counties_have_names() -> None:
    places = REGISTRY["jhu-counties"].places()
    known = places.set_index("location")["name"]
    assert len(known) == 3340
    assert known[["01001", "09009", "66", "84070002", "90001"]].to_list() == [
        "Autauga, Alabama",
        "New Haven, Connecticut",
        "Guam",
        "Dukes and Nantucket, Massachusetts",
        "Unassigned, Alabama",
    ]
    assert places["population"].isna().all()
