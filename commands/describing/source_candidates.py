"""Candidates for how a source is written, compared by what prepare's reader makes of its beginning."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from commands.describing.source_comments import find_comment, header_in_comment, without_comments
from commands.describing.source_dialect import (
    Dialect,
    Record,
    commonest_width,
    delimiters_of,
    fitness,
    lines_of,
    records_of,
    variants_of,
)
from commands.describing.source_footer import find_footer
from commands.describing.source_header import HeaderPlace, find_header
from commands.describing.source_names import Told, tell_names, tell_place
from commands.describing.source_sample import SourceSample
from commands.describing.source_trial import Settings, Trial, try_settings
from csvdynamo_airflow.errors import MigrationError

_VARIANTS = 8
_LINES_BEFORE = 40
_SCORED = 128 * 1024
_CLOSE = 0.6  # of the best fitness
_FEW_FAULTS = 0.3
_LEFT = 0.34
_FEW_ROWS = 3
_OTHER_HEADER = 0.6  # what rows count that are wider or narrower than their header
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")


@dataclass(frozen=True)
class Choice:
    """The best of the candidates.

    Attributes:
        settings: Keys of ``[source]``.
        reasons: A sentence for each.
        unsure: What is a guess.
        trial: What prepare's reader makes of the beginning with them.
    """

    settings: Settings
    reasons: dict[str, str]
    unsure: Sequence[str]
    trial: Trial


@dataclass(frozen=True)
class _Try:
    told: Told
    trial: Trial
    dialect: Dialect
    place: HeaderPlace

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


def choose(sample: SourceSample, encoding: str, folder: Path, name: str) -> Choice:
    """Try the candidates on the beginning of a source.

    Args:
        sample: What of the source is looked at.
        encoding: Its encoding.
        folder: Where the beginning may be written.
        name: What to call the source in messages.

    Raises:
        MigrationError: Prepare would refuse it with each of them.
    """
    text = sample.text(encoding)
    path = folder / "beginning"
    path.write_bytes(_NO_BYTE.sub("\udcff", text).encode("utf-8", "surrogateescape"))
    trying = _Trying(text, path, name, whole=sample.is_whole)
    best = trying.best()
    return Choice(best.told.settings, best.told.reasons, best.told.unsure, best.trial)


def _likeliest(tries: Sequence[_Try]) -> _Try:
    """Choose among ways of quoting: the one with the most rows; of equals the plainest, if its cells are bare."""
    plain = [one for one in tries if one.dialect == Dialect(one.dialect.delimiter)]
    first = max(plain, key=lambda one: one.merit) if plain else None
    others = [one for one in tries if first is None or _mends(one, first)]
    best = max((*plain, *others), key=lambda one: one.merit)
    if not plain or '"' in "".join(cell for row in plain[0].trial.rows for cell in row):
        return best
    for other in tries:
        if other.trial.problem or other.trial.good < best.trial.good:
            continue
        quote = other.dialect.quote
        if quote and quote not in (best.dialect.quote, '"') and _wrapped(plain[0].trial.rows, quote):
            return other
        if other.dialect.skip_initial_space and not best.dialect.skip_initial_space and _spaced(plain[0].trial.rows):
            return other
    return best


def _mends(other: _Try, plain: _Try) -> bool:
    """Whether a way of quoting does away with most of what the plain one cannot read: some faults are only that."""
    if plain.trial.problem or plain.dialect == other.dialect:
        return True
    fits = plain.merit[1] < (1.0 if other.fits and not plain.fits else _OTHER_HEADER) * other.merit[1]
    mended = plain.trial.faults - other.trial.faults
    enough = mended > 1 or plain.trial.good + plain.trial.faults <= _FEW_ROWS
    return fits or (enough and other.trial.faults <= _LEFT * plain.trial.faults)


def _wrapped(rows: Sequence[Sequence[str]], quote: str) -> bool:
    cells = [cell for row in rows for cell in row if cell[:1] == quote or cell[-1:] == quote]
    return sum(len(cell) > 1 and cell[0] == quote == cell[-1] for cell in cells) > 0.8 * len(cells) > 0


def _spaced(rows: Sequence[Sequence[str]]) -> bool:
    cells = [cell for row in rows for cell in row[1:] if cell]
    return sum(cell.startswith(" ") for cell in cells) > 0.95 * len(cells) > 0


class _Trying:
    def __init__(self, text: str, path: Path, name: str, *, whole: bool) -> None:
        self._text = text.rstrip("\x1a\0")
        self._lines = lines_of(self._text)
        self._path, self._name, self._whole = path, name, whole
        first = self._lines[0].strip().strip('"') if self._lines else ""
        self._separator = first[4:] if first.lower().startswith("sep=") and len(first) == 5 else None
        self._first_line = int(self._separator is not None)

    def best(self) -> _Try:
        tries = list(self._tries())
        if not tries:
            raise MigrationError(f"{self._name} holds nothing that is a table: no line has two cells.")
        best = max(tries, key=lambda pair: (not pair[1].trial.problem, pair[0], pair[1].merit))[1]
        if best.trial.problem:
            raise MigrationError(best.trial.problem)
        return best

    def _tries(self) -> Iterator[tuple[float, _Try]]:
        scored = sorted(self._scored(), key=lambda pair: -pair[0])
        top = scored[0][0] if scored else 0.0
        for delimiter in dict.fromkeys(dialect.delimiter for score, dialect in scored if score >= _CLOSE * top):
            of_it = [(score, dialect) for score, dialect in scored if dialect.delimiter == delimiter]
            tries = [one for _, dialect in of_it[:_VARIANTS] for one in self._of(dialect)]
            if tries:
                best = _likeliest(tries)
                yield of_it[0][0] * best.share, best
        if not scored:
            delimiter = next(one for one in ("\t", "|", ";", ",", "\x1f") if not self._holds(one))
            yield from ((0.0, one) for one in self._of(Dialect(delimiter)))

    def _scored(self) -> Iterator[tuple[float, Dialect]]:
        lines = without_comments(self._lines[self._first_line :])
        lines = lines[30:] if len(lines) > 100 else lines
        if not lines:
            return
        text = "".join(lines)[:_SCORED]
        delimiters = [self._separator] if self._separator else delimiters_of(lines)
        for delimiter in delimiters:
            for dialect in variants_of(text, delimiter):
                records = records_of(lines_of(text, dialect.line_end), dialect)
                score = fitness(records, dialect, whole=self._whole and len(text) < _SCORED)
                if score > 0:
                    yield score, dialect

    def _holds(self, delimiter: str) -> bool:
        return any(delimiter in line for line in self._lines)

    def _of(self, dialect: Dialect) -> Iterator[_Try]:
        lines = self._lines if dialect.line_end is None else lines_of(self._text, dialect.line_end)
        comment = find_comment(lines, dialect)
        records = self._records(lines, dialect, comment)
        if not any(record.filled for record in records):
            return
        place, in_comment = find_header(records), False
        if comment and not place.header:
            place = replace(place, header=header_in_comment(lines, comment, place, dialect))
            in_comment = bool(place.header)
        footer = find_footer(place.rows, commonest_width(place.rows)) if self._whole and place.rows else None
        rows = replace(place, rows=place.rows[: footer.place]) if footer else place
        for plainly in (False, True):
            told = Told()
            self._tell_dialect(told, dialect, comment)
            if not in_comment:
                tell_place(told, place, self._first_line_after(comment))
            tell_names(told, rows, plainly=plainly, in_comment=in_comment)
            if footer:
                told.say("stop_at", footer.cell, "What follows the rows is none: it begins with this cell.")
            found = _Try(told, self._tried(told), dialect, place)
            yield found
            if not found.trial.problem and found.trial.faults <= _FEW_FAULTS * (found.trial.good + found.trial.faults):
                return

    def _records(self, lines: Sequence[str], dialect: Dialect, comment: str | None) -> list[Record]:
        """Read the records from the first line on with which the most are sound: lines above a table are no CSV."""

        def read(first: int) -> list[Record]:
            return records_of(lines[first:], dialect, first, comment)

        records = read(self._first_line)
        if all(record.sound for record in records[:_LINES_BEFORE]):
            return records
        width = commonest_width(records)
        most, best = sum(record.sound and record.width == width for record in records), records
        for first in range(self._first_line, min(_LINES_BEFORE, len(lines))):
            others = read(first)
            sound = sum(record.sound and record.width == width for record in others)
            if sound > most:
                most, best = sound, others
        return best

    def _tell_dialect(self, told: Told, dialect: Dialect, comment: str | None) -> None:
        settings = dialect.settings
        if dialect.delimiter == "," or self._separator:
            del settings["delimiter"]
        for key, value in settings.items():
            told.say(key, value, _WHY[key])
        if comment:
            told.say("comment", comment, f"Lines that begin with {comment} are no records.")

    def _tried(self, told: Told) -> Trial:
        return try_settings(self._path, self._name, {"encoding": "utf-8", **told.settings})

    def _first_line_after(self, comment: str | None) -> int:
        """Return the first line that may be the header's without a setting."""
        for number, line in enumerate(self._lines[self._first_line :], self._first_line):
            if line.strip() and not (comment and line.startswith(comment)):
                return number
        return self._first_line


_WHY = {
    "delimiter": "It cuts the most records into as many cells.",
    "quote": "With it the most records can be read.",
    "escape": "Quotes within quotes have it in front.",
    "line_end": "Other line ends stand within cells.",
    "skip_initial_space": "Spaces follow the delimiters.",
}
