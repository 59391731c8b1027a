"""What is proposed for a source makes prepare and the Lambda core take every good row of it, without an edit."""

import io
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.describing.source_proposal import SourceProposal, propose_source, reconsider
from commands.describing.source_sample import BEGINNING_BYTES
from commands.describing.source_trial import try_settings
from csvdynamo_airflow.errors import MigrationError
from tests.polluted.corpus import corpus_files
from tests.support.quick_prepare import quick_prepare
from tests.unit.commands.describing.served_files import kinds_of, other_kinds
from tests.unit.commands.describing.served_tables import Base, Kind, organogram, sensor, spending, towns
from tests.unit.commands.describing.taken import take
from tests.unit.plugin.test_prepare_properties import FEWER

_OF_A_KIND = 6
_POLLUTED = (
    "lines before the header",
    "lines before the header, told",
    "a comment, told",
    "blank lines at the end",
    "a blank line",
    "Excel's first line",
    "another delimiter",
    "other quotes, told",
    "an escape character",
    "an escape character, told",
    "no quotes",
    "a header of two lines",
    "a header too long",
    "a header too short",
    "no header",
    "other names, told",
    "a name twice, told",
    "white space round names",
    "a line break in a name",
    "white space after delimiters, told",
    "another line end, told",
    "a bare line end in cells, told",
    "a delimiter at the end of every line",
    "a delimiter at the end of every row",
    "a delimiter before every line",
    "a mark of the file's end",
    "several files in a zip",
    "the header again",
    "byte order marks",
)
"""Kinds of the corpus of which every file, if it can be told at all, has to be taken whole."""

_AWAITED = Counter({"a comment, told": 1, "another delimiter": 1})
"""How many files of a kind are not: a comment with as many cells as a row; a delimiter that stands in dates, too."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where prepare works, once for all files."""
    with quick_prepare() as made:
        yield made


@pytest.fixture
def proposed(tmp_path: Path) -> Callable[[bytes], SourceProposal]:
    """Proposes for a file's bytes."""

    def propose(content: bytes) -> SourceProposal:
        path = tmp_path / "source.csv"
        path.write_bytes(content)
        return propose_source(path, "source.csv")

    return propose


def _failures(kinds: Iterator[Kind], folder: Path) -> list[str]:
    return [f"{kind.name}: {problem}" for kind in kinds if (problem := _problem(kind, folder))]


def _problem(kind: Kind, folder: Path) -> str:
    try:
        taken = take(kind.content, folder)
    except MigrationError as error:
        return f"refused: {error}"
    if taken.rows == kind.items and sum(taken.rejects.values()) == kind.rejects:
        return ""
    return f"{dict(taken.proposal.settings)} gives {taken.rows[:2]} and {taken.rejects}, not {kind.items[:2]}"


@pytest.mark.parametrize("count", [3, 40])
@pytest.mark.parametrize("base", [spending, sensor, organogram, towns])
def test_every_row_of_every_kind_of_file_is_taken(base: Callable[[int], Base], count: int, folder: Path) -> None:
    assert not _failures(kinds_of(base(count)), folder)


def test_every_row_of_several_kinds_at_once_is_taken(folder: Path) -> None:
    assert not _failures(other_kinds(), folder)


def test_there_are_more_than_forty_kinds() -> None:
    names = {kind.name for base in (spending, sensor, organogram, towns) for kind in kinds_of(base(3))}
    assert len(names) >= 60


