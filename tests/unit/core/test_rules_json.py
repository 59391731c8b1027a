"""``rules.json`` says all that decides which item a row becomes, in one form, and nothing else."""

import json
from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.errors import RulesError
from csvdynamo.rules.columns import Column
from csvdynamo.rules.row_rules import DuplicatePolicy, RowRules

EVERYTHING = """
[columns."Car ID"]
transform = ["trim", { prefix = "C_" }]
pattern = "C_[0-9]+"

[columns.Plate]
rename = "number_plate"
transform = ["uppercase"]
allowed = ["B", "A"]
max_length = 7

[columns.Age]
type = "number"
min = 0
max = 1e2
empty = "null"

[columns.Sold]
type = "boolean"
required = true

[columns.Note]
drop = true
"""

CHANGES = {
    "a column's type": ('type = "number"\nmin = 0\nmax = 1e2', ""),
    "a bound": ("min = 0", "min = 1"),
    "a rename": ("number_plate", "plate_number"),
    "a step": ('"trim", { prefix', "{ prefix"),
    "a prefix": ("C_", "D_"),
    "a pattern": ("[0-9]+", "[0-9]*"),
    "an allowed value": ('"B", "A"', '"B"'),
    "a length": ("max_length = 7", "max_length = 8"),
    "blank cells": ('empty = "null"\n', ""),
    "a column that is required": ("required = true", "required = false"),
    "a dropped column": ("drop = true", "drop = false"),
    "a column": ("[columns.Note]\ndrop = true", ""),
}

Make = Callable[[str], Dataset]


@pytest.fixture
def make_everything(make_dataset: Make) -> Callable[[str], RowRules]:
    """Reads the rules of a data set file that uses all there is."""

    def make(text: str = EVERYTHING, duplicates: str = "reject") -> RowRules:
        dataset = make_dataset(text)
        return replace(dataset.rules, duplicates=DuplicatePolicy(duplicates))

    return make


def test_what_is_written_is_read_again(make_everything: Callable[[], RowRules]) -> None:
    rules = make_everything()

    assert RowRules.from_json(rules.to_json()) == rules


def test_every_rule_of_a_column_is_tried(make_everything: Callable[[], RowRules]) -> None:
    defaults = Column("")
    tried = {
        one.name
        for column in make_everything().columns
        for one in fields(Column)
        if getattr(column, one.name) != getattr(defaults, one.name)
    }

    assert tried == {one.name for one in fields(Column)}


def test_the_form_is_canonical(make_everything: Callable[[], RowRules]) -> None:
    text = make_everything().to_json()

    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")).encode()
    assert b'"allowed":["A","B"]' in text
    assert RowRules.from_json(text).to_json() == text


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_rule_changes_the_digest(make_everything: Callable[..., RowRules], change: str) -> None:
    before, after = CHANGES[change]
    assert before in EVERYTHING

    assert make_everything(EVERYTHING.replace(before, after)).digest != make_everything().digest


def test_what_is_done_about_equal_keys_is_a_rule(make_everything: Callable[..., RowRules]) -> None:
    assert len({make_everything(duplicates=policy).digest for policy in DuplicatePolicy}) == len(DuplicatePolicy)


@pytest.mark.parametrize(
    "more",
    [
        "# a comment\n",
        "[gates]\nmax_reject_percent = 50\nmin_rows_percent = 1\nlast_record = 'fail'",
        "[dag]\nschedule = '@daily'\ntimezone = 'Asia/Tokyo'\nowner = 'me'\ntags = ['a']",
        "[schema]\nnew = 'fail'",
        "[verify]\nmode = 'none'",
        "[limits]\nmax_concurrency = 1",
    ],
)
def test_what_is_no_rule_changes_nothing(make_dataset: Make, more: str) -> None:
    assert make_dataset(more).rules.to_json() == make_dataset("").rules.to_json()


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"{}", b"null", b'{"version": 2}', b'{"version": 1}', b"\xff"],
)
def test_another_text_is_an_error_that_says_to_deploy(text: bytes) -> None:
    with pytest.raises(RulesError, match="deploy the stack again"):
        RowRules.from_json(text)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("columns", [{}]),
        ("columns", [{"header": "a", "type": "date"}]),
        ("columns", [{"header": "a", "min": "x"}]),
        ("columns", [{"header": "a", "pattern": "("}]),
        ("columns", [{"header": "a", "transform": ["reverse"]}]),
        ("columns", ["a"]),
        ("attributes", [{"prefix": 1}]),
        ("duplicates", "any"),
    ],
)
def test_a_rule_that_is_not_known_is_an_error(make_dataset: Make, key: str, value: object) -> None:
    written = json.loads(make_dataset("").rules.to_json()) | {key: value}

    with pytest.raises(RulesError, match="deploy the stack again"):
        RowRules.from_json(json.dumps(written).encode())
