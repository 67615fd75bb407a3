"""Pages as {path: bytes}: view models through the templates, and the files that all pages share."""

import json
from collections.abc import Callable
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reporter import pieces
from reporter.errors import ReporterError
from reporter.pieces import MANIFEST, Piece
from reporter.posts import FeedRecord, Kept, Site
from reporter.posts.board import feed_board
from reporter.posts.book import Book, Place
from reporter.posts.data import feed_data
from reporter.posts.figures import Chart
from reporter.posts.home import card, feed_index, newest_posts
from reporter.posts.place import place_page
from reporter.posts.post import post
from reporter.posts.report import report as backtest_report
from reporter.posts.status import feed_status, in_json, moment

FOLDERS = (Path(__file__).parent / "templates", Path(__file__).parent.parent / "templates")
"""Inside the package as the wheel has it, then beside it as a checkout has it."""

_Page = Callable[..., bytes]

Folder = dict[str, bytes]
"""The files of a page, by their paths in its folder."""


def pages(site: Site, records: list[FeedRecord]) -> dict[str, bytes]:
    """Render every page of the site that does not stand as it is, and the files they load.

    The same arguments give the same bytes.

    Returns:
        Path inside the site → contents.

    Raises:
        ReporterError: the installation has no templates.
    """
    rendered, page = _assets(), _renderer(site)
    books = [Book(record) for record in records]
    shared = {
        "index.html": ("home.html", "cards", [Piece(book.record, partial(card, book)) for book in books]),
        "scoreboard/index.html": (
            "scoreboard.html",
            "boards",
            [Piece(book.record, partial(feed_board, book, f"f{number}")) for number, book in enumerate(books)],
        ),
        "data/index.html": (
            "data.html",
            "feeds",
            [Piece(book.record, partial(feed_data, book, f"f{number}")) for number, book in enumerate(books)],
        ),
    }
    posts = newest_posts(books)
    made = {
        path: (page(template, path.removesuffix("index.html"), **{name: parts}, posts=posts), parts)
        for path, (template, name, parts) in shared.items()
    }
    rendered |= {path: data for path, (data, _) in made.items()} | {MANIFEST: pieces.shared(made)}
    for book in books:
        rendered |= _feed(page, book)
    return rendered


def status(site: Site, records: list[FeedRecord], now: datetime) -> dict[str, bytes]:
    """Render what tells of the run itself, and so changes with every run.

    Returns:
        Path inside the site → contents.

    Raises:
        ReporterError: as `pages`.
    """
    books = [Book(record) for record in records]
    page = _renderer(site)("status.html", "status/", feeds=[feed_status(book) for book in books], made=moment(now))
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
    page = _renderer(site)
    return _assets() | {"index.html": page("report.html", "", report=backtest_report(Book(record)))}


def _feed(page: _Page, book: Book) -> dict[str, bytes]:
    """A feed's own pages that do not stand, and the list of all of them.

    There are none before its first forecast, and none of a record that cannot be read.
    """
    standing, name = book.record.standing, book.record.name
    if not book.dates or standing.whole:
        return {}
    views: dict[str, Callable[[], tuple[Folder, str, str]]] = {
        f"{name}/{day}/": partial(_post, page, book, day) for day in book.dates
    }
    views |= {f"{name}/{place.slug}/": partial(_place, page, book, place) for place in book.places.values()}
    views[f"{name}/"] = partial(_index, page, book)
    listed, rendered = dict(standing.pages), Folder()
    keys = {
        f"{name}/{day}/": pieces.post_key(standing.made_by, book.record.receipts, number)
        for number, day in enumerate(book.dates if standing.made_by else ())
    }
    for address, make in views.items():
        if address not in standing.pages:
            folder, title, html = make()
            rendered |= {f"{address}{path}": data for path, data in folder.items()}
            sizes = {path: len(data) for path, data in folder.items()}
            listed[address] = Kept(keys.get(address, standing.made_from), sizes, title, html)
    return rendered | {f"{name}/{MANIFEST}": pieces.manifest(listed)}


def _post(page: _Page, book: Book, day: date) -> tuple[Folder, str, str]:
    """The files of a post's folder, and its title."""
    view = post(book, day)
    html = page("post.html", view.address, post=view, source=book.record.source)
    return {"index.html": html}, str(view.title), view.title.__html__()


def _place(page: _Page, book: Book, place: Place) -> tuple[Folder, str, str]:
    """The files of a place's folder."""
    leaf = place_page(book, place)
    return {"index.html": page("place.html", leaf.address, page=leaf, source=book.record.source)}, "", ""


def _index(page: _Page, book: Book) -> tuple[Folder, str, str]:
    """The files of the feed's own folder."""
    index = feed_index(book)
    return {"index.html": page("feed.html", index.address, index=index)}, "", ""


def _renderer(site: Site) -> _Page:
    """A function that renders a template at an address."""
    environment = _environment(tuple(map(str, FOLDERS)))

    def page(template: str, address: str, **values: object) -> bytes:
        root = "../" * address.count("/") or "./"
        canonical = site.base_url + address
        return environment.get_template(template).render(site=site, root=root, canonical=canonical, **values).encode()

    return page


@cache
def _environment(folders: tuple[str, ...]) -> Environment:
    """One environment for all pages: it keeps the templates it compiled, as long as their files stay as they are."""
    # FileSystemLoader, for PackageLoader fails in a checkout, where the templates lie beside the package.
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"svg": _svg, "figure": _figure}
    return environment


def _svg(chart: Chart) -> Markup:
    """A chart as inline SVG, whose texts are escaped already."""
    return Markup(chart.svg)  # noqa: S704


def _figure(chart: Chart) -> Markup:
    """A chart's figure as JSON that cannot end the script element it stands in."""
    text = json.dumps(chart.figure, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704


def _assets() -> dict[str, bytes]:
    """The files that pages load.

    Raises:
        ReporterError: the installation has no templates.
    """
    folder = next((folder / "assets" for folder in FOLDERS if (folder / "assets").is_dir()), None)
    if folder is None:
        raise ReporterError(f"no templates in {FOLDERS[0]} or {FOLDERS[1]}: reporter is not installed whole")
    return {f"assets/{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}