def test_every_row_of_polluted_files_is_taken(folder: Path) -> None:
    of_kind = defaultdict(list)
    for file in corpus_files(drawn_tables=0):
        if file.kind in _POLLUTED:
            of_kind[file.kind].append(file)
    assert of_kind.keys() == set(_POLLUTED)
    lost, shown = Counter[str](), list[str]()
    for kind, files in of_kind.items():
        for file in files[:: max(1, len(files) // _OF_A_KIND)][:_OF_A_KIND]:
            right = [list(row.values()) for key, row in file.truth.items() if key not in file.touched]
            taken = take(file.content, folder)
            if [row for row in right if row not in taken.values] or len(taken.rows) > len(file.truth):
                lost[kind] += 1
                shown.append(f"{file.name}: {dict(taken.proposal.settings)} {taken.rejects}")
    assert lost <= _AWAITED, "\n".join(shown)


@pytest.mark.parametrize(
    ("content", "settings"),
    [
        (b"id,name\n1,a\n", {}),
        (b"sep=;\nid;name\n1;a\n", {}),
        (b"id,name,\n1,a,\n2,b,\n", {}),
        (b"id,name\n1,a,\n2,b,\n", {}),
        (b"id,,x\n1,a,b\n", {"nameless": "number"}),
        (b"\xef\xbb\xbf\xef\xbb\xbfid,name\n1,a\n", {}),
        (b'id,"full\nname"\n1,a\n', {}),
        (b"id,name,name\n1,a,b\n", {"repeated": "number"}),
        (b"1,a\n2,b\n", {"header": "none", "names": ["column_1", "column_2"]}),
        (b"Report of things,,\n,,\nid,name,x\n1,a,b\n", {"skip_lines": 2}),
        (b"Budget,,Spent\n2019,2020,2020\n1,2,3\n", {"header_lines": 2}),
        (b"# made on Monday\nid,name\n1,a\n", {"comment": "#"}),
        (b"id,name\n1,a\n,\n2,b\n,\n", {}),
        (b"id,name,amt\n1,a,5\nTotal,,11\n", {"stop_at": "Total"}),
        (b"id,name\n1,a\nid,name\n2,b\n", {}),
        (b"id,name\n1,'a,b'\n2,'c'\n", {"quote": "'"}),
        (b'id,name\n1,"a\n2,b\n', {"quote": "none"}),
        (b'id,name\n1,"a \\"b\\" c"\n2,x\n', {"escape": "\\"}),
        (b'id,size\n1,5" pipe\n', {}),
        (b"id name\n1 a\n", {"delimiter": "white space"}),
        (b"id^name\n1^a\n", {"delimiter": "^"}),
        (b"id||name\n1||a\n", {"delimiter": "||"}),
        (b'id, name\n1, "a, b"\n', {"skip_initial_space": True}),
        (b"id,name\n1,a\n\x1a", {}),
        (
            b'"Data Source","Indicators",\n\n"Last","2019",\n\n"Name","Code","1960",\n"Aruba","ABW","1",\n',
            {"skip_lines": 4},
        ),
        (b"year,month,avg\n1958,3,1.2,3.7\n1958,4,1.3,3.4\n", {"names": ["year", "month", "avg", "column_4"]}),
        (b",id,name\n0,1,a\n1,2,b\n", {"nameless": "drop"}),
        (b"id,name,note\n1,a\n2,b\n", {"short_rows": "pad"}),
        ("město;počet\nPlzeň;1\nŽďár;2\n".encode("windows-1250"), {"encoding": "windows-1250", "delimiter": ";"}),
        ("id\tname\n1\tPlzeň\n".encode("utf-16"), {"delimiter": "tab"}),
    ],
)
def test_the_smallest_file_of_each_kind(
    content: bytes, settings: dict[str, object], proposed: Callable[[bytes], SourceProposal]
) -> None:
    proposal = proposed(content)
    assert proposal.settings == settings
    assert proposal.reasons.keys() == settings.keys()
    assert proposal.rows > 0


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b'{"status": "Pending"}', b"<!DOCTYPE html><html></html>", b"%PDF-1.4\n", b"\0" * 600]
)
def test_what_is_no_table_is_refused(content: bytes, proposed: Callable[[bytes], SourceProposal]) -> None:
    with pytest.raises(MigrationError):
        proposed(content)


@FEWER
@given(st.text(st.sampled_from("aB7.,;|\t\"'\n\r\\#\0\x1aé\ufeff^- =/"), max_size=200))
def test_any_text_is_proposed_for_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_text(text, encoding="utf-8")
    try:
        proposal = propose_source(path, "any.csv")
    except MigrationError:
        return
    assert not try_settings(path, "any.csv", proposal.settings).problem


