"""Pages from a disk, and pages that nobody makes again."""

from datetime import UTC, datetime, timedelta

import pytest

DUE = datetime(2025, 7, 1, tzinfo=UTC)


def test_the_site_opens_from_the_disk(blog, browser):
    page = browser.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto((blog / "index.html").as_uri())
    links = page.locator("a[href]").evaluate_all("all => all.map((one) => one.href)")
    inside = [link.partition("#")[0] for link in links if link.startswith("file:")]
    assert any(link.endswith("germany-cases/2025-06-28/index.html") for link in inside)
    assert not [link for link in inside if link.endswith("/")]
    page.get_by_role("link", name="All about Germany").click()
    assert page.locator("h1").inner_text() == "Germany"
    assert said == []
    page.close()


@pytest.fixture
def opened(blog, browser, tmp_path):
    """A page of our own with the site's script, seen some days after the next count was due."""
    page = browser.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))

    def look(days, body):
        (tmp_path / "page.html").write_text(
            f"<!DOCTYPE html><script src='{(blog / 'assets' / 'site.js').as_uri()}'></script>{body}"
        )
        page.clock.set_fixed_time(DUE + timedelta(days=days, hours=6))
        page.goto((tmp_path / "page.html").as_uri())
        return page

    yield look
    page.close()
    assert said == []


@pytest.mark.parametrize(
    ("said", "days", "seen"),
    [
        ("followed", 2, "followed"),
        ("followed", 3, "late: 3 days overdue"),
        ("followed", 8, "stale: 8 days overdue"),
        ("late", 91, "stale: 91 days overdue"),  # that its source has ended only a run can tell
        ("retired", 91, "retired: 91 days overdue"),
    ],
)
def test_a_page_that_nobody_makes_again_says_how_late_it_is(opened, said, days, seen):
    page = opened(
        days, f"<p class=status data-due={DUE.date()} data-patience='2 7 90'><span class=word>{said}</span></p>"
    )
    assert page.locator(".word").inner_text() == seen


@pytest.mark.parametrize(("days", "seen"), [(2, None), (3, "3 days overdue"), (9, "9 days overdue")])
def test_a_banner_stands_on_top_once_counts_are_overdue(opened, days, seen):
    page = opened(
        days,
        f"<div id=overdue role=status hidden><p data-expected={DUE.date()} data-patience=2 hidden>"
        "It is <span class=days>overdue</span>.</p></div>",
    )
    assert page.locator("#overdue").is_visible() == (seen is not None)
    assert page.locator(".days").is_visible() == (seen is not None)
    assert seen is None or page.locator(".days").inner_text() == seen
