"""What a run of only what changed writes, and when it writes all."""

import json
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Limits
from csvdynamo.datasets.policies import Policies
from csvdynamo.datasets.table_rules import Table
from csvdynamo.datasets.write_rules import Vanished, Write
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.columns import Column, ColumnType
from csvdynamo.rules.row_rules import DuplicatePolicy
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.preparation import prepared_records
from csvdynamo_airflow.preparation.deletions import list_vanished
from csvdynamo_airflow.preparation.file_rows import read_file_rows, read_marked_rows
from csvdynamo_airflow.preparation.prepare import GateError
from csvdynamo_airflow.preparation.prepared_records import copy_rows
from csvdynamo_airflow.preparation.prepared_rows import format_rows
from csvdynamo_airflow.snapshots import row_digests
from csvdynamo_airflow.snapshots.pointer import SnapshotGoneError, pointer_key
from csvdynamo_airflow.snapshots.row_digests import VanishedKey
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.growing_file import GrowingFile
from csvdynamo_airflow.workflow.other_executions import Other
from tests.support.quick_folder import quick_folder
from tests.support.quick_prepare import prepare_quickly
from tests.support.run_chain import Chain, End
from tests.unit.plugin.test_changed_chains import CARS, HEADER, NUMBERED, OTHER_RULES, written

A, B, C, D = ("a", "Kent", "2020"), ("b", "Köln", "2021"), ("c", "Ulm\nor so", "2022"), ("d", "", "2023")
FIRST = [A, B, C]
REJECTED = ("b", "Köln", "soon")


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


def counts(prepared: Prepared) -> tuple[int, int, int, int]:
    """New, changed, unchanged, vanished."""
    found = prepared.difference
    assert found is not None
    return found.new, found.changed, found.unchanged, found.vanished


def why(prepared: Prepared) -> str:
    assert prepared.difference is not None
    return prepared.difference.why_all


def execution(name: str, seconds: float, redriven_for: float = 1.0) -> Other:
    """One that began so many seconds from now, and ended a second later, or after a redrive."""
    began = time.time() + seconds
    return Other(name, name, "SUCCEEDED", began, began + redriven_for)


def city(chain: Chain, key: str) -> str:
    return chain.table.items[key]["city"]["S"]


def test_new_and_changed_rows_are_written_under_their_numbers_in_the_file(chain: Chain) -> None:
    ran = chain.run(written([D, A, ("b", "Bonn", "2021")]), CARS)

    assert counts(ran.prepared) == (1, 1, 1, 1)
    assert ran.written == {1, 3}
    assert chain.s3.objects[ran.prepared.migrated_key].decode() == "_row,id,city,year\n1,d,,2023\n3,b,Bonn,2021\n"
    assert ran.prepared.migrated_key.endswith("/changed_cars.csv")
    assert (city(chain, "A_b"), city(chain, "A_c"), len(chain.table.items)) == ("Bonn", "Ulm\nor so", 4)


@pytest.mark.parametrize(
    ("rows", "header", "delimiter"),
    [(FIRST, HEADER, ","), (FIRST[::-1], HEADER, ","), (FIRST, HEADER[::-1], ";")],
    ids=["the same file", "rows moved", "another column order and delimiter"],
)
def test_rows_of_the_same_cells_are_not_written_again(chain: Chain, rows: Any, header: Any, delimiter: str) -> None:
    ran = chain.run(written(rows, header, delimiter), CARS)

    assert counts(ran.prepared) == (0, 0, 3, 0)
    assert (ran.prepared.rows_to_write, ran.written) == (0, set())


def test_some_keys_of_each_kind_are_named_with_their_rows(chain: Chain) -> None:
    rows = [D, A, ("b", "Bonn", "2021"), *((f"n{number}", "Fife", "2024") for number in range(5))]

    prepared = chain.prepare(written(rows), CARS)

    assert prepared.difference is not None
    assert [(one.kind, one.key, one.row) for one in prepared.difference.examples] == [
        ("new", '"A_d"', 1),
        ("new", '"A_n0"', 4),
        ("new", '"A_n1"', 5),
        ("changed", '"A_b"', 3),
        ("vanished", '"A_c"', None),
    ]
    assert Prepared.from_json(json.loads(json.dumps(prepared.to_json()))) == prepared


