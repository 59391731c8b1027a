"""What a rollback goes back to where a run was prepared again, or the one before rested on nothing."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from csvdynamo.datasets.dataset import Dataset, Limits
from csvdynamo_airflow.documents.snapshot import Base
from csvdynamo_airflow.preparation.gate_error import GateError
from csvdynamo_airflow.preparation.rollback.find_rollback import RollbackError
from csvdynamo_airflow.preparation.same_source.handed_on import drawn_again
from csvdynamo_airflow.snapshots.kept_runs import keep_prepared, read_prepared
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.workflow.other_executions import Other
from csvdynamo_airflow.workflow.snapshot_trust import StaleFileError
from tests.hostile.in_process import BUCKET
from tests.support.quick_folder import quick_folder
from tests.support.quick_prepare import prepare_quickly
from tests.support.run_chain import Chain, End
from tests.unit.plugin.test_changed_chains import CARS, DELETING, OTHER_RULES, written
from tests.unit.plugin.test_rollback import FIRST, ROME, B, C, D, find, name


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with quick_folder() as made, prepare_quickly(made):
        yield made


@pytest.fixture
def chain(folder: Path) -> Chain:
    """A data set whose first run was green."""
    chain = Chain(folder)
    chain.run(written(FIRST), CARS)
    return chain


def all_rows(chain: Chain, dataset: Dataset = CARS) -> Base:
    """What a run rests on that was triggered with force."""
    return replace(chain.find_base(dataset), snapshot=None, why_all="the run was triggered with force")


@pytest.mark.parametrize("end", [End.GREEN, End.KILLED])
def test_a_run_that_prepared_the_same_file_twice_is_taken_back_to_what_was_before_the_first_time(
    chain: Chain, end: End
) -> None:
    was = dict(chain.table.items)
    chain.run(written([*FIRST, D]), OTHER_RULES, End.RED)
    once = chain.run(written([ROME, B, C]), replace(CARS, limits=Limits(rows_per_batch=2)), end).prepared
    again = chain.prepare(written([ROME, B, C]), CARS, rests_on=all_rows(chain))
    again = replace(again, execution_name=once.execution_name)
    assert again.migrated_key == once.migrated_key
    keep_prepared(chain.s3, again, CARS)  # type: ignore[arg-type]
    ran = chain.migrate(again, CARS, End.GREEN, ())
    if end is End.GREEN:  # a version that has kept the second preparation as it is
        with pytest.raises(RollbackError, match="not known"):
            find(chain, name(ran))
    kept = read_prepared(chain.s3, BUCKET, "cars", name(ran))  # type: ignore[arg-type]
    assert kept is not None
    chain.kept[name(ran)] = kept

    chain.take_back(ran.prepared, CARS)

    assert chain.table.items == was


def test_what_an_older_run_put_there_is_lost_and_not_taken_away_where_the_run_before_wrote_all(chain: Chain) -> None:
    chain.run(written([B, C]), CARS)  # the item under a is that of the first run
    for _ in range(2):
        chain.run(written([B, C]), CARS, rests_on=all_rows(chain))
    ran = chain.run(written([ROME, B, C, D]), CARS)

    with pytest.raises(GateError, match=r'1 items .* cannot be put back, .*: "A_a"'):
        chain.prepare_back(ran.prepared, CARS)
    chain.take_back(ran.prepared, CARS, accept_source=True)

    assert sorted(chain.table.items) == ["A_a", "A_b", "A_c"]


def test_what_the_run_before_deleted_itself_is_not_lost(folder: Path) -> None:
    deleting, chain = replace(CARS, write=DELETING), Chain(folder)
    chain.run(written(FIRST), deleting)
    for _ in range(2):
        chain.run(written([B, C]), deleting, rests_on=all_rows(chain, deleting))
    was = dict(chain.table.items)
    ran = chain.run(written([ROME, B, C]), deleting)

    chain.take_back(ran.prepared, deleting)

    assert (sorted(was), chain.table.items) == (["A_b", "A_c"], was)


def test_an_older_snapshot_that_is_gone_says_nothing(chain: Chain) -> None:
    first = chain.find_base(CARS).snapshot
    assert first is not None
    chain.run(written([B, C]), CARS, rests_on=all_rows(chain))
    ran = chain.run(written([ROME, B, C]), CARS)
    del chain.s3.objects[first.key]

    assert chain.prepare_back(ran.prepared, CARS).deletions == 1


def test_a_rollback_is_not_started_once_another_run_has_written(chain: Chain) -> None:
    ran = chain.run(written([ROME, B, C, D]), CARS, End.RED)
    back = chain.prepare_back(ran.prepared, CARS)
    now = time.time()
    chain.by_hand.append(Other("later", "later", "SUCCEEDED", now + 1, now + 2))

    with pytest.raises(StaleFileError, match=r"to take a run back.* execution later has written since"):
        chain.claim(back, CARS)


def test_the_rows_that_were_drawn_for_the_check_are_kept_by_the_rollback_itself(chain: Chain, tmp_path: Path) -> None:
    first = chain.find_base(CARS).snapshot
    assert first is not None
    rows = b"_row,id,city,year\n"
    drawn = replace(
        chain.kept[first.execution], sample_key="reports/first/sample", sample_sha256=hashlib.sha256(rows).hexdigest()
    )
    chain.kept[first.execution] = drawn
    ran = chain.run(written([ROME, B, C]), CARS)

    gone = chain.prepare_back(ran.prepared, CARS)
    chain.s3.objects["reports/first/sample"] = rows
    there = drawn_again(chain.s3, drawn, "reports/back/", DiskSpace(tmp_path, "test"))  # type: ignore[arg-type]

    assert (gone.sample_key, gone.sample_sha256) == (None, "")
    assert (there.sample_key, there.sample_sha256) == ("reports/back/sample", drawn.sample_sha256)
    assert chain.s3.objects["reports/back/sample"] == rows
