"""`make describe`: the command, from a source to a data set file with which prepare and the core take every row."""

import gzip
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from commands import describe
from commands import progress as progress_told
from commands.describing.dataset_text import dataset_text
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo_airflow.preparation.prepare_file import SOURCE, prepare_file
from tests.integration.commands.stopped_command import stop_while_it_reads
from tests.unit.commands.describing.described import describe as described

CARS = (
    "Car ID,Price,Registered,Electric\n"
    'A-1,"$31,490.00",28/01/2018,true\n'
    'A-2,"$7,250.50",02/03/2019,false\n'
    "A-3,,03/03/2019,true\n"
)


@pytest.fixture
def cars(tmp_path: Path) -> Path:
    """A source."""
    path = tmp_path / "cars.csv"
    path.write_text(CARS)
    return path


@pytest.fixture
def datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of data set files; of the shell nothing is left."""
    folder = tmp_path / "datasets"
    folder.mkdir()
    monkeypatch.setattr(describe, "DATASETS", folder)
    monkeypatch.setattr(describe, "leave_shell", lambda: print("Taken over from the shell: nothing."))
    monkeypatch.setattr(describe, "stop_like_ctrl_c", lambda: None)
    return folder


def refusal(*words: str) -> str:
    """What the command ends with."""
    with pytest.raises(SystemExit) as ended:
        describe.main(list(words))
    return str(ended.value)


def test_it_writes_the_file_and_prints_the_table(
    cars: Path, datasets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert describe.main(["--source", str(cars)]) == 0

    dataset = load_dataset(datasets / "cars.toml")
    printed = capsys.readouterr().out
    assert (dataset.table.name, dataset.table.partition_key) == ("tb_cars", "Car ID")
    assert {column.header: str(column.type) for column in dataset.columns} == {
        "Price": "number",
        "Registered": "date",
        "Electric": "boolean",
    }
    assert "Key: Car ID: no cell is blank, and none comes again" in printed
    assert f"make demo DATASET=cars SOURCE={cars}" in printed
    assert [path.name for path in datasets.iterdir()] == ["cars.toml"]
    assert (datasets / "cars.toml").stat().st_mode & 0o777 == 0o666 & ~describe._umask()


def test_the_file_alone_goes_to_standard_output(cars: Path, datasets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert describe.main(["--source", str(cars), "--name", "autos", "--out", "-"]) == 0

    printed = capsys.readouterr().out
    assert printed.startswith("#:schema ../docs/dataset.schema.json\n")
    (datasets / "autos.toml").write_text(printed)
    assert load_dataset(datasets / "autos.toml").table.name == "tb_autos"


def test_a_file_that_is_there_is_not_written_over(cars: Path, datasets: Path) -> None:
    (datasets / "cars.toml").write_text("mine")

    assert "cars.toml is there already. Give another NAME, or write over it with FORCE=1." in refusal(
        "--source", str(cars)
    )
    assert (datasets / "cars.toml").read_text() == "mine"

    assert describe.main(["--source", str(cars), "--force"]) == 0
    assert load_dataset(datasets / "cars.toml").name == "cars"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Name the CSV: make describe SOURCE=path-or-https-url"),
        (("--source", "cars.csv", "--name", "My Cars"), "NAME=My Cars: a data set's name is a small letter"),
        (("--source", "cars.csv", "--out", "other.toml"), "call it cars.toml"),
        (("--source", "cars.csv", "--out", "/nowhere/cars.toml"), "/nowhere is no folder that can be written to."),
        (("--source", "/nowhere/cars.csv"), "/nowhere/cars.csv: there is no such file."),
        (("--source", "s3://bucket/cars.csv"), "fetch it with `aws s3 cp`"),
        (("--source", "https://user:" + "secret@example.com/cars.csv"), "user"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], told: str, datasets: Path) -> None:
    refused = refusal(*words)

    assert told in refused
    assert "secret" not in refused
    assert not list(datasets.iterdir())


def test_what_is_no_csv_is_refused(tmp_path: Path, datasets: Path) -> None:
    (tmp_path / "cars.csv").write_text('{"status": "Pending"}')

    assert "JSON" in refusal("--source", str(tmp_path / "cars.csv"))
    assert not list(datasets.iterdir())


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of a server of the folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_web_address_is_fetched_and_is_the_files_own(tmp_path: Path, datasets: Path, address: str) -> None:
    (tmp_path / "cars.csv.gz").write_bytes(gzip.compress(CARS.encode()))

    assert describe.main(["--source", f"{address}/cars.csv.gz?year=2019"]) == 0

    source = load_dataset(datasets / "cars.toml").source
    assert (source.url, source.file_name) == (f"{address}/cars.csv.gz?year=2019", "cars.csv.gz")


def test_a_disk_that_fills_up_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cars.toml"
    path.write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(describe.os, "chmod", full)
    with pytest.raises(OSError, match="No space"):
        describe.write_whole(path, "after")

    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("cars.toml", "before")]


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "datasets"
    folder.mkdir()
    lines = ["Car ID,Price,Note\n", *(f'A-{number},{number},"a, note"\n' for number in range(400_000))]

    left = stop_while_it_reads("commands.describe", lines, tmp_path, "--out", str(folder / "long.toml"))

    assert (left, list(folder.iterdir())) == ([], [])


def test_prepare_takes_what_was_described(tmp_path: Path) -> None:
    found = described(CARS + "A-4,1,02/03/2019\nA-5,$5,05/03/2019,TRUE\n")
    (tmp_path / "cars.toml").write_text(dataset_text(found))
    (tmp_path / SOURCE).write_text(CARS + "A-4,1,02/03/2019\nA-5,$5,05/03/2019,TRUE\n")

    prepared = prepare_file(tmp_path, load_dataset(tmp_path / "cars.toml"), "cars.csv", lambda *_: None)

    assert prepared.rejects_by_code == dict(found.rejects) == {"BAD_WIDTH": 1}
    assert prepared.source_rows - 1 == found.rows == 4


def test_progress_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter([0.0, 1.0, 4.0, 5.0, 8.0])
    monkeypatch.setattr(progress_told.time, "monotonic", lambda: next(clock))
    progress = progress_told.Progress()

    progress("read", 1, None)
    progress("read", 2000, None)
    progress("read", 3000, None)
    progress("columns counted", 4, 17)

    assert capsys.readouterr().err == "… 2,000 bytes read\n… 4 of 17 columns counted\n"