def test_where_all_rows_are_written_none_is_an_example(folder: Path) -> None:
    prepared = Chain(folder).prepare(written(FIRST), CARS)

    assert prepared.difference is not None
    assert (prepared.difference.new, prepared.difference.examples) == (3, ())


def test_a_row_whose_items_have_its_number_changes_with_its_place(folder: Path) -> None:
    chain = Chain(folder)
    chain.run(written([A, B]), NUMBERED)

    assert counts(chain.prepare(written([A, D, B]), NUMBERED)) == (1, 1, 1, 0)
    assert counts(chain.prepare(written([A, B]), NUMBERED)) == (0, 0, 2, 0)


def test_another_column_or_another_name_of_one_changes_every_row(chain: Chain) -> None:
    assert counts(chain.prepare(b"id,city,year,note\r\na,Kent,2020,\r\n", CARS)) == (0, 1, 0, 2)
    assert counts(chain.prepare(b"id,cite,year\r\na,Kent,2020\r\n", CARS)) == (0, 1, 0, 2)


def test_a_red_run_that_had_nothing_to_write_leaves_the_snapshot_as_it_was(chain: Chain) -> None:
    chain.run(written(FIRST), CARS, End.RED)

    assert counts(chain.prepare(written(FIRST), CARS)) == (0, 0, 3, 0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda chain: chain.run(written([A, B, D]), CARS, End.RED), "has written since, and left no snapshot"),
        (lambda chain: chain.run(written([D]), CARS, End.KILLED), "has written since, and left no snapshot"),
        (lambda chain: setattr(chain, "identity", "table-2"), "the table is another one than then, was made anew"),
        (
            lambda chain: chain.by_hand.append(execution("by-hand", 0.0)),
            "execution by-hand has written since the last green run",
        ),
        (
            lambda chain: chain.by_hand.append(execution("by-hand", -1000.0, redriven_for=1010.0)),
            "execution by-hand has written since the last green run",
        ),
        (lambda chain: setattr(chain, "machine_since", time.time()), "the state machine was made anew"),
        (lambda chain: chain.s3.objects.update({pointer_key("cars"): b"{"}), "cannot be read"),
        (lambda chain: chain.s3.objects.pop(pointer_key("cars")), "no snapshot of a green run is there"),
    ],
    ids=[
        "red",
        "killed",
        "table anew",
        "by hand",
        "redriven by hand",
        "machine anew",
        "damaged",
        "no pointer",
    ],
)
def test_all_rows_are_written_where_something_speaks_against_the_snapshot(chain: Chain, change: Any, told: str) -> None:
    change(chain)

    prepared = chain.prepare(written(FIRST), CARS)

    assert told in why(prepared)
    assert (prepared.migrated_key, prepared.rows_to_write) == (prepared.file_key, 3)


def test_so_they_are_where_the_digests_are_lost(chain: Chain) -> None:
    chain.s3.objects.update({key: b"" for key in chain.s3.objects if key.endswith(".parquet")})

    prepared = chain.prepare(written([A, B, D]), CARS)

    assert "is gone, or was changed" in why(prepared)
    assert (prepared.migrated_key, prepared.rows_to_write) == (prepared.file_key, 3)


def test_rows_are_written_again_by_other_rules(chain: Chain) -> None:
    ran = chain.run(written(FIRST), OTHER_RULES)

    assert why(ran.prepared) == "the rules were changed since the last green run"
    assert ran.written == {1, 2, 3}
    assert chain.table.items["A_a"]["year"] == {"S": "2020"}


def test_the_runs_own_executions_do_not_speak_against_its_snapshot(chain: Chain) -> None:
    name = chain.run(written([A, B, C, D]), CARS).prepared.execution_name
    chain.by_hand += [execution(name, 0.0), execution(f"{name}-2", 5.0)]

    assert counts(chain.prepare(written([A, B, C, D]), CARS)) == (0, 0, 4, 0)


