"""What `make demo` shows: plain lines where nobody looks, colour and a bar on a terminal."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from commands.screen import Screen

SUMMARY = """\
data set cars, run manual

source rows                      5,000
- rejected before upload             2
- written                        4,992
- rejected                           6
- failed                             0
- unstarted                          0
= unaccounted                        0

Every row is accounted for."""


def screen(width: int = 80, **environment: str) -> tuple[Screen, io.StringIO]:
    """A screen on a terminal of so many columns, and what is written to it."""
    written = io.StringIO()
    terminal = {"TERM": "xterm-256color", **environment}
    return Screen(Console(file=written, force_terminal=True, width=width, _environ=terminal, highlight=False)), written


def plain() -> tuple[Screen, io.StringIO]:
    written = io.StringIO()
    return Screen(Console(file=written, highlight=False)), written


@pytest.mark.parametrize("made", [plain, lambda: screen(TERM="dumb")], ids=["no terminal", "a dumb one"])
def test_where_output_is_no_terminal_every_line_stands_as_it_is_told(
    made: Callable[[], tuple[Screen, io.StringIO]],
) -> None:
    shown, written = made()
    lines = ["[red]/tmp/a.csv[/red] \x1b[2J", "  10:00:00    Map Run: 10 of 20 rows settled (50.0 %)"]

    shown.say(lines[0])
    with shown.following():
        shown.progress(lines[1])
    shown.summary(SUMMARY)

    assert written.getvalue() == "\n".join(["[red]/tmp/a.csv[/red] \\x1b[2J", lines[1], SUMMARY, ""])


@pytest.mark.parametrize("width", [20, 80])
def test_on_a_terminal_the_ledger_is_in_colour_and_its_lines_are_not_cut(width: int) -> None:
    shown, written = screen(width)

    shown.summary(SUMMARY.replace("unstarted                          0", "unstarted                         1\u202e0"))

    text = written.getvalue()
    assert "\x1b[33m- rejected before upload             2\x1b[0m\n" in text
    assert "\x1b[32m- written                        4,992\x1b[0m\n" in text
    assert "\x1b[33m- rejected                           6\x1b[0m\n" in text
    assert "\n- failed                             0\n" in text
    assert "\x1b[32m= unaccounted                        0\x1b[0m\n" in text
    assert "\x1b[1;32mEvery row is accounted for.\x1b[0m\n" in text
    assert "\u202e" not in text


@pytest.mark.parametrize(
    ("line", "colour"),
    [
        ("- failed                            10", "31"),
        ("- unstarted                      1,000", "31"),
        ("= unaccounted                       -1", "1;31"),
    ],
)
def test_what_is_wrong_is_red(line: str, colour: str) -> None:
    shown, written = screen()

    shown.summary(line)

    assert written.getvalue() == f"\x1b[{colour}m{line}\x1b[0m\n"


def test_a_person_who_wants_no_colour_gets_none() -> None:
    shown, written = screen(NO_COLOR="1")

    shown.say("a line")
    shown.summary(SUMMARY)

    for colour in ("[3", "[1;3"):
        assert f"\x1b{colour}" not in written.getvalue()


def test_the_map_run_is_a_bar_that_moves_and_leaves_its_last_line() -> None:
    shown, written = screen()

    with shown.following():
        shown.progress("  10:00:00  wait")
        shown.progress("  10:00:01    Map Run: 0 of 4,998 rows settled (0.0 %)")
        shown.progress("  10:00:02    Map Run: 2,499 of 4,998 rows settled (50.0 %)")
        moving = written.getvalue()
        shown.progress("  10:00:03    Map Run: 4,998 of 4,998 rows settled (100.0 %)")
        shown.progress("  10:00:04  verify")

    assert "  10:00:00  wait\n" in moving
    assert "2,499 of 4,998 rows" in moving
    assert "rows settled" not in moving
    last, told = written.getvalue().removeprefix(moving).split("4,998 of 4,998 rows settled (100.0 %)\n")
    assert last.endswith("  10:00:03    Map Run: ")
    assert "  10:00:04  verify\n" in told
    assert " rows" not in told


def test_a_long_path_is_one_line_to_copy() -> None:
    shown, written = screen(20)
    path = "/a/folder/that/is/longer/than/the/terminal/report.json"

    shown.say(f"The report is in {path}.")

    assert f"The report is in {path}.\n" in written.getvalue()
