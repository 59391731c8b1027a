"""From a source with faults to its error CSV, corrected in a spreadsheet, and back in as a source."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset, Gates
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.rules.columns import Column
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.preparation.prepare import prepare
from csvdynamo_airflow.storage.stored_file import file_sha256
from tests.integration.plugin.migration_objects import BUCKET, answer, put_error_file, put_results, reject
from tests.unit.plugin.reading.test_spreadsheet_cells import WITHIN
from tests.unit.plugin.run_findings import execution, without_snapshot

CARS = Dataset(
    name="cars",
    source=Source("https://example.org/cars.csv", "cars.csv"),
    table=Table("tb_cars", "ID"),
    columns=(Column("ID", required=True),),
    gates=Gates(max_reject_percent=100),
)
FAULTY = """\
ID,City,Note
1,Kent,fine
2,Kraków,=1+1,too wide
3,'quoted
4,"never closed,x
5,Łódź,the table refuses
6,Kent,first
6,Kent,"-1, last"
"""


class Cars:
    """prepare of one source after another, and what the bucket holds then."""

    def __init__(self, s3: Any, folder: Path) -> None:
        self.s3, self.folder = s3, folder

    def prepare(self, content: bytes) -> Prepared:
        source = self.folder / "source.csv"
        source.write_bytes(content)
        digest = file_sha256(source)
        key = f"landing/cars/{digest}/cars.csv"
        self.s3.upload_file(str(source), BUCKET, key)
        landed = Landed(BUCKET, key, "https://example.org/cars.csv", "cars.csv", len(content), digest, None, None)
        return prepare(
            landed, CARS, s3=self.s3, run_id="run", name_execution=lambda _: "cars-1", find_base=without_snapshot
        )

    def error_csv(self, prepared: Prepared) -> list[list[str]]:
        outcome = gather(self.s3, "cars", prepared, execution())
        assert outcome.csv_key is not None
        return rows_of(self.s3.get_object(Bucket=BUCKET, Key=outcome.csv_key)["Body"].read())

    def prepared_rows(self, prepared: Prepared) -> list[list[str]]:
        return rows_of(self.s3.get_object(Bucket=BUCKET, Key=prepared.file_key)["Body"].read())


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def saved(rows: list[list[str]], delimiter: str, encoding: str) -> bytes:
    """Write rows as a spreadsheet saves them."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(encoding)


@pytest.fixture
def cars(s3: Any, tmp_path: Path) -> Cars:
    return Cars(s3, tmp_path)


@pytest.fixture
def errors(cars: Cars) -> list[list[str]]:
    """The error CSV of the faulty source, one of whose rows the Lambda rejected."""
    put_results(cars.s3, "cars-1", {"SUCCEEDED": [answer(2, ["a"])]})
    item = {"ID": "5", "City": "Łódź", "Note": "the table refuses"}
    put_error_file(cars.s3, [reject("a", code="DYNAMODB_REFUSED", row=5, column=None, message="+no", item=item)])
    return cars.error_csv(cars.prepare(FAULTY.encode()))


def test_the_error_csv_has_every_row_that_was_not_written_with_its_reason(errors: list[list[str]]) -> None:
    header, *rows = errors

    assert header == ["ID", "City", "Note", "_row", "_code", "_column", "_message", "_extra", "_lines"]
    assert [(row[:3], row[3], row[4]) for row in rows] == [
        (["2", "Kraków", "'=1+1"], "2", "BAD_WIDTH"),
        (["3", "''quoted", ""], "3", "BAD_WIDTH"),
        (["", "", ""], "4", "BAD_QUOTE"),
        (["6", "Kent", "first"], "6", "DUPLICATE_KEY"),
        (["5", "Łódź", "the table refuses"], "5", "DYNAMODB_REFUSED"),
    ]
    assert rows[0][7] == "too wide"
    assert rows[2][8] == '4,"never closed,x\n'


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "utf-8"), ("\t", "utf-16")], ids=["as it was", ";", "tab"]
)
def test_the_corrected_error_csv_is_a_source_whose_texts_are_the_first_ones(
    cars: Cars, errors: list[list[str]], delimiter: str, encoding: str
) -> None:
    header, wide, narrow, unread, loser, refused = errors
    unread[:3] = ["4", "never closed", "x"]
    loser[0] = "7"
    narrow[2] = "now there"

    prepared = cars.prepare(saved([header, wide, narrow, unread, loser, refused], delimiter, encoding))

    assert prepared.header == ("ID", "City", "Note")
    assert cars.prepared_rows(prepared) == [
        ["_row", "ID", "City", "Note"],
        ["1", "2", "Kraków", "=1+1"],
        ["2", "3", "'quoted", "now there"],
        ["3", "4", "never closed", "x"],
        ["4", "7", "Kent", "first"],
        ["5", "5", "Łódź", "the table refuses"],
    ]
    assert prepared.rejected == 0
    assert prepared.schema_changes == ()


def test_what_is_still_wrong_in_a_corrected_error_csv_has_the_same_texts_in_the_next_one(
    cars: Cars, errors: list[list[str]]
) -> None:
    header, wide, narrow, *_ = errors

    again = cars.error_csv(cars.prepare(saved([header, [*wide, "more"], narrow[:3]], ",", "utf-8")))

    assert again[0] == ["ID", "City", "Note", "_row", "_code", "_column", "_message", "_extra"]
    assert [(row[:3], row[4], row[7]) for row in again[1:3]] == [
        (["2", "Kraków", "'=1+1"], "BAD_WIDTH", "more"),
        (["3", "''quoted", ""], "BAD_WIDTH", ""),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_cells_that_hold_formulas_behind_other_separators_come_back_to_the_letter(cars: Cars, delimiter: str) -> None:
    texts = [*WITHIN, *WITHIN.values(), "it's; 'so'", "a;b"]
    lost = [["9", text] for text in texts]  # each loses its key to the last row

    errors = cars.error_csv(cars.prepare(saved([["ID", "City"], *lost, ["9", "last"]], ",", "utf-8")))
    for number, row in enumerate(errors[1:]):
        row[0] = str(number)

    assert [row[1] for row in errors[1:]] != texts
    assert "_marked_within" in errors[0]
    again = cars.prepare(saved(errors, delimiter, "utf-8"))
    assert [row[2] for row in cars.prepared_rows(again)[1:]] == [text.replace("\\", "\\\\") for text in texts]
