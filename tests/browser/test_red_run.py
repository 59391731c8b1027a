"""A run whose witnesses contradict each other."""

from playwright.sync_api import Page, expect

from tests.browser.ended_runs import EndedRun
from tests.browser.migrations import open_data_set, open_run, part, row_of, rows_of_flow


def test_a_row_that_is_unaccounted_for_is_seen_first_and_then_what_to_do(page: Page, red: EndedRun) -> None:
    open_run(page, red)

    expect(part(page).get_by_role("heading", level=1)).to_contain_text("1 of 300 rows are unaccounted for")
    rows, parts = rows_of_flow(page)
    assert parts["unaccounted for"] == 1
    assert sum(parts.values()) == rows == 300
    for problem in red.report["problems"]:
        expect(part(page).get_by_text(problem, exact=True)).to_be_visible()
    expect(part(page).get_by_text("What to do").first).to_be_visible()


def test_the_list_of_runs_tells_it_apart(page: Page, red: EndedRun) -> None:
    open_data_set(page, red)

    expect(row_of(page, "not accounted for").locator(f"[title='{red.run_id}']")).to_be_visible()
