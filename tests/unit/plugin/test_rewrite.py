"""The streaming pass: what it writes, what it spools, and that both add up."""

import csv
import gzip
import io
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from csvdynamo.datasets.dataset import Dataset, Limits
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.records.rejects import Reject, reject_id
from csvdynamo.rules.columns import Column
from csvdynamo_airflow.preparation import draft
from csvdynamo_airflow.preparation.prepare_file import PreparedFile, prepare_file
from csvdynamo_airflow.preparation.prepared_rows import ENVELOPE_BYTES
from csvdynamo_airflow.preparation.reject_spool import write_records
from csvdynamo_airflow.preparation.source_header import HeaderError
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.growing_file import FileTooLargeError

PAIRS = Dataset(
    name="pairs",
    source=Source("https://example.org/p.csv", "p.csv"),
    table=Table("tb_pairs", "id"),
    columns=(Column("id", required=True),),
)


@dataclass(frozen=True)
class Outcome:
    prepared: PreparedFile
    text: str
    rejects: list[Reject]

    @property
    def source_rows(self) -> int:
        return self.prepared.source_rows

    @property
    def by_code(self) -> dict[str, int]:
        return self.prepared.rejects_by_code


def run(folder: Path, source: bytes, dataset: Dataset = PAIRS) -> Outcome:
    (folder / "source").write_bytes(source)
    prepared = prepare_file(folder, dataset, "p.csv", lambda _done, _total: None)
    write_records(prepared.spools, folder / "records", dataset.name, "pairs-1", DiskSpace(folder, "test"))
    lines = (folder / "records").read_bytes().splitlines()
    return Outcome(prepared, prepared.path.read_bytes().decode(), [Reject.from_json(line) for line in lines])


def test_a_packed_source_that_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    """Also one whose encoding is not looked for, and that is so unpacked only to be rewritten."""
    content = b"id,name\n" + b"1,x\n" * 5_000
    source = replace(PAIRS.source, encoding="utf-8", max_unpacked_bytes=len(content))

    assert run(tmp_path, gzip.compress(content), replace(PAIRS, source=source)).source_rows == 5_000

    smaller = replace(PAIRS, source=replace(source, max_unpacked_bytes=len(content) - 1))
    with pytest.raises(FileTooLargeError, match=r"p\.csv unpacks to more.*source\.max_unpacked_bytes"):
        run(tmp_path, gzip.compress(content), smaller)


def test_every_row_gets_its_number_and_the_plain_form(tmp_path: Path) -> None:
    outcome = run(tmp_path, '\ufeffid,text\r\n1,a\r\n\r\n2,"b, c"\r\n'.encode())

    assert outcome.text == '_row,id,text\n1,1,a\n2,2,"b, c"\n'
    assert (outcome.prepared.headers, outcome.source_rows) == (("id", "text"), 2)
    assert outcome.rejects == []


def test_a_header_alone_is_an_empty_file(tmp_path: Path) -> None:
    outcome = run(tmp_path, b"id,text\n")

    assert outcome.text == "_row,id,text\n"
    assert outcome.source_rows == 0


def test_a_refused_header_stops_the_pass(tmp_path: Path) -> None:
    with pytest.raises(HeaderError):
        run(tmp_path, b"text\n1\n")


def test_rejects_keep_number_code_column_and_row_and_the_rest_goes_on(tmp_path: Path) -> None:
    outcome = run(tmp_path, b'id,text\n1,a\n2\n3,b,c\n4,"d"e\n5,f\xff\n6,g\n7,"h\n8,i\0\n9,j\n')

    assert [(reject.row, str(reject.code), reject.column) for reject in outcome.rejects] == [
        (2, "BAD_WIDTH", None),
        (3, "BAD_WIDTH", None),
        (4, "BAD_QUOTE", None),
        (5, "BAD_ENCODING", "text"),
        (7, "BAD_QUOTE", None),
        (8, "BAD_ENCODING", "text"),
    ]
    assert [dict(reject.item) for reject in outcome.rejects] == [
        {"id": "2"},
        {"id": "3", "text": "b", "_extra": "c"},
        {"_lines": '4,"d"e\n'},
        {"id": "5", "text": "f\\xff"},
        {"_lines": '7,"h\n'},
        {"id": "8", "text": "i\0"},
    ]
    assert outcome.text == "_row,id,text\n1,1,a\n6,6,g\n9,9,j\n"
    assert outcome.by_code == {"BAD_WIDTH": 2, "BAD_QUOTE": 2, "BAD_ENCODING": 2}
    assert outcome.source_rows == 9


def test_rejects_carry_the_run_and_an_id_that_every_retry_gives_again(tmp_path: Path) -> None:
    [reject] = run(tmp_path, b"id,text\n1\n").rejects

    assert (reject.dataset, reject.execution_name, reject.stage) == ("pairs", "pairs-1", "prepare")
    assert reject.reject_id == reject_id("pairs-1", 1)


def test_a_row_that_no_batch_has_room_for_is_too_large_by_the_data_sets_limit(tmp_path: Path) -> None:
    dataset = replace(PAIRS, limits=Limits(max_input_bytes_per_batch=ENVELOPE_BYTES + 600))

    outcome = run(tmp_path, b"id,text\n1,a\n2," + b"x" * 600 + b"\n3," + b"x" * 500 + b"\n", dataset)

    assert [(reject.row, str(reject.code)) for reject in outcome.rejects] == [(2, "TOO_LARGE")]
    assert outcome.text == "_row,id,text\n1,1,a\n3,3," + "x" * 500 + "\n"


