"""Charts in a real browser, under the policy that forbids whatever is not the site's own."""

import functools
import http.server
import json
import re
import threading

import numpy as np
import pytest
from drawn import DAY, FIGURES, a_fan
from playwright.sync_api import expect

from reporter import charts
from reporter.render import FOLDERS

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
POST = "april/2020-04-10/"
WATCH = """
  window.refused = []; window.shift = 0;
  addEventListener("securitypolicyviolation", (event) => refused.push([event.violatedDirective, event.sourceFile]));
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { shift += entry.value; }))
    .observe({ type: "layout-shift", buffered: true });
"""


class Strict(http.server.SimpleHTTPRequestHandler):
    """Serves files under the policy, and remembers what was asked for."""

    asked: list[str] = []  # noqa: RUF012 - shared on purpose: a handler lives for one request

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *_):
        self.asked.append(self.path)


@pytest.fixture
def address(april_site):
    Strict.asked.clear()
    handler = functools.partial(Strict, directory=str(april_site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def visit(browser, address):
    """Opens a page of the site; nothing may be said on the console, and nothing refused."""
    opened = []

    def go(path, **options):
        page = browser.new_page(**options)
        said = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.add_init_script(WATCH)
        page.goto(address + path)
        page.evaluate("document.fonts.ready")
        opened.append((page, said))
        return page

    yield go
    for page, said in opened:
        assert page.evaluate("refused") == []
        assert said == []
        page.close()


def taken_over(page):
    page.mouse.wheel(0, 1)
    page.locator("figure.chart:has(script)").first.scroll_into_view_if_needed()
    page.wait_for_selector(".draw.on .main-svg", timeout=20_000)


def test_a_page_that_is_only_looked_at_loads_no_plotly(visit):
    page = visit(POST)
    page.wait_for_timeout(700)
    assert not [path for path in Strict.asked if "plotly" in path]
    assert page.locator(".js-plotly-plot").count() == 0


def test_plotly_takes_over_in_place_and_asks_nobody_else(visit):
    page = visit(POST)
    figure = page.locator("figure.chart:has(script)").first
    frame = ".draw:has(+ script)"
    before = [figure.bounding_box()["height"], page.locator(frame).first.bounding_box()["height"]]
    labels = """() => [...document.querySelector("figure.chart:has(script)").querySelectorAll(SELECTOR)]
      .map((text) => [text.textContent, text.getBoundingClientRect()]).map(([text, box]) => [text, box.x, box.y])"""
    drawn = page.evaluate(labels.replace("SELECTOR", "'.plot > text'"))
    top = figure.bounding_box()["y"]
    taken_over(page)
    moved = figure.bounding_box()["y"] - top
    assert [figure.bounding_box()["height"], page.locator(frame).first.bounding_box()["height"]] == before
    assert page.evaluate("shift") <= 0.02
    live = {text: (x, y - moved) for text, x, y in page.evaluate(labels.replace("SELECTOR", "'.live text'"))}
    assert len(drawn) > 5
    for text, x, y in drawn:
        assert live[text] == (pytest.approx(x, abs=3), pytest.approx(y, abs=3)), text
    assert len([path for path in Strict.asked if path.endswith("assets/plotly-basic.min.js")]) == 1


def test_keys_act_only_while_the_chart_has_focus(visit):
    page = visit(POST)
    figure = page.locator("figure.chart:has(script)").first
    told = figure.locator("[role=status]")
    page.keyboard.press("ArrowLeft")
    assert told.text_content() == ""
    figure.focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("End")
    assert re.fullmatch(r"\w+ 1\d April 2020\nabout [\d\u202f]+\nlikely .+\nalmost surely .+", told.text_content())
    last = told.text_content()
    page.keyboard.press("ArrowLeft")
    assert told.text_content() not in ("", last)
    page.keyboard.press("Home")
    assert re.fullmatch(r"\w+ \d+ \w+ 2020\ncounted [\d\u202f]+", told.text_content())
    page.wait_for_selector(".draw.on .main-svg", timeout=20_000)
    page.keyboard.press("End")
    page.wait_for_selector(".live .hovertext")
    assert told.text_content() == last
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") != "FIGURE", "nobody is trapped"
    assert told.text_content() == ""
    figure.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    assert told.text_content() == ""
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_a_tap_shows_what_it_points_at(visit):
    page = visit(POST, has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740})
    figure = page.locator("figure.chart:has(script)").first
    figure.scroll_into_view_if_needed()
    figure.locator(".draw").tap(position={"x": 200, "y": 150})
    page.wait_for_selector(".live .hovertext", timeout=20_000)


def test_dark_and_print_and_a_plotly_that_does_not_come(visit, browser, address):
    page = visit(POST)
    taken_over(page)
    line = page.locator(".live .scatterlayer .js-line").last
    light = line.evaluate("(path) => getComputedStyle(path).stroke")
    page.emulate_media(color_scheme="dark")
    expect(line).not_to_have_css("stroke", light)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".live").count() == 0
    assert page.locator(".draw.on").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.wait_for_selector(".draw.on .main-svg", timeout=20_000)

    bare = browser.new_page()
    bare.route("**/plotly*", lambda route: route.abort())
    bare.goto(address + POST)
    bare.mouse.wheel(0, 1)
    bare.locator("figure.chart:has(script)").first.scroll_into_view_if_needed()
    with bare.expect_console_message(lambda message: "stays as it is" in message.text):
        bare.mouse.wheel(0, 50)
    assert bare.locator(".draw.on").count() == 0
    expect(bare.locator("figure.chart:has(script) .plot").first).to_have_css("opacity", "1")
    bare.close()


HOSTILE = "<img src=x onerror=alert(1)></script>\u202e \U0001f4a5 &amp; \" '"


def test_the_browser_rebuilds_the_very_figure_that_was_packed(browser, tmp_path):
    """What each kind of figure is for Plotly, by Python and by the page's script."""
    (tmp_path / "charts.js").write_bytes(
        next(folder / "assets" / "charts.js" for folder in FOLDERS if folder.is_dir()).read_bytes()
    )
    (tmp_path / "index.html").write_text('<!DOCTYPE html><script src="charts.js"></script>')
    made = {name: make() for name, make in FIGURES.items()} | {
        "hostile": charts.fan(a_fan(odd={DAY: HOSTILE})),
        "far apart": charts.fan(a_fan(ahead={DAY.replace(day=day): 1e6 * day + np.arange(23.0) for day in (13, 20)})),
    }
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    for name, figure in made.items():
        rebuilt = page.evaluate(
            "(packed) => document.querySelector('script').unpack(JSON.parse(packed))", charts.packed(figure)
        )
        assert rebuilt == json.loads(json.dumps(charts.whole(figure))), name
    page.close()


def test_hostile_texts_are_texts_in_drawings_and_in_touches(browser):
    figure = charts.courses.courses([1, 2], [charts.courses.Course("a", [1.0, 2.0], [charts.literal(HOSTILE)] * 2)])
    figure["layout"]["xaxis"]["ticktext"] = [charts.literal(HOSTILE)] * 2
    page = browser.new_page()
    drawn, packed = charts.svg(figure, "x", HOSTILE, HOSTILE), charts.packed(figure)
    page.set_content(f'{drawn}<script type="application/json">{packed}</script>')
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1
    shown = [page.locator(f".plot {name}").last.text_content() for name in ("title", "desc", "text")]
    assert shown == [HOSTILE] * 3
    page.close()