def test_one_under_the_name_of_the_run_does_that_ended_after_it(chain: Chain) -> None:
    name = chain.run(written([A, B, C, D]), CARS).prepared.execution_name
    chain.by_hand.append(execution(f"{name}-2", 0.0, redriven_for=500.0))

    assert f"execution {name}-2 has written" in why(chain.prepare(written([A, B, C, D]), CARS))


def test_a_rejected_row_leaves_what_the_table_had_and_is_tried_at_each_run(chain: Chain) -> None:
    for _ in range(2):
        ran = chain.run(written([A, REJECTED, C]), CARS)
        assert (ran.rejected, counts(ran.prepared)) == (1, (0, 1, 2, 0))

    assert counts(chain.run(written(FIRST), CARS).prepared) == (0, 0, 3, 0)
    assert city(chain, "A_b") == "Köln"


def test_a_rejected_row_beside_a_good_one_of_its_key_leaves_nothing_of_the_run_before(chain: Chain) -> None:
    chain.run(written([A, REJECTED, ("b", "Bonn", "2021"), C]), CARS)

    ran = chain.run(written(FIRST), CARS)

    assert counts(ran.prepared) == (0, 1, 2, 0)
    assert city(chain, "A_b") == "Köln"


def test_rows_of_failed_batches_are_written_by_the_next_run(chain: Chain) -> None:
    one_by_one = replace(CARS, limits=Limits(rows_per_batch=1))
    changed = [("a", "Rome", "2020"), B, ("c", "Oslo", "2022")]
    failed = chain.run(written(changed), one_by_one, failing={1})
    assert failed.failed == 1

    assert counts(chain.prepare(written(FIRST), CARS)) == (1, 1, 1, 0)  # nobody knows what is under c
    assert chain.run(written(changed), CARS).written == {3}


def test_what_vanished_stays_known(chain: Chain) -> None:
    for _ in range(2):
        assert counts(chain.run(written([A, B, D]), CARS).prepared)[3] == 1

    assert counts(chain.prepare(written([A, B, C]), CARS)) == (0, 0, 3, 1)
    assert counts(chain.prepare(written([A, B, ("c", "Oslo", "2022")]), CARS)) == (0, 1, 2, 1)


def test_vanished_keys_are_listed_where_the_data_set_wants_it(chain: Chain) -> None:
    listing = replace(CARS, write=replace(CARS.write, vanished=Vanished.REPORT))

    def listed(rows: Any, cars: Any) -> str | None:
        found = chain.run(written(rows), cars).prepared.difference
        assert found is not None
        return chain.s3.objects[found.vanished_key].decode() if found.vanished_key else None

    assert listed(FIRST, listing) is None
    assert listed([B], CARS) is None
    assert listed([D], listing) == '{"id": {"S": "A_a"}}\n{"id": {"S": "A_b"}}\n{"id": {"S": "A_c"}}\n'
    assert listed([D, A], listing) == '{"id": {"S": "A_b"}}\n{"id": {"S": "A_c"}}\n'


def test_keys_of_every_type_are_listed_as_dynamodb_takes_them(folder: Path) -> None:
    columns = (Column("id", type=ColumnType.BINARY), Column("year", type=ColumnType.NUMBER))
    dataset = replace(CARS, table=Table("tb_cars", "id", sort_key="year"), columns=columns)
    item: Item = {"id": {"B": b"\x00="}, "year": {"N": "7.5"}}
    vanished = VanishedKey(dataset.rules.key.of(item), (), 0)

    listed = list_vanished([vanished], dataset, HEADER, DiskSpace(folder, "list keys"), deletes=True).listed

    assert listed.read_text(encoding="utf-8") == '{"id": {"B": "AD0="}, "year": {"N": "7.5"}}\n'


