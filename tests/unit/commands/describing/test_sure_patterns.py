"""What a kind's regular expression takes, the core takes: DuckDB counts by the one, rows are judged by the other."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands.describing.kinds import BOOLEAN, Kind
from commands.describing.moment_kinds import moment_kinds
from commands.describing.number_kinds import number_kinds

NUMBERS = {
    kind.told: kind
    for seen in (["1,2 '\u00a0"], ["$1,2 '"], ["(1,2)"], ["1,2%"], ["€(1.2)%", "5%"])
    for kind in number_kinds(seen)
}
KINDS = [BOOLEAN, *moment_kinds(), *NUMBERS.values()]


@pytest.mark.parametrize("kind", [pytest.param(one, id=one.told) for one in KINDS])
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_what_is_sure_is_taken(kind: Kind, data: st.DataObject) -> None:
    assert kind.sure is not None
    cell = data.draw(st.from_regex(re.compile(kind.sure, re.ASCII), fullmatch=True))

    assert kind.takes(cell), cell


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

    with duckdb.connect(":memory:") as session:
        for kind in KINDS:
            for pattern in (kind.sure, *kind.facts.values()):
                assert pattern is not None
                [found] = session.execute("SELECT regexp_full_match(?, ?)", [cell, pattern]).fetchone() or ()
                assert found == (re.fullmatch(pattern, cell) is not None), (kind.told, pattern)
