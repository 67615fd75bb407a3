"""Nothing within a site leads nowhere: pages, anchors, files, feeds, sitemap. And no page names two things alike."""

import json
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree as ET

import html5lib
import pytest

HOME = "https://example.org/reporter/"
LINKS = {"href", "src", "data-plotly", "content"}


def documents(site):
    """Every page by its address, its elements in order."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    for path in sorted(site.rglob("*.html")):
        address = urljoin(HOME, path.relative_to(site).as_posix().removesuffix("index.html"))
        yield address, list(parser.parse(path.read_text(encoding="utf-8")).iter())


def wanted(address, elements):
    """What a page leads to."""
    for element in elements:
        for name, value in element.attrib.items():
            if name in LINKS and (name != "content" or value.startswith("http")):
                yield urljoin(address, value)


def listed(site):
    """What the files beside the pages lead to."""
    for path in site.rglob("*.xml"):
        address = urljoin(HOME, path.relative_to(site).as_posix())
        for element in ET.fromstring(path.read_text(encoding="utf-8")).iter():  # noqa: S314 - made by ourselves
            tag = element.tag.rsplit("}", 1)[-1]
            if tag in {"loc", "logo", "icon"} or (tag == "id" and (element.text or "").startswith("http")):
                yield path, urljoin(address, element.text)
            elif tag == "link":
                yield path, urljoin(address, element.attrib["href"])
    for path in site.rglob("feed.json"):
        feed = json.loads(path.read_text(encoding="utf-8"))
        for entry in [feed, *feed["items"]]:
            yield from ((path, entry[key]) for key in ("url", "home_page_url", "feed_url") if key in entry)
    for line in (site / "robots.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("Sitemap:"):
            yield site / "robots.txt", line.split()[1]


def missing(site: Path, target: str, anchors: dict[str, set[str]]) -> bool:
    """Whether an address of this site leads nowhere."""
    if not target.startswith(HOME):
        return False
    parts = urlsplit(target)
    inside = unquote(parts.path.removeprefix("/reporter/"))
    file = site / inside / "index.html" if target.partition("#")[0].endswith("/") else site / inside
    if not file.is_file():
        return True
    page = HOME + inside
    return bool(parts.fragment) and page in anchors and unquote(parts.fragment) not in anchors[page]


@pytest.mark.parametrize("which", ["blog", "hostile_blog"])
def test_nothing_leads_nowhere(which, request):
    site = request.getfixturevalue(which)
    pages = dict(documents(site))
    anchors = {address: {e.get("id") for e in elements} | {""} for address, elements in pages.items()}
    links = [(address, target) for address, elements in pages.items() for target in wanted(address, elements)]
    links += listed(site)
    assert len([target for _, target in links if target.startswith(HOME)]) > 200
    assert sorted({(str(origin), target) for origin, target in links if missing(site, target, anchors)}) == []
    assert {target for _, target in links if target.startswith(HOME)} >= {page for page in pages if "404" not in page}


@pytest.mark.parametrize("which", ["blog", "hostile_blog"])
def test_no_page_names_two_things_alike_or_points_at_nothing(which, request):
    for address, elements in documents(request.getfixturevalue(which)):
        idents = [e.get("id") for e in elements if e.get("id") is not None]
        assert len(idents) == len(set(idents)), address
        named = " ".join(e.get(key, "") for e in elements for key in ("aria-labelledby", "aria-describedby", "for"))
        assert set(named.split()) <= set(idents), address


def test_no_page_brings_code_or_colours_of_its_own(blog):
    for address, elements in documents(blog):
        for element in elements:
            assert not [name for name in element.attrib if name == "style" or name.startswith("on")], address
            if element.tag == "script" and "src" not in element.attrib:
                assert element.get("type") in {"application/json", "application/ld+json"}, address
            assert element.tag != "style", address


def test_a_link_that_leads_nowhere_is_found_out(blog):
    there = {HOME: {"words"}}
    assert not missing(blog, HOME + "#words", there)
    assert missing(blog, HOME + "#gone", there)
    assert missing(blog, HOME + "gone/", there)
    assert missing(blog, HOME + "scoreboard", there)
