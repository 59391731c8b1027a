"""Which of several ways of reading a text is the likeliest, by what prepare's reader makes of each. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from commands.describing.source_dialect import Dialect, Record, commonest_width
from commands.describing.source_header import HeaderPlace
from commands.describing.source_names import Told
from commands.describing.source_trial import Trial

_OTHER_HEADER = 0.6  # what rows count that are wider or narrower than their header
_LEFT = 0.34  # of the faults: what another way of quoting may leave
_FEW_ROWS = 3


@dataclass(frozen=True)
class Candidate:
    """A way of reading a text.

    Attributes:
        told: The settings that say so.
        trial: What prepare's reader makes of it.
        dialect: How the text is taken to be written.
        place: Its header and its rows.
        above: Records above those that have several cells.
    """

    told: Told
    trial: Trial
    dialect: Dialect
    place: HeaderPlace
    above: Sequence[Record] = ()

    @property
    def merit(self) -> tuple[bool, float, int, int]:
        """What the ways of quoting with one delimiter are compared by, and those of telling its names."""
        filled = sum(record.filled > 0 for record in self.place.rows)
        cells = min(self.even, self.trial.good) * self.width * self.even / max(1, filled)
        cells *= 1.0 if self.fits else _OTHER_HEADER
        return (not self.trial.problem, cells, self.trial.good, -len(self.told.settings))

    @property
    def fits(self) -> bool:
        """Whether the header, if there is one, is as wide as most rows."""
        return not self.place.header or self.place.header[-1].width == self.width

    @property
    def width(self) -> int:
        """How many cells most rows have."""
        rows = [record for record in self.place.rows if record.filled]
        return commonest_width(rows) if rows else self.trial.width

    @property
    def even(self) -> int:
        """How many rows have as many."""
        width = self.width
        return sum(record.width == width and record.filled > 0 for record in self.place.rows)

    @property
    def share(self) -> float:
        """The share of the records that are rows."""
        trial = self.trial
        return 0.0 if trial.problem else trial.good / max(1, trial.good + trial.faults)


def likeliest(candidates: Sequence[Candidate]) -> Candidate:
    """Choose among ways of quoting with one delimiter.

    It is the one with the most rows. Where none has many more than the plain one, that is taken, unless its cells have
    other quotes, or spaces, round them.

    Args:
        candidates: They; one at least.
    """
    plain = [one for one in candidates if one.dialect == Dialect(one.dialect.delimiter)]
    first = max(plain, key=lambda one: one.merit) if plain else None
    others = [one for one in candidates if first is None or _mends(one, first)]
    best = max((*plain, *others), key=lambda one: one.merit)
    if first is None or '"' in "".join(cell for row in first.trial.rows for cell in row):
        return best
    for other in candidates:
        if other.trial.problem or other.trial.good < best.trial.good:
            continue
        quote = other.dialect.quote
        if quote and quote not in (best.dialect.quote, '"') and _are_wrapped(first.trial.rows, quote):
            return other
        if other.dialect.skip_initial_space and not best.dialect.skip_initial_space and _are_spaced(first.trial.rows):
            return other
    return best


def _mends(other: Candidate, plain: Candidate) -> bool:
    """Whether a way of quoting does away with most of what the plain one cannot read: some faults are only that."""
    if plain.trial.problem or plain.dialect == other.dialect:
        return True
    if plain.merit[1] < (1.0 if other.fits and not plain.fits else _OTHER_HEADER) * other.merit[1]:
        return True
    if other.dialect.line_end and not (other.place.header and other.fits):
        return False
    mended = plain.trial.faults - other.trial.faults
    enough = mended > (1 if other.dialect.quote else 0) or plain.trial.good + plain.trial.faults <= _FEW_ROWS
    return enough and other.trial.faults <= _LEFT * plain.trial.faults


def _are_wrapped(rows: Sequence[Sequence[str]], quote: str) -> bool:
    cells = [cell for row in rows for cell in row if cell[:1] == quote or cell[-1:] == quote]
    return sum(len(cell) > 1 and cell[0] == quote == cell[-1] for cell in cells) > 0.8 * len(cells) > 0


def _are_spaced(rows: Sequence[Sequence[str]]) -> bool:
    cells = [cell for row in rows for cell in row[1:] if cell]
    return sum(cell.startswith(" ") for cell in cells) > 0.95 * len(cells) > 0
