"""axe-core on every kind of page, as phones and desks show it, by day and by night."""

from pathlib import Path

import pytest

RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.map((one) => [one.id, one.help, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160))]);
}"""


@pytest.fixture(scope="module")
def axe(tool):
    return Path(tool("axe-core/axe.min.js")).read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_shuts_anybody_out(axe, open_page, served, kind, scheme):
    page = open_page(served.address + kind, color_scheme=scheme)
    page.evaluate(axe)  # not a script of the page: its policy would refuse it
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(RUN) == [], f"{width} pixels"


def test_a_page_with_faults_is_found_out(axe, browser):
    page = browser.new_page()
    page.set_content("<img src='data:,'><p style='color:#999;background:#fff'>Pale words</p>")
    page.evaluate(axe)
    assert {"image-alt", "color-contrast", "html-has-lang"} <= {found[0] for found in page.evaluate(RUN)}
    page.close()
