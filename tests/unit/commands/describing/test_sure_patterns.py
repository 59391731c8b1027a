"""What a kind's regular expression takes, the core takes: DuckDB counts by the one, rows are judged by the other."""

import random
import re

import pytest

from commands.describing.column_types import has_parts_of_moment
from commands.describing.kinds import BOOLEAN, Kind
from commands.describing.moment_kinds import moment_kinds
from commands.describing.number_kinds import number_kinds
from tests.support.matching_text import matching_text

_CELLS_OF_A_KIND = 50

NUMBERS = {
    kind.told: kind
    for seen in (["1,2 '\u00a0"], ["$1,2 '"], ["(1,2)"], ["1,2%"], ["€(1.2)%", "5%"])
    for kind in number_kinds(seen)
}
KINDS = [BOOLEAN, *moment_kinds(), *NUMBERS.values()]


@pytest.mark.parametrize("kind", [pytest.param(one, id=one.told) for one in KINDS])
def test_what_is_sure_is_taken(kind: Kind) -> None:
    assert kind.sure is not None
    draw, pattern = random.Random(kind.told), re.compile(kind.sure, re.ASCII)

    for _ in range(_CELLS_OF_A_KIND):
        cell = matching_text(kind.sure, draw)
        assert pattern.fullmatch(cell), cell
        assert kind.takes(cell), cell
        # What has not the parts of a moment is tried as none.
        assert has_parts_of_moment(cell) or kind.only_named or "format" not in kind.rules, cell


@pytest.mark.parametrize(
    "cell",
    [
        "1",
        "-0.5",
        "007",
        "1,234.5",
        "$5",
        "(12)",
        "12%",
        "28/02/2018",
        "29/02/2019",
        "2018-01-28T24:00",
        "true",
        "x\n1",
    ],
)
def test_duckdb_reads_the_expressions_as_python_does(cell: str) -> None:
    import duckdb

    patterns = list(dict.fromkeys(one for kind in KINDS for one in (kind.sure or "", *kind.facts.values())))
    matches = ", ".join(f"regexp_full_match($1, ${place})" for place in range(2, len(patterns) + 2))
    with duckdb.connect(":memory:") as session:
        found = session.execute(f"SELECT {matches}", [cell, *patterns]).fetchone()

    assert found is not None
    assert dict(zip(patterns, found, strict=True)) == {one: re.fullmatch(one, cell) is not None for one in patterns}
