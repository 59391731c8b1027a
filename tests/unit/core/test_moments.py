"""Dates and timestamps in a cell: the day and the moment that are written, or refused."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.datasets.time_zones import compile_zone
from csvdynamo.rules.columns import ColumnType, Store
from csvdynamo.rules.refusals import Refusal
from tests.support.converted_cell import convert_cell, refusal_of_cell

EPOCH = {"store": Store.EPOCH}
BERLIN, UTC_ZONE = compile_zone("Europe/Berlin"), compile_zone("UTC")
AMERICAN = {"formats": ("%m/%d/%y %I:%M %p",)}


def day(text: str, *formats: str, **rules: Any) -> Any:
    return convert_cell(text, type=ColumnType.DATE, formats=formats, **rules)


def moment(text: str, *formats: str, **rules: Any) -> Any:
    return convert_cell(text, type=ColumnType.TIMESTAMP, formats=formats, **rules)


@pytest.mark.parametrize(
    ("text", "formats", "stored"),
    [
        ("2018-01-28", (), "2018-01-28"),
        (" 2018-01-28 ", (), "2018-01-28"),
        ("2018-01-28T00:00:00.000", (), "2018-01-28"),
        ("2016-02-29", (), "2016-02-29"),
        ("0001-01-01", (), "0001-01-01"),
        ("28/01/2018", ("%d/%m/%Y",), "2018-01-28"),
        ("8/1/2018", ("%d/%m/%Y",), "2018-01-08"),
        ("01/28/18", ("%m/%d/%y",), "2018-01-28"),
        ("20180128", ("%Y%m%d",), "2018-01-28"),
        ("28.01.2018 \u0433.", ("%d.%m.%Y \u0433.",), "2018-01-28"),
        ("2018年1月28日", ("%Y年%m月%d日",), "2018-01-28"),
        ("Jan 28, 2018", ("%b %d, %Y",), "2018-01-28"),
        ("JAN  8, 2018", ("%b %d, %Y",), "2018-01-08"),
        ("Sunday, 28 January 2018", ("%A, %d %B %Y",), "2018-01-28"),
        ("sun 28-jan-18", ("%a %d-%b-%y",), "2018-01-28"),
        ("2018-028", ("%Y-%j",), "2018-01-28"),
        ("2016366", ("%Y%j",), "2016-12-31"),
        ("100% 2018-01-28", ("100%% %Y-%m-%d",), "2018-01-28"),
        ("01/28/2018 12:00:00 AM", ("%m/%d/%Y %I:%M:%S %p",), "2018-01-28"),
        ("28/01/2018", ("%m/%d/%Y", "%d/%m/%Y"), "2018-01-28"),
        ("01/01/2018", ("%m/%d/%Y", "%d/%m/%Y"), "2018-01-01"),
        ("2018-01-28", ("%d/%m/%Y", "%Y-%m-%d"), "2018-01-28"),
    ],
)
def test_a_date_is_the_day_that_is_written(text: str, formats: tuple[str, ...], stored: str) -> None:
    assert day(text, *formats) == {"S": stored}


@pytest.mark.parametrize(
    ("text", "formats", "words"),
    [
        ("2018-02-31", (), "is not a date"),
        ("31/02/2018", ("%d/%m/%Y",), "is not a date"),
        ("2018-02-29", (), "is not a date"),
        ("2018-13-01", (), "is not a date"),
        ("0000-01-01", (), "is not a date"),
        ("18-01-28", (), "is not a date"),
        ("2018-1-28", (), "is not a date"),
        ("20180128", (), "is not a date"),
        ("2018-W04-7", (), "is not a date"),
        ("2018-01-28x", (), "is not a date"),
        ("x2018-01-28", (), "is not a date"),
        ("2018-01-28\n2018-01-29", (), "is not a date"),
        ("\uff12\uff10\uff11\uff18-01-28", (), "is not a date"),
        ("2018-01-28T00:00:00Z", (), "is not a date"),
        ("2018-01-28T05:03:00", (), "has a time, which a date would lose"),
        ("2018-01-28T00:00:00.001", (), "has a time, which a date would lose"),
        ("28/01/2018 00:00", ("%d/%m/%Y",), "is not a date"),
        ("28/01/18", ("%d/%m/%Y",), "is not a date"),
        ("28/01/02018", ("%d/%m/%Y",), "is not a date"),
        ("28-01-2018", ("%d/%m/%Y",), "is not a date"),
        ("028/01/2018", ("%d/%m/%Y",), "is not a date"),
        ("2018111", ("%Y%m%d",), "is not a date"),
        ("2017366", ("%Y%j",), "is not a date"),
        ("2017000", ("%Y%j",), "is not a date"),
        ("Mon 28 Jan 2018", ("%a %d %b %Y",), "is not a date"),
        ("28 Januar 2018", ("%d %B %Y",), "is not a date"),
        ("28 \u017fep 2018", ("%d %b %Y",), "is not a date"),
        ("1/28/2018 12:01:00 AM", ("%m/%d/%Y %I:%M:%S %p",), "has a time, which a date would lose"),
        ("01/02/2018", ("%d/%m/%Y", "%m/%d/%Y"), "is 2018-02-01 00:00:00 by one format and 2018-01-02 00:00:00 by"),
        ("01/02/2018", ("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y"), "is 2018-01-02 00:00:00 by one format"),
    ],
)
def test_what_is_no_day_or_two_days_is_refused(text: str, formats: tuple[str, ...], words: str) -> None:
    message = refusal_of_cell(text, type=ColumnType.DATE, formats=formats)

    assert words in message
    assert 'type = "date", format = ' in message


@pytest.mark.parametrize(
    ("text", "rules", "stored"),
    [
        ("2018-01-28T05:03:00Z", {}, "2018-01-28T05:03:00Z"),
        ("2018-01-28t05:03:00z", {}, "2018-01-28T05:03:00Z"),
        ("2018-01-28 05:03", {}, "2018-01-28T05:03:00"),
        ("2018-01-28T05:03:00+01:00", {}, "2018-01-28T04:03:00Z"),
        ("2018-01-28T05:03:00 -0530", {}, "2018-01-28T10:33:00Z"),
        ("2018-01-28T05:03:00+01", {}, "2018-01-28T04:03:00Z"),
        ("2018-01-28T05:03:00-00:00", {}, "2018-01-28T05:03:00Z"),
        ("2018-01-28T05:03:00.120", {}, "2018-01-28T05:03:00.12"),
        ("2018-01-28T05:03:00.000", {}, "2018-01-28T05:03:00"),
        ("2018-01-28T05:03:00.123456789Z", {}, "2018-01-28T05:03:00.123456789Z"),
        ("2018-01-28T05:03:00,5Z", {}, "2018-01-28T05:03:00.5Z"),
        ("2018-01-28T05:03:00", {"timezone": BERLIN}, "2018-01-28T04:03:00Z"),
        ("2018-07-28T05:03:00.5", {"timezone": BERLIN}, "2018-07-28T03:03:00.5Z"),
        ("2060-07-28T05:03:00", {"timezone": BERLIN}, "2060-07-28T03:03:00Z"),
        ("1900-07-28T05:03:00", {"timezone": BERLIN}, "1900-07-28T04:03:00Z"),
        ("2018-01-28T05:03:00Z", {"timezone": BERLIN}, "2018-01-28T05:03:00Z"),
        ("01/28/18 5:03 PM", AMERICAN, "2018-01-28T17:03:00"),
        ("01/28/18 12:03 am", AMERICAN, "2018-01-28T00:03:00"),
        ("01/28/18 12:03\u202fPM", AMERICAN, "2018-01-28T12:03:00"),
        ("28/Jan/2018:05:03:00 +0100", {"formats": ("%d/%b/%Y:%H:%M:%S %z",)}, "2018-01-28T04:03:00Z"),
        ("20180128050300123456", {"formats": ("%Y%m%d%H%M%S%f",)}, None),
        ("20180128 050300", {"formats": ("%Y%m%d %H%M%S",)}, "2018-01-28T05:03:00"),
        ("2018-01-28 5:3:7.5", {"formats": ("%Y-%m-%d %H:%M:%S.%f",)}, "2018-01-28T05:03:07.5"),
        ("2018-01-28 23", {"formats": ("%Y-%m-%d %H",)}, "2018-01-28T23:00:00"),
    ],
)
def test_a_timestamp_is_the_moment_that_is_written(text: str, rules: dict[str, Any], stored: str | None) -> None:
    expected = stored or "2018-01-28T05:03:00.123456"

    assert convert_cell(text, type=ColumnType.TIMESTAMP, **rules) == {"S": expected}


@pytest.mark.parametrize(
    ("text", "rules", "words"),
    [
        ("2018-01-28", {}, "is not a timestamp"),
        ("2018-01-28T24:00:00", {}, "is not a timestamp"),
        ("2018-01-28T05:60:00", {}, "is not a timestamp"),
        ("2018-01-28T05:03:60", {}, "is not a timestamp"),
        ("2018-01-28T05:03:00+24:00", {}, "is not a timestamp"),
        ("2018-01-28T05:03:00+01:60", {}, "is not a timestamp"),
        ("2018-01-28T05:03:00.", {}, "is not a timestamp"),
        ("2018-01-28T05:03:00 CET", {}, "is not a timestamp"),
        ("2018-02-30T05:03:00Z", {}, "is not a timestamp"),
        ("0001-01-01T00:00:00+01:00", {}, "is not within the years 1 to 9999 in UTC"),
        ("9999-12-31T23:59:59-01:00", {}, "is not within the years 1 to 9999 in UTC"),
        ("0001-01-01T00:00:00", {"timezone": BERLIN}, "is not within the years 1 to 9999 in UTC"),
        ("01/28/18 13:03 PM", AMERICAN, "is not a timestamp"),
        ("01/28/18 0:03 PM", AMERICAN, "is not a timestamp"),
        ("01/28/18 5:03", AMERICAN, "is not a timestamp"),
        ("2018-03-25T02:30:00", {"timezone": BERLIN}, "does not exist in Europe/Berlin"),
        ("2018-10-28T02:30:00", {"timezone": BERLIN}, "comes twice in Europe/Berlin"),
        ("2051-03-26T02:00:00", {"timezone": BERLIN}, "does not exist in Europe/Berlin"),
        ("2018-01-28T05:03:00", EPOCH, "says no offset from UTC, and the column has no timezone"),
        ("2018-01-28T05:03:00.5Z", EPOCH, "has a fraction of a second, which whole seconds would lose"),
        (
            "2018-01-28 05:03",
            {"formats": ("%Y-%m-%d %H:%M", "%Y-%d-%m %H:%M", "%Y-%m-%d %M:%H")},
            "is 2018-01-28 05:03:00 by one format and 2018-01-28 03:05:00 by another",
        ),
    ],
)
def test_what_is_no_moment_or_two_is_refused(text: str, rules: dict[str, Any], words: str) -> None:
    assert words in refusal_of_cell(text, type=ColumnType.TIMESTAMP, **rules)


@pytest.mark.parametrize("text", ["2018-03-25T01:59:59", "2018-03-25T03:00:00", "2018-10-28T01:59:59"])
def test_the_times_beside_a_change_of_the_clocks_are_taken(text: str) -> None:
    assert isinstance(moment(text, timezone=BERLIN), dict)


def test_seconds_are_counted_from_1970_in_utc() -> None:
    assert moment("1970-01-01T00:00:00Z", **EPOCH) == {"N": "0"}
    assert moment("2018-01-28T05:03:00.000+01:00", **EPOCH) == {"N": "1517112180"}
    assert moment("1969-12-31T23:59:59Z", **EPOCH) == {"N": "-1"}
    assert moment("2018-01-28 05:03", timezone=BERLIN, **EPOCH) == {"N": "1517112180"}
    assert day("2018-01-28", **EPOCH) == {"N": "1517097600"}
    assert day("2018-01-28", timezone=UTC_ZONE, **EPOCH) == {"N": "1517097600"}
    assert day("2018-01-28", timezone=BERLIN, **EPOCH) == {"N": "1517094000"}


def test_a_day_without_a_midnight_has_no_seconds() -> None:
    message = refusal_of_cell(
        "2018-11-04", type=ColumnType.DATE, timezone=compile_zone("America/Sao_Paulo"), store=Store.EPOCH
    )

    assert "does not exist in America/Sao_Paulo" in message
    assert message.endswith('type = "date", format = ISO 8601, store = "epoch", timezone = "America/Sao_Paulo"')


def test_the_message_names_every_format() -> None:
    message = refusal_of_cell("x", type=ColumnType.DATE, formats=("%d/%m/%Y", "%Y-%m-%d"))

    assert message == 'C: "x" is not a date; type = "date", format = ["%d/%m/%Y", "%Y-%m-%d"]'


@given(st.dates(min_value=date(1000, 1, 1)))
def test_a_date_comes_back_from_every_format(value: date) -> None:
    expected = {"S": value.isoformat()}

    assert day(value.isoformat()) == expected
    for form in ("%d.%m.%Y", "%Y%m%d", "%A %d %B %Y", "%a, %d %b %Y", "%j/%Y", "%m/%d/%Y"):
        assert day(value.strftime(form), form) == expected


@given(
    st.datetimes(min_value=datetime(1000, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001
    st.integers(-23 * 60, 23 * 60),
)
def test_a_timestamp_is_the_same_moment_however_it_is_stored(local: datetime, minutes: int) -> None:
    aware = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    utc = aware.astimezone(UTC)
    fraction = f"{utc.microsecond:06}".rstrip("0")

    expected = {"S": utc.strftime("%Y-%m-%dT%H:%M:%S") + (f".{fraction}" if fraction else "") + "Z"}
    assert moment(aware.isoformat()) == expected
    assert moment(aware.strftime("%d %b %Y %I:%M:%S.%f %p %z"), "%d %b %Y %I:%M:%S.%f %p %z") == expected
    whole = aware.replace(microsecond=0)
    assert moment(whole.isoformat(), **EPOCH) == {"N": str(int(whole.timestamp()))}


@given(st.text("0123456789-/:.TZ +", max_size=20))
def test_any_text_is_a_moment_or_refused(text: str) -> None:
    for formats in ((), ("%d/%m/%Y", "%m/%d/%y")):
        made = day(text, *formats)
        assert made is None or isinstance(made, Refusal) or date.fromisoformat(made["S"])
    made = moment(text, timezone=BERLIN)
    assert made is None or isinstance(made, Refusal) or datetime.fromisoformat(made["S"][:19])
