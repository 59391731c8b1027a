"""The header against the data set file and the last successful run: what changed, and what is done about it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import OnChange, Policies, SchemaPolicy
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.rules.columns import Column
from csvdynamo_airflow.documents.schema_change import SchemaChange, SchemaError, refuse_failures, warnings
from csvdynamo_airflow.schema.column_sketch import ColumnSketch
from csvdynamo_airflow.schema.schema_gate import LastColumns, judge_header

BY_KIND = SchemaPolicy(new=OnChange.WARN, missing=OnChange.FAIL, renamed=OnChange.WARN, reordered=OnChange.ACCEPT)
FILE, RUN = "data set file", "last successful run"


def dataset(*header: str, columns: tuple[Column, ...] = (), **policy: Any) -> Dataset:
    """A data set whose file lists a header, and whose policies differ from case to case."""
    schema = replace(BY_KIND, header=header, **policy)
    return Dataset(
        name="cars",
        source=Source("https://example.org/cars.csv", "cars.csv"),
        table=Table("tb_cars", "id"),
        columns=columns,
        policies=Policies(schema=schema),
    )


def sketches(header: Sequence[str], values: dict[str, str] | None = None) -> dict[str, ColumnSketch]:
    """Sketches of columns that each hold one value: their own name, or another."""
    return {name: ColumnSketch.of([(values or {}).get(name, name)] * 10) for name in header}


def last(*header: str, renames: dict[str, str] | None = None, values: dict[str, str] | None = None) -> LastColumns:
    return LastColumns(header, sketches(header, values), renames or {})


def judged(
    header: Sequence[str], data: Dataset, before: LastColumns | None = None, values: dict[str, str] | None = None
) -> list[tuple[Any, ...]]:
    verdict = judge_header(header, data, before, sketches(header, values))
    return [(change.kind, change.columns, change.against, change.action) for change in verdict.changes]


def test_a_header_as_expected_and_as_before_has_no_changes() -> None:
    assert judged("abc", dataset("a", "b", "c"), last("a", "b", "c")) == []


@pytest.mark.parametrize(
    ("header", "change"),
    [
        ("abcd", ("new", ("d",), FILE, "warn")),
        ("ab", ("missing", ("c",), FILE, "fail")),
        ("bca", ("reordered", ("a",), FILE, "accept")),
    ],
)
def test_each_kind_of_change_against_the_data_set_file_has_its_action(header: str, change: tuple[Any, ...]) -> None:
    assert judged(header, dataset("a", "b", "c")) == [change]


def test_without_a_header_in_the_data_set_file_only_columns_with_rules_are_expected() -> None:
    ruled = dataset(columns=(Column("b"), Column("x")))

    assert judged("acb", ruled) == [("missing", ("x",), FILE, "fail")]


@pytest.mark.parametrize(
    ("header", "change"),
    [
        ("abcd", ("new", ("d",), RUN, "warn")),
        ("ac", ("missing", ("b",), RUN, "fail")),
        ("bca", ("reordered", ("a",), RUN, "accept")),
    ],
)
def test_each_kind_of_change_against_the_last_run_has_its_action(header: str, change: tuple[Any, ...]) -> None:
    assert judged(header, dataset(), last("a", "b", "c")) == [change]


def test_a_column_at_the_same_place_with_the_same_values_is_renamed() -> None:
    before = last("a", "MSRP", "c")

    assert judged(["a", "Price", "c"], dataset(), before, {"Price": "MSRP"}) == [
        ("renamed", ("MSRP", "Price"), RUN, "warn")
    ]


def test_it_is_renamed_against_the_data_set_file_as_well() -> None:
    data = dataset("a", "MSRP", "c", renamed=OnChange.FAIL)

    assert judged(["a", "Price", "c"], data, last("a", "MSRP", "c"), {"Price": "MSRP"}) == [
        ("renamed", ("MSRP", "Price"), FILE, "fail"),
        ("renamed", ("MSRP", "Price"), RUN, "fail"),
    ]


@pytest.mark.parametrize(
    ("header", "values"),
    [(["a", "Price", "c"], {}), (["a", "c", "d", "Price"], {"Price": "MSRP"})],
    ids=["other values", "another place"],
)
def test_a_column_with_other_values_or_at_another_place_is_another_column(
    header: list[str], values: dict[str, str]
) -> None:
    kinds = [change[0] for change in judged(header, dataset(), last("a", "MSRP", "c", "d"), values)]

    assert "renamed" not in kinds
    assert {"new", "missing"} <= set(kinds)


def test_the_place_is_told_by_the_neighbours_when_columns_before_it_are_gone() -> None:
    before = last("a", "b", "c", "MSRP", "e")

    changes = judged(["a", "Price", "e"], dataset(), before, {"Price": "MSRP"})

    assert ("renamed", ("MSRP", "Price"), RUN, "warn") in changes
    assert ("missing", ("b", "c"), RUN, "fail") in changes


def test_of_several_columns_at_one_place_each_is_paired_with_the_likest() -> None:
    header, values = ["a", "y", "x", "d"], {"y": "b", "x": "c"}

    changes = judged(header, dataset(), last("a", "b", "c", "d"), values)

    assert changes == [("renamed", ("b", "y"), RUN, "warn"), ("renamed", ("c", "x"), RUN, "warn")]


def test_of_two_columns_that_are_like_one_that_is_gone_the_likest_is_paired() -> None:
    likeness = {"less": ["b"] * 7 + ["?"] * 3, "more": ["b"] * 9 + ["?"], "a": ["a"] * 10}
    header = ["a", "less", "more"]
    drawn = {name: ColumnSketch.of(likeness[name]) for name in header}

    verdict = judge_header(header, dataset(), last("a", "b"), drawn)

    assert [change.columns for change in verdict.changes] == [("b", "more"), ("less",)]


def test_one_new_column_is_paired_once_with_the_likest_that_is_gone() -> None:
    before = last("a", "b", "c", values={"b": "x", "c": "x"})

    changes = judged(["a", "x"], dataset(), before)

    assert changes == [("renamed", ("b", "x"), RUN, "warn"), ("missing", ("c",), RUN, "fail")]


def test_all_columns_may_be_renamed_at_once() -> None:
    changes = judged("xyz", dataset(), last("a", "b", "c"), {"x": "a", "y": "b", "z": "c"})

    assert [change[1] for change in changes] == [("a", "x"), ("b", "y"), ("c", "z")]


def test_a_renamed_column_stays_renamed_in_later_runs() -> None:
    data, header = dataset("a", "MSRP"), ["a", "Price"]
    first = judge_header(header, data, last("a", "MSRP"), sketches(header, {"Price": "MSRP"}))

    second = judge_header(header, data, last("a", "Price", renames=dict(first.renames)), sketches(header))

    assert [(change.kind, change.against) for change in second.changes] == [("renamed", FILE)]
    assert second.renames == {"MSRP": "Price"}


def test_a_column_that_is_renamed_again_is_known_by_its_first_name() -> None:
    before = last("a", "Price", renames={"MSRP": "Price"})

    verdict = judge_header(["a", "Cost"], dataset("a", "MSRP"), before, sketches(["a", "Cost"], {"Cost": "Price"}))

    assert ("MSRP", "Cost") in [change.columns for change in verdict.changes]
    assert verdict.renames == {"MSRP": "Cost", "Price": "Cost"}


def test_a_renamed_column_that_is_gone_as_well_is_missing() -> None:
    before = last("a", "Price", renames={"MSRP": "Price"})

    verdict = judge_header(["a"], dataset("a", "MSRP"), before, sketches(["a"]))

    assert [(change.kind, change.columns) for change in verdict.changes] == [
        ("missing", ("MSRP",)),
        ("missing", ("Price",)),
    ]
    assert verdict.renames == {}


def test_a_column_that_is_expected_itself_is_no_other_columns_new_name() -> None:
    before = last("a", "Price", renames={"MSRP": "Price"})

    assert judged(["a", "Price"], dataset("a", "MSRP", "Price"), before) == [("missing", ("MSRP",), FILE, "fail")]


def test_a_column_that_has_its_name_back_is_renamed_no_more() -> None:
    before = last("a", "Price", renames={"MSRP": "Price"})

    verdict = judge_header(["a", "MSRP"], dataset("a", "MSRP"), before, sketches(["a", "MSRP"], {"MSRP": "Price"}))

    assert [change.against for change in verdict.changes] == [RUN]
    assert verdict.renames == {"Price": "MSRP"}


@pytest.mark.parametrize("column", [Column("b", required=True), Column("b", rename="id")], ids=["required", "key"])
def test_a_missing_required_column_always_fails(column: Column) -> None:
    data = dataset("a", "b", columns=(column,), missing=OnChange.ACCEPT, renamed=OnChange.ACCEPT)

    changes = judged("ax", data, last("a", "b"), {"x": "b"})

    assert ("missing", ("b",), FILE, "fail") in changes


@pytest.mark.parametrize(
    ("expected", "header", "before"),
    [
        (["a", "b"], ["a", "b"], ["a"]),
        (["a"], ["a"], ["a", "b"]),
        (["b", "a"], ["b", "a"], ["a", "b"]),
        (["a", "Price"], ["a", "Price"], ["a", "MSRP"]),
    ],
    ids=["new", "missing", "reordered", "renamed"],
)
def test_what_the_data_set_file_expects_passes_though_the_last_run_was_different(
    expected: list[str], header: list[str], before: list[str]
) -> None:
    strict: dict[str, Any] = dict.fromkeys(("new", "missing", "renamed", "reordered"), OnChange.FAIL)

    changes = judged(header, dataset(*expected, **strict), last(*before), {"Price": "MSRP"})

    assert [(against, action) for *_, against, action in changes] == [(RUN, "accept")]


def test_an_order_that_is_neither_expected_nor_that_of_the_last_run_fails_for_both() -> None:
    changes = judged("cba", dataset("a", "b", "c", reordered=OnChange.FAIL), last("b", "a", "c"))

    assert [(against, action) for *_, against, action in changes] == [(FILE, "fail"), (RUN, "fail")]


def test_of_a_moved_column_only_that_one_is_named() -> None:
    assert judged("bcdefa", dataset("a", "b", "c", "d", "e", "f"))[0][1] == ("a",)


@given(st.permutations("abcdefg"), st.permutations("abcdefg"))
def test_what_did_not_move_has_the_same_order_in_both(one: list[str], other: list[str]) -> None:
    changes = judged(other, dataset(*one))

    moved = {name for change in changes for name in change[1]}
    assert [name for name in one if name not in moved] == [name for name in other if name not in moved]
    assert bool(moved) == (one != other)


_NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6)


@given(_NAMES, _NAMES, _NAMES, st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("xyz")))
def test_every_column_that_differs_from_the_last_run_is_told_once(
    expected: list[str], header: list[str], before: list[str], values: dict[str, str]
) -> None:
    verdict = judge_header(header, dataset(*expected), last(*before, values=values), sketches(header, values))

    against_run = [change for change in verdict.changes if change.against == RUN and change.kind != "reordered"]
    told = [name for change in against_run for name in change.columns]
    assert sorted(told) == sorted(set(header) ^ set(before))


CHANGES = judge_header(
    ["a", "Price", "x"], dataset("a", "MSRP", "b"), last("a", "MSRP"), sketches(["a", "Price", "x"], {"Price": "MSRP"})
).changes


def test_a_change_survives_json() -> None:
    assert CHANGES
    assert tuple(SchemaChange.from_json(change.to_json()) for change in CHANGES) == CHANGES


def test_only_what_is_not_accepted_is_a_warning() -> None:
    accepted = replace(CHANGES[0], action=OnChange.ACCEPT, message="never told")

    assert warnings([accepted, *CHANGES]) == [change.message for change in CHANGES]


def test_a_failing_change_is_refused_with_every_change_and_what_to_do() -> None:
    with pytest.raises(SchemaError) as refusal:
        refuse_failures(CHANGES, "cars.csv", "cars")

    told = str(refusal.value)
    assert all(change.message in told for change in CHANGES)
    assert "missing = fail: Missing against the data set file: 'b'." in told
    assert "cars.csv" in told
    assert "datasets/cars.toml" in told


def test_without_a_failing_change_nothing_is_refused() -> None:
    refuse_failures([change for change in CHANGES if change.action != OnChange.FAIL], "cars.csv", "cars")


def test_a_long_list_of_columns_is_cut() -> None:
    change = SchemaChange.new([f"column {n}" for n in range(100)], CHANGES[0].against, OnChange.WARN)

    assert change.message.endswith("'column 19' and 80 more.")
    assert len(change.columns) == 100
