"""A register that comes again: each run is made on the page of the one before, and read in every window."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from commands.airflow_api import Api, ScheduledRun
from commands.project import ROOT
from tests.browser.airflow_ui import TriggerForm, answer
from tests.browser.ended_runs import EndedRun, EndedRuns
from tests.browser.make_ui import MakeUi
from tests.browser.migrations import looked_at, open_data_set, open_run, part, rows_of_flow, tab_path
from tests.browser.screens import SCREENS, Screen

_DATASETS = ROOT / "tests" / "browser" / "datasets"
_HEADER = ("vehicle", "Make", "Model Year")
_VEHICLES = {f"V{number:04}": ("Tesla", "2021") for number in range(1, 201)}

Vehicles = Mapping[str, tuple[str, str]]


def runs_of(ui: MakeUi, api: Api, name: str) -> EndedRuns:
    """Deploy a data set's stack, and wait for its DAG."""
    runs = EndedRuns(ui.with_data_set(_DATASETS / f"{name}.toml"), api, f"csvdynamo_{name}")
    api.await_dag(runs.dag_id)
    return runs


@pytest.fixture(scope="module")
def fleet(ui: MakeUi, api: Api) -> EndedRuns:
    """Runs that write what changed, delete what vanished, and ask a person before they delete too much."""
    return runs_of(ui, api, "fleet")


@pytest.fixture
def look(opened: Callable[[Screen], Page], seen: Path) -> Iterator[Callable[[str, Callable[[Page], None]], None]]:
    """Looks at a place in every window; what is wrong is told when all have been looked at."""
    wrong: list[str] = []

    def look(name: str, go: Callable[[Page], None]) -> None:
        for screen in SCREENS:
            window = opened(screen)
            go(window)
            wrong.extend(looked_at(window, seen / f"{name}-{screen.name}"))
            window.close()

    yield look
    assert wrong == []


def test_a_register_that_comes_again_is_told_run_by_run(
    page: Page, fleet: EndedRuns, look: Callable[[str, Callable[[Page], None]], None]
) -> None:
    """One chain, as each run rests on what the one before left in the table."""
    first = fleet.ended(fleet.trigger(written(fleet, "first", _VEHICLES)), "success")
    assert told_of(page, first) == (200, {"written": 200})

    again = fleet.ended(fleet.trigger(written(fleet, "first", _VEHICLES)), "success")
    assert told_of(page, again) == (200, {"unchanged": 200})
    expect(heading(page)).to_contain_text(f"Nothing new: the source is the one that run {first.run_id} migrated")
    look("nothing-new", lambda window: open_run(window, again))

    # Three come, two change, four go; somebody has changed the item of one of these.
    theirs = {"vehicle": {"S": "V0007"}, "note": {"S": "mine"}}
    fleet.ui.client("dynamodb").put_item(TableName="tb_fleet", Item=theirs)
    vehicles = {key: row for key, row in _VEHICLES.items() if key not in ("V0005", "V0006", "V0007", "V0008")}
    vehicles |= {"V0001": ("Kia", "2021"), "V0002": ("Kia", "2022")}
    vehicles |= {f"N{number}": ("Nissan", "2026") for number in range(1, 4)}
    changed = fleet.ended(fleet.trigger(written(fleet, "changed", vehicles)), "success")
    assert told_of(page, changed) == (199, {"written": 5, "unchanged": 194})
    expect(part(page)).to_contain_text("4 items of keys that vanished: 3 deleted; 1 left alone")
    expect(part(page)).to_contain_text('"N1" (row 197)')
    look("deletions", lambda window: open_run(window, changed))

    # Half of it is missing: a person is asked, and lets it pass.
    half = dict(list(vehicles.items())[:100])
    asks = fleet.trigger(written(fleet, "half", half))
    page.goto(tab_path(fleet.dag_id, asks.run_id))
    expect(part(page).get_by_text("items to be deleted", exact=True)).to_be_visible()
    look("asked", lambda window: asked(window, asks))
    page.bring_to_front()
    part(page).get_by_role("link", name="Answer in Airflow").click()
    answer(page, "Approve ")
    emptied = fleet.ended(asks, "success")
    assert told_of(page, emptied) == (100, {"unchanged": 100})
    expect(part(page).get_by_text(f"{fleet.ui.login.user} approved it")).to_be_visible()
    expect(part(page)).to_contain_text("99 items of keys that vanished: 99 deleted")
    look("many-deletions", lambda window: open_run(window, emptied))

    # That was wrong: it is taken back.
    form = TriggerForm.opened(page, fleet.dag_id)
    form.fill("To take a run back", "The id of the run that wrote last", emptied.run_id)
    back = fleet.ended(ScheduledRun(fleet.api, fleet.dag_id, form.send()), "success")
    assert told_of(page, back) == (199, {"written": 99, "unchanged": 100})
    expect(part(page)).to_contain_text(f"Run {emptied.run_id} is taken back")
    assert count_of(fleet) == 200  # with the one that is somebody's
    look("rollback", lambda window: open_run(window, back))

    # Two rows are wrong, and corrected in the file of rejects.
    wrong = vehicles | {"W1": ("Volvo", "soon"), "W2": ("Volvo", "later"), "W3": ("Volvo", "2025")}
    some = fleet.ended(fleet.trigger(written(fleet, "wrong", wrong)), "success")
    assert told_of(page, some) == (202, {"written": 1, "unchanged": 199, "rejected": 2})
    form = TriggerForm.opened(page, fleet.dag_id)
    form.source(str(corrected(fleet, some)))
    form.fill("To take back the rows that a run left out", "The id of the run. Its own rejects.csv", some.run_id)
    replayed = fleet.ended(ScheduledRun(fleet.api, fleet.dag_id, form.send()), "success")
    assert told_of(page, replayed) == (2, {"written": 2})
    look("replay", lambda window: open_run(window, replayed))
    open_run(page, some)
    expect(part(page)).to_contain_text("200 were in the table when it ended, and 202 are since")
    look("replayed", lambda window: open_run(window, some))

    open_data_set(page, back)
    look("refreshed", lambda window: open_data_set(window, back))


def asked(page: Page, run: ScheduledRun) -> None:
    """Open the tab of a run that asks."""
    page.goto(tab_path(run.dag_id, run.run_id))
    part(page).get_by_role("link", name="Answer in Airflow").wait_for()


def heading(page: Page) -> Any:
    """What the page of a run says first."""
    return part(page).get_by_role("heading", level=1)


def told_of(page: Page, run: EndedRun) -> tuple[int, dict[str, int]]:
    """Open a run, and read its rows and what became of them."""
    open_run(page, run)
    return rows_of_flow(page)


def count_of(fleet: EndedRuns) -> int:
    """How many items the table has."""
    return int(fleet.ui.client("dynamodb").scan(TableName="tb_fleet", Select="COUNT")["Count"])


def written(runs: EndedRuns, name: str, vehicles: Vehicles) -> Path:
    """Write a file of vehicles."""
    path = runs.ui.sources / f"{runs.dag_id}-{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([_HEADER, *((key, *row) for key, row in vehicles.items())])
    return path


def corrected(runs: EndedRuns, run: EndedRun) -> Path:
    """Correct a run's rejects.csv as a person does: another year in each row."""
    text = runs.ui.object(run.beside("rejects.csv")).decode("utf-8-sig")
    path = runs.ui.sources / f"{runs.dag_id}-corrected.csv"
    rows = list(csv.reader(io.StringIO(text, newline="")))
    year = rows[0].index("Model Year")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([rows[0], *([*row[:year], "2025", *row[year + 1 :]] for row in rows[1:])])
    return path
