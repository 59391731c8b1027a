"""What to say of the columns' names and of rows of other widths, once the header is found. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from commands.describing.source_dialect import Record
from commands.describing.source_header import HeaderPlace
from csvdynamo_airflow.reading.header_names import joined_names, numbered_names

_MOST, _MANY, _ENOUGH = 0.5, 0.1, 50
_NUMBER_NAMES = frozenset(("id", "no", "no.", "nr", "nr.", "n", "#", "number", "index", "rank", "rk", "key", "row"))
_NEARLY_ALL = 0.99


@dataclass
class Told:
    """Settings, and a sentence for each."""

    settings: dict[str, object] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    unsure: list[str] = field(default_factory=list)

    def say(self, setting: str, value: object, why: str) -> None:
        """Take one."""
        self.settings[setting] = value
        self.reasons[setting] = why


def tell_place(told: Told, place: HeaderPlace, first_line: int) -> None:
    """Say where the header is.

    Args:
        told: Takes the settings.
        place: Where it is.
        first_line: The physical line that it is looked for from without a setting.
    """
    if place.line > first_line:
        told.say("skip_lines", place.line, _no_rows(place.line, "the table"))
    if len(place.header) > 1:
        told.say("header_lines", len(place.header), "The lines make the names together.")


def tell_names(told: Told, place: HeaderPlace, *, plainly: bool = False, in_comment: bool = False) -> None:
    """Say what the columns are called, and what is to be done with rows of other widths.

    Args:
        told: Takes the settings.
        place: The header and the rows.
        plainly: Whether every name is to be said, and every row that can be is to be taken.
        in_comment: Whether the header is a comment, which is no record.
    """
    rows = [row for row in place.rows if row.filled]
    cells = [cell.strip() for cell in joined_names([record.cells for record in place.header])] if place.header else []
    width = _width(rows, len(cells))
    short = sum(row.width < width for row in rows)
    trails = bool(cells) and width > len(cells) and _may_trail(rows, len(cells))
    if not place.header:
        told.say("header", "none", "The first record is like the rows: there is no header.")
        told.say("names", [f"column_{number}" for number in range(1, width + 1)], "Nothing in the file names them.")
    elif in_comment:
        told.say("header", "none", "The names stand in a comment above the rows.")
        names = [*cells, *(f"column_{number}" for number in range(len(cells) + 1, width + 1))]
        told.say("names", usable_names(names), "As the last comment above the rows has them.")
    elif plainly or width > len(cells) + _trailing(rows, len(cells)):
        _tell_all_names(told, place, cells, rows, width, plainly=plainly)
        short = sum(row.width < len(told.settings["names"]) for row in rows)  # type: ignore[arg-type]
    else:
        _tell_odd_names(told, cells, rows)
    if _are_many(short, rows) or (trails and short):
        told.say("short_rows", "pad", f"{short:,} of the first {len(rows):,} rows have fewer cells than the header.")


def _are_many(some: int, rows: Sequence[Record]) -> bool:
    """Whether so many rows have another width that this is how the file is written, and no accident."""
    return some >= (_MOST if len(rows) < _ENOUGH else _MANY) * len(rows) > 0


def _width(rows: Sequence[Record], named: int) -> int:
    """Say how many cells a row is to have: as many as there are names, or more if many rows have more."""
    if not rows:
        return named
    widths = Counter(row.width for row in rows)
    wider = sum(count for width, count in widths.items() if width > named)
    if named and wider and _may_trail(rows, named):
        return max(row.width for row in rows)
    if named and not _are_many(wider, rows):
        return named
    covered, total = 0, 0
    for width in sorted(widths):
        covered, total = width, total + widths[width]
        if total >= _NEARLY_ALL * len(rows):
            break
    return max(covered, named)


def _may_trail(rows: Sequence[Record], named: int) -> bool:
    """Whether many rows, and not all, have a delimiter after their last cell: read either way they are the same."""
    wider = [row for row in rows if row.width > named]
    blank = all(not cell.strip() for row in wider for cell in row.cells[named:])
    return blank and _MANY * len(rows) <= len(wider) < len(rows) and len(wider) > 1


def _trailing(rows: Sequence[Record], named: int) -> int:
    """Return 1 if the reader leaves out a cell after the last name by itself: blank in every row."""
    return int(len(rows) > 1 and all(row.width == named + 1 and not row.cells[-1].strip() for row in rows))


def _tell_all_names(
    told: Told, place: HeaderPlace, cells: Sequence[str], rows: Sequence[Record], width: int, *, plainly: bool
) -> None:
    names = list(cells)
    if len(names) + 1 == width and names[0].lower() not in _NUMBER_NAMES and _index_from(rows, 0) == 1:
        names.insert(0, "column_1")
        told.unsure.append(
            "The header has a name less than the rows have cells; the first cells, 1, 2, 3, …, got none."
        )
    names += [f"column_{number}" for number in range(len(names) + 1, width + 1)]
    names = usable_names(names)
    why = f"The header has {len(cells):,} names, the rows {width:,} cells."
    told.say("names", names, why if width > len(cells) else "The names of the header cannot be used as they are.")
    if plainly or any(row.width != width for row in rows) or len(place.header) > 1:
        told.say("header", "none", "The header is passed over: its names are said.")
        told.say("skip_lines", place.end, _no_rows(place.end, "the first row"))
        told.settings.pop("header_lines", None)


def usable_names(names: Sequence[str]) -> list[str]:
    """Make names that a header may have: none blank, none twice, without control characters."""
    whole = [
        " ".join("".join(one if one.isprintable() else " " for one in name).split()) or f"column_{place}"
        for place, name in enumerate(names, start=1)
    ]
    return numbered_names(whole)


def _no_rows(lines: int, what: str) -> str:
    return f"{lines} lines before {what} are no rows." if lines > 1 else f"A line before {what} is no row."


def _tell_odd_names(told: Told, cells: Sequence[str], rows: Sequence[Record]) -> None:
    nameless = [place for place, cell in enumerate(cells) if not cell]
    valued = [place for place in nameless if any(place < row.width and row.cells[place].strip() for row in rows)]
    if valued == [0] and _index_from(rows, 0) is not None:
        told.say("nameless", "drop", "The column without a name counts the rows.")
    elif valued:
        told.say("nameless", "number", f"{len(valued)} columns without a name have values.")
    named = [cell for cell in cells if cell]
    if twice := [name for name, count in Counter(named).items() if count > 1]:
        told.say("repeated", "number", f"{', '.join(map(repr, twice[:5]))} comes more than once in the header.")


def _index_from(rows: Sequence[Record], place: int) -> int | None:
    """Return what a column counts from, if it counts the rows."""
    values = [row.cells[place].strip() for row in rows if row.width > place]
    if not values or values[0] not in ("0", "1") or len(values) < min(len(rows), 2):
        return None
    first = int(values[0])
    return first if all(value == str(number) for number, value in enumerate(values, first)) else None
