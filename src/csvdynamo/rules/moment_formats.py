"""Formats of dates and times: those of Python's `strptime`, read the same on every machine.

`strptime` itself takes the names of months and days from the machine's locale, and reads 2018111 by `%Y%m%d` as one of
two days. Here names are English, and digits that touch have their full width.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = 3
_SPACE = "[ \t\n\r\f\v\u00a0\u2000-\u200a\u202f\u3000]+"
_PIVOT = 69  # of POSIX and of strptime: 69 is 1969, 68 is 2068


def _names(names: tuple[str, ...], length: int | None = None) -> str:
    return "|".join(name[:length] for name in names)


_DIRECTIVES = {
    "Y": ("[0-9]{4}", "[0-9]{4}"),
    "y": ("[0-9]{2}", "[0-9]{2}"),
    "m": ("[0-9]{1,2}", "[0-9]{2}"),
    "d": ("[0-9]{1,2}", "[0-9]{2}"),
    "j": ("[0-9]{1,3}", "[0-9]{3}"),
    "H": ("[0-9]{1,2}", "[0-9]{2}"),
    "I": ("[0-9]{1,2}", "[0-9]{2}"),
    "M": ("[0-9]{1,2}", "[0-9]{2}"),
    "S": ("[0-9]{1,2}", "[0-9]{2}"),
    "f": ("[0-9]{1,9}", "[0-9]{6}"),
    "b": (_names(_MONTHS, _SHORT),) * 2,
    "B": (_names(_MONTHS),) * 2,
    "a": (_names(_DAYS, _SHORT),) * 2,
    "A": (_names(_DAYS),) * 2,
    "p": ("am|pm",) * 2,
    "z": ("z|[+-][0-9]{2}(?::?[0-9]{2})?",) * 2,
}
"""What each directive takes, and what where a digit touches it."""
DIRECTIVES = tuple(f"%{one}" for one in (*_DIRECTIVES, "%"))
_NUMERIC = frozenset("YymdjHIMSf")
_SAME = (("Y", "y"), ("m", "b", "B", "j"), ("d", "j"), ("H", "I"), ("a", "A"))
"""Directives of which a format has one at most: each says the same thing."""


@dataclass(frozen=True)
class Reading:
    """What a text says of a moment.

    Attributes:
        local: The day, and the time by the clock.
        fraction: The digits of the second's fraction, without zeros at the end.
        offset: What the clock is ahead of UTC, None if the text does not say so.
    """

    local: datetime
    fraction: str
    offset: timedelta | None


@dataclass(frozen=True)
class MomentFormat:
    """A format that is compiled.

    Attributes:
        text: How a data set file writes it.
        pattern: Takes a whole text that has the form; its groups are named after the directives.
    """

    text: str
    pattern: re.Pattern[str]

    @property
    def has_time(self) -> bool:
        """Whether it says the hour."""
        return bool({"H", "I"} & self.pattern.groupindex.keys())

    @property
    def has_offset(self) -> bool:
        """Whether every text says its offset."""
        return "z" in self.pattern.groupindex

    def read(self, text: str) -> Reading | None:
        """Return what a text says, None if it has another form or there is no such day or time.

        Args:
            text: Without white space at its ends.
        """
        match = self.pattern.fullmatch(text)
        if match is None:
            return None
        found = {name: value for name, value in match.groupdict().items() if value is not None}
        try:
            local = _local(found)
            return None if local is None else Reading(local, found.get("f", "").rstrip("0"), _offset(found.get("z")))
        except (ValueError, OverflowError):
            return None


def compile_format(text: str) -> MomentFormat:
    """Compile a format.

    Raises:
        ValueError: It says too little for a day, one thing twice, or has what is not known; the message says what.
    """
    parts = _parts(text)
    used = [part[1] for part in parts if part[0] == "%" and part != "%%"]
    _hold_whole(used)
    written = []
    for at, part in enumerate(parts):
        if part == "%%" or part[0] != "%":
            written.append(re.escape(part[-1]) if not part.isspace() else _SPACE)
            continue
        directive = part[1]
        before, after = parts[at - 1] if at else "", parts[at + 1] if at + 1 < len(parts) else ""
        touched = directive in _NUMERIC and (_is_digit(before) or _is_digit(after))
        if directive == "z" and _is_digit(after):
            raise ValueError("has a digit after %z, where nobody can tell which of them are the offset's")
        written.append(f"(?P<{directive}>{_DIRECTIVES[directive][touched]})")
    return MomentFormat(text, re.compile("".join(written), re.ASCII | re.IGNORECASE))


_ISO_DAY = "(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"
_ISO_TIME = r"(?P<H>[0-9]{2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?"
ISO_DATE = MomentFormat("ISO 8601", re.compile(f"{_ISO_DAY}(?:[Tt ]{_ISO_TIME})?"))
"""2018-01-28; a time may follow."""
ISO_TIMESTAMP = MomentFormat(
    "ISO 8601", re.compile(f"{_ISO_DAY}[Tt ]{_ISO_TIME}(?: ?(?P<z>[Zz]|[+-][0-9]{{2}}(?::?[0-9]{{2}})?))?")
)
"""2018-01-28T05:03:00.5+01:00, with or without the seconds and the offset."""


def _parts(text: str) -> list[str]:
    """Cut a format into directives, single characters and runs of white space."""
    parts = re.findall(r"%.|\s+|[^%\s]", text, re.DOTALL)
    if sum(map(len, parts)) != len(text):
        raise ValueError("ends in a single %")
    for part in parts:
        if part[0] == "%" and part not in DIRECTIVES:
            raise ValueError(f"has {part}; allowed are {' '.join(DIRECTIVES)}")
    return parts


def _hold_whole(used: list[str]) -> None:
    for directive in used:
        same = next((group for group in _SAME if directive in group), (directive,))
        twice = [f"%{one}" for one in used if one in same]
        if len(twice) > 1:
            raise ValueError(f"has {' and '.join(twice)}, which say the same thing twice")
    given = set(used)
    if not given & {"Y", "y"} or not ("j" in given or ("d" in given and given & {"m", "b", "B"})):
        raise ValueError("must say the year (%Y or %y), the month (%m, %b or %B) and the day (%d), or the year and %j")
    if ("I" in given) != ("p" in given):
        raise ValueError("must have both of %I and %p, or neither")
    for finer, coarser in (("M", "HI"), ("S", "M"), ("f", "S"), ("z", "HI")):
        if finer in given and not given & set(coarser):
            raise ValueError(f"has %{finer} without {' or '.join(f'%{one}' for one in coarser)}")


def _is_digit(part: str) -> bool:
    return part[-1:].isdigit() if part[:1] != "%" else part[1] in _NUMERIC


def _local(found: Mapping[str, str]) -> datetime | None:
    """Return the day and the time; None if the text names another day of the week.

    Raises:
        ValueError: There is no such day or time.
    """
    year = int(found["Y"]) if "Y" in found else _whole_year(int(found["y"]))
    hour = int(found.get("H", 0)) if "I" not in found else _hour(int(found["I"]), found["p"])
    minute, second = int(found.get("M", 0)), int(found.get("S", 0))
    if "j" in found:
        local = datetime(year, 1, 1, hour, minute, second) + timedelta(days=int(found["j"]) - 1)  # noqa: DTZ001
        if local.year != year:
            raise ValueError("there is no such day of the year")
    else:
        local = datetime(year, _month(found), int(found["d"]), hour, minute, second)  # noqa: DTZ001
    day = found.get("a") or found.get("A")
    return local if day is None or _DAYS[local.weekday()].startswith(day.lower()) else None


def _whole_year(year: int) -> int:
    return year + (1900 if year >= _PIVOT else 2000)


def _hour(hour: int, half: str) -> int:
    if not 1 <= hour <= 12:
        raise ValueError("there is no such hour of half a day")
    return hour % 12 + (12 if half.lower() == "pm" else 0)


def _month(found: Mapping[str, str]) -> int:
    if "m" in found:
        return int(found["m"])
    name = (found.get("b") or found["B"]).lower()
    return next(number for number, month in enumerate(_MONTHS, 1) if month.startswith(name))


def _offset(text: str | None) -> timedelta | None:
    if text is None:
        return None
    if text in ("Z", "z"):
        return timedelta(0)
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise ValueError("there is no such offset")
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if text[0] == "-" else offset
