"""A column gets a type that all its cells fit, and else stays text, with the reason."""

from collections.abc import Sequence

import pytest

from commands.describing import column_cells
from tests.unit.commands.describing.described import column_of


@pytest.fixture(params=["known", "stored"])
def _either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns whose cells are all in memory, and columns that DuckDB counts, are judged alike."""
    if request.param == "stored":
        monkeypatch.setattr(column_cells, "_KNOWN_VALUES", 0)


pytestmark = pytest.mark.usefixtures("_either_way")


@pytest.mark.parametrize(
    ("cells", "rules"),
    [
        (["1", "-20", "0"], {"type": "number"}),
        (["1.5", "20", "-0.25"], {"type": "number"}),
        (["1e-5", "2.5"], {"type": "number"}),
        (["1,234", "1,234,567"], {"type": "number", "thousands": ",", "decimal": "."}),
        (["1,234.5", "12"], {"type": "number", "thousands": ",", "decimal": "."}),
        (["1.234,5", "12"], {"type": "number", "thousands": ".", "decimal": ","}),
        (["1,5", "12"], {"type": "number", "decimal": ","}),
        (["0,123", "1,234"], {"type": "number", "decimal": ","}),
        (["0.123", "1.234"], {"type": "number"}),
        (["1 234,50", "12"], {"type": "number", "thousands": " ", "decimal": ","}),
        (["1\u00a0234", "12"], {"type": "number", "thousands": "\u00a0", "decimal": "."}),
        (["1'234.50", "12"], {"type": "number", "thousands": "'", "decimal": "."}),
        (["$1,234.50", "$3", "-$4"], {"type": "number", "thousands": ",", "decimal": ".", "strip": "$"}),
        (["5,00 €", "12,50 €"], {"type": "number", "decimal": ",", "strip": "€"}),
        (["(12)", "12.5"], {"type": "number", "negative": "parentheses"}),
        (["12%", "12.5 %"], {"type": "number", "percent": True}),
        (["true", "False"], {"type": "boolean"}),
        (["2018-01-28", "2018-12-01"], {"type": "date"}),
        (["2018-01-28T05:03:00Z", "2018-12-01 05:03"], {"type": "timestamp"}),
        (["28/01/2018", "02/03/2018"], {"type": "date", "format": "%d/%m/%Y"}),
        (["01/28/2018", "3/2/2018"], {"type": "date", "format": "%m/%d/%Y"}),
        (["28.01.2018 17:03", "02.03.2018 08:00"], {"type": "timestamp", "format": "%d.%m.%Y %H:%M"}),
        (["01/28/2018 5:03 PM", "03/02/2018 11:00 AM"], {"type": "timestamp", "format": "%m/%d/%Y %I:%M %p"}),
        (["28-Jan-2018", "02-Mar-2018"], {"type": "date", "format": "%d-%b-%Y"}),
        (["January 28, 2018", "March 2, 2018"], {"type": "date", "format": "%B %d, %Y"}),
        (["01/28/18", "03/02/19"], {"type": "date", "format": "%m/%d/%y"}),
        (["29/02/2020", "31/01/2019"], {"type": "date", "format": "%d/%m/%Y"}),
        (['{"a": 1}', "[1, 2]"], {"type": "json"}),
    ],
)
def test_a_type_that_every_cell_fits(cells: Sequence[str], rules: dict[str, object]) -> None:
    assert column_of([*cells, "", *cells]).rules == rules


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["01234", "56789"], "zeros in front, which a number would lose"),
        (["1.2E+11", "123456"], "codes that a spreadsheet has ruined"),
        (["01/02/2018", "03/04/2018"], "%d/%m/%Y or %m/%d/%Y: every cell fits each"),
        (["1,234", "5,678"], "nothing tells thousands from a fraction"),
        (["1.234", "5.678", "12"], "nothing tells thousands from a fraction"),
        (["1.234", "5.678", "N.A."], "nothing tells thousands from a fraction"),
        (["01/28/50", "03/02/51"], "years of two digits that would be years to come"),
        (["29/02/2019", "28/01/2019"], "not every cell fits"),
        (["1", "2", "3", "next year"], "not every cell fits"),
        (["5 EUR", "6"], "not every cell fits"),
        (["2018-01-28", "2018-01-29", "2018-13-01"], "not every cell fits"),
        (["$ $5", "$6"], "not every cell fits"),
    ],
)
def test_text_where_a_type_would_lose_something_or_refuse_a_cell(cells: Sequence[str], why: str) -> None:
    found = column_of(cells)

    assert (found.rules, found.why) == ({}, why)
    assert found.near is not None


@pytest.mark.parametrize("cells", [["a", "b"], ["a1", "2b"], ["5:30", "6:45"], ["1.2.3", "1.2.4"], ["x" * 50, "1"]])
def test_text_that_is_nothing_else(cells: Sequence[str]) -> None:
    assert column_of(cells).kind is None


@pytest.mark.parametrize("header", ["ZIP", "Postal Code", "vehicleId", "account number", "2020 Census Tract", "Phone"])
def test_a_column_that_is_named_like_a_code_is_no_number(header: str) -> None:
    found = column_of(["98103", "98104"], header)

    assert (found.kind, found.why) == (None, "named like a code")


@pytest.mark.parametrize("header", ["Idle time", "Number", "Widths", "Model Year", "Beds"])
def test_a_name_that_only_looks_like_that_of_a_code(header: str) -> None:
    assert column_of(["98103", "98104"], header).rules == {"type": "number"}


def test_eight_digits_are_a_date_where_the_name_says_so() -> None:
    assert column_of(["20180128", "20181231"], "Start date").rules == {"type": "date", "format": "%Y%m%d"}
    assert column_of(["20180128", "20181231"], "Population").rules == {"type": "number"}


def test_words_for_nothing_are_blank_in_a_column_of_another_type() -> None:
    found = column_of(["1", "N/A", "2", "-", "n/a ", "3", "4"])

    assert found.rules == {"type": "number", "blank": ["-", "N/A", "n/a"]}


def test_words_for_nothing_stay_in_a_text_and_are_told() -> None:
    found = column_of(["Windhoek", "NA", "NA", "Lusaka"])

    assert (found.rules, dict(found.words)) == ({}, {"NA": 2})


def test_how_many_cells_do_not_fit_and_which() -> None:
    found = column_of([*map(str, range(100)), "next year", "next year", "soon"])

    assert found.near is not None
    assert (found.near.fitting, found.near.misfits) == (100, [("next year", 2), ("soon", 1)])


def test_what_only_the_last_row_shows() -> None:
    numbers = [str(number) for number in range(9000)]

    assert column_of([*numbers, "no number"]).rules == {}
    assert column_of([*numbers, "01"]).rules == {}
    assert column_of([*numbers, "$1,000.00"]).rules == {
        "type": "number",
        "thousands": ",",
        "decimal": ".",
        "strip": "$",
    }


def test_more_different_cells_than_are_looked_at_are_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(column_cells, "_KNOWN_VALUES", 0)
    monkeypatch.setattr(column_cells, "MOST_VALUES", 10)

    assert column_of([f'{{"a": {number}}}' for number in range(11)]).rules == {}


def test_the_least_and_the_most() -> None:
    assert column_of(["9", "10", "-1"]).extremes == ("-1", "10")
    assert column_of(["2018-01-28", "1999-12-31"]).extremes == ("1999-12-31", "2018-01-28")


def test_a_column_without_a_value() -> None:
    empty = column_of(["", "  "])

    assert (empty.rules, empty.why, empty.counts.blank) == ({}, "every cell is blank", 2)
