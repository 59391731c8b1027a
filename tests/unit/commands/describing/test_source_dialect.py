"""Which delimiter, quote and escape a text may be written with, and how well each cuts it."""

import pytest

from commands.describing.dialect_candidates import delimiters_of, variants_of
from commands.describing.dialect_fitness import fitness
from commands.describing.source_dialect import Dialect, commonest_width, lines_of, records_of
from csvdynamo.datasets.dialects import WHITE_SPACE


def _best(text: str) -> Dialect:
    lines = lines_of(text)
    dialects = [dialect for delimiter in delimiters_of(lines) for dialect in variants_of(text, delimiter)]
    return max(dialects, key=lambda one: fitness(records_of(lines_of(text, one.line_end), one), one, whole=True))


@pytest.mark.parametrize(
    ("row", "delimiter"),
    [
        ("{n},a b,2019-01-02 10:00\n", ","),
        ("{n};1,5;2,7\n", ";"),
        ("{n}|10:00|a, b\n", "|"),
        ("{n}\ta,b\tc;d\n", "\t"),
        ("a b {n}\tc d\te f\n", "\t"),
        ("a b {n}, c d, e f\n", ","),
        ("{n},,x\n", ","),
        ("{n}^1,5^x\n", "^"),
        ("{n}||a||b\n", "||"),
        ("{n}|~a|~b\n", "|~"),
        ("{n}  1.5   x\n", WHITE_SPACE),
        ("{n}:a:b\n", ":"),
        ("{n}|a||b\n", "|"),
    ],
)
def test_the_delimiter_that_cuts_rows_into_clean_cells(row: str, delimiter: str) -> None:
    header = delimiter[:1].join("abc") if "a||b" in row and delimiter == "|" else delimiter.join("abc")
    header = header if delimiter != WHITE_SPACE else "a b c"
    assert _best(header + "\n" + "".join(row.format(n=number) for number in range(9))).delimiter == delimiter


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("a,b\n1,'x, y'\n2,'z, w'\n", {"quote": "'"}),
        ("a,b\n1,~x, y~\n2,~z, w~\n", {"quote": "~"}),
        ('a,b\n1,"x \\"y\\", z"\n', {"escape": "\\"}),
        ('a,b\n1,"x ^"y^", z"\n', {"escape": "^"}),
        ('a, b\n1, "x, y"\n', {"skip_initial_space": True}),
        ('a,b\n1,"x\n2,"y\n', {"quote": "none"}),
        ("a,b\r\n1,x\ny\r\n2,z\nw\r\n", {"line_end": "crlf"}),
        ("a,b\n1,x\ry\n2,z\rw\n", {"line_end": "lf"}),
    ],
)
def test_other_ways_of_quoting_are_candidates(text: str, settings: dict[str, object]) -> None:
    told = [{key: value for key, value in one.settings.items() if key != "delimiter"} for one in variants_of(text, ",")]
    assert told[0] == {}
    assert settings in told


@pytest.mark.parametrize("text", ['a,b\n1,"x"\n2,"y, z"\n', 'a,b\n1,"x\ny"\n'])
def test_quotes_that_enclose_are_no_text(text: str) -> None:
    assert not [one for one in variants_of(text, ",") if one.quote is None]


@pytest.mark.parametrize(
    "text", ["when\n2019-01-02 10:00\n2019-01-03 11:00\n", "url\nhttp://a\nhttp://b\n", "2019-01-02 10:00\n" * 3]
)
def test_what_is_one_cell_is_not_cut(text: str) -> None:
    for delimiter in (":", WHITE_SPACE):
        assert fitness(records_of(lines_of(text), Dialect(delimiter)), Dialect(delimiter), whole=True) == 0


def test_records_know_their_lines_and_comments_are_none() -> None:
    records = records_of(lines_of('a,b\n# no\n1,"x\n# yes"\n\n2,y\n'), Dialect(), first=10, comment="#")
    assert [(one.line, one.end, list(one.cells)) for one in records] == [
        (10, 11, ["a", "b"]),
        (12, 14, ["1", "x\n# yes"]),
        (15, 16, ["2", "y"]),
    ]


def test_a_record_knows_whether_its_quotes_leave_a_doubt() -> None:
    assert [one.sound for one in records_of(lines_of('a,"b"\n1,x "y", z\n'), Dialect())] == [True, False]


def test_a_table_at_the_end_has_the_commonest_width() -> None:
    lines = lines_of("made on,Monday\nby,somebody\nfor,nobody\nat,noon\nid,a,b,c,d\n1,2,3,4,5\n")
    assert commonest_width(records_of(lines, Dialect())) == 5
