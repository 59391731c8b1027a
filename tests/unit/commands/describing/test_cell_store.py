"""The cells on the disk are those of the source, and a blank one is none."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands.describing.cell_store import CellStore
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo_airflow.preparation.prepared_rows import format_rows
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import open_duckdb


@contextmanager
def loaded(folder: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[CellStore]:
    """Load rows from a file as prepare writes it."""
    numbered = [[number, *row] for number, row in enumerate(rows, 1)]
    (folder / "draft").write_text(format_rows([[ROW_NUMBER_HEADER, *header], *numbered]), newline="")
    space = DiskSpace(folder, "test")
    with open_duckdb(space) as session:
        yield CellStore.load(session, folder / "draft", header, len(rows), space)


@pytest.mark.parametrize(
    "cell",
    [
        "a",
        " a ",
        "a\\b",
        "\\",
        "\\\\n",
        'say "x"',
        '"',
        "'",
        "a,b",
        "two\nlines",
        "lone\rreturn",
        "é水⚡",
        "\u00a0é",
        "\x7f",
    ],
)
def test_a_cell_comes_back_as_it_is(cell: str, tmp_path: Path) -> None:
    with loaded(tmp_path, ["id", "x"], [["1", cell], ["2", ""]]) as store:
        assert list(store.some_rows(10)) == [(1, ["1", cell]), (2, ["2", ""])]
        assert list(store.values(1, 10)) == [(cell, 1)]
        assert store.counts()[1].longest == len(cell.encode())


@pytest.mark.parametrize("cell", ["", " ", "\t ", "\u00a0", "\u2003\u3000", "\x1c", "\x85"])
def test_a_cell_of_white_space_is_blank(cell: str, tmp_path: Path) -> None:
    with loaded(tmp_path, ["id", "x"], [["1", cell], ["2", "y"]]) as store:
        assert store.counts()[1].blank == 1


def test_more_columns_than_are_counted_at_once(tmp_path: Path) -> None:
    header = [f"h{place}" for place in range(120)]

    with loaded(tmp_path, header, [[f"x{place % 7}" for place in range(120)], [""] * 60 + ["y"] * 60]) as store:
        counts = store.counts()

    assert [(one.header, one.filled, one.distinct) for one in counts] == [
        (name, 1 if place < 60 else 2, 1 if place < 60 else 2) for place, name in enumerate(header)
    ]


def test_rows_that_have_the_cells_of_another(tmp_path: Path) -> None:
    with loaded(tmp_path, ["a", "b"], [["1", "x"], ["1", "y"], ["2", "x"], ["1", "x"]]) as store:
        assert [store.repeated([0]), store.repeated([1]), store.repeated([0, 1]), store.repeated([])] == [2, 2, 1, 1]
        assert [store.subset([0]).repeated([0]), store.subset([0, 1]).repeated([0, 1])] == [2, 1]
