"""Batches that fail for good, with and without a tolerance: in ledger, report and error CSV, which mends them.

The Lambda functions' error stream is out of reach, so that every batch with a row to reject fails, after it has written
its other rows; the batches without one succeed.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from commands.embedded import Deployed
from tests.e2e.conftest import Airflow, Dags
from tests.support.lambda_functions import function_with
from tests.support.stacks import Stacks

KEYS = [str(number) if number not in (7, 18) else "" for number in range(1, 21)]
"""Of four batches the second and the fourth have a row without a key."""

FAILED = [6, 7, 8, 9, 10, 16, 17, 18, 19, 20]
LONG_NAMES = tuple(f"Households with {number:03} persons" for number in range(1, 701))
"""A header that Step Functions does not read: prepare writes short names, and the function turns them back."""

CAUSE = "ResourceNotFoundException"


@dataclass(frozen=True)
class Migrations:
    """DAG runs of one of the data sets."""

    dags: Dags

    @contextmanager
    def error_stream_out_of_reach(self) -> Iterator[None]:
        with function_with(self.dags.deployed, ERROR_DELIVERY_STREAM_NAME="no_such_stream"):
            yield

    def error_csv(self, report: dict[str, Any]) -> list[dict[str, str]]:
        [location] = [place for place in report["error_files"] if place.endswith("/rejects.csv")]
        bucket, key = location.removeprefix("s3://").split("/", 1)
        body = self.dags.deployed.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def widened(path: Path, names: tuple[str, ...]) -> str:
    """Give a CSV more columns, of which the first and the last have a text in each row."""
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    if names:
        header = ",".join([header, *names])
        blank = "," * (len(names) - 1)
        lines = [f"{line},first{blank}last of {number}" for number, line in enumerate(lines, 1)]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return str(path)


def saved(rows: list[dict[str, str]], path: Path) -> str:
    """Write an error CSV as a spreadsheet saves it."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return str(path)


@pytest.fixture(scope="module")
def migrations(airflow: Airflow, stacks: Stacks, deployed: Deployed) -> Callable[[str], Migrations]:
    """Gives the migrations of the data set ``tolerant``, of which half may fail, or ``strict``."""
    return lambda name: Migrations(airflow.dags(stacks.on(deployed.aws, name), name))


@pytest.mark.parametrize("more", [(), LONG_NAMES], ids=["few columns", "700 long names"])
def test_failures_that_the_data_set_file_tolerates_are_green_told_by_row_and_mended_by_the_error_csv(
    migrations: Callable[[str], Migrations], vehicles: Any, tmp_path: Path, more: tuple[str, ...]
) -> None:
    """Half of the rows: exactly as many as are tolerated."""
    run = migrations("tolerant")
    with run.error_stream_out_of_reach():
        first = run.dags.run(widened(Path(vehicles(KEYS)), more))
    states = run.dags.deployed.client("stepfunctions")
    told = json.loads(states.describe_execution(executionArn=first.report["execution_arn"])["input"])
    assert told["rules"] == ("short-names:" if more else "") + run.dags.dataset.rules.digest

    assert first.status == 0, first.output[-3000:]
    ledger = first.report["ledger"]
    assert (ledger["written"], ledger["failed"], ledger["unstarted"], ledger["rejected"]) == (10, 10, 0, 0)
    assert ledger["unaccounted"] == 0
    assert first.report["execution_status"] == "SUCCEEDED"
    assert list(first.report["failures_by_error"].values()) == [10]
    assert first.report["rejects_by_code"] == {}
    rows = run.error_csv(first.report)
    assert [int(row["_row"]) for row in rows] == FAILED
    assert {row["_code"] for row in rows} == {"BATCH_FAILED"}
    assert all(CAUSE in row["_message"] for row in rows)
    assert [row["DOL Vehicle ID"] for row in rows] == [KEYS[number - 1] for number in FAILED]
    assert [row[name] for row in rows for name in more[-1:]] == [f"last of {number}" for number in FAILED if more]
    verification = first.report["verification"]
    assert (verification["missing"], verification["changed"], verification["foreign"]) == (0, 0, 0)

    again = run.dags.run(saved(rows, tmp_path / "rejects.csv"))

    assert again.status == 0, again.output[-3000:]
    assert (again.report["ledger"]["written"], again.report["rejects_by_code"]) == (8, {"MISSING_KEY": 2})
    assert {item["key"]["S"] for item in run.dags.table().values()} == {f"2020/{key}" for key in KEYS if key}
    assert [reject["item"].keys() for reject in run.dags.error_files(again.report)] == [
        {"VIN (1-10)", "Model Year", "DOL Vehicle ID", *more}
    ] * 2
    for item in run.dags.table().values() if more else ():
        number = KEYS.index(item["DOL Vehicle ID"]["S"]) + 1
        assert item.keys() == {"key", "VIN (1-10)", "Model Year", "DOL Vehicle ID", more[0], more[-1]}
        assert (item[more[0]]["S"], item[more[-1]]["S"]) == ("first", f"last of {number}")


def test_failures_that_are_not_tolerated_are_red_with_every_unwritten_row_in_the_error_csv_which_mends_it(
    migrations: Callable[[str], Migrations], vehicles: Any, tmp_path: Path
) -> None:
    run = migrations("strict")
    with run.error_stream_out_of_reach():
        first = run.dags.run(vehicles(KEYS))

    assert first.status != 0
    ledger = first.report["ledger"]
    assert (ledger["written"], ledger["failed"], ledger["unstarted"]) == (5, 5, 10)
    assert ledger["unaccounted"] == 0
    assert first.report["execution_status"] == "FAILED"
    assert list(first.report["failures_by_error"].values()) == [5]
    assert any("gates.tolerated_failure_percent = 0" in problem for problem in first.report["problems"])
    rows = run.error_csv(first.report)
    assert [(int(row["_row"]), row["_code"]) for row in rows] == [
        *((number, "BATCH_FAILED") for number in range(6, 11)),
        *((number, "BATCH_NOT_STARTED") for number in range(11, 21)),
    ]

    for row in rows:
        row["DOL Vehicle ID"] = row["DOL Vehicle ID"] or f"mended-{row['_row']}"
    again = run.dags.run(saved(rows, tmp_path / "rejects.csv"))

    assert again.status == 0, again.output[-3000:]
    assert again.report["ledger"]["written"] == again.report["ledger"]["source_rows"] == 15
    assert set(run.dags.table()) == {key or f"mended-{row}" for row, key in enumerate(KEYS, 1)}