def test_progress_is_told(tmp_path: Path) -> None:
    path = tmp_path / "source.csv"
    path.write_bytes(b"id,name\n1,a\n")
    told: list[int] = []
    propose_source(path, "source.csv", told.append)
    assert told[-1] == path.stat().st_size


def _long(rows: int, *more: str) -> bytes:
    lines = [f"{number},name number {number} of a list {'that is long ' * 32}" for number in range(rows)]
    return "\n".join(["id,name", *lines, *more, ""]).encode()


def test_where_a_long_file_ends_is_found(proposed: Callable[[bytes], SourceProposal]) -> None:
    content = _long(3_000, "Source: Office")
    assert len(content) > BEGINNING_BYTES
    proposal = proposed(content)
    assert proposal.settings == {"stop_at": "Source: Office"}
    assert not proposal.read_whole


def test_a_long_file_does_not_end_where_a_row_begins_alike(proposed: Callable[[bytes], SourceProposal]) -> None:
    half = _long(3_000).decode()
    assert proposed((half + "Total,1\n" + half + "Total,2\n").encode()).settings == {}


@pytest.mark.parametrize(
    ("header", "first", "later", "settings"),
    [
        ("id,name,x", "1", "", {"short_rows": "pad"}),
        ("id,name,", "", "late", {"nameless": "number"}),
    ],
)
def test_settings_that_later_rows_need_are_found_after_the_whole_was_read(
    header: str, first: str, later: str, settings: dict[str, object], tmp_path: Path
) -> None:
    path = tmp_path / "source.csv"
    start = [f"{number},name number {number} of a list {'that is long ' * 32},{first}" for number in range(3_000)]
    rest = [f"{number},short" + (f",{later}" if later else "") for number in range(2_000)]
    path.write_text("\n".join([header, *start, *rest, ""]))
    assert path.stat().st_size > BEGINNING_BYTES + len("\n".join(rest))
    proposal = propose_source(path, "source.csv")
    assert proposal.settings == {}
    whole = try_settings(path, "source.csv", proposal.settings)
    assert whole.bad == len(rest)
    better = reconsider(path, "source.csv", proposal, whole.good, whole.rejects)
    assert better is not None
    assert better.settings == settings
    assert better.reasons.keys() == settings.keys()
    assert better.rows == len(start) + len(rest)


def test_nothing_is_looked_for_where_the_whole_is_as_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "source.csv"
    path.write_bytes(_long(3_000))
    proposal = propose_source(path, "source.csv")
    path.unlink()  # it is not read again
    assert reconsider(path, "source.csv", proposal, 3_000, {}) is None


def test_a_guessed_encoding_is_shown_in_the_likeliest_ones(proposed: Callable[[bytes], SourceProposal]) -> None:
    [told] = [one for one in proposed("id,name\n1,Plzeň\n2,Žďár\n".encode("windows-1250")).unsure if "encoding" in one]
    assert "Windows-1250: " in told
    assert "'Plzeň'" in told
    assert "'Žďár'" in told


def test_a_proven_encoding_is_no_guess(proposed: Callable[[bytes], SourceProposal]) -> None:
    proposal = proposed("id,name\n1,Plzeň\n".encode())
    assert proposal.found[0] == "Encoding: UTF-8."
    assert not [one for one in proposal.unsure if "encoding" in one]


def test_files_of_an_archive_with_other_headers_are_told(proposed: Callable[[bytes], SourceProposal]) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("a.csv", "id,name\n1,a\n")
        zipped.writestr("b[1].csv", "other,header\n1,a\n2,b\n3,c\n")
    proposal = proposed(archive.getvalue())
    assert proposal.settings == {"member": "b[[]1].csv"}
    assert proposal.rows == 3
    assert "different first lines" in proposal.reasons["member"]


def test_records_above_the_table_are_told(proposed: Callable[[bytes], SourceProposal]) -> None:
    content = b"a,1\nb,2\nc,3\n\nid,name,x\n" + b"".join(b"%d,n,2019\n" % number for number in range(20))
    assert any("3 records above the table" in one for one in proposed(content).unsure)
