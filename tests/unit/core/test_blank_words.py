"""Words that count as blank, and whole values that are replaced."""

from collections.abc import Callable

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import ColumnType, EmptyPolicy
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.transforms import Lowercase, Prefix, Trim, WholeValue
from tests.support.converted_cell import convert_cell, refusal_of_cell
from tests.support.converted_row import convert_row

MakeDataset = Callable[[str], Dataset]
WORDS = frozenset({"NA", "N/A", "-"})


@pytest.mark.parametrize("text", ["NA", "N/A", "-", " - ", "NA\u00a0", "\tNA"])
def test_a_word_counts_as_blank_white_space_round_it_aside(text: str) -> None:
    assert convert_cell(text, blank=WORDS) is None
    for kind in ColumnType:
        assert convert_cell(text, WORDS, type=kind) is None
    assert convert_cell(text, WORDS, empty=EmptyPolicy.NULL) == {"NULL": True}
    assert "is blank; required = true" in refusal_of_cell(text, RejectCode.MISSING_VALUE, blank=WORDS, required=True)


@pytest.mark.parametrize("text", ["na", "NAN", "NASHUA-NORTH", "N A", "--", "N/A."])
def test_no_other_value_does(text: str) -> None:
    assert convert_cell(text, blank=WORDS) == {"S": text}


def test_a_words_cell_is_not_transformed_and_a_transform_may_make_a_word() -> None:
    assert convert_cell("NA", WORDS, transform=(Prefix("A_"),)) is None
    assert convert_cell("n.a.", frozenset({"N/A"}), transform=(WholeValue("n.a.", "N/A"),)) is None


def test_a_columns_words_go_before_those_of_all_columns(make_dataset: MakeDataset) -> None:
    rules = make_dataset(
        """
        [values]
        blank = ["NA", "-"]
        [columns.Country]
        blank = []
        [columns.Price]
        type = "number"
        blank = ["n/a"]
        [columns.Note]
        empty = "keep"
        """
    ).rules
    row = {"Car ID": "7", "Country": "NA", "Price": "n/a", "Note": "NA", "Make": "NA", "Model": "-", "Trim": "x"}

    assert convert_row(rules, row) == {
        "car_id": {"S": "7"},
        "country": {"S": "NA"},
        "note": {"S": "NA"},
        "trim": {"S": "x"},
    }
    refused = convert_row(rules, {**row, "Price": "NA"})
    assert isinstance(refused, Refusal)
    assert refused.code is RejectCode.BAD_TYPE


@pytest.mark.parametrize("key", ["NA", " - ", "missing"])
def test_a_word_is_no_key(make_dataset: MakeDataset, key: str) -> None:
    dataset = make_dataset(
        '[values]\nblank = ["NA", "-"]\n[columns."Car ID"]\ntransform = [{ value = "missing", with = "" }]'
    )

    refused = convert_row(dataset.rules, {"Car ID": key})

    assert isinstance(refused, Refusal)
    assert (refused.code, refused.column) == (RejectCode.MISSING_KEY, "Car ID")


def test_a_whole_value_is_replaced_and_no_part_of_one() -> None:
    dash = (WholeValue("-", ""),)

    assert convert_cell("-", transform=dash) is None
    assert convert_cell("NASHUA-NORTH", transform=dash) == {"S": "NASHUA-NORTH"}
    assert convert_cell(" - ", transform=dash) == {"S": " - "}
    assert convert_cell(" - ", transform=(Trim(), *dash)) is None
    assert convert_cell("Y", transform=(Lowercase(), WholeValue("y", "true")), type=ColumnType.BOOLEAN) == {
        "BOOL": True
    }
    assert convert_cell("", transform=(WholeValue("-", "x"),)) is None
    assert not WholeValue.one_to_one
