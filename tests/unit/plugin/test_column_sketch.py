"""Sketches of columns: two editions of one column are alike, other columns are not, and little of a file is read."""

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from csvdynamo_airflow.schema import column_sketch
from csvdynamo_airflow.schema.column_sketch import ColumnSketch, shape, sketch_columns

CITIES = ["Seattle"] * 50 + ["Bothell"] * 30 + ["Kent"] * 20


def ids(start: int, count: int = 100) -> list[str]:
    return [str(number) for number in range(start, start + count)]


def likeness(one: Sequence[str], other: Sequence[str]) -> float:
    return ColumnSketch.of(one).likeness(ColumnSketch.of(other))


def test_columns_that_share_their_frequent_values_are_alike() -> None:
    assert likeness(CITIES, CITIES[10:] + ["Yakima"] * 10) == pytest.approx(0.9, abs=0.02)


def test_columns_of_few_other_values_are_not_alike_though_they_have_the_same_shape() -> None:
    assert likeness(CITIES, ["BMW"] * 60 + ["Tesla"] * 40) == 0


def test_columns_of_many_values_are_alike_by_their_shape() -> None:
    assert likeness(ids(100_000), ids(500_000)) == 1
    assert likeness(ids(100_000), ids(10_000)) == 0


def test_columns_of_many_values_are_not_alike_if_half_of_them_have_another_shape() -> None:
    assert likeness(ids(950), ids(900)) == 0


def test_a_value_that_was_seen_once_is_not_kept() -> None:
    assert list(ColumnSketch.of(["a", "b", "b"]).values.values()) == [pytest.approx(2 / 3, abs=0.001)]


def test_a_column_of_few_values_is_not_like_one_of_many() -> None:
    assert likeness(["98101"] * 90 + ["98102"] * 10, ids(10_000)) == 0


def test_blank_cells_tell_nothing() -> None:
    assert likeness(["", " ", "a", "a"], ["a", "a"]) == 1
    assert likeness(["", ""], ["", ""]) == 0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("98101", "99999"),
        ("POINT (-122.3  47.6)", "A (-999.9 99.9)"),
        ("Kraków  Łódź", "A A"),
        ("1N4AZ0CP", "9A9A9A"),
        ("x" * 500, "A"),
        ("1" * 500, "9" * 24),
    ],
)
def test_a_shape_keeps_digits_and_signs_and_forgets_letters(value: str, expected: str) -> None:
    assert shape(value) == expected


def test_a_sketch_stays_small_and_survives_json() -> None:
    sketch = ColumnSketch.of([*(ids(0, 200) * 2), *("-" * number for number in range(1, 60))])

    assert (len(sketch.values), len(sketch.shapes)) == (50, 20)
    assert ColumnSketch.from_json(json.loads(json.dumps(sketch.to_json()))) == sketch


def prepared(path: Path, rows: int) -> list[str]:
    headers = ["ID", "City", "Note"]
    draw = random.Random(1)
    with path.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file, lineterminator="\n")
        write.writerow(["_row", *headers])
        write.writerows(
            [n, 10**6 + n, draw.choice(CITIES), "two\nlines, ü" if n % 9 == 0 else "x"] for n in range(rows)
        )
    return headers


def test_of_a_small_file_every_row_is_sketched_without_its_number(tmp_path: Path) -> None:
    headers = prepared(tmp_path / "file", 90)

    sketches = sketch_columns(tmp_path / "file", headers)

    assert list(sketches) == headers
    assert sketches["Note"].shapes == pytest.approx({"A": 8 / 9, "A A, A": 1 / 9}, abs=0.001)
    assert sketches["ID"].shapes == {"9999999": 1}


def test_of_a_large_file_some_rows_of_every_part_are_sketched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = prepared(tmp_path / "file", 20_000)
    whole = sketch_columns(tmp_path / "file", headers)
    monkeypatch.setattr(column_sketch, "WHOLE_FILE_BYTES", 1000)
    read = 0
    some_lines = column_sketch._some_lines

    def counted(path: Path, size: int) -> list[str]:
        nonlocal read
        lines = list(some_lines(path, size))
        read = len(lines)
        return lines

    monkeypatch.setattr(column_sketch, "_some_lines", counted)

    some = sketch_columns(tmp_path / "file", headers)

    assert read == 32 * 64
    assert all(some[name].likeness(whole[name]) > 0.85 for name in headers)
    assert some == sketch_columns(tmp_path / "file", headers)


def test_a_file_without_rows_has_sketches_that_are_like_nothing(tmp_path: Path) -> None:
    headers = prepared(tmp_path / "file", 0)

    assert [sketch.likeness(sketch) for sketch in sketch_columns(tmp_path / "file", headers).values()] == [0, 0, 0]
