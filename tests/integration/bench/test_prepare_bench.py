"""The measurement of prepare: what it generates, measures and writes."""

import csv
import json
from pathlib import Path

import pytest

from bench import prepare_bench
from bench.__main__ import main
from bench.generated_csv import SAMPLE_ROWS, write_csv
from commands.sample import HEADER, KEY


def test_a_generated_file_has_the_registers_header_and_a_key_a_row(tmp_path: Path) -> None:
    path = tmp_path / "generated.csv"

    assert write_csv(path, rows=2 * SAMPLE_ROWS) == 2 * SAMPLE_ROWS

    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    keys = [key for row in rows if len(row) == len(header) and (key := row[header.index(KEY)].strip())]
    assert (tuple(header), len(rows)) == (HEADER, 2 * SAMPLE_ROWS)
    assert len(set(keys)) == len(keys) > 0.99 * len(rows)


def test_a_generated_file_ends_with_the_row_that_reaches_its_size(tmp_path: Path) -> None:
    write_csv(tmp_path / "generated.csv", size=1_000_000)

    assert 1_000_000 <= (tmp_path / "generated.csv").stat().st_size < 1_001_000


def test_every_reader_is_measured_on_two_sizes_and_no_file_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = tmp_path / "bench" / "prepare.json"
    monkeypatch.setattr(prepare_bench, "RESULT", result)

    assert main(["prepare", "--rows", "4000"]) == 0

    measurements = json.loads(result.read_text())["measurements"]
    assert [(one["reader"], one["rows"]) for one in measurements if one["reader"] != "duckdb"] == [
        ("csv", 1000),
        ("prepare", 1000),
        ("csv", 4000),
        ("prepare", 4000),
    ]
    assert len(measurements) == 6
    assert all(one["seconds"] > 0 and one["cpu_seconds"] > 0 and one["peak_rss_bytes"] > 1e6 for one in measurements)
    assert list(result.parent.iterdir()) == [result]
    assert len(capsys.readouterr().out.splitlines()) == 7
