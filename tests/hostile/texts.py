"""Texts that do something to who sees them raw, and what is held of everything that is shown."""

FORGED = "- written                   999,999"
"""A line of a ledger that no run has."""

HOSTILE = f"\x1b[2J\x1b]0;owned\x07 \x00\r\n\n{FORGED}\n\u202eevil\u2066\u2028\u2029\x85\x9b31m\x7f \ud800 \ufeff"
"""Clears the screen, names the window, rings, begins lines that look like ours, and turns the direction of the text."""

LONG = HOSTILE + "x" * 100_000


def hold_shown(text: str, longest_line: int = 2_500) -> None:
    """Hold that a text has no character that does not print but our line feeds, no forged line, and no endless one."""
    for line in text.split("\n"):
        assert line.isprintable(), repr(line)
        assert not line.startswith(FORGED), line
        assert len(line) <= longest_line, len(line)
