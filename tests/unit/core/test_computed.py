"""Attributes that no column holds: what they are made of, when they are blank, and which files lack what they need."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.errors import DatasetError
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.row_rules import RowRules
from tests.support.converted_row import convert_row

MakeDataset = Callable[[str], Dataset]
ROW = {"_row": "7", "Car ID": "a", "City": "Kent", "Year": "2020"}


def made(dataset: Dataset, **changes: str) -> Any:
    """What a row makes: its item, or the refusal's code and message."""
    result = convert_row(dataset.rules, {**ROW, **changes})
    return (str(result.code), result.message) if isinstance(result, Refusal) else result


def computed(make_dataset: MakeDataset, formula: str, more: str = "") -> Callable[..., Any]:
    """What an attribute `x`, which is no key, is made of a row; None if the item has none."""
    dataset = make_dataset(f"[computed.x]\n{formula}\n{more}")
    return lambda **changes: made(dataset, **changes).get("x")


def test_a_template_has_the_cells_in_its_text(make_dataset: MakeDataset) -> None:
    x = computed(make_dataset, 'template = "{City}#{Year} {{{City}}}"')

    assert x() == {"S": "Kent#2020 {Kent}"}
    assert x(City="{Year}") == {"S": "{Year}#2020 {{Year}}"}
    assert x(Year=" ") is None


def test_a_template_takes_cells_as_their_transform_makes_them_and_columns_that_are_dropped(
    make_dataset: MakeDataset,
) -> None:
    rules = '[columns.City]\ntransform = ["trim", "uppercase"]\n[columns.Year]\ndrop = true'
    dataset = make_dataset(f'[computed.x]\ntemplate = "{{City}}-{{Year}}"\n{rules}')

    assert made(dataset, City=" kent ") == {
        "car_id": {"S": "a"},
        "city": {"S": "KENT"},
        "x": {"S": "KENT-2020"},
    }


def test_a_row_number_is_a_number(make_dataset: MakeDataset) -> None:
    x = computed(make_dataset, "row_number = true")

    assert x() == {"N": "7"}
    assert x(_row="") is None


def test_a_digest_tells_its_cells_apart_however_they_are_cut(make_dataset: MakeDataset) -> None:
    x = computed(make_dataset, 'digest = ["City", "Year"]')
    right = hashlib.sha256(json.dumps(["Kent", "2020"]).encode()).hexdigest()[:32]

    assert x() == {"S": right}
    assert x(City="Kent2", Year="020") != {"S": right}
    assert x(City="", Year="2020") != x(City="2020", Year="")
    assert x(City="", Year="") is None


def test_a_digest_of_all_columns_does_not_depend_on_their_order(make_dataset: MakeDataset) -> None:
    dataset = make_dataset('[computed.x]\ndigest = "*"')
    backwards = dict(reversed(ROW.items()))

    assert convert_row(dataset.rules, backwards) == convert_row(dataset.rules, ROW)
    assert made(dataset, City="2020", Year="Kent")["x"] != made(dataset)["x"]
    assert made(dataset, _row="8")["x"] == made(dataset)["x"], "the row number is no column of the file"


def keyed(tmp_path: Path, text: str) -> Dataset:
    path = tmp_path / "cars.toml"
    path.write_text(
        '[source]\nurl = "https://example.com/c.csv"\nfile_name = "c.csv"\n[table]\nname = "tb_cars"\n' + text,
        encoding="utf-8",
    )
    return load_dataset(path)


@pytest.mark.parametrize(
    ("formula", "lacks", "why"),
    [
        ('template = "{City}-{Year}"', {"City": " "}, "a column of its template is blank"),
        ("row_number = true", {"_row": ""}, "the row has no number"),
        ('digest = ["City"]', {"City": ""}, "all of its columns are blank"),
    ],
)
def test_a_key_is_never_blank(tmp_path: Path, formula: str, lacks: dict[str, str], why: str) -> None:
    dataset = keyed(tmp_path, f'partition_key = "pk"\n[computed.pk]\n{formula}')

    assert "pk" in made(dataset)
    assert made(dataset, **lacks) == ("MISSING_KEY", f"pk: the partition key is blank: {why}")


def test_a_computed_key_is_no_longer_than_a_key_may_be(tmp_path: Path) -> None:
    dataset = keyed(tmp_path, 'partition_key = "City"\nsort_key = "sk"\n[computed.sk]\ntemplate = "{Year}{Year}"')

    assert made(dataset, Year="é" * 256)["sk"] == {"S": "é" * 512}
    assert made(dataset, Year="é" * 257) == ("TOO_LARGE", "sk: it is 1,028 bytes; a sort key has at most 1,024")


def test_a_file_without_what_an_attribute_is_made_of_has_no_row_that_can_be_stored(make_dataset: MakeDataset) -> None:
    dataset = make_dataset('[computed.x]\ntemplate = "{Make}"')

    assert made(dataset) == ("MISSING_VALUE", "Make: the file has no such column, of which an attribute is made")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("template = 'City'", "must be a text with at least one header in braces"),
        ("template = '{City'", "must be a text with headers in braces, {{ and }} for braces"),
        ("template = '{}'", "must be a text with headers in braces"),
        ("template = 7", "must be a text with headers in braces"),
        ("template = '{_row}'", "use row_number = true"),
        ("row_number = false", "must be true, found false"),
        ("digest = []", "must be an array of headers"),
        ("digest = ['a', 'a']", "must be an array of headers, each once"),
        ("digest = 'a'", 'must be an array of headers, or "*" for all columns'),
        ("digest = '*'\nrow_number = true", "give one of template, row_number, digest"),
        ("", "give one of template, row_number, digest"),
        ("sum = 1", "unknown key; allowed here: digest, row_number, template"),
    ],
)
def test_a_formula_that_is_none_is_refused_with_what_is_right(make_dataset: MakeDataset, text: str, told: str) -> None:
    with pytest.raises(DatasetError) as refused:
        make_dataset(f"[computed.x]\n{text}\n")

    assert "computed.x" in str(refused.value)
    assert told in str(refused.value)


def test_an_attribute_is_made_once(make_dataset: MakeDataset) -> None:
    with pytest.raises(DatasetError, match=r"computed\.city: the column 'City' becomes this attribute, too"):
        make_dataset("[computed.city]\nrow_number = true\n[columns.City]\nrequired = true")


@pytest.mark.parametrize("formula", ["template = '{City}-{{{Year}}}'", "row_number = true", "digest = ['b', 'a']"])
def test_the_rules_of_a_function_are_those_of_the_file(tmp_path: Path, formula: str) -> None:
    rules = keyed(tmp_path, f'partition_key = "City"\nsort_key = "sk"\n[computed.sk]\n{formula}').rules

    assert RowRules.from_json(rules.to_json()) == rules


@pytest.mark.parametrize(("store", "kind", "key"), [("iso", "S", "2020-02-29"), ("epoch", "N", "1582934400")])
def test_a_date_is_a_key_by_what_is_stored(tmp_path: Path, store: str, kind: str, key: str) -> None:
    column = f'[columns.Day]\ntype = "date"\nformat = "%d/%m/%Y"\nstore = "{store}"'
    dataset = keyed(tmp_path, f'partition_key = "City"\nsort_key = "Day"\n{column}')

    item = made(dataset, Day="29/02/2020")

    assert item["Day"] == {kind: key}
    assert dataset.rules.key.of(item) == f'["Kent","{key}"]'
    assert dataset.rules.key.sort is not None
    assert dataset.rules.key.sort.type == kind
