"""What type each column gets, and why: one that every cell of the file fits, else text. Pure but for the store."""

import heapq
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from commands.describing.cell_store import CellStore, ColumnCounts
from commands.describing.column_cells import ColumnCells, cells_of
from commands.describing.column_names import is_code, is_day
from commands.describing.kinds import BOOLEAN, JSON, RUINED, Kind
from commands.describing.moment_kinds import moment_kinds
from commands.describing.number_kinds import is_ambiguous, number_kinds

_FEW_VALUES = 40
_PLAUSIBLE = 0.4
_NEAR = 0.5
_EXAMPLES = 3
_PART = re.compile(r"[^\W_]+")
_LEADING_ZERO = re.compile(r"\s*[+-]?0[0-9]")
_MOMENTS = tuple(moment_kinds())

Values = Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Fit:
    """How a column's cells fit a kind.

    Attributes:
        kind: The kind.
        fitting: Cells that fit.
        misfits: Some of the others, the most frequent first, each with how often it is there.
        words: Those of the others that are words for nothing.
        whole: Whether every cell fits, but for words for nothing.
        facts: How many cells match each of the kind's facts.
        leading_zeros: Whether a cell has zeros in front that a number would lose.
    """

    kind: Kind
    fitting: int
    misfits: Values = ()
    words: Mapping[str, int] = field(default_factory=dict)
    whole: bool = False
    facts: Mapping[str, int] = field(default_factory=dict)
    leading_zeros: bool = False


@dataclass(frozen=True)
class ColumnFinding:
    """What was found of a column.

    Attributes:
        counts: Its numbers.
        kind: What its cells are; None: text.
        blank: The words that its rules count as blank.
        near: The kind that most cells fit, or all of them, where it is text all the same.
        why: Why it is text though that kind was near, or what else is to be said; empty: nothing.
        unsure: Whether a person has to decide that.
        words: Words for nothing in it, each with how often it is there.
        ruined: Cells that a spreadsheet has ruined, likewise.
        extremes: The least and the most cell of a type that has an order; None: not looked for.
        fraction: Whether its numbers have fractions.
    """

    counts: ColumnCounts
    kind: Kind | None = None
    blank: tuple[str, ...] = ()
    near: Fit | None = None
    why: str = ""
    unsure: bool = False
    words: Mapping[str, int] = field(default_factory=dict)
    ruined: Mapping[str, int] = field(default_factory=dict)
    extremes: tuple[str, str] | None = None
    fraction: bool = False

    @property
    def header(self) -> str:
        """The column's name."""
        return self.counts.header

    @property
    def rules(self) -> dict[str, object]:
        """The keys that it has in the data set file; none: it has no table there."""
        if self.kind is None:
            return {}
        return {**self.kind.rules, **({"blank": list(self.blank)} if self.blank else {})}


def find_types(store: CellStore, told: Callable[[int], None] = lambda _: None) -> list[ColumnFinding]:
    """Find the type of every column.

    Args:
        store: The file's cells.
        told: Is told after each column how many are done.
    """
    found = []
    for counts in store.counts():
        found.append(find_type(store, counts))
        told(len(found))
    return found


def find_type(store: CellStore, counts: ColumnCounts) -> ColumnFinding:
    """Find the type of a column."""
    if not counts.filled:
        return ColumnFinding(counts, why="every cell is blank")
    cells = cells_of(store, counts)
    marked = cells.marked()
    ruined = {value: count for value, count in marked if re.fullmatch(RUINED, value)}
    words = {value: count for value, count in marked if value not in ruined}
    fits = [one for one in _fits(cells, counts, words) if one.fitting]
    finding = ColumnFinding(counts, words=words, ruined=ruined)
    return _decided(finding, fits, cells)


