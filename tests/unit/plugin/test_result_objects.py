"""An object of lines, read in pieces: no line is lost, whole or not, and none is counted wrong."""

from typing import Any

import pytest

from csvdynamo.aws import stored_object
from csvdynamo_airflow.storage.result_objects import numbered_lines
from tests.hostile.in_process import BUCKET, MemoryBucket


@pytest.mark.parametrize("piece", [1, 2, 3, 1000])
@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"one\ntwo\n", [(1, b"one"), (2, b"two")]),
        (b"one\ntwo", [(1, b"one"), (2, b"two")]),
        (b"one\n\n \ntwo", [(1, b"one"), (4, b"two")]),
        (b"\n", []),
        (b"", []),
    ],
    ids=["ended", "not ended", "blank between", "blank alone", "empty"],
)
def test_every_line_is_given_with_its_number(
    monkeypatch: pytest.MonkeyPatch, piece: int, content: bytes, lines: list[tuple[int, bytes]]
) -> None:
    monkeypatch.setattr(stored_object, "PIECE_BYTES", piece)
    bucket: Any = MemoryBucket()
    bucket.objects["k"] = content

    assert list(numbered_lines(bucket, BUCKET, "k")) == lines
