"""What would be written is tried on rows of the source first: a type that refuses one is left out, and it is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from commands.describing import describe_source as module
from commands.describing.column_types import ColumnFinding
from commands.describing.description import Description
from commands.describing.kinds import Kind
from commands.describing.self_check import checked
from commands.describing.source_proposal import SourceProposal
from csvdynamo_airflow.errors import MigrationError
from tests.unit.commands.describing.described import describe

HEADER = ("Car ID", "Price")
CARS = "Car ID,Price\nA1,5\nA2,six\n"


def with_type(description: Description, header: str, **rules: object) -> Description:
    """Give a column a type that was not found."""

    def typed(one: ColumnFinding) -> ColumnFinding:
        return replace(one, kind=Kind("wrong", rules)) if one.header == header else one

    return replace(description, columns=list(map(typed, description.columns)))


def test_a_type_that_refuses_a_row_becomes_text(tmp_path: Path) -> None:
    wrong = with_type(describe(CARS), "Price", type="number")

    found = checked(wrong, HEADER, [(1, ["A1", "5"]), (2, ["A2", "six"])], tmp_path)

    assert not found.declared
    assert 'Price stays text: a row would be refused: Price: "six" is not a number' in " ".join(found.unsure)


def test_a_type_that_takes_the_rows_stays(tmp_path: Path) -> None:
    right = with_type(describe(CARS), "Price", type="number", blank=["six"])

    assert checked(right, HEADER, [(2, ["A2", "six"])], tmp_path) == right


def test_a_key_that_refuses_a_row_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="would refuse a good row"):
        checked(describe(CARS), HEADER, [(1, ["", "5"])], tmp_path)


def test_settings_that_the_rest_of_the_file_asks_for_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    better = SourceProposal({"short_rows": "pad"}, {"short_rows": "Later rows are short."}, [], [])
    asked: list[tuple[int, dict[str, int]]] = []

    def reconsider(
        _path: Path, _name: str, _proposal: SourceProposal, rows: int, rejects: dict[str, int]
    ) -> SourceProposal:
        asked.append((rows, dict(rejects)))
        return better

    monkeypatch.setattr(module, "propose_source", lambda *_: SourceProposal({}, {}, [], []))
    monkeypatch.setattr(module, "reconsider", reconsider)

    found = describe("Car ID,Price\nA1,5\nA2,6\nA3\n")

    assert asked == [(2, {"BAD_WIDTH": 1})]
    assert (found.rows, dict(found.rejects), found.source) == (3, {}, better)
