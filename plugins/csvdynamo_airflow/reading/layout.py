"""Which of a record's cells are columns, decided by the header and the first rows before anything is written. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dialects import Header, Nameless, Repeated, ShortRows
from csvdynamo_airflow.reading.header_names import joined_names, numbered_names, told_names
from csvdynamo_airflow.reading.source_error import SourceFileError

SAMPLE_ROWS = 1_000
"""Rows that are looked at."""

NEARLY_ALL = 0.9
"""The part of the rows that tells what they are meant to be: a few are faults of their own."""

_ROWS_THAT_TELL = 3  # the rest of the header, and two that are alike


@dataclass(frozen=True)
class Layout:
    """Which of a record's cells are columns.

    Attributes:
        headers: The columns' names.
        width: How many cells a row has.
        kept: The places of the columns among them, from 0; None: all.
        blank: The places of cells that are left out because they are blank in every row.
        header_records: The header's own records: where one comes again, it is no row.
        notes: What was left out or read otherwise, a sentence each.
    """

    headers: tuple[str, ...]
    width: int
    kept: tuple[int, ...] | None = None
    blank: tuple[int, ...] = ()
    header_records: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()


def lay_out(header: Sequence[Sequence[str]], rows: Sequence[Sequence[str]], dataset: Dataset, name: str) -> Layout:
    """Decide which cells are columns.

    Args:
        header: The header's records; none where the source has no header.
        rows: The cells of the first rows, of whatever width.
        dataset: The data set.
        name: What to call the source in messages.

    Raises:
        SourceFileError: Every row has more cells than the header, or nearly every row fewer, or the header is broken in
            two.
    """
    source = dataset.source
    names, notes = list(source.names), list[str]()
    if not names:
        cells = joined_names(header)
        names, notes = told_names(cells, dataset)
        if source.repeated is Repeated.REFUSE:
            _refuse_alike(cells, names, name)
    elif source.header is not Header.NONE and len(names) != max(map(len, header)):
        _refuse_names(names, header, rows, dataset, name)
    width, blank = len(names), set[int]()
    if _has_trailing_delimiters(rows, width):
        notes.append(
            "Every row ends with a delimiter and nothing after it, which the header does not: it was left out."
        )
        blank.add(width)
        width += 1
    if not source.names and len(header) == 1:
        _refuse_broken(len(header[0]), rows, dataset, name)
    _refuse_other_widths(rows, width, len(names), dataset, name)
    nameless = [place for place, column in enumerate(names) if not column.strip()]
    dropped = set[int]()
    if source.nameless is Nameless.NUMBER:
        names = [column if column.strip() else f"column_{place}" for place, column in enumerate(names, start=1)]
    elif source.nameless is Nameless.DROP:
        dropped = set(nameless)
    else:
        blank |= {place for place in nameless if _is_blank(rows, place)}
    if places := sorted(dropped | blank & set(nameless)):
        why = "source.nameless" if dropped else "blank in every row"
        notes.append(f"{_columns(places)} without a name left out: {why}.")
    kept = tuple(place for place in range(len(names)) if place not in dropped | blank)
    names = [names[place] for place in kept]
    return Layout(
        headers=tuple(numbered_names(names) if source.repeated is Repeated.NUMBER else names),
        width=width,
        kept=None if len(kept) == width else kept,
        blank=tuple(sorted(blank)),
        header_records=tuple(map(tuple, header)),
        notes=tuple(notes),
    )


def _has_trailing_delimiters(rows: Sequence[Sequence[str]], width: int) -> bool:
    """Whether every row has one cell more than the header, and that is blank.

    Of one row alone this tells only where no other cell is blank: a delimiter too many may stand anywhere.
    """
    if not rows or any(len(row) != width + 1 or row[-1].strip() for row in rows):
        return False
    return len(rows) > 1 or all(cell.strip() for cell in rows[0][:-1])


def _refuse_alike(cells: Sequence[str], names: Sequence[str], name: str) -> None:
    """Refuse cells that are one name only once they are read as names: what differs may not be seen."""
    first: dict[str, str] = {}
    for cell, column in zip(cells, names, strict=True):
        other = first.setdefault(column, cell)
        if column and other != cell:
            raise SourceFileError(
                f"The header of {name} has {other!a} and {cell!a}, which are both {column!r} without white space round "
                'them and in one Unicode form. Rename one, or set source.repeated = "number" in the data set file.'
            )


def _refuse_names(
    names: Sequence[str], header: Sequence[Sequence[str]], rows: Sequence[Sequence[str]], dataset: Dataset, name: str
) -> None:
    """Refuse names that are as many as neither the header's cells nor those of nearly every row."""
    if not rows or sum(len(row) == len(names) for row in rows) < NEARLY_ALL * len(rows):
        raise SourceFileError(
            f"source.names in datasets/{dataset.name}.toml has {len(names):,} names, and the header of {name} "
            f"{max(map(len, header)):,} cells. Give a name for each column, in order."
        )


def _refuse_other_widths(rows: Sequence[Sequence[str]], width: int, named: int, dataset: Dataset, name: str) -> None:
    if not rows:
        return
    widths = [len(row) for row in rows]
    what = "source.names" if dataset.source.header is Header.NONE else "the header"
    file, first = f"datasets/{dataset.name}.toml", f"of the first {len(rows):,} of {name}"
    if min(widths) > width:
        more = "" if min(widths) == max(widths) else " or more"
        raise SourceFileError(
            f"Every row {first} has {min(widths):,} cells{more}, {what} {named:,}. Name every column: source.names in "
            f"{file}. If lines stand before the header: source.skip_lines or source.header_at."
        )
    short = sum(cells < width for cells in widths)
    if dataset.source.short_rows is ShortRows.REJECT and len(rows) > 1 and short >= NEARLY_ALL * len(rows):
        many = "Every row" if short == len(rows) else f"{short:,} rows"
        raise SourceFileError(
            f"{many} {first} {'has' if short == len(rows) else 'have'} fewer cells than {what}, which has {named:,}. "
            f'To take what is missing for blank, set source.short_rows = "pad" in {file}.'
        )


def _refuse_broken(header: int, rows: Sequence[Sequence[str]], dataset: Dataset, name: str) -> None:
    """Refuse a header with a line break: its rest is the first row, and both together are as wide as the others."""
    if len(rows) < _ROWS_THAT_TELL:
        return
    first, others = len(rows[0]), [len(row) for row in rows[1:]]
    whole = header + first - 1  # the cell with the line break is in both
    if first > 1 and others.count(whole) >= NEARLY_ALL * len(others):
        raise SourceFileError(
            f"The header of {name} has {header:,} cells, the record after it {first:,} and every other one {whole:,}: "
            "that is a header with a line break in it, the rest of which is in a line of its own. Take the line break "
            "out; or skip the header's first line, source.skip_lines, and name every column, source.names in "
            f"datasets/{dataset.name}.toml."
        )


def _is_blank(rows: Sequence[Sequence[str]], place: int) -> bool:
    return not any(row[place].strip() for row in rows if place < len(row))


def _columns(places: Sequence[int]) -> str:
    numbers = ", ".join(f"{place + 1:,}" for place in places)
    return f"Column {numbers}" if len(places) == 1 else f"Columns {numbers}"
