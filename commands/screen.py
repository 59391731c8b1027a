"""What `make demo` shows: on a terminal in colour, with a live bar; elsewhere the same lines as plain text."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from csvdynamo.shown import shown_lines

_SETTLED = re.compile(r" Map Run: (?P<settled>[\d,]+) of (?P<total>[\d,]+) rows settled")
_NONE, _SOME = r" +0$", r" +-?[\d,]*[1-9][\d,]*$"
_STYLES = tuple(
    (re.compile(pattern, re.MULTILINE), style)
    for pattern, style in (
        (r"^source rows .*$", "bold"),
        (rf"^- written{_SOME}", "green"),
        (rf"^- rejected( before upload)?{_SOME}", "yellow"),
        (rf"^- (failed|unstarted){_SOME}", "red"),
        (rf"^= unaccounted{_NONE}", "green"),
        (rf"^= unaccounted{_SOME}", "bold red"),
        (r"^rejects: .*$", "yellow"),
        (r"^failed rows by error: .*$", "red"),
        (r"^table: .*: all as expected\.$", "green"),
        (r"^Every row is accounted for\.", "bold green"),
    )
)
"""What each line of a summary is painted in (`Ledger.table`, `accounting.report.summary`)."""


class Screen:
    """Where a command tells a person what it does.

    Args:
        console: Rich's, which knows whether standard output is a terminal that can be painted on, and in colour
            (``NO_COLOR``, ``TERM``).
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def say(self, text: str) -> None:
        """Tell something, at once."""
        if self._is_plain:
            print(shown_lines(text), file=self._console.file, flush=True)
        else:
            self._console.print(Text(shown_lines(text)), soft_wrap=True)

    def summary(self, text: str) -> None:
        """Tell the summary of a report."""
        if self._is_plain:
            self.say(text)
            return
        painted = Text(shown_lines(text))
        for pattern, style in _STYLES:
            painted.highlight_regex(pattern, style)
        self._console.print(painted, soft_wrap=True)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Follow a run while it lasts: on a terminal its Map Run is a bar, below what is told, until it has ended."""
        if self._is_plain:
            yield
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.completed:,.0f} of {task.total:,.0f} rows"),
            TimeElapsedColumn(),
        )
        self._bar = Progress(*columns, console=self._console, transient=True)
        try:
            with self._bar:
                yield
        finally:
            self._bar = self._task = None

    def progress(self, line: str) -> None:
        """Tell a line of a run's progress.

        Args:
            line: The line, as `commands.demo.progress_line` makes it.
        """
        settled = _SETTLED.search(line)
        if self._bar is None or settled is None:
            self.say(line)
            return
        done, total = (float(settled[name].replace(",", "")) for name in ("settled", "total"))
        if self._task is None:
            self._task = self._bar.add_task("Map Run", total=total)
        self._bar.update(self._task, completed=done, total=total, refresh=True)
        if done >= total:
            self._bar.remove_task(self._task)
            self._bar.refresh()
            self._task = None
            self.say(line)

    @property
    def _is_plain(self) -> bool:
        return not self._console.is_terminal or self._console.is_dumb_terminal
