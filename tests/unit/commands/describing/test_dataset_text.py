"""The data set file that is written: read by its own reader, whatever the names and cells are."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.describing.cell_store import ColumnCounts
from commands.describing.column_types import ColumnFinding
from commands.describing.dataset_text import dataset_text
from commands.describing.description import Description
from commands.describing.item_sizes import ItemSizes
from commands.describing.key_choice import KeyChoice
from commands.describing.kinds import Kind
from commands.describing.source_proposal import SourceProposal
from commands.describing.told_table import told_table
from csvdynamo.datasets.dataset_file import load_dataset

NUMBER = Kind("number", {"type": "number"})
FILE_NAMES = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Co", "Cn", "Cf", "Zs"])
QUOTE = SourceProposal({"quote": "'"}, {"quote": "Cells have it."}, [], [])
REFUSED = "prepare refuses 40.0 % of the records, more than gates.max_reject_percent allows: such a run fails."
TOO_LARGE = "the largest 500,000 more than the 409,600 that DynamoDB takes"


def description(**changes: object) -> Description:
    """A description of a small file."""
    counts = ColumnCounts(0, "Car ID", 3, 3, 3, 6, 2), ColumnCounts(1, "Price", 3, 2, 2, 4, 2)
    given: dict[str, object] = {
        "name": "cars",
        "url": "",
        "file_name": "cars.csv",
        "size": 100,
        "rows": 3,
        "source": SourceProposal({}, {}, ["Encoding: UTF-8."], []),
        "notes": [],
        "rejects": {},
        "reject_examples": [],
        "columns": [ColumnFinding(counts[0]), ColumnFinding(counts[1], NUMBER, extremes=("5", "7"))],
        "key": KeyChoice("Car ID", "no cell is blank, and none comes again", columns=("Car ID",)),
        "sizes": ItemSizes(20.0, 30, 3),
    }
    return Description(**{**given, **changes})  # type: ignore[arg-type]


def comments(text: str) -> list[str]:
    """The comments of a file."""
    return [line.removeprefix("# ") for line in text.splitlines() if line.startswith("#")]


def test_the_whole_file() -> None:
    assert dataset_text(description(url="https://example.com/cars.csv")) == (
        """#:schema ../docs/dataset.schema.json
# cars.csv: 3 rows in 2 columns, as `make describe` found it.
# Every key of this file is described in docs/datasets.md.

[source]
url = "https://example.com/cars.csv"
file_name = "cars.csv"
# Encoding: UTF-8.

[table]
name = "tb_cars"
# The key: no cell is blank, and none comes again.
partition_key = "Car ID"
# Items have about 20 bytes, the largest 30; all of them take 3 write units.

[columns.Price]
# 2 cells fit, 1 blank; 5 to 7
type = "number"

# Text, as every column without a table of its own:
# - Car ID: 3 cells; about 3 different
"""
    )


def test_each_setting_has_its_reason_above_it() -> None:
    source = SourceProposal({"skip_lines": 2, "names": ["a", "b"]}, {"skip_lines": "Two lines of a report."}, [], [])

    text = dataset_text(description(source=source))

    assert "# Two lines of a report.\nskip_lines = 2\nnames = [" in text
    assert tomllib.loads(text)["source"]["names"] == ["a", "b"]


def test_what_was_not_sure_stands_at_the_top() -> None:
    unsure = SourceProposal({}, {}, [], ["A guess."])

    assert comments(dataset_text(description(source=unsure)))[4:6] == [
        "Not sure, to be looked at by a person:",
        "- A guess.",
    ]


def test_a_key_that_is_made(tmp_path: Path) -> None:
    key = KeyChoice("row_number", "nothing else", computed={"row_number": {"row_number": True}})

    text = dataset_text(description(key=key))

    assert "[computed.row_number]\nrow_number = true" in text


def test_a_column_that_is_a_text_in_the_key_has_no_rules() -> None:
    key = KeyChoice("Price", "why", columns=("Price",), plain=frozenset({"Price"}))

    assert "columns" not in tomllib.loads(dataset_text(description(key=key)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip),
    told=st.text(max_size=40),
    file_name=st.text(FILE_NAMES, min_size=1, max_size=9),
)
def test_whatever_the_names_and_the_sentences_are(tmp_path: Path, header: str, told: str, file_name: str) -> None:
    counts = ColumnCounts(0, header, 3, 3, 3, 6, 2)
    made = description(
        file_name=file_name.replace("/", "_").replace("\\", "_").replace(".", "_"),
        columns=[ColumnFinding(counts, NUMBER, words={told: 1}, why=told)],
        key=KeyChoice("row_number", told, computed={"row_number": {"row_number": True}}),
        source=SourceProposal({"stop_at": told} if told.strip() else {}, {"stop_at": told}, [told], [told]),
        rejects={"BAD_WIDTH": 1},
        reject_examples=[told],
        notes=[told],
    )
    path = tmp_path / "cars.toml"
    path.write_text(dataset_text(made), encoding="utf-8", newline="\n")

    if header in ("row_number", "_row"):
        return
    dataset = load_dataset(path)

    assert [column.header for column in dataset.columns] == [header]
    assert dataset.source.stop_at == (told if told.strip() else None)
    assert told_table(made).isprintable() or "\n" in told_table(made)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "Price   number    2      1          2  5 to 7"),
        (
            {"sizes": ItemSizes(20.0, 500_000, 9)},
            f"Items: about 20 bytes, {TOO_LARGE}; 9 write units for all of them",
        ),
        ({"rejects": {"BAD_WIDTH": 2}}, "Records that prepare refuses: 2 BAD_WIDTH"),
        ({"source": QUOTE}, 'source.quote = "\'": Cells have it.'),
        ({"rejects": {"BAD_WIDTH": 2}}, f"  - {REFUSED}"),
    ],
)
def test_the_table_on_the_terminal(changes: dict[str, object], line: str) -> None:
    assert line in told_table(description(**changes)).splitlines()


def test_a_file_of_many_columns_is_told_in_part() -> None:
    columns = [ColumnFinding(ColumnCounts(place, f"c{place}", 3, 3, 3, 6, 2)) for place in range(100)]

    assert "… and 40 columns more, in the file" in told_table(description(columns=columns)).splitlines()
