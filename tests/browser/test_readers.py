"""Readers who want something: the forecast and its record, the feed, the file, to know that a page is old."""

import csv
import io
import re
from datetime import UTC, datetime

import feedparser
import httpx2
import pytest
from playwright.sync_api import expect

POST = "germany-cases/2025-06-28/"


def number(text):
    return int(re.sub(r"\D", "", text))


def test_somebody_finds_the_next_forecast_for_germany_and_how_right_the_last_were(open_page, served):
    page = open_page(served.address)
    germany = page.get_by_role("article", name="Germany")
    said = germany.locator(".expect").inner_text()
    assert re.fullmatch(r"Sunday 29 June 2025:\s+about [\d\u202f]+ \(likely \d.+, almost surely \d.+\)", said)
    assert re.search(r"In the last \d+ forecasts .+ the likely range held", germany.inner_text())
    germany.get_by_role("link", name="All about Germany").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Germany")
    assert page.locator(".expect").first.inner_text().endswith(said.partition(":")[2].strip())
    expect(page.get_by_role("heading", name="How right so far")).to_be_visible()
    record = page.get_by_role("table", name=re.compile("forecasts"))
    assert record.count() > 0


def test_somebody_steps_back_to_an_old_forecast_and_shares_it(open_page, served):
    page = open_page(served.address + "germany-cases/de/")
    chart = page.locator(".machine svg.plot").first
    newest = chart.inner_html()
    page.get_by_role("button", name="The forecast before").click()
    expect(page.locator(".then strong")).to_have_text("Data through Friday 27 June 2025")
    assert chart.inner_html() != newest
    other = open_page(page.url)
    expect(other.locator(".then strong")).to_have_text("Data through Friday 27 June 2025")
    assert other.locator(".machine svg.plot").first.inner_html() == chart.inner_html()


@pytest.mark.parametrize(("start", "newest"), [("", POST), ("germany-cases/", POST), ("germany-cases/de/", POST)])
def test_somebody_subscribes(open_page, served, start, newest):
    page = open_page(served.address + start)
    links = page.locator("link[rel=alternate]").evaluate_all("all => all.map((one) => [one.type, one.href])")
    assert {kind for kind, _ in links} == {"application/atom+xml", "application/feed+json"}
    for kind, address in links:
        answer = httpx2.get(address)
        if kind == "application/feed+json":
            told = [item["url"] for item in answer.json()["items"]]
        else:
            feed = feedparser.parse(answer.content)
            assert not feed.bozo
            told = [entry.link for entry in feed.entries]
        assert any(link.endswith(newest) for link in told), address


def test_somebody_takes_the_numbers_and_finds_those_of_the_chart(open_page, served):
    page = open_page(served.address + POST)
    said = re.search(r"about ([\d\u202f]+) ", page.locator(".expect").first.inner_text())[1]
    described = page.locator("svg.plot[role=img] desc").nth(1).text_content()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV", exact=True).click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8"))))
    made = [row for row in rows if row["what"] == "forecast" and row["reference_date"] == "2025-06-28"]
    (tomorrow,) = [row for row in made if row["horizon"] == "1" and row["model_id"] == "sigmoid"]
    assert tomorrow["target_end_date"] == "2025-06-29"
    assert round(float(tomorrow["q50"])) == number(said)
    counted = [row for row in rows if row["what"] == "count" and row["location"] == "DE"]
    assert f"{counted[-1]['observation']} for Saturday 28 June 2025" in described


@pytest.mark.parametrize("address", ["", POST, "germany-cases/de/", "scoreboard/", "status/"])
def test_somebody_sees_that_a_page_is_old(open_page, served, address):
    fresh = open_page(served.address + address)
    assert not fresh.locator("#overdue").is_visible()
    old = open_page(served.address + address, now=datetime(2025, 7, 10, 6, tzinfo=UTC))
    expect(old.locator("#overdue")).to_be_visible()
    expect(old.locator("#overdue")).to_contain_text("9 days overdue")
