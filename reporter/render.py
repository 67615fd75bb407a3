"""Pages as {path: bytes}: view models through the templates, and the files that all pages share."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from reporter import beside, sitemap, syndication, theme
from reporter.posts import FeedRecord, Kept, Site
from reporter.posts.board import feed_board
from reporter.posts.book import Book
from reporter.posts.data import feed_data
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


def pages(site: Site, records: list[FeedRecord]) -> dict[str, bytes]:
    """Render every page of the site, and the files they load.

    The same arguments give the same bytes.

    Returns:
        Path inside the site → contents.

    Raises:
        ReporterError: the installation has no templates, or the theme's are broken.
    """
    rendered = theme.assets(FOLDERS, site.theme)
    page = _renderer(site)
    books = [Book(record) for record in records]
    trust = freshnesses(books)
    cards = [card(book) for book in books]
    rendered["index.html"] = page("home.html", "", trust=trust, cards=cards, posts=newest_posts(books))
    boards = [feed_board(book, f"f{number}") for number, book in enumerate(books)]
    rendered["scoreboard/index.html"] = page("scoreboard.html", "scoreboard/", trust=trust, boards=boards)
    feeds = [feed_data(book, f"f{number}") for number, book in enumerate(books)]
    rendered["data/index.html"] = page("data.html", "data/", trust=trust, feeds=feeds)
    rendered["how-it-works/index.html"] = page("how.html", "how-it-works/", trust=trust, how=how(books))
    # It is shown at whatever address nothing was found, so that its links cannot be relative.
    rendered["404.html"] = page("404.html", "404.html", trust=trust, root=urlsplit(site.base_url).path)
    rendered |= beside.of_home(site.title, books, cards)
    for book, shown in zip(books, cards, strict=True):
        rendered |= _feed(site, page, book, shown)
    rendered |= syndication.files(site, books) | sitemap.files(site, books, rendered)
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
    page = _renderer(site)("status.html", "status/", trust=trust, feeds=feeds, made=moment(now))
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


def _feed(site: Site, page: _Page, book: Book, shown: Card) -> dict[str, bytes]:
    """A feed's own pages; none before its first forecast, and none of a record that cannot be read."""
    if not book.dates:
        return {}
    rendered, files, source = {}, beside.of_feed(site.title, book, shown), book.record.source
    kept = dict(book.record.kept)
    for day in book.dates:
        if day not in kept:
            view = post(book, day)
            rendered[view.address] = page("post.html", view.address, post=view, source=source)
            files |= beside.of_post(site.title, book, view)
            kept[day] = Kept(str(view.title), view.title.__html__(), len(rendered[view.address]))
    for place in book.places.values():
        leaf = place_page(book, place)
        rendered[leaf.address] = page("place.html", leaf.address, page=leaf, source=source)
        files[f"{leaf.address}forecasts.json"] = forecasts_json(book, place)
        rendered[leaf.embed] = page("embed.html", leaf.embed, page=leaf, source=source)
        files |= beside.of_place(site.title, book, leaf)
    index = feed_index(book)
    rendered[index.address] = page("feed.html", index.address, index=index)
    files |= {f"{address}index.html": data for address, data in rendered.items()}
    return files | {f"{index.address}posts.json": _made(book, kept)}


def _made(book: Book, posts: Mapping[date, Kept]) -> bytes:
    """The list of posts that will not change any more: all but the newest, which will link to the next.

    A post's receipt names all it was made from; the hash of one stands in the next.
    """
    following = [book.receipts[day]["previous_sha256"] for day in book.dates[1:]]
    listed = [
        {
            "date": str(day),
            "title": posts[day].title,
            "html": posts[day].html,
            "size": posts[day].size,
            "receipt_sha256": sha256,
        }
        for day, sha256 in zip(book.dates[:-1], following, strict=True)
    ]
    made = {"made_by": book.record.made_by, "newest": str(book.dates[-1]), "posts": listed}
    return (json.dumps(made, ensure_ascii=False, indent=0) + "\n").encode()


def _renderer(site: Site) -> _Page:
    """A function that renders a template at an address, with one environment for all."""
    environment = theme.environment(FOLDERS, site.theme)
    environment.filters |= {"svg": _svg, "figure": _figure, "whole": _whole}
    environment.globals |= {"site": site, "theme_style": theme.STYLE if theme.has_style(site.theme) else ""}

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
    return Markup(_NUMBERED.sub(r'<span class="whole">\g<0></span>', escape(text)))  # noqa: S704 - escaped just before


def _svg(chart: Chart) -> Markup:
    """A chart as inline SVG, whose texts are escaped already."""
    return Markup(chart.svg)  # noqa: S704


def _figure(chart: Chart) -> Markup:
    """A chart's figure as JSON that cannot end the script element it stands in."""
    return Markup(chart.packed)  # noqa: S704
