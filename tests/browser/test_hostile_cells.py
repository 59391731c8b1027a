"""Rejects whose cells are to harm whoever looks at them."""

from playwright.sync_api import Page, expect

from tests.browser.ended_runs import EndedRuns
from tests.browser.migrations import open_run, part
from tests.browser.sources import FORMULA, SCRIPT

_MOST_TEXT = 20_000


def test_the_cells_of_rejects_are_text_and_long_ones_are_cut(page: Page, runs: EndedRuns) -> None:
    taken: list[str] = []
    page.on("dialog", lambda dialog: taken.append(dialog.message))
    open_run(page, runs.of("hostile"))

    examples = part(page).get_by_role("region", name="Examples of rejects")
    for cell in (SCRIPT, FORMULA):
        expect(examples.get_by_role("cell", name=cell, exact=True)).to_be_visible()
    shown = examples.inner_text()
    assert "x" * 100 in shown
    assert "…" in shown
    assert "y" * 100 not in shown, "a row that no batch has room for is told by its size"
    assert len(part(page).inner_text()) < _MOST_TEXT
    assert part(page).locator("script").count() == 0
    assert page.title() != "taken"
    assert taken == []