def _fits(cells: ColumnCells, counts: ColumnCounts, words: Mapping[str, int]) -> Iterable[Fit]:
    """Count how the kinds fit that some cells make plausible; numbers no further than to the first that all fit."""
    some = list(cells.some())
    some = [cell for cell in some if cell not in words] or some
    kinds = [BOOLEAN]
    parted = _may_be(some, has_parts_of_moment)  # a text or a number is no moment, of which there are many kinds
    kinds += [one for one in _MOMENTS if (is_day(counts.header) if one.only_named else parted)]
    kinds += [JSON] if some[0].lstrip()[:1] in ("{", "[") else []
    found = [_fit(cells, counts, one, words) for one in kinds if _is_plausible(one, some)]
    if any(one.whole for one in found):
        return found
    seen = some
    for _ in range(2):  # what stands round the digits may show only in the cells that do not fit
        for kind in number_kinds(seen):
            if _is_plausible(kind, some):
                found.append(_fit(cells, counts, kind, words))
                if found[-1].whole:
                    return found
        others = [value for one in found for value, _ in one.misfits]
        if not others:
            break
        seen = [*some, *others]
    return found


def _is_plausible(kind: Kind, some: Sequence[str]) -> bool:
    return _may_be(some, kind.takes)


def _may_be(some: Sequence[str], takes: Callable[[str], bool]) -> bool:
    few = some[:: max(1, len(some) // _FEW_VALUES)]
    left = len(few)
    for cell in few:
        left -= not takes(cell)
        if left < _PLAUSIBLE * len(few):  # most kinds are none after a part of the cells
            return False
    return True


def has_parts_of_moment(cell: str) -> bool:
    """Say whether a cell has digits, and three parts, as a day, a month and a year are apart."""
    return len(_PART.findall(cell)) >= 3 and any(map(str.isdigit, cell))


def _fit(cells: ColumnCells, counts: ColumnCounts, kind: Kind, words: Mapping[str, int]) -> Fit:
    fitting = cells.sure(kind)
    misfits: list[tuple[int, str]] = []
    nothing: dict[str, int] = {}
    seen = fitting
    zeros = False
    for value, count in cells.others(kind):
        seen += count
        if kind.takes(value):
            fitting += count
            zeros = zeros or _LEADING_ZERO.match(value) is not None
        elif value in words:
            nothing[value] = count
        else:
            heapq.heappush(misfits, (count, value))
            if len(misfits) > _EXAMPLES:
                heapq.heappop(misfits)
    return Fit(
        kind,
        fitting,
        [(value, count) for count, value in sorted(misfits, key=lambda one: (-one[0], one[1]))],
        nothing,
        whole=fitting > 0 and not misfits and seen == counts.filled,
        facts=cells.facts(kind),
        leading_zeros=zeros and kind.type == "number",
    )


def _decided(finding: ColumnFinding, fits: Sequence[Fit], cells: ColumnCells) -> ColumnFinding:
    counts = finding.counts
    whole = [one for one in fits if one.whole]
    if not whole:
        near = max(fits, key=lambda one: one.fitting, default=None)
        if near is None or near.fitting < _NEAR * counts.filled:
            near = None
        return replace(finding, near=near, why="" if near is None else "not every cell fits")
    first = whole[0]
    dates = [one for one in whole if "format" in one.kind.rules]
    if len(dates) > 1 and first in dates:
        orders = " or ".join(str(one.kind.rules["format"]) for one in dates)
        return replace(finding, near=first, why=f"{orders}: every cell fits each", unsure=True)
    why, unsure = _against(first, finding)
    if why:
        return replace(finding, near=first, why=why, unsure=unsure)
    extremes = None
    if first.kind.rules in ({"type": "number"}, {"type": "date"}, {"type": "timestamp"}) and not first.words:
        extremes = cells.extremes(as_number=first.kind.type == "number")
    return replace(
        finding,
        kind=first.kind,
        blank=tuple(sorted({word.strip() for word in first.words})),
        extremes=extremes,
        fraction=first.facts.get("fraction", 0) > 0 or "strip" in first.kind.rules or "percent" in first.kind.rules,
    )


def _against(fit: Fit, finding: ColumnFinding) -> tuple[str, bool]:
    """Say what speaks against a kind that every cell fits, and whether a person has to decide; empty: nothing."""
    is_number = fit.kind.type == "number"
    against = (
        (fit.facts.get("future", 0) > 0, "years of two digits that would be years to come", True),
        (fit.leading_zeros, "zeros in front, which a number would lose", False),
        (is_number and bool(finding.ruined), "codes that a spreadsheet has ruined", False),
        (is_number and is_code(finding.header), "named like a code", False),
        (is_ambiguous(fit.kind, fit.facts), "nothing tells thousands from a fraction", True),
    )
    return next(((why, unsure) for speaks, why, unsure in against if speaks), ("", False))
