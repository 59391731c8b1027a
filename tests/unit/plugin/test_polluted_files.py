"""A part of the corpus of polluted files: no row is written that its clean file does not have.

`python -m tests.polluted` tries the whole.
"""

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.in_process import migrate_bytes
from tests.polluted import judge as judging
from tests.polluted.corpus import MINIMAL, QUOTED, SEMICOLON, TABS, corpus_files, edits, polluted_files, sample
from tests.polluted.dialects import Dialect
from tests.polluted.judge import Outcome, judge
from tests.polluted.model import Polluted, truth_of
from tests.polluted.smallest import smallest
from tests.polluted.tables import HEADER, PLAIN, drawn
from tests.support.quick_prepare import quick_prepare
from tests.unit.plugin.test_prepare_properties import FEWER

DIALECT_TOLD = ("another delimiter, told", "other quotes, told", "an escape character, told")

FILES = 4000
"""Of some 29,000; of each kind as many as there is room for."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where the tasks work, once for all files."""
    with quick_prepare() as made:
        yield made


@pytest.fixture(scope="module")
def corpus() -> list[Polluted]:
    """The whole corpus."""
    return list(corpus_files())


def test_the_corpus_is_large_and_no_file_is_in_it_twice(corpus: list[Polluted]) -> None:
    assert len({file.name for file in corpus}) == len(corpus)
    assert len({(file.content, repr(file.settings)) for file in corpus}) == len(corpus) > 25_000
    assert len({file.kind for file in corpus}) > 90


def test_no_file_has_two_truths() -> None:
    """Where two edits come to the same bytes, their clean files differ in no row: else one of them is none."""
    truths: dict[tuple[bytes, str], object] = {}
    for file in polluted_files("0", 4):
        assert truths.setdefault((file.content, repr(file.settings)), file.truth) == file.truth, file.name


def test_no_row_is_written_that_the_clean_file_does_not_have(corpus: list[Polluted], folder: Path) -> None:
    wrong: dict[str, list[str]] = {}
    for file in sample(corpus, FILES):
        verdict = judge(file, folder)
        if verdict.outcome is Outcome.WRONG:
            wrong.setdefault(file.kind, []).append(f"{file.name}: {'; '.join(verdict.complaints)}")

    told = [f"{len(files)}, for example {files[0]}" for files in wrong.values()]
    assert not wrong, f"{len(wrong)} kinds have wrong rows:\n" + "\n".join(told)


@FEWER
@given(
    draw=st.randoms(use_true_random=False),
    rows=st.integers(1, 3),
    dialect=st.sampled_from([MINIMAL, QUOTED, SEMICOLON, TABS]),
    place=st.floats(0, 1, exclude_max=True),
)
def test_no_edit_of_a_drawn_table_makes_a_wrong_row(
    folder: Path, draw: random.Random, rows: int, dialect: Dialect, place: float
) -> None:
    files = list(edits(drawn(draw, "drawn", rows), dialect))

    verdict = judge(files[int(place * len(files))], folder)

    assert verdict.outcome is not Outcome.WRONG, verdict.complaints


def test_a_file_in_another_dialect_is_what_another_reader_takes_it_for(corpus: list[Polluted]) -> None:
    """The truth of files whose settings are not there yet, by Python's reader."""
    marks = {"delimiter": "delimiter", "quote": "quotechar", "escape": "escapechar"}
    read = 0
    for file in corpus:
        if not file.kind.endswith(DIALECT_TOLD) or any(len(str(file.settings.get(key, "x"))) > 1 for key in marks):
            continue
        options = {marks[key]: value for key, value in file.settings.items()}
        text = io.StringIO(file.content.decode(), newline="")
        rows = list(csv.reader(text, doublequote="escape" not in file.settings, strict=True, **options))  # type: ignore[arg-type]
        assert truth_of(rows[0], rows[1:]) == file.truth, file.name
        read += 1
    assert read > 500


def clean() -> Polluted:
    return Polluted("none", "clean", MINIMAL.text(PLAIN).encode(), truth_of(PLAIN.header, PLAIN.rows))


def test_a_clean_file_is_taken_whole(folder: Path) -> None:
    verdict = judge(clean(), folder)

    assert (verdict.outcome, verdict.written, verdict.rejects) == (Outcome.WHOLE, len(PLAIN.rows), 0)


@pytest.mark.parametrize(
    "change",
    [
        {"truth": truth_of(PLAIN.header, PLAIN.rows[1:])},
        {"truth": truth_of(PLAIN.header, [(*PLAIN.rows[0][:4], "other"), *PLAIN.rows[1:]])},
        {"truth": {**truth_of(PLAIN.header, PLAIN.rows), **truth_of((*HEADER[:4], "other"), PLAIN.rows[:1])}},
        {"truth": truth_of(PLAIN.header, [*PLAIN.rows, ("k-lost", "", "", "", "")])},
        {"truth": truth_of(PLAIN.header, [*PLAIN.rows, ("k-x", "", "", "", "")]), "touched": frozenset(["k-x"])},
    ],
    ids=["a row too many", "another cell", "another name", "a row lost", "a touched row lost"],
)
def test_the_judge_sees(change: dict[str, object], folder: Path) -> None:
    verdict = judge(replace(clean(), **change), folder)  # type: ignore[arg-type]

    assert verdict.outcome is Outcome.WRONG
    assert len(verdict.complaints) == 1


def test_a_row_that_is_gone_from_the_file_is_not_missed(folder: Path) -> None:
    truth = truth_of(PLAIN.header, [*PLAIN.rows, ("k-gone", "", "", "", "")])

    verdict = judge(replace(clean(), truth=truth, gone=frozenset(["k-gone"])), folder)

    assert verdict.outcome is Outcome.WHOLE


def test_a_refusal_without_the_setting_is_told(folder: Path) -> None:
    headless = replace(clean(), content=b"a,b\n1,2\n", told=("names",))

    verdict = judge(headless, folder)

    assert (verdict.outcome, verdict.untold) == (Outcome.REFUSED, "names" not in verdict.said)


def test_a_setting_that_there_is_not_is_no_verdict(folder: Path) -> None:
    assert judge(replace(clean(), settings={"no_such_setting": 1}), folder).outcome is Outcome.NOT_YET


def test_what_brings_prepare_down_is_wrong(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(judging, "migrate_bytes", crash)

    assert judge(clean(), folder).outcome is Outcome.WRONG


def test_the_smallest_file_keeps_the_fault_and_the_rows_that_were_touched(folder: Path) -> None:
    file = replace(clean(), touched=frozenset(["k-222"]))

    small = smallest(file, lambda fewer: b"k-444" in fewer.content)

    assert [line[:5] for line in small.content.split()[:1]] == [b"id,wh"]
    assert small.content.count(b"k-") == 2
    assert len(migrate_bytes(small.content, judging.data_set({}), folder).table) == 2  # type: ignore[arg-type]


def test_the_part_has_files_of_every_kind(corpus: list[Polluted]) -> None:
    part = sample(corpus, FILES)

    assert len(part) <= FILES
    assert {file.kind for file in part} == {file.kind for file in corpus}
    assert len({file.name for file in part}) == len(part)
    assert list(islice(part, 5)) == list(islice(sample(corpus, FILES), 5))
