"""The pictures of docs/: ``make pictures`` puts them there."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.airflow_ui import TriggerForm
from tests.browser.ended_runs import EndedRun, EndedRuns
from tests.browser.migrations import open_data_sets, open_run, part
from tests.browser.screens import LAPTOP

_LARGEST = 150_000


@pytest.fixture
def pictures(pytestconfig: pytest.Config, seen: Path) -> Path:
    folder: Path = pytestconfig.getoption("--pictures") or seen
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_the_pictures_are_small_enough_for_a_page(page: Page, runs: EndedRuns, green: EndedRun, pictures: Path) -> None:
    open_data_sets(page, runs.of("changed"))
    taken(page, pictures / "migrations.png")

    open_run(page, green)
    taken(page, pictures / "run.png")

    page.goto(part(page).get_by_role("link", name="The report as a page").evaluate("link => link.href"))
    page.set_viewport_size({"width": 960, "height": 640})
    taken(page, pictures / "report.png")

    page.set_viewport_size({"width": LAPTOP.width, "height": LAPTOP.height})
    TriggerForm.opened(page, runs.dag_id)
    taken(page, pictures / "trigger.png")


def taken(page: Page, path: Path) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path, animations="disabled")
    assert path.stat().st_size <= _LARGEST, f"{path.name} has {path.stat().st_size:,} bytes"
