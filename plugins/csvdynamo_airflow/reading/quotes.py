"""Whether the quotes of a record leave no doubt about its cells. Pure: text in, a verdict out.

A record is sound if its quotes stand round cells and doubled within them (RFC 4180, section 2). Any other quote is a
stray one: a character of its cell, or one half of a pair whose other half, or a delimiter beside it, was lost.
"""

import re
from dataclasses import replace

from csvdynamo_airflow.reading.source_format import MOST_LINES_IN_DOUBT, SourceFormat


class Quotes:
    """Judges the quotes of a source's records.

    Attributes:
        habits: How the source's writer quotes, as far as was seen. It grows as records are read.
    """

    def __init__(self, source_format: SourceFormat) -> None:
        """Take how the source is written."""
        self.habits = source_format.habits
        self._quote = quote = source_format.quote or ""
        self._mark = source_format.mark
        self._escape = source_format.escape or ""
        mark, q, e = (re.escape(one) for one in (source_format.mark, quote, source_format.escape or ""))
        # What needs no escape and has one may have lost what did.
        needed = rf"{e}[{q}{e}{mark}\r\n]"
        inner = rf"{q}{q}|{needed}" if e else f"{q}{q}"
        escaped = rf"|{needed}" if e else ""
        space = " *+" if source_format.skip_initial_space else ""
        within = rf"{q}(?:[^{q}{e}]++|{inner})*+{q}" if quote else "(?!)"
        value = rf"{space}(?:{within}|(?:[^{q}{e}{mark}\r\n]++{escaped})*+)"
        self._sound = re.compile(rf"{value}(?:{mark}{value})*+(?:\r\n|\r|\n)?", re.DOTALL)
        self._cell = re.compile(
            rf"{space}(?:({within})|((?:[^{e}{mark}\r\n]++{escaped})*+))(?:{mark}|[\r\n]|\Z)", re.DOTALL
        )
        self._looks_at_all = not quote or bool(e)
        self._escaped = re.compile(needed) if e else None
        self._quoted = re.compile(rf"(?:^|{mark}|[\r\n]){space}({within})(?={mark}|[\r\n]|\Z)", re.DOTALL)

    def are_sound(self, text: str) -> bool:
        """Whether a record has quotes only round its cells and doubled within them."""
        if self._looks_at_all or self._quote in text:
            return self._sound.fullmatch(text) is not None and not (self.habits.bare and self._escapes_bare(text))
        return True

    def are_harmless(self, text: str, *, after_bad: bool) -> bool:
        """Whether the cells of a record that is not sound are the same however its stray quotes are read.

        They are where the strays are in one cell and no other cell has quotes: no delimiter and no line end is between
        two of them. A stray that ends its cell may close what a lost one opened.

        Args:
            text: The record.
            after_bad: Whether the record before it is a bad one: then it may be the end of that.
        """
        if self.habits.doubles:
            return False
        strays, end = [], 0
        for cell in self._cell.finditer(text):
            if cell[1] is not None or cell.start() != end:  # what is between has an escape that nothing needs
                return False
            end = cell.end()
            bare = self._unescaped(cell[2])
            if self._escape and self._escape in bare:
                return False
            if self._quote in bare:
                strays.append(cell[2])
        closing = any(stray.endswith(self._quote) for stray in strays)
        doubled = any(2 * self._quote in stray for stray in strays)
        return len(strays) <= 1 and not (closing and (doubled or after_bad or self.habits.lines > 1))

    def quoted_cells(self, text: str) -> int:
        """Count the cells of a sound record that have quotes."""
        return sum(cell[1] is not None for cell in self._cell.finditer(text))

    def closes_nothing(self, line: str) -> bool:
        """Whether the first quote of a line looks as if it closed a cell that no line before it opened."""
        place = line.find(self._quote) if self._quote else -1
        if place < 0:
            return False
        if place > 0 and line[place - 1] != self._mark:
            return True
        after = line[place:].lstrip(self._quote)
        run = len(line) - place - len(after)
        if after[:1] not in ("", self._mark, "\r", "\n"):
            return run % 2 == 0 or (place == 0 and run > 1)  # doubled quotes before text
        return run % 2 == 1 or place == 0

    def open_at_the_end(self, line: str) -> bool:
        """Whether a line ends with a quote that a cell may begin with, of which the rest is in the lines after it."""
        text = line.rstrip("\r\n")
        return bool(self._quote) and (text == self._quote or text.endswith(self._mark + self._quote))

    def learn(self, text: str, lines: int = 1) -> None:
        """Take what a text shows of how the source's writer quotes.

        Args:
            text: A sound record, or several.
            lines: Its physical lines, if it is one record.
        """
        if self.habits.careless or (lines == 1 and (self._quote not in text or not self._quote)):
            return
        if self._escaped is not None:
            self._learn_bare(text)
        if lines == 1 and self.habits.doubles:
            return
        doubles, most = self.habits.doubles, max(self.habits.lines, lines)
        if not doubles and self._quote and 2 * self._quote in text:
            doubles = any(self._quote in cell[1][1:-1] for cell in self._quoted.finditer(text))
        self.habits = replace(self.habits, doubles=doubles, lines=min(most, MOST_LINES_IN_DOUBT))

    def learn_beginning(self, text: str) -> None:
        """Take what the beginning of a source shows."""
        self.learn(text)
        ends = [max(cell[1].count("\n"), cell[1].count("\r")) for cell in self._quoted.finditer(text)]
        self.learn("", 1 + max(ends, default=0))

    def _learn_bare(self, text: str) -> None:
        inner = "".join(self._unescaped(cell[1][1:-1]) for cell in self._quoted.finditer(text))
        bare = {self._mark} & set(inner) | (set("\r\n") if {"\r", "\n"} & set(inner) else set())
        if not bare <= self.habits.bare:
            self.habits = replace(self.habits, bare=self.habits.bare | bare)

    def _escapes_bare(self, text: str) -> bool:
        """Whether a quoted cell has an escape before what the source's writer leaves without one there."""
        return self._escaped is not None and any(
            pair[0][1] in self.habits.bare
            for cell in self._cell.finditer(text)
            if cell[1] is not None
            for pair in self._escaped.finditer(cell[1])
        )

    def _unescaped(self, text: str) -> str:
        return self._escaped.sub("", text) if self._escaped else text
