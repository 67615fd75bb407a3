"""What the browser tests share: sites built once, served as GitHub Pages does, and pages without a complaint."""

from datetime import UTC, datetime
from pathlib import Path

import filelock
import pandas as pd
import pytest
from loopback import serving
from playwright.sync_api import sync_playwright

from reporter import config, pipeline
from reporter.sources import REGISTRY
from reporter.sources.base import archive_changes

BUILT = datetime(2025, 7, 1, 6, 0, tzinfo=UTC)
"""When the bundled German counts were fresh."""

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \"quoted\" 'so' & &amp; {{ 7 * 7 }} </title>"
TURNED = "right\u202eto left"
SMILING = "\U0001f4a5 emoji \U0001f9ea"
LONG = "Llan" + "fair" * 74
"""300 characters without a place to break."""

WATCH = """
  window.refused = []; window.shift = 0;
  addEventListener("securitypolicyviolation", (event) => refused.push([event.violatedDirective, event.blockedURI]));
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { shift += entry.value; }))
    .observe({ type: "layout-shift", buffered: true });
"""

FEEDS = [
    {
        "name": "germany-cases",
        "title": "Germany: reported COVID-19 cases a day",
        "source": "rki",
        "target": "inc covid cases",
        "cadence": "day",
        "settle": 2,
        "locations": ["DE"],
        "horizons": 7,
        "backfill": 5,
        "models": ["baseline", "sigmoid"],
    },
    {
        "name": "us-admissions",
        "title": "United States: hospital admissions a week",
        "source": "nhsn",
        "target": ["wk inc covid hosp", "wk inc flu hosp"],
        "cadence": "week",
        "locations": ["US", "06", "36", "48"],
        "horizons": 4,
        "headline": "US",
        "backfill": 3,
        "models": ["baseline", "sigmoid"],
    },
    {
        "name": "us-2020",
        "title": "April 2020: confirmed COVID-19 cases so far",
        "source": "jhu",
        "target": "cum confirmed cases",
        "cadence": "day",
        "locations": ["US", "Italy", "Korea, South", "Germany"],
        "horizons": 7,
        "headline": "US",
        "start": "2020-04-09",
        "end": "2020-04-12",
        "archive": True,
        "models": ["baseline", "classic", "sigmoid"],
    },
]


def built_once(tmp_path_factory, name, build):
    """A folder that all workers of a run share; the first that needs it builds it."""
    worker = tmp_path_factory.getbasetemp()
    shared = (worker.parent if worker.name.startswith("popen-") else worker) / name
    with filelock.FileLock(f"{shared}.lock"):
        if not shared.exists():
            making = shared.with_name(f"{name}-making")
            build(making)
            making.rename(shared)
    return shared / "site"


@pytest.fixture(scope="session")
def blog(tmp_path_factory) -> Path:
    """A built site: Germany by day, hospital admissions by week, April 2020; real counts, models that take no time."""

    def build(folder):
        settings = config.parse({"site": {"base_url": "https://example.org/reporter/"}, "feeds": FEEDS})
        assert pipeline.build(settings, folder / "site", BUILT, offline=True).failed == []

    return built_once(tmp_path_factory, "blog", build)


@pytest.fixture(scope="session")
def hostile_blog(tmp_path_factory) -> Path:
    """A site all of whose names and texts want to be something else."""

    def build(folder):
        changes = archive_changes(REGISTRY["jhu"])
        mine = changes[(changes["target"] == "cum confirmed cases") & (changes["as_of"] <= pd.Timestamp("2020-04-13"))]
        names = {"US": HOSTILE, "Italy": TURNED, "Spain": SMILING, "Sweden": LONG, "Brazil": "bell\x07 and escape\x1b["}
        mine = mine[mine["location"].isin(names)]
        folder.mkdir(parents=True)
        mine.assign(location=mine["location"].map(names)).to_parquet(folder / "hostile.parquet")
        feed = {
            "name": "hostile",
            "title": f"Counts {HOSTILE}",
            "source": "file",
            "path": str(folder / "hostile.parquet"),
            "attribution": f"{HOSTILE} {TURNED} {LONG}",
            "target": "cum confirmed cases",
            "cadence": "day",
            "horizons": 7,
            "headline": HOSTILE,
            "start": "2020-04-10",
            "models": ["baseline", "sigmoid"],
        }
        site = {"title": f"Blog {HOSTILE}", "base_url": "https://example.org/reporter/"}
        pipeline.build(config.parse({"site": site, "feeds": [feed]}), folder / "site", BUILT, offline=True)

    return built_once(tmp_path_factory, "hostile", build)


@pytest.fixture(scope="module")
def browser(chromium):
    """A headless browser; of one module, for its event loop must not outlive it."""
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=options)
        yield started
        started.close()


@pytest.fixture
def served(blog):
    """The blog on a server of its own, which remembers what it was asked for."""
    with serving(blog) as server:
        yield server


@pytest.fixture
def open_page(browser):
    """Opens an address as a reader of its own; `now` moves the reader's clock.

    Nothing may be said on the console, nothing refused by the page's policy, and nobody else asked.
    """
    opened = []

    def go(address, *, now=BUILT, **options):
        page = browser.new_context(**options).new_page()
        site = "/".join(address.split("/")[:4]) + "/"
        complaints = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
        page.on("request", lambda request: request.url.startswith((site, "data:")) or complaints.append(request.url))
        scripts = options.get("java_script_enabled", True)
        if scripts:
            page.clock.set_fixed_time(now)
            page.add_init_script(WATCH)
        page.goto(address)
        opened.append((page, complaints, scripts))
        return page

    yield go
    for page, complaints, scripts in opened:
        refused = page.evaluate("window.refused") if scripts and not page.is_closed() else []
        page.context.close()
        assert [complaints, refused] == [[], []]


KINDS = {
    "home": "",
    "scoreboard": "scoreboard/",
    "status": "status/",
    "data": "data/",
    "methods": "how-it-works/",
    "missing": "404.html",
    "daily feed": "germany-cases/",
    "weekly feed": "us-admissions/",
    "archive": "us-2020/",
    "post": "germany-cases/2025-06-28/",
    "first post": "germany-cases/2025-06-24/",
    "post of two targets": "us-admissions/2025-06-21/",
    "post of an archive": "us-2020/2020-04-10/",
    "place": "germany-cases/de/",
    "place of two targets": "us-admissions/06/",
    "place of an archive": "us-2020/korea-south/",
    "chart to embed": "germany-cases/de/embed/",
}
"""Every kind of page, by an address that is one."""


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def kind(request):
    """The address of one page of each kind, inside the site."""
    return request.param


@pytest.fixture
def hostile_served(hostile_blog):
    """The hostile site on a server of its own."""
    with serving(hostile_blog) as server:
        yield server
