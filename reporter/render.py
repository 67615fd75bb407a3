"""Pages as {path: bytes}: view models through the templates, and the files that all pages share."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from reporter import beside, pieces, sitemap, syndication, theme
from reporter.pieces import MANIFEST, Piece
from reporter.posts import FeedRecord, Kept, Site
from reporter.posts.board import feed_board
from reporter.posts.book import Book, Place
from reporter.posts.data import feed_data
from reporter.posts.events import Events
from reporter.posts.feedpage import feed_index
from reporter.posts.figures import Chart
from reporter.posts.freshness import freshnesses
from reporter.posts.home import Card, card, newest_posts
from reporter.posts.how import how
from reporter.posts.machine import forecasts_json
from reporter.posts.place import place_page
from reporter.posts.post import post
from reporter.posts.report import report as backtest_report
from reporter.posts.status import feed_status, in_json, moment

FOLDERS = (Path(__file__).parent / "templates", Path(__file__).parent.parent / "templates")
"""Inside the package as the wheel has it, then beside it as a checkout has it."""

_NUMBERED = re.compile(r"[^\W\d_]+-\d+")

_Page = Callable[..., bytes]

Folder = dict[str, bytes]
"""The files of a page, by their paths in its folder."""


def pages(site: Site, records: list[FeedRecord]) -> dict[str, bytes]:
    """Render every page of the site that does not stand as it is, and the files they load.

    The same arguments give the same bytes.

    Returns:
        Path inside the site → contents.

    Raises:
        ReporterError: the installation has no templates, or the theme's are broken.
    """
    rendered, books = theme.assets(FOLDERS, site.theme), [Book(record) for record in records]
    page, trust = _renderer(site, records), freshnesses(books)
    cards = [cache(partial(card, book)) for book in books]
    events = [Events(book) for book in books]
    shared: dict[str, tuple[str, str, Sequence[Callable[[], object]]]] = {
        "index.html": ("home.html", "cards", cards),
        "scoreboard/index.html": ("scoreboard.html", "boards", _numbered(feed_board, books)),
        "data/index.html": ("data.html", "feeds", _numbered(feed_data, books)),
    }
    posts, made = newest_posts(books), {}
    for path, (template, name, views) in shared.items():
        parts = [Piece(record, view) for record, view in zip(records, views, strict=True)]
        address = path.removesuffix("index.html")
        made[path] = page(template, address, **{name: parts}, posts=posts, trust=trust), parts
    rendered |= {path: data for path, (data, _) in made.items()}
    rendered["how-it-works/index.html"] = page("how.html", "how-it-works/", trust=trust, how=how(books))
    # It is shown at whatever address nothing was found, so that its links cannot be relative.
    rendered["404.html"] = page("404.html", "404.html", trust=trust, root=urlsplit(site.base_url).path)
    rendered |= sitemap.files(site, books, rendered) | syndication.of_site(site, books, events)
    for book, shown, happened in zip(books, cards, events, strict=True):
        rendered |= _feed(site, page, book, shown, happened)
    rendered[MANIFEST] = pieces.shared(made)
    return rendered


def status(site: Site, records: list[FeedRecord], now: datetime) -> dict[str, bytes]:
    """Render what tells of the run itself, and so changes with every run.

    Returns:
        Path inside the site → contents.

    Raises:
        ReporterError: as `pages`.
    """
    books = [Book(record) for record in records]
    feeds, trust = [feed_status(book) for book in books], freshnesses(books)
    page = _renderer(site, records)("status.html", "status/", trust=trust, feeds=feeds, made=moment(now))
    contents = json.dumps(in_json(site, books, now), ensure_ascii=False, indent=1)
    return {"status/index.html": page, "status.json": f"{contents}\n".encode()}


def report(site: Site, record: FeedRecord) -> dict[str, bytes]:
    """Render the report of a backtest: one page that stands alone, and the files it loads.

    Args:
        site: its `version` is printed; a report is not published, and its address not used.

    Returns:
        Path inside the report's folder → contents; the page is `index.html`.

    Raises:
        ReporterError: the installation has no templates.
    """
    page = _renderer(site)("report.html", "", report=backtest_report(Book(record)))
    return theme.assets(FOLDERS, site.theme) | {"index.html": page}


def _numbered(view: Callable[[Book, str], object], books: list[Book]) -> list[Callable[[], object]]:
    """What makes the view model of each book, whose ids begin with a number of its own."""
    return [partial(view, book, f"f{number}") for number, book in enumerate(books)]


def _feed(site: Site, page: _Page, book: Book, shown: Callable[[], Card], events: Events) -> dict[str, bytes]:
    """The files of a feed's own pages that do not stand, and the list of all of them.

    There are none before its first forecast, and none of a record that cannot be read.
    """
    standing, name = book.record.standing, book.record.name
    if not book.dates or standing.whole:
        return {}
    makers: dict[str, Callable[[], tuple[Folder, str, str]]] = {
        f"{name}/{day}/": partial(_post, site, page, book, day) for day in book.dates
    }
    makers |= {
        f"{name}/{place.slug}/": partial(_place, site, page, book, place, events) for place in book.places.values()
    }
    makers[f"{name}/"] = partial(_index, site, page, book, shown, events)
    listed, rendered = dict(standing.pages), Folder()
    keys = {
        f"{name}/{day}/": pieces.post_key(standing.made_by, book.record.receipts, number)
        for number, day in enumerate(book.dates if standing.made_by else ())
    }
    for address, make in makers.items():
        if address not in standing.pages:
            folder, title, html = make()
            rendered |= {f"{address}{path}": data for path, data in folder.items()}
            sizes = {path: len(data) for path, data in folder.items()}
            listed[address] = Kept(keys.get(address, standing.made_from), sizes, title, html)
    return rendered | {f"{name}/{MANIFEST}": pieces.manifest(listed, events.of_feed)}


def _post(site: Site, page: _Page, book: Book, day: date) -> tuple[Folder, str, str]:
    """The files of a post's folder, and its title."""
    view = post(book, day)
    html = page("post.html", view.address, post=view, source=book.record.source)
    return {"index.html": html} | beside.of_post(site.title, book, view), str(view.title), view.title.__html__()


