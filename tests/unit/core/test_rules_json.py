"""``rules.json`` says all that decides which item a row becomes, in one form, and nothing else."""

import json
from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.errors import RulesError
from csvdynamo.rules.cells import TYPES
from csvdynamo.rules.columns import Column, ColumnType
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

[columns.Price]
type = "number"
thousands = "."
decimal = ","
strip = "$ "
negative = "parentheses"
percent = true
blank = ["NA", "-"]

[columns.Built]
type = "date"
format = ["%d/%m/%Y", "%Y-%m-%d"]
store = "epoch"
timezone = "Europe/Berlin"

[columns.Seen]
type = "timestamp"

[columns.Owners]
type = "list"
separator = "|"

[columns.Colours]
type = "set"
blank = []

[columns.Codes]
type = "number_set"

[columns.Extras]
type = "json"

[columns.Photo]
type = "binary"
transform = [{ value = "-", with = "" }]

[values]
blank = ["n/a", "NULL"]
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
    "the character between thousands": ('thousands = "."', 'thousands = "_"'),
    "the character before a fraction": ('decimal = ","', 'decimal = "·"'),
    "what is stripped": ('strip = "$ "', 'strip = "$"'),
    "how a number is negative": ('negative = "parentheses"', 'negative = "sign"'),
    "a percentage": ("percent = true", "percent = false"),
    "a word that counts as blank": ('"NA", "-"', '"NA"'),
    "no word that counts as blank": ("blank = []", ""),
    "a word that counts as blank in every column": ('"n/a", ', ""),
    "the order of the formats": ('"%d/%m/%Y", "%Y-%m-%d"', '"%Y-%m-%d", "%d/%m/%Y"'),
    "how a date is stored": ('store = "epoch"\ntimezone = "Europe/Berlin"', ""),
    "a time zone": ("Europe/Berlin", "Europe/Paris"),
    "a separator": ('separator = "|"', 'separator = "/"'),
    "one type for another": ('type = "list"', 'type = "set"'),
    "a whole value": ('value = "-"', 'value = "."'),
    "what becomes of a whole value": ('with = ""', 'with = "x"'),
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


def test_every_type_is_tried(make_everything: Callable[[], RowRules]) -> None:
    assert {column.type for column in make_everything().columns} == set(ColumnType) == set(TYPES)


def test_what_is_as_by_default_is_not_written(make_dataset: Make) -> None:
    """So that a data set file of before has the digest of before, and its table and its executions are its own."""
    before = make_dataset('[columns.Age]\ntype = "number"\nmin = 1\n[columns.Make]\ntransform = ["trim"]')

    assert before.rules.to_json() == (
        b'{"attributes":["lowercase",{"replace":" ","with":"_"}],"columns":[{"header":"Age","min":"1","type":"number"},'
        b'{"header":"Make","transform":["trim"]}],"dataset":"cars","duplicates":"last","partition_key":"car_id",'
        b'"table":"tb_cars","version":1}'
    )
    said = '[columns.Age]\ntype = "number"\nmin = 1\ndecimal = "."\nnegative = "sign"\npercent = false\n'
    said += '[columns.Make]\ntransform = ["trim"]\n[values]\nblank = []'
    assert make_dataset(said).rules.to_json() == before.rules.to_json()


def test_the_form_of_a_formats_key_does_not_count(make_dataset: Make) -> None:
    one = make_dataset('[columns.A]\ntype = "date"\nformat = "%d/%m/%Y"')
    several = make_dataset('[columns.A]\ntype = "date"\nformat = ["%d/%m/%Y"]')

    assert one.rules.digest == several.rules.digest


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
        ("columns", [{"header": "a", "type": "money"}]),
        ("columns", [{"header": "a", "min": "x"}]),
        ("columns", [{"header": "a", "pattern": "("}]),
        ("columns", [{"header": "a", "transform": ["reverse"]}]),
        ("columns", ["a"]),
        ("columns", [{"header": "a", "negative": "red"}]),
        ("columns", [{"header": "a", "store": "text"}]),
        ("columns", [{"header": "a", "timezone": "UTC"}]),
        ("columns", [{"header": "a", "timezone": {"name": "UTC", "data": "VFppZg=="}}]),
        ("columns", [{"header": "a", "timezone": {"name": "UTC", "data": "!"}}]),
        ("columns", [{"header": "a", "format": 1}]),
        ("columns", [{"header": "a", "blank": 1}]),
        ("blank", 1),
        ("attributes", [{"prefix": 1}]),
        ("duplicates", "any"),
    ],
)
def test_a_rule_that_is_not_known_is_an_error(make_dataset: Make, key: str, value: object) -> None:
    written = json.loads(make_dataset("").rules.to_json()) | {key: value}

    with pytest.raises(RulesError, match="deploy the stack again"):
        RowRules.from_json(json.dumps(written).encode())
