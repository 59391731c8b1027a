"""Which snapshot holds: whoever writes says so first, and only a green run takes it back."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from csvdynamo_airflow.documents.snapshot import Base, Snapshot, Trace
from csvdynamo_airflow.snapshots.pointer import Pointer, SnapshotGoneError, StoredPointer, pointer_key
from csvdynamo_airflow.workflow.snapshot_trust import find_base
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
        b'{"version": 1, "snapshot": null, "writer": "", "doubt": "", "traces": []}',
        b'{"version": 3, "snapshot": null, "writer": "", "doubt": "", "traces": []}',
        b'{"version": 2, "snapshot": null, "writer": null, "doubt": "", "traces": []}',
        b'{"version": 2, "snapshot": {"key": "a"}, "writer": "", "doubt": "", "traces": []}',
        b'{"version": 2, "snapshot": null, "writer": "", "doubt": ""}',
        b'{"version": 2, "snapshot": null, "writer": "", "doubt": "", "traces": null}',
        b'{"version": 2, "snapshot": null, "writer": "", "doubt": "", "traces": ["a"]}',
        b'{"version": 2, "snapshot": null, "writer": "", "doubt": "", "traces": [{"key": "a"}]}',
        b'{"version": 2, "snapshot": null, "writer": "", "doubt": "", '
        b'"traces": [{"key": "a", "sha256": 1, "table": "t"}]}',
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


# what runs may have put into the table

TRACES = tuple(Trace(f"digests-{number}", "0a", "table") for number in range(25))


def test_each_run_that_begins_to_write_leaves_its_trace_once(stored: StoredPointer) -> None:
    stored.claim("cars-1", None, make=True, trace=TRACES[0])
    stored.claim("cars-1", None, make=True, trace=TRACES[0])
    stored.claim("cars-2", None, make=True, trace=TRACES[1])
    stored.claim("cars-3", None, make=True)
    assert stored.read().traces == TRACES[:2]

    stored.claim("cars-1", None, make=True, trace=TRACES[0])
    assert stored.read() == Pointer(writer="cars-1", traces=(TRACES[1], TRACES[0]))


def test_so_does_a_run_of_what_changed(stored: StoredPointer) -> None:
    left_by(stored, SNAPSHOT)

    stored.claim("cars-2", SNAPSHOT, make=True, trace=TRACES[0])

    assert stored.read() == Pointer(SNAPSHOT, writer="cars-2", traces=TRACES[:1])


def test_a_run_that_is_refused_leaves_none(stored: StoredPointer) -> None:
    left_by(stored, SNAPSHOT)

    with pytest.raises(SnapshotGoneError):
        stored.claim("cars-2", NEXT, make=True, trace=TRACES[0])

    assert stored.read() == Pointer(SNAPSHOT)


def test_the_oldest_of_many_traces_are_forgotten(stored: StoredPointer) -> None:
    for number, trace in enumerate(TRACES):
        stored.claim(f"cars-{number}", None, make=True, trace=trace)

    assert stored.read().traces == TRACES[5:]


def test_a_green_run_takes_away_those_traces_that_its_snapshot_tells_of_and_no_other(stored: StoredPointer) -> None:
    stored.claim("cars-0", None, make=True, trace=TRACES[0])
    stored.claim("cars-1", None, make=True, trace=TRACES[1])  # which nobody saw who prepared the next one
    stored.claim("cars-2", None, make=True, trace=TRACES[2])

    stored.remember(NEXT, [TRACES[0], TRACES[2]])

    assert stored.read() == Pointer(NEXT, traces=TRACES[1:2])


def test_a_run_that_another_has_written_after_takes_no_trace_away(stored: StoredPointer) -> None:
    stored.claim("cars-1", None, make=True, trace=TRACES[1])
    stored.claim("cars-2", None, make=True, trace=TRACES[2])

    stored.remember(SNAPSHOT, [TRACES[1]])

    assert stored.read() == Pointer(writer="cars-2", traces=TRACES[1:3])


def test_a_check_that_finds_damage_takes_no_trace_away(stored: StoredPointer) -> None:
    stored.claim("cars-2", None, make=True, trace=TRACES[2])

    stored.doubt("cars-2", None, "one is missing")

    assert stored.read() == Pointer(writer="cars-2", doubt="one is missing", traces=TRACES[2:3])


def test_an_object_of_an_earlier_version_is_no_word_of_any_trace_and_the_next_run_writes_all(
    stored: StoredPointer,
) -> None:
    told = json.loads(Pointer(SNAPSHOT).to_json())
    del told["traces"]
    stored.s3.put_object(Bucket="bucket", Key=pointer_key("cars"), Body=json.dumps({**told, "version": 1}).encode())

    read = stored.read()
    assert (read.snapshot, read.traces) == (None, ())
    assert "it is of version 1" in read.doubt
    stored.claim("cars-2", None, make=True, trace=TRACES[0])
    stored.remember(NEXT, [TRACES[0]])
    assert stored.read() == Pointer(NEXT)


def base_of(stored: StoredPointer, table: str = "table", rules: str = "rules") -> Base:
    executions: Any = SimpleNamespace(
        machine_since=0.0, overlapping=lambda *_: [], of_others=lambda *_: [], why_gone=lambda *_: ""
    )
    return find_base(stored, rules, table, executions, 70.0)


def test_a_run_of_all_rows_is_told_what_may_be_in_its_table(stored: StoredPointer) -> None:
    left_by(stored, SNAPSHOT)
    stored.claim("cars-2", None, make=True, trace=TRACES[0])
    stored.claim("cars-3", None, make=True, trace=replace(TRACES[1], table="of another time"))

    base = base_of(stored)
    assert (base.snapshot, base.last, base.traces) == (None, SNAPSHOT, TRACES[:1])
    assert base_of(stored, rules="others").last == SNAPSHOT
    made_anew = base_of(stored, table="made anew")
    assert (made_anew.last, made_anew.traces) == (None, ())


def test_so_it_is_where_there_was_no_green_run(stored: StoredPointer) -> None:
    assert (base_of(stored).last, base_of(stored).traces) == (None, ())
    stored.claim("cars-1", None, make=True, trace=TRACES[0])

    assert (base_of(stored).last, base_of(stored).traces) == (None, TRACES[:1])
