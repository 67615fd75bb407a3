"""By keyboard alone: everything reachable in order, the focus to be seen, nobody trapped."""

TO_REACH = """() => {
  const all = "a[href], button, input, select, textarea, summary, [tabindex='0']";
  return [...document.querySelectorAll(all)]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.tabIndex >= 0)
    .map((one, n) => (one.dataset.nth = n));
}"""
FOCUSED = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const ring = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
  const inside = box.bottom > 0 && box.top < innerHeight;
  return [Number(one.dataset.nth), ring && inside, one.outerHTML.slice(0, 120)];
}"""


def test_tab_reaches_everything_in_order_and_shows_where_it_is(open_page, served, kind):
    page = open_page(served.address + kind)
    page.wait_for_load_state("networkidle")
    wanted = page.evaluate(TO_REACH)
    reached, unseen = [], []
    for _ in range(len(wanted)):
        page.keyboard.press("Tab")
        found = page.evaluate(FOCUSED)
        assert found is not None, f"the page is left after {len(reached)} of {len(wanted)}"
        reached.append(found[0])
        if not found[1]:
            unseen.append(found[2])
    assert reached == wanted
    assert unseen == []
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUSED)[0] == wanted[-2], "nobody is trapped at the end"


def test_the_first_tab_offers_to_skip_to_the_text(open_page, served):
    page = open_page(served.address + "us-admissions/2025-06-21/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_arrow_keys_scroll_the_page_unless_a_chart_has_focus(open_page, served):
    page = open_page(served.address + "germany-cases/2025-06-28/", viewport={"width": 800, "height": 500})
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    page.wait_for_function("scrollY > 50")


def test_a_table_sorts_by_keyboard(open_page, served):
    page = open_page(served.address + "us-admissions/2025-06-21/")
    head = page.locator("table.sortable thead button").nth(1)
    head.focus()
    page.keyboard.press("Enter")
    column = page.locator("table.sortable th:has(button)").nth(1)
    assert column.get_attribute("aria-sort") in {"ascending", "descending"}