def test_a_key_of_which_no_row_is_written_has_not_vanished(chain: Chain) -> None:
    refusing = replace(CARS, policies=Policies(duplicates=DuplicatePolicy.REJECT))
    chain.run(written(FIRST), refusing)

    ran = chain.run(written([A, ("b", "x", "2021"), ("b", "y", "2021"), C, D]), refusing)

    assert counts(ran.prepared) == (1, 0, 2, 0)
    assert counts(chain.prepare(written(FIRST), refusing)) == (0, 0, 3, 1)


def test_a_run_goes_on_after_it_was_red_and_no_other_run_over_it(chain: Chain) -> None:
    prepared = chain.prepare(written([A, B, C, D]), CARS)
    chain.claim(prepared, CARS)
    chain.claim(prepared, CARS)  # redriven
    other = chain.prepare(written(FIRST), CARS)
    chain.claim(other, CARS)

    assert prepared.execution_name in why(other)
    with pytest.raises(SnapshotGoneError, match="Clear the task prepare"):
        chain.claim(prepared, CARS)


def test_what_changed_is_not_written_once_somebody_has_written_by_hand(chain: Chain) -> None:
    prepared = chain.prepare(written([A, B, C, D]), CARS)
    chain.by_hand.append(execution("by-hand", 0.0))

    with pytest.raises(SnapshotGoneError, match="execution by-hand has written"):
        chain.claim(prepared, CARS)


def test_a_file_of_which_every_row_changed_rests_on_the_snapshot_all_the_same(chain: Chain) -> None:
    """What vanished stays known by it, until another run has written."""
    prepared = chain.prepare(written([D]), CARS)
    assert (counts(prepared), prepared.migrated_key) == ((1, 0, 0, 3), prepared.file_key)
    chain.run(written([("a", "Rome", "2020")]), CARS)

    with pytest.raises(SnapshotGoneError, match="there is another one"):
        chain.claim(prepared, CARS)


def test_a_run_of_all_rows_speaks_against_a_snapshot_and_leaves_none(chain: Chain) -> None:
    everything = replace(CARS, write=Write())
    ran = chain.run(written([A, B, ("c", "Oslo", "2022")]), everything)
    assert (ran.prepared.difference, ran.prepared.rows_to_write) == (None, 3)

    assert ran.prepared.execution_name in why(chain.prepare(written(FIRST), CARS))


def test_a_dry_run_foresees_the_rows_that_are_to_be_written(chain: Chain) -> None:
    all_rules = replace(CARS, gates=replace(CARS.gates, all_rules=True))

    forecast = chain.prepare(written([A, B, REJECTED, D]), all_rules).forecast

    assert forecast is not None
    assert (forecast.written, forecast.rejected) == (1, 1)


def test_records_of_many_lines_are_copied_whole(tmp_path: Path) -> None:
    rows = ["_row,a\n", '1,"x\n2,""y\n"\n', "2,plain\n", '"3","\r"\n', "4,last\n"]
    (tmp_path / "whole").write_bytes("".join(rows).encode())
    with GrowingFile(tmp_path / "some", lambda *_: None, space=DiskSpace(tmp_path, "test")) as output:
        copy_rows(tmp_path / "whole", bytearray([0, 1, 0, 1, 0]), output)

    assert (tmp_path / "some").read_bytes().decode() == "".join([rows[0], rows[1], rows[3]])


@pytest.mark.parametrize("block_bytes", [1, 7, 30, 100, 10_000])
def test_marked_rows_are_the_same_wherever_blocks_of_the_file_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(prepared_records, "_BLOCK_BYTES", block_bytes)
    dice, path = random.Random(block_bytes), tmp_path / "whole"
    numbers = [number for number in range(1, 400) if number < 150 or dice.random() < 0.9]
    quoted = {number for number in numbers if dice.random() < 0.05}
    rows = {number: format_rows([[number, 'x\n7,"' if number in quoted else "é"]]).encode() for number in numbers}
    path.write_bytes(b"".join([b"_row,a\n", *rows.values()]))

    for share in (0.0, 0.1, 1.0):
        marks = bytearray(dice.random() < share for _ in range(400))
        wanted = [row for number, row in rows.items() if marks[number]]
        assert list(prepared_records.marked_records(path, marks)) == [b"_row,a\n", *wanted]


