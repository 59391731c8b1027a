"""The ways in which a column may write dates and times. Pure."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from commands.describing.kinds import Kind

_YEAR, _SHORT_YEAR = "[12][0-9]{3}", "[0-9]{2}"
_TIMES = {
    "": "",
    " %H:%M": "(0?[0-9]|1[0-9]|2[0-3]):[0-5]?[0-9]",
    " %H:%M:%S": "(0?[0-9]|1[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9]",
    " %I:%M %p": "(0?[1-9]|1[0-2]):[0-5]?[0-9] [AaPp][Mm]",
    " %I:%M:%S %p": "(0?[1-9]|1[0-2]):[0-5]?[0-9]:[0-5]?[0-9] [AaPp][Mm]",
}
_ORDERS = (
    ("d", "m", "Y"), ("m", "d", "Y"), ("Y", "m", "d"), ("d", "m", "y"), ("m", "d", "y"), ("y", "m", "d"),
    ("d", "b", "Y"), ("d", "B", "Y"), ("d", "b", "y"),
)  # fmt: skip
_SEPARATORS = ("/", ".", "-", " ")
_AMERICAN = ("%b %d, %Y", "%B %d, %Y")
_FUTURE_YEARS = 5

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip

ISO_DATE = Kind("date", {"type": "date"})
_ISO_TIME = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?( ?(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?))?"


def moment_kinds() -> Iterator[Kind]:
    """Give the kinds of dates and times: ISO 8601 first, then each format."""
    day = f"{_YEAR}-{_day_of_month('m', '-', 'd', full=True)}"
    yield Kind("timestamp", {"type": "timestamp"}, f"{day}[T ]{_ISO_TIME}")
    yield Kind("date", {"type": "date"}, day)
    for order in _ORDERS:
        for separator in _SEPARATORS:
            # ISO 8601 has it; and 1 2 2018 is no date that anybody writes.
            if (order, separator) == (("Y", "m", "d"), "-") or (separator == " " and not {"b", "B"} & {*order}):
                continue
            for time in _TIMES:
                yield _kind(separator.join(f"%{one}" for one in order), time, _pattern(order, separator))
    for text in _AMERICAN:
        month = text[1]
        for time in _TIMES:
            yield _kind(text, time, f"{_day_of_month(month, ' ', 'd')}, {_YEAR}")
    touching = f"(19|20)[0-9]{{2}}{_day_of_month('m', '', 'd', full=True)}"
    yield Kind("date", {"type": "date", "format": "%Y%m%d"}, touching, only_named=True)


def _kind(day: str, time: str, pattern: str) -> Kind:
    kind = "timestamp" if time else "date"
    facts = {}
    if "%y" in day:
        facts["future"] = _future(day, time)
    sure = f"{pattern} {_TIMES[time]}" if time else pattern
    return Kind(f"{kind} {day}{time}", {"type": kind, "format": day + time}, sure, facts)


def _pattern(order: tuple[str, ...], separator: str) -> str:
    between = re.escape(separator)
    year = {"Y": _YEAR, "y": _SHORT_YEAR}
    if order[0] in year:
        return f"{year[order[0]]}{between}{_day_of_month(order[1], between, order[2])}"
    return f"{_day_of_month(order[0], between, order[1])}{between}{year[order[2]]}"


def _day_of_month(first: str, between: str, second: str, *, full: bool = False) -> str:
    """Write a day that every year has: the 29th of February is for the core to look at."""
    month = second if first == "d" else first
    zero = "0" if full else "0?"
    days = (f"({zero}[1-9]|1[0-9]|2[0-8])", "(29|30)", "31")
    months = (range(1, 13), [one for one in range(1, 13) if one != 2], (1, 3, 5, 7, 8, 10, 12))
    pairs = []
    for day, some in zip(days, months, strict=True):
        named = "(" + "|".join(_month(month, one, zero) for one in some) + ")"
        pairs.append(f"{day}{between}{named}" if first == "d" else f"{named}{between}{day}")
    return "(" + "|".join(pairs) + ")"


def _month(directive: str, number: int, zero: str) -> str:
    if directive == "m":
        return f"{zero}{number}" if number < 10 else str(number)
    name = (_MONTHS if directive == "b" else _LONG_MONTHS)[number - 1]
    return "".join(f"[{letter.upper()}{letter}]" for letter in name)


def _future(day: str, time: str) -> str:
    """Match a year of two digits that is read as one to come: who was born in 50 was not born in 2050."""
    now = datetime.now(UTC).year % 100
    years = "|".join(f"{one:02}" for one in range(now + _FUTURE_YEARS, 69))
    if not years:
        return "(?:a{0}b)"
    rest = " .*" if time else ""
    return f"({years})[^0-9].*" if day.startswith("%y") else f".*[^0-9]({years}){rest}"
