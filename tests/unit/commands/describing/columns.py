"""Tables of columns as publishers fill them: numbers, dates, codes and texts, some cells of another kind."""

import csv
import io
import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

Cell = Callable[[random.Random, int, datetime], str]


def _pick(*cells: str) -> Cell:
    return lambda draw, _number, _day: draw.choice(cells)


def _day(text: str) -> Cell:
    return lambda _draw, _number, day: day.strftime(text)


def _number(text: str, factor: float = 1, swap: str = "") -> Cell:
    def cell(_draw: random.Random, number: int, _day: datetime) -> str:
        shown = text.format(number * factor)
        return shown.translate(str.maketrans(",.", swap)) if swap else shown

    return cell


CELLS: Mapping[str, Cell] = {
    "whole": lambda _draw, number, _day: str(number - 2500),
    "fraction": lambda draw, number, _day: f"{number / 7:.{draw.randint(0, 5)}f}",
    "three places": _number("{:.3f}", 1 / 7),
    "exponent": lambda draw, number, _day: f"{number}e{draw.randint(-9, 9)}",
    "zeros in front": lambda _draw, number, _day: f"{number:05}",
    "thousands": _number("{:,.0f}", 1000),
    "thousands and cents": _number("{:,.2f}", 999.13),
    "German": _number("{:,.2f}", 999.13, ".,"),
    "French": _number("{:,.2f}", 999.13, "\u00a0,"),
    "Swiss": _number("{:,.2f}", 999.13, "'."),
    "dollars": _number("${:,.2f}", 9.5),
    "euros": _number("{:.2f} €", 9.5, ".,"),
    "negative dollars": _number("-${:.2f}", 9.5),
    "accountants": lambda _draw, number, _day: f"({number})" if number % 3 else str(number),
    "percent": _number("{:.1f}%", 0.1),
    "38 digits and more": lambda _draw, number, _day: str(number) * 11,
    "boolean": _pick("true", "False", "TRUE"),
    "yes": _pick("Y", "N"),
    "day": _day("%Y-%m-%d"),
    "day/month": _day("%d/%m/%Y"),
    "month/day": _day("%m/%d/%y"),
    "in words": _day("%B %d, %Y"),
    "short words": _day("%d-%b-%Y"),
    "touching": _day("%Y%m%d"),
    "time": _day("%Y-%m-%dT%H:%M:%S.000"),
    "offset": _day("%Y-%m-%dT%H:%M:%S+02:00"),
    "clock": _day("%m/%d/%Y %I:%M:%S %p"),
    "hours": _day("%H:%M"),
    "either": lambda draw, _number, _day: f"{draw.randint(1, 12):02}/{draw.randint(1, 12):02}/2018",
    "February": _pick("29/02/2019", "28/02/2019", "30/03/2019"),
    "document": lambda _draw, number, _day: json.dumps({"a": number, "b": [1, "x"]}),
    "text": _pick("beta, gamma", 'with "quote"', "line\nbreak", "back\\slash", "a#b", "  pad ", "é水", "'apos", "=1+1"),
    "long": lambda draw, number, _day: "word " * draw.randint(20, 60) + str(number),
    "ruined": _pick("1.2E+11", "4.5E+12", "123456789012"),
    "nothing": _pick("NA", "null", "-", "", "  "),
    "one": _pick("x"),
}
_NAMES = ("Name", "Total", "code", "Car ID", "Event Date", "value", "Übung", "a.b", 'x"y', "{h}", "State")
_NOISE = ("", "NA", "-", "oops", "Unknown", "0")


def table(seed: int) -> str:
    """Write a table; the same number gives the same one."""
    draw = random.Random(seed)
    kinds = draw.choices(list(CELLS), k=draw.randint(2, 9))
    noise = [(draw.choice([0, 0, 0, 0.02, 0.3]), draw.choice(_NOISE)) for _ in kinds]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([f"{draw.choice(_NAMES)} {place}" for place in range(len(kinds))])
    for _ in range(draw.choice([1, 2, 5, 30, 300, 6000])):
        day = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(days=draw.randint(0, 12000), seconds=draw.randint(0, 86399))
        cells = [CELLS[kind](draw, draw.randint(0, 5000), day) for kind in kinds]
        writer.writerow(
            [other if draw.random() < share else cell for cell, (share, other) in zip(cells, noise, strict=True)]
        )
    return text.getvalue()
