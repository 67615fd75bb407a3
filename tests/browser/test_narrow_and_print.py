"""The narrowest phones, and paper."""

import pytest

TOO_WIDE = """() => [
  document.documentElement.scrollWidth - document.documentElement.clientWidth,
  [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1
    && !one.closest(".scroll, svg")).slice(0, 3).map((one) => one.outerHTML.slice(0, 100))]"""


def test_no_page_scrolls_sideways_at_320_pixels(open_page, served, kind):
    page = open_page(served.address + kind, viewport={"width": 320, "height": 640})
    wide, culprits = page.evaluate(TOO_WIDE)
    assert wide <= 0, culprits


def test_pages_print_without_what_paper_cannot_use(open_page, served, kind):
    page = open_page(served.address + kind)
    page.emulate_media(media="print")
    for what in ("nav.site", ".skip"):
        assert not any(one.is_visible() for one in page.locator(what).all()), what
    assert page.locator("h1").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF-")


@pytest.mark.parametrize("page", ["us-admissions/us/", "scoreboard/"])
def test_nothing_is_cut_off_on_paper(open_page, served, page):
    printed = open_page(served.address + page, viewport={"width": 680, "height": 1000})
    printed.emulate_media(media="print")
    assert printed.evaluate(TOO_WIDE)[0] <= 0
