"""Where a page's link beside the data leads."""

import pytest

from reporter import config
from reporter.gather import nothing
from reporter.sources import REGISTRY


def linked(**settings):
    settings = {"name": "one", "target": "inc x", "cadence": "day", "horizons": 1} | settings
    (feed,) = config.parse({"feeds": [settings]}).feeds
    return nothing(feed, []).source.url


@pytest.mark.parametrize("name", sorted(set(REGISTRY) - {"file"}))
def test_readers_are_sent_to_a_page_and_not_to_a_table(name):
    source = REGISTRY[name]
    page = linked(source=name, target=source.targets[0], cadence=source.cadence.value)
    assert page == source.page
    assert page.startswith("https://")
    assert not page.endswith((".csv", ".json", ".parquet"))


def test_a_sources_page_is_the_same_wherever_it_is_pulled_from():
    mirror = {"source": "rki", "target": "inc covid cases", "url": "https://mirror.example/counts.csv"}
    assert linked(**mirror) == REGISTRY["rki"].page


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://example.org/a@b/counts.csv", "https://example.org/a@b/counts.csv"),
        ("https://example.org/counts.csv?key=secret", None),
        ("https://me:secret@example.org/counts.csv", None),
    ],
)
def test_the_link_to_a_file_of_ones_own_holds_no_key(url, link):
    assert linked(source="file", url=url) == link
