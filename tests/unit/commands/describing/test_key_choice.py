"""The key is one column, or the fewest that tell the rows apart; else a digest, or the row's number."""

from collections.abc import Sequence

import pytest

from commands.describing import key_choice
from tests.unit.commands.describing.described import key_of


def grid(*sides: int) -> list[list[str]]:
    """Rows of whole numbers, each combination once."""
    rows: list[list[str]] = [[]]
    for side in sides:
        rows = [[*row, f"v{one}"] for row in rows for one in range(side)]
    return rows


def test_one_column_that_no_row_shares() -> None:
    key = key_of(["make", "Car ID", "price"], [["a", "1", "5"], ["a", "2", "6"], ["b", "3", "7"]])

    assert (key.partition, key.sort, key.computed) == ("Car ID", None, {})
    assert key.plain == {"Car ID"}


def test_of_several_the_one_that_is_named_like_a_key() -> None:
    key = key_of(["name", "price", "vehicleId"], [["a", "1", "x"], ["b", "2", "y"]])

    assert key.partition == "vehicleId"
    assert not key.unsure


def test_of_several_without_such_a_name_the_first_and_it_says_so() -> None:
    key = key_of(["name", "plate"], [["a", "x"], ["b", "y"]])

    assert key.partition == "name"
    assert key.unsure == ["name was taken for the key; as good by numbers: plate."]


def test_a_measure_is_no_key_where_two_columns_are() -> None:
    rows = [["Oslo", "2019", "1.25"], ["Oslo", "2020", "1.5"], ["Bergen", "2019", "2.75"]]

    key = key_of(["city", "year", "rain"], rows)

    assert (key.partition, key.sort) == ("city", "year")
    assert key.plain == {"city"}


def test_a_measure_is_the_key_where_nothing_else_is() -> None:
    key = key_of(["rain"], [["1.25"], ["1.5"], ["2.75"]])

    assert key.partition == "rain"
    assert key.unsure == ["rain may tell the rows apart by chance: it holds measures or long texts."]


def test_a_column_with_a_blank_cell_is_no_key_and_it_says_what_it_would_cost() -> None:
    rows = [["A1", "x"], ["A2", "x"], *(["", f"y{n}"] for n in range(2)), *([f"B{n}", f"z{n}"] for n in range(40))]

    key = key_of(["Car ID", "note"], rows)

    assert (key.partition, key.sort, key.computed) == ("row_digest", None, {"row_digest": {"digest": "*"}})
    [told] = [one for one in key.unsure if "Car ID" in one]
    assert "would cost 2 rows: 2 without a key, 0 with that of another one" in told


def test_what_each_candidate_leaves() -> None:
    rows = [["A1", "x"], ["A2", "x"], ["A2", "y"], *([f"A{n}", "x"] for n in range(3, 40))]

    key = key_of(["code", "note"], rows)

    assert (key.partition, key.sort) == ("code", "note")
    assert [(one.told, one.duplicates, one.is_key) for one in key.candidates] == [
        ("code + note", 0, True),
        ("code", 1, False),
        ("note", 38, False),
    ]


def test_three_columns_the_last_two_as_one_text() -> None:
    key = key_of(["a", "b", "c", "d"], [[*row, "same"] for row in grid(3, 4, 5)])

    assert (key.partition, key.sort) == ("a", "sort_key")
    assert key.computed == {"sort_key": {"template": "{b}#{c}"}}
    assert key.plain == {"a", "b", "c"}


def test_a_separator_that_no_cell_has() -> None:
    rows = [[a, f"{b}#", c] for a, b, c in grid(3, 4, 5)]

    assert key_of(["a", "b", "c"], rows).computed == {"sort_key": {"template": "{b}|{c}"}}


def test_a_digest_where_a_name_cannot_stand_in_a_text() -> None:
    assert key_of(["a", "{b}", "c"], grid(3, 4, 5)).computed == {"sort_key": {"digest": ["{b}", "c"]}}


def test_two_columns_rather_than_three() -> None:
    key = key_of(["a", "b", "c"], [[*row, "x" if row[1] == "v1" else "y"] for row in grid(6, 7)])

    assert (key.partition, key.sort, key.computed) == ("a", "b", {})


@pytest.mark.parametrize(
    ("header", "cells", "is_plain"),
    [
        ("day", ["2019-01-01", "2019-01-02"], False),
        ("day", ["13/01/2019", "14/01/2019"], False),
        ("day", ["13/1/2019", "14/01/2019"], True),
        ("day", ["13-Jan-2019", "14-Jan-2019"], True),
        ("time", ["2019-01-01T05:00:00+01:00", "2019-01-01T04:00:00Z"], True),
        ("year", ["2019", "2020"], False),
        ("year", ["2019", "2020.0"], True),
    ],
)
def test_a_part_keeps_its_type_where_that_makes_no_two_cells_equal(
    header: str, cells: Sequence[str], is_plain: bool
) -> None:
    key = key_of(["city", header], [[city, cell] for city in ("Oslo", "Bergen") for cell in cells])

    assert (key.partition, key.sort) == ("city", header)
    assert (header in key.plain) is is_plain


def test_the_time_is_what_items_are_sorted_by() -> None:
    key = key_of(["day", "city"], [[day, city] for day in ("2019-01-01", "2019-01-02") for city in ("Oslo", "Rome")])

    assert (key.partition, key.sort) == ("city", "day")


def test_a_digest_where_no_three_columns_do() -> None:
    rows = grid(2, 2, 2, 2, 2)

    key = key_of(["a", "b", "c", "d", "row_digest"], rows)

    assert (key.partition, key.computed) == ("row_digest_2", {"row_digest_2": {"digest": "*"}})


def test_the_rows_number_where_rows_are_the_same() -> None:
    key = key_of(["a", "b"], [["x", "y"], ["x", "y"], ["x", "z"]])

    assert (key.partition, key.computed) == ("row_number", {"row_number": {"row_number": True}})
    assert key.why.startswith("1 row is the same as another one in every column")


def test_cells_that_are_too_long_for_a_key() -> None:
    rows = [["x" * 2049, "1"], ["y" * 2049, "1"]]

    assert key_of(["text", "one"], rows).computed == {"row_digest": {"digest": "*"}}


def test_what_is_equal_among_the_first_rows_is_not_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_choice, "_MOST_COUNTED", 1)
    rows = [[f"a{[0, 0, 1, 2, 3][n % 5]}", f"b{n % 5}", f"c{n // 5}"] for n in range(15)]

    key = key_of(["a", "b", "c"], rows)

    assert (key.partition, key.sort) == ("b", "c")
    assert [one.told for one in key.candidates if len(one.columns) > 1] == ["b + c"]


def test_without_rows_the_name_tells() -> None:
    assert key_of(["name", "Car ID"], []).partition == "Car ID"
    assert key_of(["name", "price"], []).computed == {"row_number": {"row_number": True}}
