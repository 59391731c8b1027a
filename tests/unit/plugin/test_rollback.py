"""Which run a rollback takes back, what it puts back and takes away, and what it leaves alone."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Limits
from csvdynamo.datasets.policies import Policies
from csvdynamo.datasets.write_rules import Write
from csvdynamo.rules.row_rules import DuplicatePolicy
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.documents.run_line import RunLine
from csvdynamo_airflow.preparation.gate_error import GateError
from csvdynamo_airflow.preparation.rollback.find_rollback import KeptRuns, RollbackError, find_rollback
from csvdynamo_airflow.preparation.rollback.prepare_rollback import RowTooLargeError
from csvdynamo_airflow.snapshots.pointer import StoredPointer
from tests.hostile.in_process import BUCKET
from tests.support.quick_folder import quick_folder
from tests.support.quick_prepare import prepare_quickly
from tests.support.run_chain import Chain, End, Ran
from tests.unit.plugin.test_changed_chains import CARS, DELETING, OTHER_RULES, written

A, B, C, D = ("a", "Kent", "2020"), ("b", "Köln", "2021"), ("c", "Ulm\nor so", "2022"), ("d", "", "2023")
ROME = ("a", "Rome", "2020")
FIRST = [A, B, C]


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


def line(prepared: Prepared, *, accounted: bool = True) -> RunLine:
    report = f"reports/cars/{prepared.execution_name}/report.json"
    return RunLine(prepared.execution_name, report, 0.0, accounted, False, "", {}, None, None, 0, None, 0.0)


def find(chain: Chain, run: str, *lines: RunLine, table: str = "table-1", rules: Any = CARS.rules) -> Any:
    pointer = StoredPointer(chain.s3, BUCKET, "cars")  # type: ignore[arg-type]
    kept = KeptRuns(pointer.read(), lines, chain.kept.get, lambda one, name: one.execution_name == name)
    return find_rollback(run, kept, table, rules)


def name(ran: Ran) -> str:
    return ran.prepared.execution_name


def counts(prepared: Prepared) -> tuple[int, int, int, int]:
    """New, changed, unchanged, taken away."""
    assert prepared.difference is not None
    return (
        prepared.difference.new,
        prepared.difference.changed,
        prepared.difference.unchanged,
        prepared.difference.deletions,
    )


def test_rows_are_put_back_new_ones_taken_away_and_the_next_run_rests_on_that(chain: Chain) -> None:
    was = dict(chain.table.items)
    ran = chain.run(written([ROME, C, D]), CARS)

    back = chain.take_back(ran.prepared, CARS)

    assert (chain.table.items, counts(back.prepared), back.left) == (was, (0, 1, 2, 1), [])
    assert chain.prepare(written(FIRST), CARS).is_in_the_table
    assert counts(chain.prepare(written([ROME, C, D]), CARS))[:3] == (1, 1, 1)


def test_what_was_deleted_is_put_back(folder: Path) -> None:
    deleting, chain = replace(CARS, write=DELETING), Chain(folder)
    chain.run(written(FIRST), deleting)
    was = dict(chain.table.items)
    ran = chain.run(written([A]), deleting)
    assert len(chain.table.items) == 1

    chain.take_back(ran.prepared, deleting)

    assert chain.table.items == was
    assert chain.run(written([A]), deleting).prepared.deletions == 2


def test_what_somebody_has_changed_since_is_left_alone_and_listed(chain: Chain) -> None:
    ran = chain.run(written([ROME, ("b", "Bonn", "2021"), C, D]), CARS)
    theirs = {key: {**chain.table.items[key], "note": {"S": "mine"}} for key in ("A_a", "A_d")}
    chain.table.items |= theirs

    back = chain.take_back(ran.prepared, CARS)

    assert sorted(back.left) == ["A_a", "A_d"]
    assert {key: chain.table.items[key] for key in theirs} == theirs
    assert chain.table.items["A_b"]["city"] == {"S": "Köln"}
    assert counts(chain.prepare(written(FIRST), CARS)) == (0, 1, 2, 0)  # the row under a is not in the table


@pytest.mark.parametrize("end", [End.RED, End.KILLED])
def test_a_run_that_was_not_green_is_taken_back_and_every_row_is_looked_at(chain: Chain, end: End) -> None:
    was = dict(chain.table.items)
    ran = chain.run(written([D, ROME, B, ("c", "Oslo", "2022")]), replace(CARS, limits=Limits(rows_per_batch=2)), end)

    back = chain.take_back(ran.prepared, CARS)

    assert (chain.table.items, counts(back.prepared)) == (was, (3, 0, 0, 1))
    assert chain.prepare(written(FIRST), CARS).is_in_the_table


def test_an_item_that_no_run_touched_and_somebody_deleted_is_not_put_back(chain: Chain) -> None:
    ran = chain.run(written([ROME, B, C]), CARS, End.RED)
    del chain.table.items["A_b"]

    back = chain.take_back(ran.prepared, CARS)

    assert (back.left, sorted(chain.table.items)) == (["A_b"], ["A_a", "A_c"])


def test_rows_of_batches_that_failed_then_are_judged_now(folder: Path) -> None:
    """Nobody has judged them: one that the rules refuse has no item that its guard could be of."""
    chain = Chain(folder)
    chain.run(written([("b", "x", "soon"), B, A, C]), CARS, failing={0})
    ran = chain.run(written([("b", "Bonn", "2021"), ROME, C]), CARS)

    back = chain.take_back(ran.prepared, CARS)

    assert (back.rejected, sorted(chain.table.items)) == (1, ["A_a", "A_b", "A_c"])
    assert [chain.table.items[key]["city"]["S"] for key in ("A_a", "A_b")] == ["Kent", "Köln"]


def test_red_runs_before_it_go_along(chain: Chain) -> None:
    was = dict(chain.table.items)
    chain.run(written([ROME, B, C, D]), CARS, End.RED)
    ran = chain.run(written([A, ("b", "Bonn", "2021"), C]), CARS)
    assert sorted(chain.table.items) == ["A_a", "A_b", "A_c", "A_d"]

    chain.take_back(ran.prepared, CARS)

    assert chain.table.items == was


def test_a_run_by_other_rules_is_known_by_those_that_it_had(chain: Chain) -> None:
    was = dict(chain.table.items)
    ran = chain.run(written([*FIRST, D]), OTHER_RULES)
    assert chain.table.items["A_a"]["year"] == {"S": "2020"}

    chain.take_back(ran.prepared, CARS)

    assert chain.table.items == was


def test_a_rollback_goes_back_step_by_step_is_repeated_and_is_taken_back_itself(chain: Chain) -> None:
    first = dict(chain.table.items)
    second_run = chain.run(written([ROME, B, C]), CARS)
    second = dict(chain.table.items)
    third_run = chain.run(written([ROME, B, D]), CARS)
    third = dict(chain.table.items)

    chain.take_back(third_run.prepared, CARS, End.KILLED)
    back = chain.take_back(third_run.prepared, CARS)
    assert chain.table.items == second
    again = chain.take_back(back.prepared, CARS)
    assert chain.table.items == third
    chain.take_back(again.prepared, CARS)
    chain.take_back(second_run.prepared, CARS)
    assert chain.table.items == first


def test_only_the_last_run_that_wrote_is_taken_back(chain: Chain) -> None:
    earlier = chain.run(written([ROME, B, C]), CARS)
    last = chain.run(written([ROME, B, D]), CARS)
    lines = [line(earlier.prepared), line(last.prepared)]

    with pytest.raises(RollbackError, match=f"that is run {name(last)}. Roll that one back first"):
        find(chain, name(earlier), *lines)
    with pytest.raises(RollbackError, match=f"no run typo .*: {name(last)}, {name(earlier)}"):
        find(chain, "typo", *lines)
    assert find(chain, name(last), *lines).file.execution_name == name(earlier)


def test_what_the_table_had_before_is_known_or_no_run_is_taken_back(chain: Chain) -> None:
    ran = chain.run(written([ROME, B, C]), CARS)

    with pytest.raises(RollbackError, match="was made anew"):
        find(chain, name(ran), table="table-2")
    with pytest.raises(RollbackError, match=r"had other rules than datasets/cars.toml has now .* deploy"):
        find(chain, name(ran), rules=OTHER_RULES.rules)
    first = chain.kept.pop(find(chain, name(ran)).before.execution)
    with pytest.raises(RollbackError, match="is not kept any more: trigger the DAG with its source"):
        find(chain, name(ran))
    chain.kept[first.execution_name] = first
    everything = chain.run(written([A, B]), replace(CARS, write=Write()))
    with pytest.raises(RollbackError, match="compared with nothing"):
        find(chain, name(everything))
    with pytest.raises(RollbackError, match="has written, and left no snapshot"):
        find(chain, name(chain.run(written(FIRST), CARS)))


def test_the_first_run_has_nothing_that_it_could_be_taken_back_to(folder: Path) -> None:
    chain = Chain(folder)
    ran = chain.run(written(FIRST), CARS)

    with pytest.raises(RollbackError, match="No green run has left anything before it"):
        find(chain, name(ran))
    with pytest.raises(RollbackError, match="no run has left a snapshot"):
        find(Chain(folder), name(ran), line(ran.prepared))


def test_a_green_run_that_left_no_snapshot_is_not_taken_along(chain: Chain) -> None:
    unknown = chain.run(written([ROME, B, C]), CARS, End.RED)
    last = chain.run(written(FIRST), CARS)

    assert find(chain, name(last), line(unknown.prepared, accounted=False)).runs == (last.prepared, unknown.prepared)
    with pytest.raises(RollbackError, match=f"run {name(unknown)} has written, and left no snapshot"):
        find(chain, name(last), line(unknown.prepared))


def test_what_no_row_of_the_file_before_makes_stops_the_run_until_that_is_accepted(chain: Chain) -> None:
    chain.run(written([B, C, D]), CARS)  # the item under a is that of the first run
    was = dict(chain.table.items)
    ran = chain.run(written([ROME, ("b", "Bonn", "2021"), C, D]), CARS)

    with pytest.raises(GateError, match=r'1 items that run .* cannot be put back, .*: "A_a".* accept_source'):
        chain.prepare_back(ran.prepared, CARS)
    back = chain.take_back(ran.prepared, CARS, accept_source=True)

    assert back.prepared.rollback is not None
    assert (back.prepared.rollback.lost, len(back.prepared.source_warnings)) == (1, 1)
    assert chain.table.items["A_a"]["city"] == {"S": "Rome"}
    assert {key: chain.table.items[key] for key in ("A_b", "A_c", "A_d")} == {
        key: was[key] for key in ("A_b", "A_c", "A_d")
    }
    assert counts(chain.prepare(written([ROME, B, C]), CARS)) == (0, 0, 3, 0)


def test_a_person_is_asked_of_it_where_gates_ask(chain: Chain) -> None:
    chain.run(written([B, C, D]), CARS)
    ran = chain.run(written([ROME, B, C]), CARS)
    asking = replace(CARS, gates=replace(CARS.gates, gate=type(CARS.gates.gate)("approve")))

    assert [one.gate for one in chain.prepare_back(ran.prepared, asking).questions] == ["rollback"]


def test_rejected_rows_are_rejected_again_and_what_was_put_under_their_keys_is_taken_away(folder: Path) -> None:
    chain, bad = Chain(folder), ("b", "Köln", "soon")
    first = replace(CARS, policies=Policies(duplicates=DuplicatePolicy.FIRST))
    chain.run(written([A, bad, C, ("", "x", "2020")]), first)
    was = dict(chain.table.items)
    ran = chain.run(written([A, B, C]), first)

    back = chain.take_back(ran.prepared, first)

    assert (chain.table.items, back.rejected, back.prepared.source_rows) == (was, 2, 4)


def test_a_dry_run_tells_what_would_be_written(chain: Chain) -> None:
    ran = chain.run(written([ROME, C, D]), CARS)

    forecast = chain.prepare_back(ran.prepared, CARS, dry_run=True).forecast

    assert forecast is not None
    assert (forecast.written, forecast.deletions) == (1, 1)


def test_a_row_for_which_no_batch_has_room_with_its_guard_is_told(folder: Path) -> None:
    small = replace(CARS, limits=Limits(rows_per_batch=3, max_input_bytes_per_batch=1024))
    chain = Chain(folder)
    chain.run(written([("a", "x" * 400, "2020"), B]), small)
    ran = chain.run(written([ROME, B]), small)

    with pytest.raises(RowTooLargeError, match=r"Row 1 cannot be put back.* Raise limits"):
        chain.prepare_back(ran.prepared, small)


def test_what_is_gone_is_told(chain: Chain) -> None:
    ran = chain.run(written([ROME, C, D]), OTHER_RULES)
    rules = chain.rules.pop(OTHER_RULES.rules.digest)
    with pytest.raises(RollbackError, match=r"The rules by which execution .* are not kept"):
        chain.prepare_back(ran.prepared, CARS)
    chain.rules[rules.digest] = rules
    before = ran.prepared.difference
    assert before is not None
    assert before.before is not None
    for key, told in (
        (ran.prepared.migrated_key, "nobody can tell what it put into the table"),
        (before.before.key, "which tells what the table had before, is gone"),
        (chain.kept[before.before.execution].file_key, "the file of the run before, is gone"),
    ):
        kept = chain.s3.objects[key]
        chain.s3.objects[key] = b"other"
        with pytest.raises(RollbackError, match=told):
            chain.prepare_back(ran.prepared, CARS)
        chain.s3.objects[key] = kept
