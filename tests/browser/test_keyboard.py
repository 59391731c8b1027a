"""Whoever has no mouse reaches all of it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.ended_runs import EndedRun, EndedRuns
from tests.browser.migrations import PLACES, ROOT, open_data_sets, part

_MOST_TABS = 300
# What can be used, each with a name by which it is known again.
_USABLE = f"""
() => [...document.querySelectorAll("{ROOT} :is(a[href], button, input, select, [tabindex='0'])")]
  .filter((one) => one.checkVisibility() && !one.disabled)
  .map((one, place) => {{ one.dataset.place = place; return String(place); }})
"""
_FOCUSED = f"""
() => {{
  const one = document.activeElement;
  if (!one || !one.closest("{ROOT}")) return null;
  const seen = [one, one.nextElementSibling, one.parentElement].filter(Boolean).map((part) => getComputedStyle(part));
  return {{
    place: one.dataset.place ?? null,
    name: one.outerHTML.slice(0, 120),
    marked: seen.some((style) => style.outlineStyle !== "none" || style.boxShadow !== "none"),
  }};
}}
"""


@pytest.mark.parametrize("name", PLACES)
def test_tab_reaches_everything_that_can_be_used_and_shows_where_it_is(page: Page, runs: EndedRuns, name: str) -> None:
    PLACES[name](page, runs)
    usable = set(page.evaluate(_USABLE))
    reached: set[str] = set()
    unmarked: list[str] = []

    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if focused is None and reached:
            break
        if focused and focused["place"]:
            reached.add(focused["place"])
            unmarked += [] if focused["marked"] else [focused["name"]]

    assert usable
    assert reached == usable
    assert unmarked == []


def test_enter_and_space_do_what_a_click_does(page: Page, green: EndedRun, runs: EndedRuns) -> None:
    open_data_sets(page, runs.of("changed"))
    rows = part(page).get_by_role("columnheader", name="Rows")
    rows.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(rows).to_have_attribute("aria-sort", "ascending")
    page.keyboard.press("Space")
    expect(rows).to_have_attribute("aria-sort", "descending")

    part(page).get_by_role("link", name="ev_population", exact=True).focus()
    page.keyboard.press("Enter")
    boxes = part(page).get_by_role("checkbox")
    boxes.nth(0).focus()
    page.keyboard.press("Space")
    boxes.nth(1).focus()
    page.keyboard.press("Space")
    part(page).get_by_role("link", name="Compare the two chosen runs").focus()
    page.keyboard.press("Enter")
    expect(part(page).get_by_role("heading", level=1)).to_have_text("Two runs side by side")
