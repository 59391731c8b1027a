"""Files whose cells hold what publishers write, all the way to items: each is what its column says, or a reject."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.rules.codes import RejectCode
from tests.hostile.in_process import migrate_bytes

DATASET = """
[source]
url = "https://example.com/cars.csv"
file_name = "cars.csv"
[table]
name = "tb_cars"
partition_key = "id"
[gates]
max_reject_percent = 100
{}
"""
BAD = RejectCode.BAD_TYPE
FORMS = {
    "commas": (",", "utf-8", csv.QUOTE_MINIMAL),
    "all quoted": (",", "utf-8", csv.QUOTE_ALL),
    "semicolons": (";", "utf-8", csv.QUOTE_MINIMAL),
    "tabs in UTF-16": ("\t", "utf-16", csv.QUOTE_MINIMAL),
}
KINDS: dict[str, tuple[str, list[tuple[str, Any]]]] = {
    "thousands and currency": (
        'type = "number"\nthousands = ","\nstrip = "$ "\nnegative = "parentheses"',
        [
            ("1,234.56", {"N": "1234.56"}),
            ("$5.00", {"N": "5"}),
            ("(12)", {"N": "-12"}),
            ("($1,234.50)", {"N": "-1234.5"}),
            ("-$0.99", {"N": "-0.99"}),
            ("", None),
            ("1,23", BAD),
            ("1.234,56", BAD),
            ("12%", BAD),
        ],
    ),
    "a decimal comma": (
        'type = "number"\nthousands = "."\ndecimal = ","\nstrip = "€ "',
        [("1.234,56", {"N": "1234.56"}), ("5,00 €", {"N": "5"}), ("1.23", BAD), ("1,234.56", BAD)],
    ),
    "percentages": (
        'type = "number"\npercent = true',
        [("12%", {"N": "0.12"}), ("0.5 %", {"N": "0.005"}), ("12", BAD)],
    ),
    "dates": (
        'type = "date"\nformat = ["%d/%m/%Y", "%Y-%m-%d"]',
        [
            ("28/01/2018", {"S": "2018-01-28"}),
            ("2018-01-28", {"S": "2018-01-28"}),
            ("31/02/2018", BAD),
            ("01/28/2018", BAD),
        ],
    ),
    "dates that may be two": (
        'type = "date"\nformat = ["%d/%m/%Y", "%m/%d/%Y"]',
        [("28/01/2018", {"S": "2018-01-28"}), ("01/01/2018", {"S": "2018-01-01"}), ("01/02/2018", BAD)],
    ),
    "American times": (
        'type = "timestamp"\nformat = "%m/%d/%y %I:%M %p"\ntimezone = "America/New_York"',
        [
            ("01/28/18 5:03 PM", {"S": "2018-01-28T22:03:00Z"}),
            ("07/28/18 12:03 AM", {"S": "2018-07-28T04:03:00Z"}),
            ("03/11/18 2:30 AM", BAD),
            ("11/04/18 1:30 AM", BAD),
        ],
    ),
    "an expiry": (
        'type = "timestamp"\nstore = "epoch"',
        [
            ("2018-01-28T05:03:00Z", {"N": "1517115780"}),
            ("2018-01-28T05:03:00.000+00:00", {"N": "1517115780"}),
            ("2018-01-28T05:03:00.001Z", BAD),
            ("2018-01-28T05:03:00", BAD),
        ],
    ),
    "words for nothing": (
        'type = "number"\nblank = ["NA", "NULL", "N/A", "-"]',
        [("NA", None), (" NULL ", None), ("-", None), ("5", {"N": "5"}), ("na", BAD), ("--", BAD)],
    ),
    "a whole value": (
        'transform = [{ value = "-", with = "" }]',
        [("-", None), ("NASHUA-NORTH", {"S": "NASHUA-NORTH"}), ("--", {"S": "--"})],
    ),
    "lists": ('type = "list"', [("a;b;c", {"L": [{"S": "a"}, {"S": "b"}, {"S": "c"}]}), ("a", {"L": [{"S": "a"}]})]),
    "sets": ('type = "set"\nseparator = "|"', [("a|b", {"SS": ["a", "b"]}), ("a|a", BAD), ("a|", BAD)]),
    "sets of numbers": ('type = "number_set"', [("1;2.50", {"NS": ["1", "2.5"]}), ("1;1.0", BAD), ("1;x", BAD)]),
    "documents": (
        'type = "json"',
        [
            ('{"x": 1}', {"M": {"x": {"N": "1"}}}),
            ('["a\\\\b", "say \\"x\\"", null]', {"L": [{"S": "a\\b"}, {"S": 'say "x"'}, {"NULL": True}]}),
            ('{\n "x": [true]\n}', {"M": {"x": {"L": [{"BOOL": True}]}}}),
            ('{"x": 1, "x": 2}', BAD),
            ("{'x': 1}", BAD),
            ("[" * 32 + "1" + "]" * 32, BAD),
        ],
    ),
    "bytes": ('type = "binary"', [("/+8AQQ==", {"B": b"\xff\xef\x00A"}), ("QUI", BAD), ("QU I=", BAD)]),
}


def file_of(cells: list[str], delimiter: str, encoding: str, quoting: Any) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\r\n")
    writer.writerow(["id", "value", "last"])
    writer.writerows([f"A_{number}", cell, "x"] for number, cell in enumerate(cells, 1))
    return text.getvalue().encode(encoding)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_cell_is_what_its_column_says_or_a_reject(tmp_path: Path, kind: str, form: str) -> None:
    rules, cells = KINDS[kind]
    path = tmp_path / "cars.toml"
    path.write_text(DATASET.format(f"[columns.value]\n{rules}"), encoding="utf-8")

    migrated = migrate_bytes(file_of([cell for cell, _ in cells], *FORMS[form]), load_dataset(path), tmp_path)

    expected: dict[str, Any] = {
        f"A_{number}": {"id": {"S": f"A_{number}"}, "last": {"S": "x"}} | ({"value": value} if value else {})
        for number, (_, value) in enumerate(cells, 1)
        if value is not BAD
    }
    assert migrated.table == expected
    refused = {number: cell for number, (cell, value) in enumerate(cells, 1) if value is BAD}
    assert {reject.row: reject.item["value"] for reject in migrated.rejects} == refused
    assert {(reject.code, reject.column) for reject in migrated.rejects} <= {(BAD, "value")}
    assert len(migrated.rejects) == len(refused)


@pytest.mark.parametrize("rows", [0, 1, 2000])
def test_of_a_file_of_any_length_every_row_is_accounted_for(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "cars.toml"
    rules = '[values]\nblank = ["NA"]\n[columns.value]\ntype = "number"\nthousands = ","'
    path.write_text(DATASET.format(rules), encoding="utf-8")
    cells = [("NA", "1,23", f"{number:,}")[number % 3] for number in range(rows)]

    migrated = migrate_bytes(file_of(cells, *FORMS["commas"]), load_dataset(path), tmp_path)

    assert len(migrated.rejects) == cells.count("1,23")
    assert len(migrated.table) == rows - cells.count("1,23")
    assert sum("value" in item for item in migrated.table.values()) == len(range(2, rows, 3))


def test_a_whole_value_makes_keys_equal_and_a_word_makes_them_blank(tmp_path: Path) -> None:
    path = tmp_path / "cars.toml"
    rules = (
        '[values]\nblank = ["NA"]\n[columns.id]\ntransform = [{ value = "b", with = "a" }, { value = "-", with = "" }]'
    )
    path.write_text(DATASET.format(rules), encoding="utf-8")

    migrated = migrate_bytes(b"id,value\na,1\nNA,2\nb,3\n-,4\nNA,5\nbb,6\n", load_dataset(path), tmp_path)

    assert migrated.table == {
        "a": {"id": {"S": "a"}, "value": {"S": "3"}},
        "bb": {"id": {"S": "bb"}, "value": {"S": "6"}},
    }
    assert {reject.row: reject.code for reject in migrated.rejects} == {
        1: RejectCode.DUPLICATE_KEY,
        2: RejectCode.MISSING_KEY,
        4: RejectCode.MISSING_KEY,
        5: RejectCode.MISSING_KEY,
    }
