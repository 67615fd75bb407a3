"""The time machine as a reader uses it: by pointer, by keys, by a link that somebody sent."""

import pytest
from loopback import serving

sync_api = pytest.importorskip("playwright.sync_api")

OLDEST = "Wednesday 8"


@pytest.fixture(scope="module")
def address(april_site):
    with serving(april_site) as server:
        yield f"{server.address}april/us/"


@pytest.fixture
def page(browser):
    """A page that may complain of nothing."""
    context = browser.new_context()
    page = context.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


def stands(page, day):
    """Wait until the machine shows a date."""
    sync_api.expect(page.locator(".then strong")).to_have_text(f"Data through {day} April 2020", timeout=10_000)


def test_stepping_back_changes_the_view_and_the_address(page, address):
    page.goto(address)
    before = page.locator(".machine svg.plot").first.inner_html()
    page.get_by_role("button", name="The forecast before").click()
    stands(page, "Friday 10")
    assert page.url.endswith("#as-of=2020-04-10")
    assert page.locator(".machine svg.plot").first.inner_html() != before
    page.get_by_role("button", name="The forecast before").click()
    stands(page, "Thursday 9")
    first = page.locator(".machine tbody tr").first
    assert "496\u202f535" in first.inner_text()
    page.go_back()
    stands(page, "Friday 10")
    page.go_back()
    sync_api.expect(page.locator(".then")).to_contain_text("the newest forecast")
    assert page.locator(".machine svg.plot").first.inner_html() == before


def test_a_link_gives_the_same_view_to_somebody_else(page, address, browser):
    page.goto(address)
    page.get_by_role("button", name="The forecast before").click()
    stands(page, "Friday 10")
    shared = page.locator(".share a").evaluate("link => link.href")
    table, drawing = page.locator(".machine tbody").inner_text(), page.locator(".machine svg.plot").first.inner_html()
    other = browser.new_context().new_page()
    other.goto(shared)
    stands(other, "Friday 10")
    assert other.locator(".machine tbody").inner_text() == table
    assert other.locator(".machine svg.plot").first.inner_html() == drawing
    assert other.evaluate("scrollY") > 0
    other.context.close()


def test_keys_act_only_while_the_control_or_the_chart_has_focus(page, address):
    page.goto(address)
    page.locator("body").press("ArrowLeft")
    page.locator("body").press("Home")
    page.wait_for_timeout(300)
    assert "#" not in page.url
    page.get_by_role("slider").press("ArrowLeft")
    stands(page, "Friday 10")
    page.get_by_role("group", name="Chart of past forecasts").press("ArrowLeft")
    stands(page, "Thursday 9")
    page.get_by_role("group", name="Chart of past forecasts").press("Home")
    stands(page, OLDEST)
    page.get_by_role("slider").press("End")
    stands(page, "Saturday 11")


def test_nothing_jumps_and_past_forecasts_are_fetched_when_first_wanted(page, address):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if url.endswith("forecasts.json")]
    below = page.locator(".machine").evaluate("one => one.getBoundingClientRect().height")
    page.get_by_role("button", name="The forecast before").click()
    stands(page, "Friday 10")
    assert abs(page.locator(".machine").evaluate("one => one.getBoundingClientRect().height") - below) < 2
    assert len([url for url in asked if url.endswith("forecasts.json")]) == 1


def test_a_page_from_the_disk_says_why_it_cannot_step(page, april_site):
    page.goto((april_site / "april" / "us" / "index.html").as_uri())
    page.get_by_role("button", name="The forecast before").click()
    sync_api.expect(page.locator(".then")).to_contain_text("needs a server")


def test_without_scripts_there_is_no_dead_control(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert not page.get_by_role("slider").is_visible()
    assert page.locator(".machine svg.plot").first.is_visible()
    page.get_by_text("What we said before, as a table").click()
    assert page.get_by_role("link", name="Friday 10 April 2020").first.is_visible()
    context.close()
