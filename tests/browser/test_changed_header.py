"""A run whose file has lost a column."""

from playwright.sync_api import Page, expect

from tests.browser.ended_runs import EndedRuns
from tests.browser.migrations import open_compared, open_run, part, row_of

MINUS = "\N{MINUS SIGN}"


def test_what_changed_in_the_header_is_told_with_the_run(page: Page, runs: EndedRuns) -> None:
    changed = runs.of("changed")
    open_run(page, changed)

    panel = part(page).get_by_role("region", name="What changed")
    messages = [change["message"] for change in changed.report["schema_changes"]]
    assert "'Base MSRP'" in messages[0]
    for message in messages:
        expect(panel).to_contain_text(message)


def test_two_runs_stand_side_by_side_the_earlier_one_first(page: Page, runs: EndedRuns) -> None:
    before, after = sorted((runs.of("green"), runs.of("changed")), key=lambda run: run.run_id)
    then, now = (run.report["ledger"]["source_rows"] for run in (before, after))
    apart = f"{'+' if now > then else MINUS}{abs(now - then):,}"

    open_compared(page, after, before)

    expect(row_of(page, "Rows of the source").get_by_role("cell")).to_have_text(
        ["Rows of the source", f"{then:,}", f"{now:,}", apart]
    )
    for change in after.report["schema_changes"]:
        expect(part(page)).to_contain_text(change["message"])
