"""Which snapshot holds: whoever writes says so first, and only a green run takes it back."""

from dataclasses import replace
from typing import Any

import pytest

from csvdynamo_airflow.documents.snapshot import Snapshot
from csvdynamo_airflow.snapshots.pointer import Pointer, SnapshotGoneError, StoredPointer, pointer_key
from tests.unit.plugin.fake_bucket import FakeBucket

SNAPSHOT = Snapshot("digests", "0a", "unwritten", "0b", "rules", "table", "cars-1", 50.0, 55.0)
NEXT = replace(SNAPSHOT, key="other", execution="cars-2", at=60.0)


@pytest.fixture
def stored() -> StoredPointer:
    bucket: Any = FakeBucket()
    return StoredPointer(bucket, "bucket", "cars")


def left_by(stored: StoredPointer, snapshot: Snapshot) -> None:
    """A green run that wrote all rows."""
    stored.claim(snapshot.execution, None, make=True)
    stored.remember(snapshot)


def test_a_green_runs_snapshot_holds(stored: StoredPointer) -> None:
    assert stored.read() == Pointer()

    left_by(stored, SNAPSHOT)

    assert stored.read() == Pointer(SNAPSHOT)


def test_a_run_that_has_begun_to_write_leaves_a_doubt_until_it_is_green(stored: StoredPointer) -> None:
    left_by(stored, SNAPSHOT)

    stored.claim("cars-2", SNAPSHOT, make=True)

    told = stored.read()
    assert told == Pointer(SNAPSHOT, writer="cars-2")
    assert told.speaks_against_it() == "the run of execution cars-2 has written since, and left no snapshot"
    stored.remember(NEXT)
    assert stored.read() == Pointer(NEXT)


def test_a_run_may_go_on_where_it_was_red(stored: StoredPointer) -> None:
    left_by(stored, SNAPSHOT)
    stored.claim("cars-2", SNAPSHOT, make=True)

    stored.claim("cars-2", SNAPSHOT, make=True)
    stored.remember(NEXT)

    assert stored.read() == Pointer(NEXT)


def test_a_run_of_what_changed_does_not_go_on_once_its_own_check_found_damage(stored: StoredPointer) -> None:
    left_by(stored, SNAPSHOT)
    stored.claim("cars-2", SNAPSHOT, make=True)
    stored.doubt("cars-2", SNAPSHOT, "the check found one missing")

    with pytest.raises(SnapshotGoneError, match="the check found one missing"):
        stored.claim("cars-2", SNAPSHOT, make=True)


def test_what_a_check_found_is_not_taken_back_by_another_one_that_found_nothing(stored: StoredPointer) -> None:
    left_by(stored, SNAPSHOT)
    stored.claim("cars-2", SNAPSHOT, make=True)
    stored.doubt("cars-2", SNAPSHOT, "one of a sample is missing")

    stored.remember(NEXT)

    assert stored.read() == Pointer(NEXT, doubt="one of a sample is missing")
    left_by(stored, SNAPSHOT)  # all rows
    assert stored.read() == Pointer(SNAPSHOT)


def test_a_check_of_a_green_run_speaks_against_what_that_run_left(stored: StoredPointer) -> None:
    left_by(stored, SNAPSHOT)

    stored.doubt("cars-1", None, "two are missing")

    assert stored.read() == Pointer(SNAPSHOT, doubt="two are missing")


def test_what_changed_since_a_snapshot_is_not_written_over_the_rows_of_another_run(stored: StoredPointer) -> None:
    left_by(stored, SNAPSHOT)
    stored.claim("cars-2", None, make=False)

    with pytest.raises(
        SnapshotGoneError, match=r"the run of execution cars-2 has written since.*Clear the task prepare"
    ):
        stored.claim("cars-3", SNAPSHOT, make=True)
    stored.remember(NEXT)
    with pytest.raises(SnapshotGoneError, match="there is another one"):
        stored.claim("cars-3", SNAPSHOT, make=True)
    assert stored.read() == Pointer(NEXT)


def test_a_run_that_was_cleared_after_another_has_written_leaves_no_snapshot(stored: StoredPointer) -> None:
    stored.claim("cars-1", None, make=True)
    stored.claim("cars-2", None, make=True)

    stored.remember(SNAPSHOT)

    assert stored.read().snapshot is None
    stored.doubt("cars-1", None, "an old check")
    assert stored.read() == Pointer(writer="cars-2")


def test_a_check_speaks_against_the_snapshot_that_its_run_rests_on_and_no_other(stored: StoredPointer) -> None:
    left_by(stored, SNAPSHOT)

    stored.doubt("cars-2", NEXT, "of another one")
    assert stored.read() == Pointer(SNAPSHOT)
    stored.doubt("cars-2", SNAPSHOT, "two are missing")
    assert stored.read() == Pointer(SNAPSHOT, doubt="two are missing")


def test_a_run_that_leaves_no_snapshot_says_nothing_where_nothing_is_said(stored: StoredPointer) -> None:
    bucket: Any = stored.s3

    stored.claim("cars-1", None, make=False)
    stored.doubt("cars-1", None, "it is another")

    assert bucket.objects == {}


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{}",
        b"[]",
        b'{"version": 2, "snapshot": null, "writer": "", "doubt": ""}',
        b'{"version": 1, "snapshot": null, "writer": null, "doubt": ""}',
        b'{"version": 1, "snapshot": {"key": "a"}, "writer": "", "doubt": ""}',
        Pointer(replace(SNAPSHOT, at="yesterday")).to_json(),  # type: ignore[arg-type]
        Pointer(replace(SNAPSHOT, sha256=3)).to_json(),  # type: ignore[arg-type]
    ],
)
def test_a_damaged_object_is_a_doubt_and_the_next_green_run_mends_it(stored: StoredPointer, document: bytes) -> None:
    stored.s3.put_object(Bucket="bucket", Key=pointer_key("cars"), Body=document)

    told = stored.read()
    assert told.snapshot is None
    assert told.doubt.startswith("s3://bucket/reports/cars/snapshot.json cannot be read")

    left_by(stored, SNAPSHOT)
    assert stored.read() == Pointer(SNAPSHOT)
