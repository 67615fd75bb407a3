"""The built site in a real browser, served from a sub-path as GitHub Pages does."""

import functools
import http.server
import re
import subprocess
import threading
from datetime import date, timedelta

import pytest


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the site below /reporter/ and remembers what was asked for."""

    asked: list[str] = []  # noqa: RUF012 - shared on purpose: a handler lives for one request

    def translate_path(self, path):
        return super().translate_path(path.removeprefix("/reporter"))

    def do_GET(self):
        if not self.path.startswith("/phone/"):
            return super().do_GET()
        body = PHONE.replace("PAGE", "/reporter/" + self.path.removeprefix("/phone/")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return self.wfile.write(body)

    def end_headers(self):
        if self.path.endswith("?without-scripts"):
            self.send_header("Content-Security-Policy", "script-src 'none'")
        super().end_headers()

    def log_message(self, *_):
        self.asked.append(self.path)


# A headless window is never narrower than 500 pixels; a frame can be.
PHONE = """<iframe src="PAGE" style="width:390px;height:800px;border:0"></iframe><p id="found"></p>
<script>onload = () => setTimeout(() => {
  const page = document.querySelector("iframe").contentDocument.documentElement;
  const found = page.scrollWidth - page.clientWidth + " too wide of " + page.clientWidth;
  document.querySelector("#found").textContent = found;
}, 3000)</script>"""


@pytest.fixture
def address(april_site):
    handler = functools.partial(Quiet, directory=str(april_site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/reporter/"
        server.shutdown()
        thread.join()


@pytest.fixture
def browse(chromium, tmp_path):
    """Opens an address and gives the page as scripts left it, and what the console said."""

    def look(url, *options, width=1280, height=3000):
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        command += ["--no-first-run", "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path}"]
        command += ["--enable-logging=stderr", "--virtual-time-budget=20000", f"--window-size={width},{height}"]
        done = subprocess.run(
            [*command, *options, "--dump-dom", url], capture_output=True, text=True, timeout=90, check=True
        )
        return done.stdout, re.findall(r"CONSOLE.*", done.stderr)

    return look


PAGES = ["", "scoreboard/", "data/", "status/", "april/", "april/2020-04-10/", "april/us/", "april/korea-south/"]


@pytest.mark.parametrize("page", PAGES)
def test_pages_load_without_a_complaint(address, browse, page):
    text, console = browse(address + page)
    assert console == []
    assert "<h1" in text


def test_charts_can_be_read_without_javascript(address, browse):
    text, _ = browse(address + "april/2020-04-10/?without-scripts")
    assert "js-plotly-plot" not in text
    assert re.search(r"<svg[^>]*role=\"img\"", text)
    assert "We said" in text


def test_the_site_opens_from_the_disk(april_site, browse):
    text, console = browse((april_site / "index.html").as_uri())
    assert console == []
    links = re.findall(r'<a [^>]*href="([^"#:]+)"', text)
    assert any(link.endswith("april/2020-04-11/index.html") for link in links)
    assert not [link for link in links if link.endswith("/")]


@pytest.mark.parametrize("page", PAGES)
def test_a_phone_needs_no_sideways_scroll(address, browse, page):
    text, _ = browse(address.replace("/reporter/", "/phone/") + page)
    assert re.search(r'id="found">0 too wide of 3\d\d<', text)


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
def test_a_page_that_nobody_makes_again_says_how_late_it_is(april_site, browse, tmp_path, said, days, seen):
    due = date.today() - timedelta(days=days)  # noqa: DTZ011 - of the browser's clock
    script = (april_site / "assets" / "site.js").as_uri()
    page = tmp_path / "page.html"
    page.write_text(
        f"""<p class="status" data-due="{due}" data-patience="2 7 90"><span class="word">{said}</span></p>"""
        f"""<script defer src="{script}"></script>"""
    )
    text, _ = browse(page.as_uri())
    assert re.search(r'class="word">([^<]*)<', text)[1] == seen


@pytest.mark.parametrize(("days", "seen"), [(2, None), (3, "3 days overdue"), (9, "9 days overdue")])
def test_a_banner_stands_on_top_once_counts_are_overdue(april_site, browse, tmp_path, days, seen):
    due = date.today() - timedelta(days=days)  # noqa: DTZ011 - of the browser's clock
    script = (april_site / "assets" / "site.js").as_uri()
    page = tmp_path / "page.html"
    page.write_text(
        f"""<!DOCTYPE html><script src="{script}"></script><div id="overdue" role="status" hidden>"""
        f"""<p data-expected="{due}" data-patience="2" hidden>It is <span class="days">overdue</span>.</p></div>"""
    )
    text, console = browse(page.as_uri())
    assert console == []
    (line,) = re.findall(r"<p [^>]*>", text)
    assert ("hidden" in line) == (seen is None)
    assert ('role="status" hidden' in text) == (seen is None)
    assert seen is None or f">{seen}<" in text