def test_marked_rows_read_as_they_do_among_all(tmp_path: Path) -> None:
    path = tmp_path / "whole"
    path.write_bytes('_row,a\n1,"x\n2,""y\n"\n2,plain\n"3","\r\\\\n"\n4,é\n'.encode())
    rows = list(read_file_rows(path))

    assert [row["a"] for row in rows] == ['x\n2,"y\n', "plain", "\r\\n", "é"]
    for marked in ({1, 3}, {4}, {1, 2, 3, 4}, set[int]()):
        marks = bytearray(number in marked for number in range(5))
        assert list(read_marked_rows(path, marks)) == [rows[number - 1] for number in sorted(marked)]


def test_a_run_whose_rows_cannot_be_compared_writes_all_and_leaves_no_snapshot(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(row_digests, "read_rows_file", lambda *_, **__: "read_csv('nowhere')")
        ran = chain.run(written([A, B]), CARS)

    assert (why(ran.prepared), counts(ran.prepared)[0]) == (
        "the rows could not be compared with those of the last green run",
        2,
    )
    assert ran.written == {1, 2}
    assert ran.prepared.execution_name in why(chain.prepare(written([A, B]), CARS))


def test_texts_of_lines_that_look_like_rows_are_compared_in_a_file_of_many_buffers(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(read: Callable[..., str]) -> Callable[..., str]:
        sizes = r"(max_line_size|buffer_size)=\d+, "
        return lambda *args, **more: (
            re.sub(sizes, "", read(*args, **more))[:-1] + ", max_line_size=5000, buffer_size=20000)"
        )

    for name in ("read_rows_file", "read_csv"):
        monkeypatch.setattr(row_digests, name, small(getattr(row_digests, name)))
    rows = [
        (
            "\n".join(f"{row},{line}" for line in range(100)),
            "\n".join(f"{line},b,{row},2020" for line in range(60)),
            "1",
        )
        for row in range(400)
    ]

    prepared = Chain(folder).prepare(written(rows), CARS)

    assert (why(prepared), counts(prepared)) == ("no snapshot of a green run is there", (400, 0, 0, 0))


def test_many_columns_are_digested_some_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_digests, "_COLUMNS_AT_ONCE", 2)
    chain = Chain(folder)
    chain.run(written(FIRST), CARS)

    assert counts(chain.prepare(written(FIRST, HEADER[::-1]), CARS)) == (0, 0, 3, 0)
    for other in [("a", "Rome", "2020"), ("a", "Kent", "1999")]:
        assert counts(chain.prepare(written([other, B, C]), CARS)) == (0, 1, 2, 0)


def test_no_query_has_more_than_some_columns() -> None:
    """DuckDB's memory is bounded: with a thousand at once it did not get through."""
    names = [f"c{place}" for place in range(1000)]

    texts = list(row_digests._told(names, NUMBERED.rules))

    assert max(text.count("coalesce") for text in texts) <= 50
    assert sum(text.count("coalesce") for text in texts) == 1000


def test_nothing_is_uploaded_of_a_file_that_is_in_the_table(chain: Chain) -> None:
    before = set(chain.s3.objects)

    prepared = chain.prepare(written(FIRST), CARS)

    assert not [key for key in set(chain.s3.objects) - before if "changed_" in key]
    assert (prepared.is_in_the_table, prepared.is_in_part, prepared.uploaded_bytes) == (True, False, (prepared.bytes,))


def test_a_run_that_a_gate_stops_leaves_no_digests(chain: Chain) -> None:
    strict = replace(CARS, gates=replace(CARS.gates, max_reject_percent=0.0, all_rules=True))
    before = set(chain.s3.objects)

    with pytest.raises(GateError):
        chain.prepare(written([A, REJECTED]), strict)

    assert not [key for key in set(chain.s3.objects) - before if key.endswith(".parquet")]
