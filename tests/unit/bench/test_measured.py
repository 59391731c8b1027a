"""What a measurement leaves: its runs, or nothing."""

import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench import measured, whole_bench, wrangler
from bench.measured import measuring, read_measured
from bench.readers import cpu_seconds
from bench.table import Spread, Table


@dataclass(frozen=True)
class Run:
    seconds: float


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(measured, "FOLDER", tmp_path / "bench")
    return tmp_path / "bench"


def test_runs_are_kept_as_they_were_with_what_was_asked_and_no_other_file(folder: Path) -> None:
    with measuring("reads", rows=5, runs=2) as reads:
        (reads.folder / "source.csv").write_text("a")
        reads.runs += [Run(2.0), Run(1.0)]

    found = read_measured("reads")
    assert found is not None
    assert (found.asked, found.runs) == ({"rows": 5, "runs": 2}, [{"seconds": 2.0}, {"seconds": 1.0}])
    assert found.machine.cores > 0
    assert {"Python", "duckdb", "botocore", "awswrangler", "pandas"} <= set(found.machine.versions)
    assert [path.name for path in folder.iterdir()] == ["reads.json"]


def test_a_measurement_that_fails_leaves_nothing_not_even_what_an_earlier_one_left(folder: Path) -> None:
    with measuring("reads", runs=1) as reads:
        reads.runs.append(Run(1.0))

    with pytest.raises(SystemExit), measuring("reads", runs=1):
        raise SystemExit

    assert read_measured("reads") is None
    assert list(folder.iterdir()) == []


def test_a_spread_is_told_with_least_and_most_where_they_differ() -> None:
    assert Spread.of([3000.4, 1000, 2000]).told(unit=" MB") == "2,000 MB (1,000 to 3,000)"
    assert Spread.of([1.5, 1.5]).told(".2f") == "1.50"


def test_a_table_is_written_for_a_terminal_and_for_a_page() -> None:
    table = Table(("reader", "s"), [("csv", "10"), ("prepare", "2")])

    assert table.aligned() == " reader   s\n    csv  10\nprepare   2"
    assert table.markdown() == "| reader | s |\n| --- | --- |\n| csv | 10 |\n| prepare | 2 |"


def test_the_environment_of_aws_sdk_for_pandas_is_made_once_and_anew_with_other_pins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins, commands = tmp_path / "pins.txt", []

    def ran(command: list[str], *, check: bool) -> None:
        commands.append(command)
        (tmp_path / "bench" / "awswrangler").mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(wrangler, "BUILD", tmp_path)
    monkeypatch.setattr(wrangler, "PINS", pins)
    monkeypatch.setattr(wrangler.subprocess, "run", ran)
    pins.write_text("# by uv\nawswrangler==3.17.1\nnumpy==2.4.6 ; python_full_version < '3.12'\n")

    python = wrangler.wrangler_python()
    assert wrangler.wrangler_python() == python
    assert wrangler.pinned_versions() == {"awswrangler": "3.17.1", "numpy": "2.4.6"}
    made = len(commands)
    pins.write_text("awswrangler==3.18.0\n")
    wrangler.wrangler_python()

    assert (made, len(commands)) == (2, 4)
    assert commands[-1] == [python, *commands[-1][1:-1], str(pins)]


def test_a_small_process_of_a_large_one_held_little() -> None:
    held = b"x" * 200_000_000

    told = subprocess.run(
        [sys.executable, "-c", "from bench.peak_memory import peak_rss_bytes; print(peak_rss_bytes())"],
        check=True,
        stdout=subprocess.PIPE,
    )

    assert 1_000_000 < int(told.stdout) < len(held) / 2


def test_a_source_that_is_no_file_is_refused_before_anything_is_installed_or_measured(folder: Path) -> None:
    with pytest.raises(SystemExit, match=r"SOURCE=.*cars\.csv is no file"):
        whole_bench.run(1, folder / "cars.csv", 1)

    assert not folder.exists()


def test_what_processes_used_that_a_reader_started_is_its_own() -> None:
    before, of_children = cpu_seconds(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime

    subprocess.run([sys.executable, "-c", "sum(range(500_000))"], check=True)

    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - of_children
    assert cpu_seconds() - before >= used > 0
