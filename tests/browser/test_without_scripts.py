"""With scripts switched off a page says all that it says with them."""

import re

# What stands on the page, folded parts and descriptions of charts included, but not what only answers to hands.
SAID = """() => {
  const texts = [];
  const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walk.nextNode())
    if (!walk.currentNode.parentElement.closest("script, template, noscript, .steps, .share, [role=status], .live"))
      texts.push(walk.currentNode.data);
  return texts.join(" ");
}"""
TIMES = "() => [...document.querySelectorAll('time')].map((time) => [time.dateTime, time.textContent])"
# But for controls that only answer to scripts (.scripted).
HIDDEN = """() => [...document.querySelectorAll("main *")]
  .filter((one) => one.childElementCount === 0 && one.textContent.trim())
  .filter((one) => !one.closest("details:not([open]), script"))
  .filter((one) => !one.closest("svg, .scripted") && !one.checkVisibility()).map((one) => one.outerHTML.slice(0, 120))"""


def words(text):
    return re.sub(r"\s+", " ", text)


def test_every_sentence_date_and_number_is_there(open_page, served, kind):
    page = open_page(served.address + kind)
    page.wait_for_load_state("networkidle")
    bare = open_page(served.address + kind, java_script_enabled=False)
    assert words(bare.evaluate(SAID)) == words(page.evaluate(SAID))
    assert bare.evaluate(TIMES) == page.evaluate(TIMES)
    assert bare.evaluate(HIDDEN) == []


def test_charts_are_drawn_with_a_text_and_a_table(open_page, served):
    bare = open_page(served.address + "germany-cases/2025-06-28/", java_script_enabled=False)
    charts = bare.locator("main svg.plot[role=img]")
    assert charts.count() >= 2
    for chart in charts.all():
        assert chart.bounding_box()["width"] > 200
        assert len(chart.locator("desc").text_content()) > 30
    assert bare.get_by_role("table").count() >= 2
