"""A run that waits for a person's answer: too many of its rows have the key of another one, and its gates ask."""

from playwright.sync_api import Page, expect

from tests.browser.airflow_ui import answer
from tests.browser.ended_runs import EndedRuns
from tests.browser.migrations import open_run, part, row_of, rows_of_flow, tab_path
from tests.browser.sources import write_vehicles

ROWS, REJECTED = 200, 20
_ASKED = "20 of 200 rows (10.00 %) were rejected, more than gates.max_reject_percent = 5"


def test_a_run_that_asks_shows_what_and_goes_on_when_a_person_lets_it(page: Page, runs: EndedRuns) -> None:
    keys = [600_005_000 + number % (ROWS - REJECTED) for number in range(ROWS)]
    run = runs.trigger(write_vehicles(runs.ui.sources / "asked.csv", keys))
    page.goto("/plugin/migrations")
    row_of(page, "ev_population").get_by_role("link", name="asks a person").click()
    expect(part(page).get_by_text(_ASKED)).to_be_visible()
    expect(part(page).get_by_text("rows to be written")).to_be_visible()
    assert run.tasks()["start"][0] not in ("running", "success")

    part(page).get_by_role("link", name="Answer in Airflow").click()
    answer(page, "Approve ")

    ended = runs.ended(run, "success")
    open_run(page, ended)
    rows, parts = rows_of_flow(page)
    assert (rows, parts) == (ROWS, {"written": ROWS - REJECTED, "rejected before upload": REJECTED})
    expect(part(page).get_by_text(_ASKED)).to_be_visible()
    expect(part(page).get_by_text(f"{runs.ui.login.user} approved it")).to_be_visible()


def test_a_run_that_a_person_rejects_writes_nothing(page: Page, runs: EndedRuns) -> None:
    keys = [600_006_000 + number % (ROWS // 2) for number in range(ROWS)]
    run = runs.trigger(write_vehicles(runs.ui.sources / "refused.csv", keys))
    page.goto(tab_path(runs.dag_id, run.run_id))
    part(page).get_by_role("link", name="Answer in Airflow").click()
    answer(page, "Reject")

    ended = runs.ended(run, "failed")
    assert ended.report["ledger"]["written"] == 0
    open_run(page, ended)
    expect(part(page).get_by_text(f"{runs.ui.login.user} rejected it").first).to_be_visible()
