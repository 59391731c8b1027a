"""Reading records: exact numbers, and one bad quote costs one record."""

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.rules.codes import RejectCode
from csvdynamo_airflow.reading import careful_records, csv_records, text_lines
from csvdynamo_airflow.reading.csv_records import CsvRecords
from csvdynamo_airflow.reading.record_blocks import BadRecord, PlainBlock
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.reading.source_format import MOST_LINES_IN_DOUBT, SourceFormat
from csvdynamo_airflow.reading.text_lines import TextLines


@pytest.fixture
def _short_fields(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fields of at most 1,000 characters, for the module and for Python's reader."""
    monkeypatch.setattr(csv_records, "FIELD_LIMIT", 1000)
    monkeypatch.setattr(careful_records, "FIELD_LIMIT", 1000)
    before = csv.field_size_limit(1000)
    yield
    csv.field_size_limit(before)


def open_records(text: str) -> CsvRecords:
    return CsvRecords(TextLines(io.StringIO(text, newline="")), "a.csv")


def read(text: str) -> list[list[str] | BadRecord]:
    records = open_records(text)
    return [record for block in records.blocks(len(records.header())) for record in block.records]


def brief(text: str) -> list[list[str] | RejectCode]:
    return [record.code if isinstance(record, BadRecord) else record for record in read(text)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_are_read_whatever_the_line_ends(end: str) -> None:
    assert read(end.join(["a,b", "1,2", "3,4", ""])) == [["1", "2"], ["3", "4"]]


def test_a_last_line_without_a_line_end_is_a_row() -> None:
    assert read("a,b\n1,2") == [["1", "2"]]


def test_a_header_alone_has_no_rows() -> None:
    assert read("a,b\n") == []


def test_blank_lines_are_no_records_wherever_they_stand() -> None:
    assert read("\n\na,b\n\n1,2\r\n\r\n\n3,4\n\n") == [["1", "2"], ["3", "4"]]


def test_quoted_commas_quotes_and_line_ends_stay_in_their_field() -> None:
    assert read('a,b\n"x,y","say ""hi"""\n"two\r\nlines",\n') == [["x,y", 'say "hi"'], ["two\r\nlines", ""]]


def test_a_quote_within_an_unquoted_field_is_a_character() -> None:
    assert read('a,b\n5" pipe,2\n') == [['5" pipe', "2"]]


def test_a_field_may_be_longer_than_python_allows_by_default() -> None:
    assert read("a,b\n" + "x" * 200_000 + ",2\n") == [["x" * 200_000, "2"]]


@pytest.mark.parametrize("row", ["1", "1,2,3"])
def test_a_row_of_another_width_keeps_its_fields(row: str) -> None:
    [before, bad, after] = read(f"a,b\n0,0\n{row}\n8,9\n")

    assert (before, after) == (["0", "0"], ["8", "9"])
    assert isinstance(bad, BadRecord)
    assert (bad.code, bad.fields) == (RejectCode.BAD_WIDTH, row.split(","))


def test_a_quote_that_ends_too_early_costs_its_record_alone() -> None:
    assert brief('a,b\n0,0\n1,"2"3\n8,9\n') == [["0", "0"], RejectCode.BAD_QUOTE, ["8", "9"]]


def test_a_bad_record_is_kept_to_the_letter() -> None:
    [bad, _] = read('a,b\n1,"2"3\n8,9\n')

    assert isinstance(bad, BadRecord)
    assert bad.text == '1,"2"3\n'


@pytest.mark.parametrize(
    "after",
    [
        "3,4\n5,6\n",  # to the end of the file
        '3,4\n"5",6\n',  # the next quote opens what looks like the end of the quoted field
        '3,4\n"x, y",6\n',
        '3,4\n5,"6, 7"\n',
    ],
)
def test_a_quote_that_is_never_closed_costs_its_line_alone(after: str) -> None:
    whole = read("a,b\n" + after)

    assert brief('a,b\n1,"2\n' + after) == [RejectCode.BAD_QUOTE, *whole]


def test_each_of_several_lines_with_an_unclosed_quote_costs_itself() -> None:
    rows = brief('a,b\n1,"2\n3,"4\n5,"6\n7,8\n')

    assert rows == [RejectCode.BAD_QUOTE, RejectCode.BAD_QUOTE, RejectCode.BAD_QUOTE, ["7", "8"]]


def test_an_unclosed_quote_in_the_last_line_costs_that_line() -> None:
    assert brief('a,b\n1,2\n3,"4') == [["1", "2"], RejectCode.BAD_QUOTE]


def test_a_record_of_several_lines_and_the_wrong_width_is_one_record() -> None:
    assert brief('a,b\n1,"two\nlines",3\n8,9\n') == [RejectCode.BAD_WIDTH, ["8", "9"]]


def test_a_record_of_sound_quotes_and_the_wrong_width_is_one_whatever_its_lines_look_like() -> None:
    """Its second line is a row, and as likely a line of a cell in a record with a delimiter too many."""
    rows = brief('a,b,c\n1,2,"3\n4,5,6\n7,8,9",0\n8,9,10\n')

    assert rows == [RejectCode.BAD_WIDTH, ["8", "9", "10"]]


def test_lines_that_an_unclosed_quote_swallowed_are_given_back_where_no_cell_has_so_many() -> None:
    within = [f"{n},5,6" for n in range(MOST_LINES_IN_DOUBT)]

    rows = brief('a,b,c\n1,2,"3\n' + "\n".join(within) + '\n7,8,9",0\n')

    assert rows[1:-3] == [line.split(",") for line in within[:-2]]
    assert RejectCode.BAD_QUOTE in (rows[0], rows[-1])


@pytest.mark.usefixtures("_short_fields")
def test_a_field_past_every_limit_on_one_line_costs_its_record() -> None:
    assert brief("a,b\n" + "x" * 1001 + ",2\n8,9\n") == [RejectCode.TOO_LARGE, ["8", "9"]]


@pytest.mark.usefixtures("_short_fields")
def test_a_quote_unclosed_for_longer_than_the_limit_costs_its_line_alone() -> None:
    rows = [f"{n},{n}" for n in range(1000)]

    assert brief('a,b\n1,"2\n' + "\n".join(rows)) == [RejectCode.BAD_QUOTE, *[row.split(",") for row in rows]]


@pytest.mark.parametrize("delimiter", [";", "|", "\t"])
def test_any_delimiter_separates_and_heeds_quotes(delimiter: str) -> None:
    text = f'a,b\n1{delimiter}"x{delimiter}""y"\n2\n"3{delimiter}4\n5{delimiter}6\n'.replace("a,b", f"a{delimiter}b")
    records = CsvRecords(TextLines(io.StringIO(text, newline="")), "a.csv", SourceFormat(delimiter))

    rows = [record for block in records.blocks(len(records.header())) for record in block.records]

    assert [row.code if isinstance(row, BadRecord) else row for row in rows] == [
        ["1", f'x{delimiter}"y'],
        RejectCode.BAD_WIDTH,
        RejectCode.BAD_QUOTE,
        ["5", "6"],
    ]


def test_an_unclosed_quote_before_a_row_of_two_lines_costs_its_line_alone() -> None:
    rows = brief('a,b,c\n1,"x,y\n2,"two\nlines",z\n3,4,5\n')

    assert rows == [RejectCode.BAD_QUOTE, ["2", "two\nlines", "z"], ["3", "4", "5"]]


def test_rows_that_an_unclosed_quote_merges_into_one_of_the_right_width_are_told_apart() -> None:
    rows = brief('a,b,c\n1,"x,y\n2,z,",c"\n3,4,5\n')

    assert rows == [RejectCode.BAD_QUOTE, ["2", "z", ",c"], ["3", "4", "5"]]


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_column_of_plain_lines_is_what_their_rows_hold_there(place: int, end: str) -> None:
    block = PlainBlock([f"1,,3,4,5{end}", f"a,b,c,d,e{end}", ",,,, x"], ",")

    expected = [["1", "", "3", "4", "5"], ["a", "b", "c", "d", "e"], ["", "", "", "", " x"]]
    assert block.records == expected
    assert block.column(place) == [row[place] for row in expected]


def test_a_sound_record_that_holds_lines_like_rows_is_one_row() -> None:
    assert read('a,b\n1,"x\n2,y\n3,z"\n4,w\n') == [["1", "x\n2,y\n3,z"], ["4", "w"]]


@pytest.mark.parametrize("record", ['"two\nlines",5" pipe', '5" pipe,"a, b"', '"a",5" pipe', '5" pipe,6" pipe'])
def test_a_quote_in_an_unquoted_field_is_a_character_only_where_no_other_field_has_one(record: str) -> None:
    assert brief(f"a,b\n{record}\n8,9\n")[:1] == [RejectCode.BAD_QUOTE]
    assert read('a,b\n7,5" x 6" pipe\n8,9\n') == [["7", '5" x 6" pipe'], ["8", "9"]]


def test_in_a_file_of_one_column_an_unclosed_quote_costs_its_line_alone() -> None:
    assert brief('a\n1\n"2\n3\n4\n') == [["1"], RejectCode.BAD_QUOTE, ["3"], ["4"]]


def test_an_endless_line_costs_its_record_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lines, "BLOCK_CHARACTERS", 50)
    monkeypatch.setattr(text_lines, "LINE_LIMIT", 200)

    [before, bad, after] = read("a,b\n1,2\n3," + "x" * 5000 + "\n5,6\n")

    assert (before, after) == (["1", "2"], ["5", "6"])
    assert isinstance(bad, BadRecord)
    assert bad.code is RejectCode.TOO_LARGE
    assert "5,003 characters" in bad.message


def test_an_endless_line_after_an_unclosed_quote_costs_its_own_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lines, "BLOCK_CHARACTERS", 50)
    monkeypatch.setattr(text_lines, "LINE_LIMIT", 200)

    rows = brief('a,b\n1,"2\n3,' + "x" * 5000 + "\n5,6\n")

    assert rows == [RejectCode.BAD_QUOTE, RejectCode.TOO_LARGE, ["5", "6"]]


