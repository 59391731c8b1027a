"""What a reading rests on that nobody declared is told with the setting that overrides it."""

from dataclasses import replace

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.told_reading import told_encoding, told_reading

CARS = Dataset("cars", Source("https://example.org/c.csv", "c.csv"), Table("tb_cars", "id"))


def declared(**settings: str) -> Dataset:
    return replace(CARS, source=replace(CARS.source, **settings))


@pytest.mark.parametrize(
    ("dataset", "source_format", "told"),
    [
        (
            CARS,
            SourceFormat(";", "utf-8"),
            "It was read as UTF-8 and with ';' between two fields, as was found by a rule. If that is wrong, set "
            "source.encoding or source.delimiter in datasets/cars.toml.",
        ),
        (
            CARS,
            SourceFormat("\t", "windows-1252", "gzip"),
            "It was read unpacked from gzip, as Windows-1252 and with a tab between two fields, as was found by a "
            "rule. If that is wrong, set source.encoding or source.delimiter in datasets/cars.toml.",
        ),
        (
            declared(encoding="utf-8"),
            SourceFormat("|", "utf-8"),
            "It was read with '|' between two fields, as was found by a rule. If that is wrong, set source.delimiter "
            "in datasets/cars.toml.",
        ),
        (
            declared(delimiter=";"),
            SourceFormat(";", "utf-16-be"),
            "It was read as UTF-16 in big-endian byte order, as was found by a rule. If that is wrong, set "
            "source.encoding in datasets/cars.toml.",
        ),
        (
            declared(delimiter=";", encoding="utf-16"),
            SourceFormat(";", "utf-16-le"),
            "It was read in little-endian byte order, as was found by a rule.",
        ),
        (
            declared(delimiter=",", encoding="utf-8"),
            SourceFormat(",", "utf-8", "zip"),
            "It was read unpacked from zip, as was found by a rule.",
        ),
        (declared(delimiter=","), SourceFormat(",", "utf-8-sig"), ""),
        (declared(delimiter=",", encoding="windows-1252"), SourceFormat(",", "windows-1252"), ""),
    ],
)
def test_every_guess_is_named_and_nothing_that_was_declared(
    dataset: Dataset, source_format: SourceFormat, told: str
) -> None:
    assert told_reading(source_format, dataset) == told


@pytest.mark.parametrize(
    ("dataset", "encoding", "told"),
    [
        (CARS, "utf-8", "UTF-8, the encoding that was found (source.encoding sets another)"),
        (CARS, "utf-16-be", "UTF-16, the encoding that was found (source.encoding sets another)"),
        (CARS, "utf-8-sig", "UTF-8"),
        (declared(encoding="utf-8"), "utf-8", "UTF-8"),
        (declared(encoding="windows-1252"), "windows-1252", "Windows-1252"),
    ],
)
def test_an_encoding_that_was_found_is_told_as_such(dataset: Dataset, encoding: str, told: str) -> None:
    assert told_encoding(SourceFormat(encoding=encoding), dataset) == told
