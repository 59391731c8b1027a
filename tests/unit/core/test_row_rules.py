from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.errors import BatchError
from csvdynamo.rules.attribute_values import MAX_ITEM_BYTES, Item, item_size
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.numbered_row import row_number, source_row
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.rows import RowConverter
from tests.support.converted_row import convert_both_ways, convert_row

MakeDataset = Callable[[str], Dataset]
KEY = {"Car ID": "7"}


def refusal_of(result: Item | Refusal) -> Refusal:
    assert isinstance(result, Refusal), f"not refused: {result}"
    return result


def test_headers_become_attributes_and_cells_become_text(make_dataset: MakeDataset) -> None:
    item = convert_row(make_dataset("").rules, {"_row": "1", "Car ID": "7", "Postal Code": "00501", "State": " WA "})

    assert item == {"car_id": {"S": "7"}, "postal_code": {"S": "00501"}, "state": {"S": " WA "}}


def test_cells_are_transformed_in_the_order_of_the_list(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(
        """
        [columns."Car ID"]
        transform = ["trim", "uppercase", { replace = "-", with = "" }, { prefix = "A_" }]
        [columns.Make]
        transform = ["lowercase"]
        """
    )

    assert convert_row(dataset.rules, {"Car ID": " ab-1 ", "Make": "KIA"}) == {
        "car_id": {"S": "A_AB1"},
        "make": {"S": "kia"},
    }


@pytest.mark.parametrize("blank", ["", " ", "\t\u00a0 "])
def test_a_blank_key_is_missing_whatever_prefix_it_would_have(make_dataset: MakeDataset, blank: str) -> None:
    dataset = make_dataset('[columns."Car ID"]\ntransform = [{ replace = " ", with = "x" }, { prefix = "A_" }]')

    refusal = refusal_of(convert_row(dataset.rules, {"Car ID": blank, "State": "WA"}))

    assert (refusal.code, refusal.column) == (RejectCode.MISSING_KEY, "Car ID")


def test_a_key_that_its_transform_empties_is_missing(make_dataset: MakeDataset) -> None:
    dataset = make_dataset('[columns."Car ID"]\ntransform = [{ replace = "N/A", with = "" }, { prefix = "A_" }]')

    assert refusal_of(convert_row(dataset.rules, {"Car ID": "N/A"})).code == RejectCode.MISSING_KEY


def test_a_file_without_the_keys_column_has_no_row_with_a_key(make_dataset: MakeDataset) -> None:
    refusal = refusal_of(convert_row(make_dataset('[columns."Car ID"]').rules, {"State": "WA"}))

    assert (refusal.code, refusal.column) == (RejectCode.MISSING_KEY, "Car ID")


def test_a_key_longer_than_dynamodb_takes_is_too_large(make_dataset: MakeDataset) -> None:
    converter = RowConverter(make_dataset("").rules)

    assert convert_both_ways(converter, {"Car ID": "é" * 1024}) == {"car_id": {"S": "é" * 1024}}
    refusal = refusal_of(convert_both_ways(converter, {"Car ID": "é" * 1024 + "x"}))
    assert (refusal.code, refusal.column) == (RejectCode.TOO_LARGE, "Car ID")


@pytest.mark.parametrize(
    ("rules", "text", "value"),
    [
        ('type = "number"', " 020 ", {"N": "20"}),
        ('type = "number"\nmin = 0\nmax = 20', "20", {"N": "20"}),
        ('type = "boolean"', "TRUE", {"BOOL": True}),
        ('allowed = ["a", "b"]', "b", {"S": "b"}),
        ('pattern = "[a-z]+"', "abc", {"S": "abc"}),
        ("max_length = 3", "日本語", {"S": "日本語"}),
        ('empty = "null"', " ", {"NULL": True}),
        ('empty = "keep"', "", {"S": ""}),
        ('empty = "keep"', "  ", {"S": "  "}),
        ('empty = "null"\ntransform = [{ replace = "N/A", with = "" }]', "N/A", {"NULL": True}),
        ('pattern = "x"\nempty = "null"', "", {"NULL": True}),
        ('rename = "other"', "v", None),
        ("", "", None),
        ('type = "number"', "", None),
        ("drop = true", "v", None),
    ],
)
def test_a_cell_becomes_the_value_that_its_rules_say(
    make_dataset: MakeDataset, rules: str, text: str, value: object
) -> None:
    item = convert_row(make_dataset(f"[columns.Cell]\n{rules}").rules, {**KEY, "Cell": text})

    assert isinstance(item, dict)
    assert item.get("cell") == value


@pytest.mark.parametrize(
    ("rules", "text", "code", "words"),
    [
        ("required = true", " ", RejectCode.MISSING_VALUE, '" " is blank; required = true'),
        ('required = true\ntype = "number"', "", RejectCode.MISSING_VALUE, "blank"),
        (
            'type = "number"',
            "twenty",
            RejectCode.BAD_TYPE,
            '"twenty" is not a number that DynamoDB can hold; type = "number"',
        ),
        ('type = "boolean"', "yes", RejectCode.BAD_TYPE, '"yes" is not true or false; type = "boolean"'),
        ('type = "number"\nmin = 0', "-1", RejectCode.OUT_OF_RANGE, "min = 0"),
        ('type = "number"\nmax = 0.1', "0.10000000000000000000000000000001", RejectCode.OUT_OF_RANGE, "max = 0.1"),
        ('allowed = ["WA"]', "OR", RejectCode.NOT_ALLOWED, '"OR" is not one of the 1 values of allowed'),
        ('pattern = "[a-z]+"', "abc1", RejectCode.BAD_PATTERN, "[a-z]+"),
        ('pattern = "[a-z]+"', "abc\n", RejectCode.BAD_PATTERN, '"abc\\n"'),
        ("max_length = 3", "abcd", RejectCode.TOO_LONG, "max_length = 3"),
        ('transform = [{ prefix = "x" }]\nmax_length = 3', "abc", RejectCode.TOO_LONG, '"xabc"'),
    ],
)
def test_a_broken_rule_names_column_rule_and_value(
    make_dataset: MakeDataset, rules: str, text: str, code: RejectCode, words: str
) -> None:
    refusal = refusal_of(convert_row(make_dataset(f"[columns.Cell]\n{rules}").rules, {**KEY, "Cell": text}))

    assert (refusal.code, refusal.column) == (code, "Cell")
    assert refusal.message.startswith("Cell: ")
    assert words in refusal.message


def test_the_rules_for_text_hold_for_the_key_too(make_dataset: MakeDataset) -> None:
    dataset = make_dataset('[columns."Car ID"]\ntransform = [{ prefix = "A_" }]\npattern = "A_[0-9]+"')

    assert convert_row(dataset.rules, {"Car ID": "12"}) == {"car_id": {"S": "A_12"}}
    assert refusal_of(convert_row(dataset.rules, {"Car ID": "x"})).code == RejectCode.BAD_PATTERN


def test_a_long_value_is_shortened_in_the_message(make_dataset: MakeDataset) -> None:
    refusal = refusal_of(convert_row(make_dataset("[columns.Cell]\nmax_length = 3").rules, {**KEY, "Cell": "x" * 9000}))

    assert len(refusal.message) < 200
    assert "…" in refusal.message


def test_a_required_column_that_the_file_lacks_is_missing(make_dataset: MakeDataset) -> None:
    refusal = refusal_of(convert_row(make_dataset("[columns.State]\nrequired = true").rules, KEY))

    assert (refusal.code, refusal.column) == (RejectCode.MISSING_VALUE, "State")


def test_an_item_over_400_kb_is_too_large_and_one_of_400_kb_is_not(make_dataset: MakeDataset) -> None:
    converter = RowConverter(make_dataset("").rules)
    room = MAX_ITEM_BYTES - len("car_id") - len("7") - len("text")

    item = convert_both_ways(converter, {**KEY, "Text": "x" * room})
    assert isinstance(item, dict)
    assert item_size(item) == 409_600
    assert refusal_of(convert_both_ways(converter, {**KEY, "Text": "x" * (room + 1)})).code == RejectCode.TOO_LARGE
    assert refusal_of(convert_both_ways(converter, {**KEY, "Text": "é" * (room // 2 + 1)})).code == RejectCode.TOO_LARGE


def test_half_a_surrogate_pair_is_refused_with_its_column(make_dataset: MakeDataset) -> None:
    refusal = refusal_of(convert_row(make_dataset("").rules, {**KEY, "Text": "ab\ud800"}))

    assert (refusal.code, refusal.column) == (RejectCode.BAD_ENCODING, "Text")
    assert "character 3" in refusal.message


@pytest.mark.parametrize(
    ("more", "row"),
    [
        ("", {"Car ID": "7", "car id": "8"}),
        ('[columns.Make]\nrename = "model"', {**KEY, "Make": "a", "Model": "b"}),
        ("", {**KEY, "": "nameless"}),
        ("", {**KEY, "\ud800": "x"}),
    ],
)
def test_a_header_that_cannot_be_attributes_concerns_the_batch(
    make_dataset: MakeDataset, more: str, row: dict[str, str]
) -> None:
    with pytest.raises(BatchError):
        convert_row(make_dataset(more).rules, row)


def test_a_nameless_or_colliding_column_may_be_dropped(make_dataset: MakeDataset) -> None:
    dataset = make_dataset('[columns.""]\ndrop = true\n[columns."car id"]\ndrop = true')

    assert convert_row(dataset.rules, {**KEY, "": "1", "car id": "8"}) == {"car_id": {"S": "7"}}


def test_rows_of_different_headers_each_have_their_own_plan(make_dataset: MakeDataset) -> None:
    converter = RowConverter(make_dataset("").rules)
    rows = [{**KEY, f"Column {number}": "x"} for number in range(100)]

    for number, row in enumerate(rows * 2):
        assert convert_both_ways(converter, row) == {"car_id": {"S": "7"}, f"column_{number % 100}": {"S": "x"}}


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("007", 7), ("0", None), ("", None), ("-1", None), ("1.0", None), ("٣", None), ("9" * 19, None)],
)
def test_the_row_number_is_a_positive_whole_number_or_unknown(text: str, number: int | None) -> None:
    assert row_number({"_row": text}) == number
    assert row_number({}) is None


def test_the_source_row_is_without_the_number_that_prepare_added() -> None:
    assert source_row({"_row": "1", "A": "", "B": "x"}) == {"A": "", "B": "x"}


_CELLS = st.text(st.characters(), max_size=12) | st.sampled_from(["", " ", "12", "-0.5", "true", "WA", "\ud800"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.fixed_dictionaries({"Car ID": _CELLS, "Price": _CELLS, "New": _CELLS, "State": _CELLS, "Free Text": _CELLS}))
def test_any_row_becomes_an_item_that_dynamodb_takes_or_a_refusal(
    make_dataset: MakeDataset, row: dict[str, str]
) -> None:
    dataset = make_dataset(
        """
        [columns."Car ID"]
        transform = ["trim", { prefix = "A_" }]
        [columns.Price]
        type = "number"
        [columns.New]
        type = "boolean"
        empty = "null"
        [columns.State]
        empty = "keep"
        pattern = "[A-Z]{2}"
        """
    )

    result = convert_row(dataset.rules, row)

    if isinstance(result, Refusal):
        assert result.column in row
    else:
        assert result["car_id"]["S"] == "A_" + row["Car ID"].strip()
        assert all(len(value) == 1 and value.keys() <= {"S", "N", "BOOL", "NULL"} for value in result.values())
        assert ("free_text" in result) == bool(row["Free Text"].strip())
