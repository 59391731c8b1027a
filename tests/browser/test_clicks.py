"""How many clicks it is from Airflow's home to what people come for."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.airflow_ui import migrations_in_menu
from tests.browser.ended_runs import EndedRun, EndedRuns
from tests.browser.make_ui import MakeUi
from tests.browser.migrations import part, row_of


@pytest.fixture(scope="module")
def last(runs: EndedRuns) -> EndedRun:
    """The newest run, which has rejects; there is one before it."""
    runs.of("changed")
    return runs.green()


@pytest.fixture
def home(page: Page, last: EndedRun) -> Page:
    page.goto("/")
    return page


def test_one_click_tells_whether_all_rows_arrived(home: Page) -> None:
    migrations_in_menu(home).click()

    expect(row_of(home, "ev_population")).to_contain_text("accounted for")


def test_two_clicks_give_the_rejects_as_a_file(home: Page, last: EndedRun, ui: MakeUi) -> None:
    migrations_in_menu(home).click()
    with home.expect_download() as download:
        row_of(home, "ev_population").get_by_role("link", name="Download rejects.csv").click()

    assert Path(download.value.path()).read_bytes() == ui.object(last.beside("rejects.csv"))


def test_two_clicks_tell_what_changed_since_the_run_before(home: Page) -> None:
    migrations_in_menu(home).click()
    row_of(home, "ev_population").get_by_role("link", name=re.compile("rows")).click()

    expect(part(home).get_by_role("heading", level=1)).to_have_text("Two runs side by side")
    expect(row_of(home, "Rows of the source")).to_be_visible()