def _place(site: Site, page: _Page, book: Book, place: Place, events: Events) -> tuple[Folder, str, str]:
    """The files of a place's folder."""
    view, source = place_page(book, place), book.record.source
    files = {
        "index.html": page("place.html", view.address, page=view, source=source),
        "embed/index.html": page("embed.html", view.embed, page=view, source=source),
        "forecasts.json": forecasts_json(book, place),
    }
    return files | beside.of_place(site.title, book, view) | syndication.of_place(site, book, place, events), "", ""


def _index(site: Site, page: _Page, book: Book, shown: Callable[[], Card], events: Events) -> tuple[Folder, str, str]:
    """The files of the feed's own folder."""
    index = feed_index(book)
    files = {"index.html": page("feed.html", index.address, index=index)}
    return files | beside.of_feed(site.title, book, shown()) | syndication.of_feed(site, book, events), "", ""


def _renderer(site: Site, records: Sequence[FeedRecord] = ()) -> _Page:
    """A function that renders a template at an address, with one environment for all."""
    environment = theme.environment(FOLDERS, site.theme)
    environment.filters |= {"svg": _svg, "figure": _figure, "whole": _whole}
    environment.globals |= {"site": site, "theme_style": theme.STYLE if theme.has_style(site.theme) else ""}
    environment.globals["site_card"] = _card(records)

    def page(template: str, address: str, **values: object) -> bytes:
        root = "../" * address.count("/") or "./"
        given = {"root": root, "canonical": site.base_url + address} | values
        try:
            return environment.get_template(template).render(given).encode()
        except Exception as error:
            broken = theme.broken(error, template, site.theme)
            if broken is None:
                raise
            raise broken from error

    return page


def _whole(text: object) -> Markup:
    """Keep a word and the number after its hyphen, as in COVID-19, on one line of a heading."""
    return Markup(_NUMBERED.sub(r'<span class="whole">\g<0></span>', str(escape(text))))  # noqa: S704 - escaped just before


def _card(records: Sequence[FeedRecord]) -> str:
    """The share card of pages that have none of their own: that of the first feed that goes on, else of the first."""
    told = [record for record in records if record.receipts]
    leading = next((record for record in told if not record.archive), told[0] if told else None)
    return "" if leading is None else f"{leading.name}/{beside.CARD}"


def _svg(chart: Chart) -> Markup:
    """A chart as inline SVG, whose texts are escaped already."""
    return Markup(chart.svg)  # noqa: S704


def _figure(chart: Chart) -> Markup:
    """A chart's figure as JSON that cannot end the script element it stands in."""
    return Markup(chart.packed)  # noqa: S704
