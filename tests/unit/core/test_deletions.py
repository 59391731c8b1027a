"""Deletions among the rows of a prepared file: written, read back, and refused unless somebody told of them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.errors import BatchError
from csvdynamo.rules.deletions import Deletion, is_deletion
from csvdynamo.rules.file_header import (
    DELETIONS,
    HEADER_LIMIT_BYTES,
    SHORT_NAMES,
    FileHeader,
    number_cell,
    tells_deletions,
    untold_rules,
)
from csvdynamo.writing.batch import Batch, Row

RULES = "0" * 64
PLAIN = FileHeader(("ID", "City", "Year"))
SHORT = FileHeader(("ID", "City", "n" * HEADER_LIMIT_BYTES))
GOOD = '{"key":"1","digests":["0a"]}'

TEXTS = st.text(min_size=1, max_size=20)


def row_of(header: FileHeader, deletion: Deletion) -> dict[str, str]:
    """A deletion as Step Functions' reader gives it: by the header of the file."""
    return dict(zip(header.line, map(str, deletion.fields(len(header.names))), strict=True))


@given(
    st.builds(
        Deletion,
        st.integers(1, 10**18 - 1),
        TEXTS,
        st.lists(TEXTS, min_size=1, max_size=3).map(tuple),
    )
)
def test_a_deletion_is_read_as_it_was_written(deletion: Deletion) -> None:
    assert Deletion.of(row_of(PLAIN, deletion)) == deletion


@pytest.mark.parametrize("header", [PLAIN, SHORT, FileHeader(("ID",))])
def test_it_is_one_by_whatever_names_the_columns_have(header: FileHeader) -> None:
    deletion = Deletion(7, '["a","1"]', ("0a", "0b"))
    row = row_of(header, deletion)

    assert number_cell(row) == "-7"
    assert is_deletion(row)
    assert Deletion.of(header.named(row)) == deletion
    source = {**row, header.line[0]: "7"}
    assert not is_deletion(source)
    assert Deletion.of(header.named(source)) is None


@pytest.mark.parametrize("number", ["", "1", "007", "+1", "x", "\u2212" + "1", " -1"])
def test_a_row_without_a_number_below_zero_is_none_whatever_its_cells_say(number: str) -> None:
    row = {"_row": number, "ID": GOOD}

    assert Deletion.of(row) is None
    assert not is_deletion(row)


def test_nor_is_a_row_without_a_number() -> None:
    row = {"ID": "-1", "City": GOOD}

    assert Deletion.of(row) is None
    assert (number_cell(row), is_deletion(row)) == ("", False)


@pytest.mark.parametrize(
    "number", ["-", "-0", "-00", "--1", "-1.0", "- 1", "-\u0661", "-\u00b2", "-1x", "-" + "9" * 19]
)
def test_a_number_that_is_none_below_zero_is_refused(number: str) -> None:
    with pytest.raises(BatchError, match="does not say which item"):
        Deletion.of({"_row": number, "ID": GOOD})


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "Kent",
        "null",
        "7",
        '"key"',
        "[]",
        '["1",["0a"]]',
        "{}",
        '{"key":"1"}',
        '{"digests":["0a"]}',
        '{"key":"1","digests":["0a"],"force":true}',
        '{"key":"","digests":["0a"]}',
        '{"key":1,"digests":["0a"]}',
        '{"key":{"S":"1"},"digests":["0a"]}',
        '{"key":"1","digests":[]}',
        '{"key":"1","digests":"0a"}',
        '{"key":"1","digests":{"0a":1}}',
        '{"key":"1","digests":["0a",""]}',
        '{"key":"1","digests":["0a",7]}',
        '{"key":"1","digests":null}',
        GOOD[:-1],
        "[" * 100_000,
    ],
)
def test_a_row_that_does_not_say_which_item_is_refused(cell: str) -> None:
    with pytest.raises(BatchError, match="does not say which item"):
        Deletion.of({"_row": "-1", "ID": cell, "City": ""})


def test_a_row_that_says_more_than_which_item_is_refused() -> None:
    with pytest.raises(BatchError, match="does not say which item"):
        Deletion.of({"_row": "-1", "ID": GOOD, "City": "Kent"})


# what an execution is told


@pytest.mark.parametrize("header", [PLAIN, SHORT])
@pytest.mark.parametrize("deletes", [True, False])
def test_what_an_execution_is_told_says_whether_its_file_has_deletions(header: FileHeader, deletes: bool) -> None:
    told = header.told_rules(RULES, deletes=deletes)

    assert untold_rules(told) == RULES
    assert tells_deletions(told) is deletes


@pytest.mark.parametrize("header", [PLAIN, SHORT])
def test_a_function_that_knows_of_no_deletions_takes_them_for_other_rules(header: FileHeader) -> None:
    told = header.told_rules(RULES, deletes=True)

    assert told.removeprefix(SHORT_NAMES) != RULES


def test_what_is_told_in_another_order_is_told_by_nobody() -> None:
    told = f"{SHORT_NAMES}{DELETIONS}{RULES}"

    assert untold_rules(told) != RULES
    assert not tells_deletions(told)


# a batch


def batch(*rows: Row, rules: str = DELETIONS + RULES) -> Batch:
    return Batch("cars-1", rows, rules)


ROWS = ({"_row": "1", "ID": "a"}, {"_row": "2", "ID": "b"})
NAMED = ({"_row": "-1", "ID": GOOD}, {"_row": "-2", "ID": GOOD.replace('"1"', '"2"')})


def test_the_deletions_of_a_batch_are_taken_off_its_rows() -> None:
    whole = batch(ROWS[0], NAMED[0], ROWS[1], NAMED[1])

    rest, deletions = whole.parted()

    assert rest == replace(whole, rows=ROWS)
    assert deletions == [Deletion(1, "1", ("0a",)), Deletion(2, "2", ("0a",))]


@pytest.mark.parametrize("rules", ["", RULES, SHORT_NAMES + RULES, DELETIONS + RULES])
def test_a_batch_without_deletions_is_as_it_was(rules: str) -> None:
    whole = batch(*ROWS, rules=rules)

    rest, deletions = whole.parted()

    assert rest is whole
    assert deletions == []


@pytest.mark.parametrize("rules", ["", RULES, SHORT_NAMES + RULES, SHORT_NAMES + DELETIONS + RULES])
def test_a_batch_whose_deletions_nobody_told_of_is_refused(rules: str) -> None:
    with pytest.raises(BatchError, match="nobody told its execution of any"):
        batch(*ROWS, *NAMED, rules=rules).parted()


def test_a_batch_with_a_deletion_that_says_nothing_is_refused_whole() -> None:
    with pytest.raises(BatchError, match="does not say which item"):
        batch(*ROWS, NAMED[0], {"_row": "-2", "ID": "b"}).parted()
