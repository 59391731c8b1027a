"""What the page reads again, and what it does not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from csvdynamo_airflow.accounting.report import make_report
from csvdynamo_airflow.accounting.run_list import list_run, run_line
from csvdynamo_airflow.settings import DATASETS_FOLDER
from csvdynamo_airflow.stack import Stack
from csvdynamo_airflow.web import runs as module
from csvdynamo_airflow.web.runs import Runs
from tests.integration.plugin.migration_objects import BUCKET
from tests.unit.plugin.run_findings import migrated

LINE = run_line(make_report(migrated(10), ()), "reports/a.json", 5.0)
NAMES = ("cars", "ships", "trains")
STACK = Stack(
    dataset="any",
    bucket=BUCKET,
    state_machine_arn="machine",
    topic_arn="topic",
    table="tb",
    error_buffer_seconds=60,
    rules="rules",
    settings="settings",
)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The lists that were taken apart."""
    seen: list[bytes] = []
    read_runs = module.read_runs

    def noted(document: bytes) -> Any:
        seen.append(document)
        return read_runs(document)

    monkeypatch.setattr(module, "read_runs", noted)
    return seen


@pytest.fixture
def asked(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The clients that were asked for; each of three data sets has a run."""
    services: list[str] = []

    def client(service: str) -> Any:
        services.append(service)
        return s3

    for name in NAMES:
        text = f'[source]\nurl = "https://example.org/a.csv"\nfile_name = "a.csv"\n[table]\nname = "tb_{name}"\n'
        (tmp_path / f"{name}.toml").write_text(text + 'partition_key = "id"\n')
        list_run(s3, BUCKET, name, LINE)
    monkeypatch.setenv(DATASETS_FOLDER, str(tmp_path))
    monkeypatch.setattr(module, "client", client)
    monkeypatch.setattr(module, "read_stack", lambda *_: STACK)
    return services


def test_a_list_that_is_what_it_was_is_not_taken_apart_again(s3: Any, asked: list[str], parsed: list[bytes]) -> None:
    runs = Runs()
    for _ in range(3):
        assert runs.lines("csvdynamo_cars") == (LINE,)
    assert len(parsed) == 1

    later = replace(LINE, run_id="later", at=9.0)
    list_run(s3, BUCKET, "cars", later)

    assert runs.lines("csvdynamo_cars") == (later, LINE)
    assert len(parsed) == 2


def test_the_connection_is_looked_up_once_for_all_data_sets(asked: list[str]) -> None:
    runs = Runs()
    runs.rows({f"csvdynamo_{name}" for name in NAMES})  # the stacks are known from now on
    asked.clear()

    rows = runs.rows({f"csvdynamo_{name}" for name in NAMES})

    assert [(row.dataset, row.runs) for row in rows] == [(name, (LINE,)) for name in NAMES]
    assert asked == ["s3"]
