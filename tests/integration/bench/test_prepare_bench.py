"""The measurements: what they generate, measure and write."""

import csv
import json
from functools import partial
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from bench import __main__ as command
from bench import measured, results
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
    monkeypatch.setattr(measured, "FOLDER", tmp_path)

    assert main(["prepare", "--rows", "4000", "--runs", "1"]) == 0

    [result] = tmp_path.iterdir()
    document = json.loads(result.read_text())
    assert document["asked"] == {"rows": 4000, "bytes": None, "runs": 1}
    runs = document["runs"]
    assert [(one["reader"], one["rows"]) for one in runs if one["reader"] in ("csv", "prepare")] == [
        ("csv", 1000),
        ("prepare", 1000),
        ("csv", 4000),
        ("prepare", 4000),
    ]
    assert [one["reader"] for one in runs[:4]] == ["csv", "duckdb", "wc -l", "prepare"]
    assert len(runs) == 8
    assert all(one["seconds"] > 0 and one["cpu_seconds"] > 0 and one["peak_rss_bytes"] > 1e6 for one in runs)
    assert len(capsys.readouterr().out.splitlines()) == 2 + 9


def test_a_file_without_faulty_rows_has_the_others(tmp_path: Path) -> None:
    write_csv(tmp_path / "generated.csv", rows=SAMPLE_ROWS, faulty=False)

    with (tmp_path / "generated.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row[KEY].strip() for row in rows} - {""}) == len(rows) == SAMPLE_ROWS
    assert all(None not in row and None not in row.values() and row["Model Year"].isdigit() for row in rows)


def test_a_measurement_that_fails_costs_no_other_and_is_missing_on_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured_ones: list[tuple[str, tuple[object, ...], dict[str, object]]] = []

    def measure(name: str, *arguments: object, **named: object) -> None:
        measured_ones.append((name, arguments, named))
        if name == "prepare":
            raise SystemExit("the disk is full")
        if name == "parse":
            raise CalledProcessError(1, "python")

    for name in ("handler", "profile", "memory", "prepare", "parse", "whole", "load"):
        monkeypatch.setattr(getattr(command, f"{name}_bench"), "run", partial(measure, name))
    monkeypatch.setattr(measured, "FOLDER", tmp_path)
    monkeypatch.setattr(results, "PAGE", tmp_path / "RESULTS.md")

    assert main(["all", "--rows", "50000", "--bytes", "7", "--runs", "2"]) == 1

    assert measured_ones == [
        ("handler", (20_000, 2), {}),
        ("profile", (20_000, 2), {}),
        ("memory", (2,), {}),
        ("prepare", (), {"size": 7, "runs": 2}),
        ("parse", (2,), {}),
        ("whole", (50_000, None, 2), {}),
        ("load", ([500, 5_000, 50_000], 2), {}),
    ]
    assert "**Not measured**: `python -m bench prepare`." in (tmp_path / "RESULTS.md").read_text()
