"""NHSN's two tables, in the forms that Socrata gives them, page by page."""

import csv
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

from reporter.errors import SourceError
from reporter.sources import nhsn

RAW = (Path(__file__).parents[1] / "data" / "sources" / "nhsn.json").read_bytes()
TITLES = ["Week Ending Date", "Geographic aggregation", "Number of  Inpatient Beds"]
TITLES += ["Total COVID-19 Admissions", "Total Influenza Admissions", "Total RSV Admissions"]
PAGING = nhsn.FINAL.paging


def row(jurisdiction: str, week: str = "2024-11-02", covid: object = "1.0") -> dict[str, Any]:
    counts = {"totalconfc19newadm": covid, "totalconfflunewadm": "2.0", "totalconfrsvnewadm": "3.0"}
    return {"weekendingdate": f"{week}T00:00:00.000", "jurisdiction": jurisdiction} | counts


def dumped(*rows: dict[str, Any]) -> bytes:
    return json.dumps(rows).encode()


def as_csv(raw: bytes) -> bytes:
    """What Socrata's CSV of the same rows looks like: every column, blanks for nulls, texts in quotes."""
    rows = json.loads(raw)
    header = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    csv.DictWriter(text, header, quoting=csv.QUOTE_ALL).writeheader()
    csv.DictWriter(text, header, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


def test_counts_are_by_fips_and_an_absent_key_is_no_zero() -> None:
    counts = nhsn.parse(RAW)
    first = counts[counts["target_end_date"] == "2021-08-21"].set_index(["target", "location"])["observation"]
    assert first["wk inc covid hosp"].to_dict() == {"08": 852, "24": 53, "US": 10384}
    assert first["wk inc flu hosp"].to_dict() == {"08": 0, "24": 2, "US": 6049}
    assert first["wk inc rsv hosp"].dropna().to_dict() == {"24": 0, "US": 84}
    assert set(counts["location"]) == {"08", "24", "US"}, "the region is left out"
    rsv = counts[counts["target"] == "wk inc rsv hosp"]
    assert len(counts) == 3 * len(rsv)
    assert rsv["observation"].isna().sum() == 4


def test_csv_reads_as_json_does() -> None:
    pd.testing.assert_frame_equal(nhsn.parse(as_csv(RAW)), nhsn.parse(RAW))


@pytest.mark.parametrize("week", ["2024-11-02", "11/02/2024", "2024-11-02T00:00:00.000"])
def test_the_export_buttons_csv_has_titles_for_names(week: str) -> None:
    raw = ",".join(TITLES) + f"\n{week},TX,54784.14,2629,2093,\n{week},Region 6,1,2,3,4\n"
    counts = nhsn.parse(raw.encode())
    assert counts["location"].to_list() == ["48"] * 3
    assert counts["observation"].fillna(99).to_list() == [2629, 2093, 99]
    assert set(counts["target_end_date"]) == {pd.Timestamp("2024-11-02")}
    with pytest.raises(SourceError, match="missing columns 'totalconfrsvnewadm'"):
        nhsn.parse(raw.replace("Total RSV Admissions", "RSV").encode())


def test_some_of_the_totals_are_enough_to_read() -> None:
    rows = [{key: cell for key, cell in row("CA").items() if "flu" not in key} | {"numinptbeds": "1.5"}]
    for raw in (dumped(*rows), as_csv(dumped(*rows))):
        assert nhsn.parse(raw)["target"].to_list() == ["wk inc covid hosp", "wk inc rsv hosp"]


def test_a_pull_must_have_all_totals() -> None:
    raw = dumped({key: cell for key, cell in row("CA").items() if "flu" not in key})
    for part in nhsn.SOURCE.downloads(["wk inc covid hosp"]):
        assert part.parse is not None
        with pytest.raises(SourceError, match="nhsn: missing columns 'totalconfflunewadm'"):
            part.parse(raw)
        pd.testing.assert_frame_equal(part.parse(RAW), nhsn.parse(RAW))


@pytest.mark.parametrize("renamed", ["totalconfflunewadm_1", "flu", "n"])
def test_a_total_under_another_name_is_not_taken_for_one_that_was_not_asked_for(renamed: str) -> None:
    raw = dumped(row("CA")).replace(b"totalconfflunewadm", renamed.encode())
    with pytest.raises(SourceError, match="nhsn: missing columns 'totalconfflunewadm'"):
        nhsn.parse(raw)


def test_a_table_without_any_total_is_refused() -> None:
    rows = {"jurisdiction": "AK", "weekendingdate": "2020-08-08T00:00:00.000", "totalconfc19newadmped": "0.0"}
    with pytest.raises(SourceError, match=r"nhsn: missing columns 'totalconfc19newadm', 'totalconff.* found 'juri"):
        nhsn.parse(dumped(rows))


@pytest.mark.parametrize("jurisdiction", ["Region 1", "region 10", "REGION 3", "GU", "VI", "as"])
def test_regions_and_territories_without_forecasts_are_left_out(jurisdiction: str) -> None:
    rows = [row("CA"), row(jurisdiction)]
    assert set(nhsn.parse(dumped(*rows))["location"]) == {"06"}
    with pytest.raises(SourceError, match="nhsn: no counts"):
        nhsn.parse(dumped(rows[1]))


def test_a_jurisdiction_nobody_knows_is_left_out_and_named_once(caplog: pytest.LogCaptureFixture) -> None:
    raw = dumped(row("CA"), row("NYC-1"), row("NYC-1", "2024-11-09"))
    for _ in range(2):
        pd.testing.assert_frame_equal(nhsn.parse(raw), nhsn.parse(dumped(row("CA"))))
    assert [line for line in caplog.messages if "NYC-1" in line] == [
        "nhsn: the place 'NYC-1' is not known, and left out"
    ]


def test_a_table_of_unknown_jurisdictions_alone_is_refused() -> None:
    with pytest.raises(SourceError, match="nhsn: no known place; found 'NYC', 'ZZ'"):
        nhsn.parse(dumped(row("ZZ"), row("NYC"), row("Region 1")))


def test_numbers_and_nulls_are_read_too() -> None:
    counts = nhsn.parse(dumped(row("PR", covid=7) | {"totalconfflunewadm": None, "totalconfrsvnewadm": 1.5}))
    assert set(counts["location"]) == {"72"}
    assert counts["observation"].fillna(99).to_list() == [7, 99, 1.5]


@pytest.mark.parametrize("raw", [b"{}", b'{"error": true, "message": "Throttled"}', b"[1]", b"3", b"null"])
def test_json_that_is_no_list_of_rows_is_refused(raw: bytes) -> None:
    with pytest.raises(SourceError, match="nhsn: not a list of rows"):
        nhsn.parse(raw)


def test_no_rows_are_refused() -> None:
    with pytest.raises(SourceError, match="nhsn: no rows"):
        nhsn.parse(b"[]")


def test_addresses_ask_both_tables_for_everything_in_a_stable_order() -> None:
    final, preliminary = nhsn.SOURCE.downloads(["wk inc flu hosp"])
    assert urlsplit(final.url).path == "/resource/ua7e-t2fy.json"
    assert urlsplit(preliminary.url).path == "/resource/mpgq-jmmr.json"
    for part in (final, preliminary):
        assert parse_qs(urlsplit(part.url).query) == {
            "$select": ["weekendingdate,jurisdiction,totalconfc19newadm,totalconfflunewadm,totalconfrsvnewadm"],
            "$where": ["weekendingdate>='2020-08-08T00:00:00.000'"],
            "$order": ["jurisdiction,weekendingdate"],
            "$limit": [str(nhsn.LIMIT)],
        }


def test_pages_are_asked_for_until_one_is_not_full() -> None:
    assert PAGING is not None
    pages = [dumped(row("CA"), row("TX")), b"\xef\xbb\xbf" + dumped(row("PR"), row("USA")), b" [ ]\n"]
    url: str | None = nhsn.FINAL.url.replace(f"limit={nhsn.LIMIT}", "limit=2")
    asked = []
    for page in pages:
        assert url is not None
        asked.append(parse_qs(urlsplit(url).query).get("$offset"))
        url = PAGING.following(url, page)
    assert url is None
    assert asked == [None, ["2"], ["4"]]
    whole = dumped(row("CA"), row("TX"), row("PR"), row("USA"))
    pd.testing.assert_frame_equal(nhsn.parse(PAGING.joined(pages)), nhsn.parse(whole))
    assert PAGING.following(nhsn.FINAL.url, whole) is None


def test_a_server_that_always_sends_a_full_page_is_left() -> None:
    assert PAGING is not None
    url: str | None = nhsn.FINAL.url.replace(f"limit={nhsn.LIMIT}", "limit=1")
    with pytest.raises(SourceError, match="nhsn: more than 20 pages of 1 rows"):  # noqa: PT012 - the loop is the point
        while url is not None:
            url = PAGING.following(url, dumped(row("CA")))


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return nhsn.parse(dumped(*rows))


def test_the_table_with_the_newest_week_is_taken_whole() -> None:
    final = table(row("CA", "2024-11-02"), row("TX", "2024-11-02"))
    preliminary = table(row("CA", "2024-11-02", "9.0"), row("CA", "2024-11-09"))
    combine = nhsn.SOURCE.combine
    assert combine([final, preliminary]) is preliminary, "Texas is not filled in: a cut table must look cut"
    assert combine([preliminary, final]) is preliminary


def test_one_table_is_enough() -> None:
    """As both are optional, `combine` may get one alone."""
    parts = nhsn.SOURCE.downloads(["wk inc flu hosp"])
    assert [part.optional for part in parts] == [True, True]
    for alone in (table(row("CA", "2024-11-02")), table(row("CA") | dict.fromkeys(nhsn.FIELDS))):
        assert nhsn.SOURCE.combine([alone]) is alone


def test_on_a_tie_the_final_table_is_taken() -> None:
    final, preliminary = table(row("CA")), table(row("CA", covid="9.0"))
    assert nhsn.SOURCE.combine([final, preliminary]) is final


def test_a_week_of_blanks_is_no_newer_week() -> None:
    blank = dict.fromkeys(nhsn.FIELDS)
    final, empty = table(row("CA")), table(row("CA"), row("CA", "2024-11-09") | blank)
    assert nhsn.SOURCE.combine([final, empty]) is final
    assert nhsn.SOURCE.combine([table(row("CA") | blank), final]) is final


def test_the_token_is_a_header_and_in_no_address() -> None:
    assert nhsn.SOURCE.token is not None
    assert (nhsn.SOURCE.token.variable, nhsn.SOURCE.token.header) == ("SOCRATA_APP_TOKEN", "X-App-Token")
    assert all("token" not in part.url.lower() for part in nhsn.SOURCE.parts)


def test_places_are_the_hubs() -> None:
    known = nhsn.SOURCE.places().set_index("location")
    assert len(known) == 53
    assert known.loc[["US", "06", "72"], "name"].to_list() == ["United States", "California", "Puerto Rico"]
    assert known.loc["01", "population"] == 4903185
