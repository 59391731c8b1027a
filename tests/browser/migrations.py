"""The Migrations page, as far as the tests go through it."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

from tests.browser.ended_runs import EndedRun, EndedRuns

ROOT = "#csvdynamo"
"""The page's part of Airflow's UI."""

_GRAVE = {"serious", "critical"}


def part(page: Page) -> Locator:
    """The page's part of the window."""
    return page.locator(ROOT)


def row_of(page: Page, name: str) -> Locator:
    """The row of a table that has a name in it."""
    return part(page).get_by_role("row").filter(has_text=name)


def open_data_sets(page: Page, run: EndedRun) -> None:
    """Open the page of all data sets, and wait for that of a run."""
    page.goto("/plugin/migrations")
    part(page).get_by_role("link", name=run.report["dataset"], exact=True).wait_for()


def open_data_set(page: Page, run: EndedRun) -> None:
    """Open the page of a run's data set, and wait for its runs."""
    page.goto(f"/plugin/migrations/{quote(run.dag_id)}")
    part(page).get_by_role("table").wait_for()


def tab_path(dag_id: str, run_id: str) -> str:
    """Where a run's tab is on Airflow's page of the DAG run."""
    return f"/dags/{quote(dag_id)}/runs/{quote(run_id, safe='')}/plugin/migration"


def open_tab(page: Page, run: EndedRun) -> None:
    """Open a run's tab on Airflow's page of the DAG run, and wait for its report."""
    page.goto(tab_path(run.dag_id, run.run_id))
    part(page).get_by_role("heading", level=1).wait_for()


def open_run(page: Page, run: EndedRun) -> None:
    """Open a run's page, and wait for its report and its rejects."""
    page.goto(f"/plugin/migrations/{quote(run.dag_id)}/run?id={quote(run.run_id, safe='')}")
    part(page).get_by_role("heading", level=1).wait_for()
    if run.report["rejects_by_code"]:
        part(page).get_by_role("region", name="Examples of rejects").wait_for()


def open_compared(page: Page, one: EndedRun, other: EndedRun) -> None:
    """Open two runs side by side."""
    asked = f"one={quote(one.run_id, safe='')}&other={quote(other.run_id, safe='')}"
    page.goto(f"/plugin/migrations/{quote(one.dag_id)}/compare?{asked}")
    part(page).get_by_role("table").wait_for()


PLACES: Mapping[str, Callable[[Page, EndedRuns], None]] = {
    "data-sets": lambda page, runs: open_data_sets(page, runs.of("changed")),
    "data-set": lambda page, runs: open_data_set(page, runs.of("changed")),
    "run": lambda page, runs: open_run(page, runs.of("green")),
    "red-run": lambda page, runs: open_run(page, runs.of("red")),
    "hostile-run": lambda page, runs: open_run(page, runs.of("hostile")),
    "compared": lambda page, runs: open_compared(page, runs.of("green"), runs.of("changed")),
}
"""Opens each place of the page, with something in it."""


def rows_of_flow(page: Page) -> tuple[int, dict[str, int]]:
    """Read the rows of the source, and what became of them, from the picture of their way."""
    told = part(page).get_by_role("img", name="rows of the source")
    whole, _, parts = (told.locator("title").text_content() or "").partition(" rows of the source: ")
    found = (re.fullmatch(r"([\d,]+) (.+)", one) for one in parts.split(", "))
    return _number(whole), {one[2]: _number(one[1]) for one in found if one}


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def looked_at(page: Page, picture: Path) -> list[str]:
    """Take a picture of the window, and say what is wrong with it: what axe finds grave, and what does not fit.

    Args:
        page: The window.
        picture: Where the picture goes, without its suffix; beside it goes what axe finds in Airflow's own part.
    """
    page.wait_for_load_state("networkidle")
    wide, room = part(page).evaluate("one => [one.scrollWidth, one.clientWidth]")
    ours, around = grave_faults(page)
    page.screenshot(path=picture.with_name(f"{picture.name}.png"))
    told = json.dumps(around, indent=1) + "\n"
    picture.with_name(f"{picture.name}-airflow.json").write_text(told, encoding="utf-8")
    return [f"{picture.name}: {one}" for one in ours + ["it is wider than the window"] * (wide > room)]


def grave_faults(page: Page) -> tuple[list[str], list[str]]:
    """Say what axe finds grave: in the page's part, and in what Airflow shows around it."""
    axe = Axe()
    found = (axe.run(page, context={which: [[ROOT]]}).response["violations"] for which in ("include", "exclude"))
    ours, around = map(_told, found)
    return ours, around


def _told(found: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in _GRAVE
    ]
