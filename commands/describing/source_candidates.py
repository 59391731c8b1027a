"""Candidates for how a source is written, compared by what prepare's reader makes of its beginning."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from commands.describing.dialect_candidates import delimiters_of, variants_of
from commands.describing.dialect_fitness import fitness
from commands.describing.source_comments import find_comment, header_in_comment, without_comments
from commands.describing.source_dialect import MOST_RECORDS, Dialect, Record, commonest_width, lines_of, records_of
from commands.describing.source_footer import Footer, find_footer
from commands.describing.source_header import HeaderPlace, find_header
from commands.describing.source_merit import Candidate, likeliest
from commands.describing.source_names import Told, tell_names, tell_place
from commands.describing.source_trial import Trial, try_settings
from csvdynamo_airflow.errors import MigrationError

_VARIANTS = 8
_LINES_BEFORE = 40
_END_LINES = 200
_SCORED = 128 * 1024
_CLOSE = 0.6  # of the best fitness
_FEW_FAULTS = 0.3
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")


@dataclass(frozen=True)
class Text:
    """What of a source candidates are made from.

    Attributes:
        beginning: Its beginning, whole lines; bytes that are no text as lone surrogates.
        end: Its end from the beginning of a line on; "" where the beginning is all of it.
        comes_once: Says whether a cell begins one line of the whole source, and no more.
    """

    beginning: str
    end: str = ""
    comes_once: Callable[[str], bool] = lambda _: True


def choose(text: Text, folder: Path, name: str) -> Candidate:
    """Try the candidates on the beginning of a source.

    Args:
        text: What they are made from.
        folder: Where the beginning may be written.
        name: What to call the source in messages.

    Raises:
        MigrationError: Prepare would refuse it with each of them.
    """
    path = folder / "beginning"
    path.write_bytes(_NO_BYTE.sub("\udcff", text.beginning).encode("utf-8", "surrogateescape"))
    return _Choosing(text, path, name).best()


class _Choosing:
    def __init__(self, text: Text, path: Path, name: str) -> None:
        self._source, self._path, self._name = text, path, name
        self._whole = not text.end
        self._text = text.beginning.rstrip("\x1a\0")
        self._lines = lines_of(self._text)
        first = self._lines[0].strip('\r\n"') if self._lines else ""
        self._separator = first[4:] if first.lower().startswith("sep=") and 5 <= len(first) <= 6 else None
        self._first_line = int(self._separator is not None)

    def best(self) -> Candidate:
        tries = list(self._of_each_delimiter())
        if not tries:
            raise MigrationError(f"{self._name} holds nothing that is a table: no line has two cells.")
        best = max(tries, key=lambda pair: (not pair[1].trial.problem, pair[0], pair[1].merit))[1]
        if best.trial.problem:
            raise MigrationError(best.trial.problem)
        return best

    def _of_each_delimiter(self) -> Iterator[tuple[float, Candidate]]:
        scored = sorted(self._scored(), key=lambda pair: -pair[0])
        top = scored[0][0] if scored else 0.0
        for delimiter in dict.fromkeys(dialect.delimiter for score, dialect in scored if score >= _CLOSE * top):
            of_it = [(score, dialect) for score, dialect in scored if dialect.delimiter == delimiter]
            candidates = [one for _, dialect in of_it[:_VARIANTS] for one in self._of(dialect)]
            if candidates:
                best = likeliest(candidates)
                yield of_it[0][0] * best.share, best
        if not scored:
            delimiter = next(one for one in ("\t", "|", ";", ",", "\x1f") if not self._holds(one))
            yield from ((0.0, one) for one in self._of(Dialect(delimiter)))

    def _scored(self) -> Iterator[tuple[float, Dialect]]:
        lines = without_comments(self._lines[self._first_line :])
        lines = [*lines[:1], *lines[30:]] if len(lines) > 200 else lines
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

    def _of(self, dialect: Dialect) -> Iterator[Candidate]:
        lines = self._lines if dialect.line_end is None else lines_of(self._text, dialect.line_end)
        comment = find_comment(lines, dialect)
        records = self._records(lines, dialect, comment)
        if not any(record.filled for record in records):
            return
        place, in_comment = find_header(records), False
        if comment and not place.header:
            place = replace(place, header=header_in_comment(lines, comment, place, dialect))
            in_comment = bool(place.header)
        footer = self._footer(lines, records, place, dialect)
        rows = replace(place, rows=place.rows[: footer.place]) if footer else place
        above = [record for record in records if record.line < place.line and record.filled > 1]
        for plainly in (False, True):
            told = Told()
            self._tell_dialect(told, dialect, comment)
            if not in_comment:
                tell_place(told, place, self._first_line_after(comment))
            tell_names(told, rows, plainly=plainly, in_comment=in_comment)
            if footer:
                told.say("stop_at", footer.cell, "What follows the rows is none: it begins with this cell.")
            found = Candidate(told, self._tried(told), dialect, rows, above)
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
        alone = [records_of([line], dialect)[:1] for line in lines[: 5 * _LINES_BEFORE]]
        width = commonest_width([record for one in alone for record in one] or records)
        most, best = sum(record.sound and record.width == width for record in records), records
        for first in range(self._first_line, min(_LINES_BEFORE, len(lines))):
            if any(record.sound and record.width == width > 1 for record in alone[first]):
                break  # it is one of the table, whatever is wrong below it
            others = read(first + 1)
            sound = sum(record.sound and record.width == width for record in others)
            if sound > most:
                most, best = sound, others
        return best

    def _footer(
        self, lines: Sequence[str], records: Sequence[Record], place: HeaderPlace, dialect: Dialect
    ) -> Footer | None:
        """Find where the rows end before the file does, if no row begins as what follows them does."""
        if not place.rows:
            return None
        width = commonest_width([row for row in place.rows if row.filled] or place.rows)
        if self._whole and len(records) < MOST_RECORDS:
            return find_footer(place.rows, width)
        end = lines if self._whole else lines_of(self._source.end, dialect.line_end)
        last = records_of(end[-_END_LINES:], dialect)
        footer = find_footer(last, width, after=len(last) // 2) if last else None
        if footer is None or any(row.cells[0].strip() == footer.cell for row in place.rows):
            return None
        return Footer(len(place.rows), footer.cell) if self._source.comes_once(footer.cell) else None

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
