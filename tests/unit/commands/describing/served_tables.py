"""Clean tables as publishers have them, of which files of every kind are made."""

import csv
import io
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Kind:
    """One file.

    Attributes:
        name: What it is.
        content: Its bytes.
        headers: The names that its columns are to have.
        rows: The rows that it holds: each cell, blank ones too.
        rejects: How many of its records are none, and told.
    """

    name: str
    content: bytes
    headers: tuple[str, ...]
    rows: Rows
    rejects: int = 0

    @property
    def items(self) -> list[dict[str, str]]:
        """What each row is to become: the cells that are not blank, by name."""
        return [
            {name: cell for name, cell in zip(self.headers, row, strict=False) if cell.strip()} for row in self.rows
        ]


@dataclass(frozen=True)
class Base:
    """A clean table."""

    name: str
    header: tuple[str, ...]
    rows: Rows

    def renamed(self, *header: str) -> "Base":
        return replace(self, header=header)

    def each(self, *more: str, before: bool = False) -> Rows:
        return [(*more, *row) if before else (*row, *more) for row in self.rows]


_FIRMS = ("Smith, Jones & Co", 'ACME "Direct" Ltd', "O'Neill plc", "Northern Rail", "Bath & North East", "KPMG, LLP")
_TYPES = ("Travel", "Consultancy", "Rent, rates", "Legal fees", "IT \u2013 hardware")
_GRADES = ("SCS1", "SCS2", "SCS1A", "HEO", "EO")
_TOWNS = ("Plzeň", "Ústí nad Labem", "Žďár nad Sázavou", "České Budějovice", "Příbram", "Brno")


def spending(count: int) -> Base:
    """Government spending."""
    draw = random.Random(count)
    rows = [
        (
            "Department of Health",
            f"{number % 28 + 1:02}/0{number % 9 + 1}/2018",
            draw.choice(_TYPES),
            draw.choice(_FIRMS),
            f"{7_000_000 + 13 * number}",
            f"{draw.randint(25, 900)},{draw.randint(100, 999)}.{draw.randint(10, 99)}",
        )
        for number in range(count)
    ]
    return Base("spending", ("Department", "Date", "Expense Type", "Supplier", "Transaction Number", "Amount"), rows)


def sensor(count: int) -> Base:
    """Measurements."""
    draw = random.Random(count)
    rows = [
        (
            f"2019-07-{number % 28 + 1:02}T{number % 24:02}:00:00Z",
            f"{number * 5}",
            f"{draw.uniform(-3, 30):.3f}",
            f"{draw.uniform(30, 36):.2f}",
        )
        for number in range(count)
    ]
    return Base("sensor", ("time", "depth", "temperature", "salinity"), rows)


def organogram(count: int) -> Base:
    """Posts."""
    draw = random.Random(count)
    rows = [
        (
            f"{100 + number}",
            draw.choice(("N/D", f"Person {number}", "Vacant")),
            draw.choice(_GRADES),
            f"Head of {draw.choice(_TYPES)}",
            draw.choice(("", "1", "0.8")),
            draw.choice(("N/A", "65000", "£70,000")),
        )
        for number in range(count)
    ]
    return Base("organogram", ("Post Unique Reference", "Name", "Grade", "Job Title", "FTE", "Salary"), rows)


def towns(count: int) -> Base:
    """Towns, decimals with a comma."""
    draw = random.Random(count)
    rows = [
        (f"CZ{1000 + number}", draw.choice(_TOWNS), f"{draw.randint(1, 99)},{draw.randint(1, 9)}", f"{number},5")
        for number in range(count)
    ]
    return Base("towns", ("Kód", "Obec", "Výměra", "Podíl"), rows)


def text_of(records: Rows, delimiter: str = ",", end: str = "\n", **options: object) -> str:
    """Write records."""
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator=end, **options).writerows(records)  # type: ignore[arg-type]
    return file.getvalue()