@pytest.mark.parametrize("rows", [6, 7, 8, 5_000])
def test_rows_are_complete_and_in_order_whatever_their_number(tmp_path: Path, rows: int) -> None:
    source = "id,text\n" + "".join(f"{n},t{n}\n" if n % 7 else f"{n}\n" for n in range(1, rows + 1))

    outcome = run(tmp_path, source.encode())

    written = [int(row["_row"]) for row in csv.DictReader(io.StringIO(outcome.text))]
    assert written == [n for n in range(1, rows + 1) if n % 7]
    assert [reject.row for reject in outcome.rejects] == list(range(7, rows + 1, 7))
    assert outcome.source_rows == rows


def test_the_same_source_gives_the_same_bytes_whatever_it_was_packed_in(tmp_path: Path) -> None:
    plain = b"id,text\n1,a\n2,b\n"

    assert run(tmp_path, plain).text == run(tmp_path, b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n")).text


def test_a_reject_is_one_line_of_json_whatever_its_row_holds(tmp_path: Path) -> None:
    run(tmp_path, 'id,text\n1,"two\nlines\u2028",x\n2,\ud83d\n'.encode("utf-8", "surrogatepass"))

    lines = (tmp_path / "records").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["row"] for line in lines] == [1, 2]


ROWS = "id,text\n" + "".join(f"{number},{'café' * 20}\n" for number in range(1000, 2000))
PREPARED_ROWS = "_row,id,text\n" + "".join(f"{number - 999},{number},{'café' * 20}\n" for number in range(1000, 2000))


@pytest.mark.parametrize(
    "source",
    [
        ROWS.encode(),
        gzip.compress(ROWS.encode()),
        ROWS.encode("utf-16"),
        ROWS.replace(",", ";").encode("cp1252"),
        ROWS.replace(",", ',"').replace("é\n", 'é"\n').replace("text", 'text"').encode(),
    ],
    ids=["plain", "gzip", "utf-16", "windows-1252", "quoted"],
)
def test_the_limit_of_step_functions_holds_for_the_prepared_file_however_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: bytes
) -> None:
    size = len(PREPARED_ROWS.encode())
    monkeypatch.setattr(draft, "FILE_LIMIT_BYTES", size)
    assert run(tmp_path, source).text == PREPARED_ROWS

    monkeypatch.setattr(draft, "FILE_LIMIT_BYTES", size - 1)
    with pytest.raises(FileTooLargeError, match=rf"from p\.csv passes {size - 1:,} bytes at row 1,000, .*Split"):
        run(tmp_path, source)


def test_a_file_beyond_the_limit_is_stopped_at_the_row_that_passes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft, "FILE_LIMIT_BYTES", len("".join(PREPARED_ROWS.splitlines(keepends=True)[:501]).encode()))

    with pytest.raises(FileTooLargeError, match=r"at row 501, and Step Functions reads no larger CSV\."):
        run(tmp_path, ROWS.encode() + b"bytes that nobody reads\n" * 1_000_000)

    assert (tmp_path / "draft").stat().st_size <= draft.FILE_LIMIT_BYTES


def test_rejected_rows_do_not_count_towards_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft, "FILE_LIMIT_BYTES", 100)

    outcome = run(tmp_path, b"id,text\n1,a\n" + b"2,too,wide,by,some,columns\n" * 100 + b"3,c\n")

    assert (outcome.source_rows, outcome.text) == (102, "_row,id,text\n1,1,a\n102,3,c\n")


# what was guessed

GUESSED = r"It was read as UTF-8 and with '(.)' between two fields, .* set source\.encoding or source\.delimiter in"


@pytest.mark.parametrize(
    ("source", "error", "delimiter"),
    [
        (b'"id"x;"text"\n1;2\n', SourceFileError, ";"),
        (b"text;more\n1;2\n", HeaderError, ";"),
        (b"id,,more\n1,2,3\n", HeaderError, ","),
        (b"id|id\n1|2\n", HeaderError, "|"),
        (b"id,_row\n1,2\n", HeaderError, ","),
        (b"id;" + b";".join(b"c%d" % n for n in range(3000)) + b"\n1" + b";2" * 3000 + b"\n", HeaderError, ";"),
    ],
    ids=["quotes", "no key", "no name", "repeated", "row number", "too many"],
)
def test_what_is_wrong_with_a_header_is_told_with_what_was_guessed_unless_it_was_declared(
    tmp_path: Path, source: bytes, error: type[Exception], delimiter: str
) -> None:
    with pytest.raises(error, match=GUESSED.replace("(.)", re.escape(delimiter))):
        run(tmp_path, source)

    declared = replace(PAIRS, source=replace(PAIRS.source, delimiter=delimiter, encoding="utf-8"))
    with pytest.raises(error) as refusal:
        run(tmp_path, source, declared)
    assert "was found by a rule" not in str(refusal.value)


def test_a_file_that_was_taken_for_a_corrected_one_says_so_when_its_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HeaderError, match=r"_row, .*, _message, and was taken for a corrected rejects\.csv"):
        run(tmp_path, b"text,_row,_code,_column,_message\n")


def test_a_reject_for_its_encoding_says_that_it_was_found_and_one_for_an_open_quote_by_what_it_is_told(
    tmp_path: Path,
) -> None:
    outcome = run(tmp_path, b'id,text\n1,\xff\n2,"a\n3,b\n')

    assert [reject.message for reject in outcome.rejects] == [
        "text: holds bytes that are no UTF-8, the encoding that was found (source.encoding sets another)",
        "a quote is opened and never closed: a line after it reads as a row by itself",
    ]