@pytest.mark.parametrize("limit", ["RECORD_LINES_LIMIT", "RECORD_LIMIT"])
def test_a_field_of_more_lines_than_can_be_held_costs_its_record_up_to_its_end(
    monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(careful_records, limit, 100)

    rows = brief('a,b\n1,2\n3,"' + "\n" * 500 + 'end"\n5,6\n')

    assert rows == [["1", "2"], RejectCode.TOO_LARGE, ["5", "6"]]


@pytest.mark.parametrize("limit", ["RECORD_LINES_LIMIT", "RECORD_LIMIT"])
def test_a_quote_unclosed_for_more_lines_than_can_be_held_costs_its_line_alone(
    monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(careful_records, limit, 100)
    rows = [f"{n},{n}" for n in range(1000)]

    assert brief('a,b\n1,"2\n' + "\n".join(rows)) == [RejectCode.BAD_QUOTE, *[row.split(",") for row in rows]]


def test_a_giant_field_that_never_ends_gives_up_at_the_next_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(careful_records, "RECORD_LINES_LIMIT", 100)

    assert brief('a,b\n3,"' + "text\n" * 500 + "5,6\n7,8\n") == [RejectCode.TOO_LARGE, ["5", "6"], ["7", "8"]]


@pytest.mark.parametrize("text", ["\n\r\n", 'a,"b\n1,2\n', 'a,"b"c\n'])
def test_a_header_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(SourceFileError, match=r"a\.csv"):
        read(text)


QUOTE_BOMBS = {
    "each line opens a quote, outside one and inside one": 'x",",z\n',
    "so does each, and rows are between": 'x",",z\n1,2,3\n',
    "the record ends each time, with a row as its last line": ',x",",z\n""\r""',
    "none is a row": 'x,"",","z\n',
    "a later line may begin a row that goes on": '"a\nb"c,"d\n' + "text\n" * 50,
    "nothing but quotes": '"',
    "a line is a quote": '"\n',
    "two rows are one": '1,2,"3\n',
    "doubled quotes": '1,2,"""\n',
}


@pytest.mark.parametrize("unit", QUOTE_BOMBS.values(), ids=QUOTE_BOMBS)
@pytest.mark.parametrize("end", ["", '",a","b",1\n'])
def test_a_quote_bomb_costs_no_more_work_than_a_file_of_its_size(
    monkeypatch: pytest.MonkeyPatch, unit: str, end: str
) -> None:
    """Without a bound each of its lines is read as often as there are lines before it."""
    monkeypatch.setattr(careful_records, "RECORD_LIMIT", 20_000)
    monkeypatch.setattr(careful_records, "FIELD_LIMIT", 20_000)
    text = "a,b,c\n" + unit * (100_000 // len(unit)) + "\n" + end
    records = open_records(text)

    told = [record for block in records.blocks(len(records.header())) for record in block.records]

    assert told
    assert records.read_again <= 2 * careful_records.RECORD_LIMIT + careful_records.READ_AGAIN_TIMES * len(text)


def test_each_line_of_a_quote_bomb_is_told_and_what_comes_after_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(careful_records, "RECORD_LIMIT", 2_000)
    bomb = 'x",",z\n' * 3_000
    rows = [[str(number), "x", "y"] for number in range(1_000)]

    told = read("a,b,c\n" + bomb + "".join(",".join(row) + "\n" for row in rows))

    bad = [record for record in told if isinstance(record, BadRecord)]
    assert {record.code for record in bad} == {RejectCode.BAD_QUOTE}
    assert "".join(record.text for record in bad).startswith(bomb)
    assert {" is not looked for any more" in record.message for record in bad} == {False, True}
    assert told[len(bad) :] == rows[len(bad) - 3_000 :]
    assert len(bad) - 3_000 < 2_000 // len("1,x,y\n")  # no more rows than one record may have lines


def test_an_endless_line_in_a_quote_bomb_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(careful_records, "RECORD_LIMIT", 2_000)
    monkeypatch.setattr(text_lines, "BLOCK_CHARACTERS", 50)
    monkeypatch.setattr(text_lines, "LINE_LIMIT", 200)

    rows = brief("a,b,c\n" + 'x",",z\n' * 1_000 + "x" * 5_000 + "\n1,2,3\n")

    assert rows == [*[RejectCode.BAD_QUOTE] * 1_000, RejectCode.TOO_LARGE, ["1", "2", "3"]]


@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), min_size=3, max_size=3), max_size=20),
    st.sampled_from(["excel", "unix"]),
)
def test_whatever_a_correct_writer_wrote_is_read_back(rows: list[list[str]], dialect: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, dialect, lineterminator="\r\n").writerows([["a", "b", "c"], *rows])

    assert read(file.getvalue()) == rows


@given(st.data())
def test_every_line_that_is_a_row_survives_bad_quotes_around_it(data: st.DataObject) -> None:
    good = [f"{n},x{n}" for n in range(12)]
    spoilt = data.draw(st.sets(st.integers(0, 11)))
    lines = [f'{n},"x{n}' if n in spoilt else line for n, line in enumerate(good)]

    records = brief("a,b\n" + "\n".join(lines) + "\n")

    assert records == [RejectCode.BAD_QUOTE if n in spoilt else line.split(",") for n, line in enumerate(good)]
