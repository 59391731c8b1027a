"""From the menu to the last link: a run is triggered in Airflow's form, watched, and read."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from commands.airflow_api import Api, ScheduledRun
from commands.sample import write_sample
from tests.browser.airflow_ui import TriggerForm, migrations_in_menu
from tests.browser.ended_runs import EndedRun, EndedRuns
from tests.browser.make_ui import MakeUi
from tests.browser.migrations import PLACES, open_run, part, rows_of_flow, tab_path

ROWS = 60_000
"""So many that the progress is told several times on the way."""

_SENT = ROWS - 2  # two are rejected before the upload
_RUN_MILLISECONDS = 600_000.0


@pytest.fixture(scope="module")
def source(ui: MakeUi) -> Path:
    return write_sample(ui.sources / "larger.csv", ROWS, seed=2).path


def test_a_wrong_source_is_refused_in_the_form_and_a_right_one_is_watched_until_its_ledger_balances(
    page: Page, api: Api, runs: EndedRuns, source: Path
) -> None:
    page.goto("/")
    migrations_in_menu(page).click()
    part(page).get_by_role("link", name="ev_population", exact=True).click()
    expect(part(page).get_by_role("heading", level=1)).to_have_text("ev_population")
    form = TriggerForm.opened(page, runs.dag_id)

    form.source("https://somebody:pw@example.org/cars.csv")
    assert "an address without user and password" in form.refusal()
    form.source("htps://example.org/cars.csv")
    assert "an address that begins with" in form.refusal()

    form.source(str(source))
    run_id = form.send()
    page.goto(tab_path(runs.dag_id, run_id))
    told: set[str] = set()
    done = part(page).get_by_text(re.compile(rf"^[\d,]+ of {_SENT:,} rows$"))
    done.wait_for(timeout=_RUN_MILLISECONDS)
    heading = part(page).get_by_role("heading", level=1)
    while not heading.count():
        told |= set(done.all_inner_texts())
        page.wait_for_event("response", lambda answer: "/dagRuns/" in answer.url, timeout=_RUN_MILLISECONDS)

    assert len(told) >= 3, f"the progress was seen to move through {sorted(told)}"
    expect(heading).to_contain_text(f"All {ROWS:,} rows are accounted for")
    ended = runs.ended(ScheduledRun(api, runs.dag_id, run_id), "success")
    rows, parts = rows_of_flow(page)
    assert (rows, sum(parts.values())) == (ROWS, ROWS)
    assert parts == {"written": ended.report["ledger"]["written"], "rejected before upload": 2, "rejected": 6}


def test_the_rejects_that_are_downloaded_are_the_buckets(page: Page, green: EndedRun, ui: MakeUi) -> None:
    open_run(page, green)
    codes = green.report["rejects_by_code"]
    assert len(codes) == 3
    for code in codes:
        expect(part(page).get_by_role("region", name="Examples of rejects").get_by_text(code).first).to_be_visible()

    with page.expect_download() as download:
        part(page).get_by_role("link", name="Download rejects.csv").click()

    assert download.value.suggested_filename == "rejects.csv"
    body = Path(download.value.path()).read_bytes()
    assert body == ui.object(green.beside("rejects.csv"))
    assert body.count(b"MISSING_KEY") == codes["MISSING_KEY"]


def test_every_link_leads_somewhere(page: Page, runs: EndedRuns) -> None:
    found: set[str] = set()
    for go in PLACES.values():
        go(page, runs)
        found |= {link.evaluate("link => link.href") for link in part(page).get_by_role("link").all()}
    pages = {address for address in found if "/csvdynamo/api/" not in address}

    assert len(pages) >= 5
    assert len(found - pages) >= 5
    for address in found - pages:
        assert page.request.get(address).status == 200, address
    for address in pages:
        page.goto(address)
        expect(part(page).get_by_role("heading", level=1)).to_be_visible()
