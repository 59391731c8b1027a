"""What download and prepare do in a run that takes another one back, by what earlier runs have left in the bucket."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.write_rules import Write
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.naming import execution_name
from csvdynamo_airflow.preparation.gate_error import GateError
from csvdynamo_airflow.snapshots.kept_runs import keep_prepared, read_prepared
from csvdynamo_airflow.snapshots.pointer import StoredPointer
from csvdynamo_airflow.tasks import rollback_step
from tests.unit.plugin.fake_bucket import FakeBucket
from tests.unit.plugin.run_findings import SNAPSHOT, difference, prepared_file
from tests.unit.plugin.test_changed_chains import CARS

PARAMS = {"source_url": CARS.source.url, "replay": "", "rollback": "manual__2"}
RULES = CARS.rules.digest


def named(run_id: str, **changes: Any) -> Prepared:
    """What a run prepared, under the name that is made of its id."""
    made = prepared_file(10, bucket="bucket", rules=RULES, **changes)
    return replace(made, execution_name=execution_name("cars", run_id, made.migrated_key, RULES))


FIRST = named("manual__1", difference=difference(new=10))
BEFORE = replace(SNAPSHOT, rules=RULES, execution=FIRST.execution_name)
SECOND = named("manual__2", difference=difference(new=1, unchanged=9, base=BEFORE, before=BEFORE))


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A bucket with a green run, and another that was killed before it told anything of itself."""
    s3: Any = FakeBucket()
    for prepared in (FIRST, SECOND):
        keep_prepared(s3, prepared, CARS)
    pointer = StoredPointer(s3, "bucket", "cars")
    pointer.claim(FIRST.execution_name, None, make=True)
    pointer.remember(BEFORE)
    pointer.claim(SECOND.execution_name, BEFORE, make=True)
    given(monkeypatch, s3)
    return s3


def given(monkeypatch: pytest.MonkeyPatch, s3: Any, dataset: Dataset = CARS) -> None:
    doubles = {
        "client": lambda _: s3,
        "open_dataset": lambda _: dataset,
        "open_stack": lambda *_: SimpleNamespace(bucket="bucket", dataset="cars", table="tb_cars"),
        "find_table": lambda *_: BEFORE.table,
        "refuse_other_table": lambda *_: None,
    }
    for name, double in doubles.items():
        monkeypatch.setattr(rollback_step, name, double)


def test_a_run_that_was_killed_is_known_by_its_name_and_what_landed_before_it_is_the_source(s3: Any) -> None:
    assert rollback_step.land_rollback("cars", PARAMS) == FIRST.source.to_json()


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"source_url": "https://example.org/other.csv"}, "which reads no source"),
        ({"replay": "manual__1"}, "which reads no source"),
        ({"rollback": "manual__1"}, "There is no run manual__1 of this data set"),
    ],
)
def test_what_contradicts_a_rollback_is_refused_before_anything_is_prepared(
    s3: Any, params: dict[str, str], told: str
) -> None:
    with pytest.raises(AirflowFailException, match=told):
        rollback_step.land_rollback("cars", PARAMS | params)


def test_a_data_set_that_writes_all_has_nothing_to_go_by(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, s3, replace(CARS, write=Write()))

    with pytest.raises(AirflowFailException, match=r'set write.mode = "changed" in datasets/cars.toml'):
        rollback_step.land_rollback("cars", PARAMS)


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_is_prepared_is_kept_for_later_runs_unless_it_is_a_dry_run(
    s3: Any, monkeypatch: pytest.MonkeyPatch, dry_run: bool
) -> None:
    back = named("manual__3", difference=difference(new=10, guarded=True))
    asked: list[Any] = []
    monkeypatch.setattr(
        rollback_step, "prepare_rollback", lambda found, *_, **more: asked.append((found, more)) or back
    )

    rollback_step.prepare_rolled_back("cars", "manual__3", rollback="manual__2", dry_run=dry_run, accept_source=True)

    [(found, more)] = asked
    assert (found.runs, found.file) == ((SECOND,), FIRST)
    assert (more["accept_source"], more["dry_run"], more["read_rules"](RULES)) == (True, dry_run, CARS.rules)
    assert more["name_execution"](back.migrated_key) == back.execution_name
    assert read_prepared(s3, "bucket", "cars", back.execution_name) == (None if dry_run else back)


def test_one_that_is_stopped_tells_what_was_prepared(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any, **__: Any) -> Prepared:
        raise GateError(["2 items cannot be put back"], SECOND)

    kept: list[Any] = []
    monkeypatch.setattr(rollback_step, "prepare_rollback", stop)

    with pytest.raises(AirflowFailException, match="cannot be put back"):
        rollback_step.prepare_rolled_back("cars", "manual__3", kept.append, rollback="manual__2")
    assert kept == [SECOND.to_json()]
