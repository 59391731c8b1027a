"""What can be known to be wrong before anything is started is told then, in a sentence."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from commands import aws, demo, deploy, local_source, ui
from commands.project import PYTHON_PATH, ROOT

DATASET = """
[source]
url = "https://example.com/cars.csv"
file_name = "cars.csv"
max_bytes = 1000
[table]
name = "tb_cars"
partition_key = "id"
"""


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder for what a command writes, with the report of the last demo; nothing can be started."""
    folder = tmp_path / "build"
    folder.mkdir()
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "cars.toml").write_text(DATASET)
    monkeypatch.setattr("commands.project.DATASETS", tmp_path / "datasets")
    monkeypatch.setattr("commands.project.BUILD", folder)
    for name in (
        "CSVDYNAMO_RETRY_SECONDS",
        "CSVDYNAMO_LOCAL_HOSTS",
        "CSVDYNAMO_LOCAL_BUCKETS",
        "CSVDYNAMO_LOCAL_FOLDER",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("REPORT", "REJECTS", "UNFINISHED", "ERROR_CSV", "AWS_FILE"):
        stale = folder / name
        stale.write_text("of the last demo")
        monkeypatch.setattr(demo, name, stale)

    def start(*_: object, **__: object) -> Any:
        pytest.fail("something was started")

    monkeypatch.setattr(demo, "_migrate", start)
    monkeypatch.setattr(ui, "embedded_aws", start)
    monkeypatch.setattr(aws, "embedded_aws", start)
    monkeypatch.setattr(deploy, "synthesized", start)
    return folder


def refusal(monkeypatch: pytest.MonkeyPatch, command: ModuleType, *words: str) -> str:
    """What a command ends with."""
    monkeypatch.setattr(sys, "argv", ["command", *words])
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert isinstance(ended.value.code, str), "the exit status of a text is 1"
    assert "\n" not in ended.value.code
    return ended.value.code


def missing(folder: Path) -> Path:
    return folder / "missing.csv"


def a_folder(folder: Path) -> Path:
    (folder / "cars.csv").mkdir()
    return folder / "cars.csv"


def circle_of_links(folder: Path) -> Path:
    (folder / "a.csv").symlink_to(folder / "b.csv")
    (folder / "b.csv").symlink_to(folder / "a.csv")
    return folder / "a.csv"


def written(content: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / "cars.csv").write_bytes(content)
        return folder / "cars.csv"

    return write


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (missing, "there is no such file"),
        (a_folder, "is not a file"),
        (circle_of_links, "names no file"),
        (written(b""), "is empty"),
        (written(b"<!doctype html><p>Log in"), "as a web page does"),
        (written(b"PAR1" + bytes(200)), "as a Parquet file does"),
        (written(b"id\n" + b"1234\n" * 200), "more than 1,000 bytes"),
        (lambda _: "ftp://example.com/cars.csv", "ftp:// is a scheme that cannot be read"),
        (lambda _: "gopher://bucket/cars.csv", "gopher:// is a scheme that cannot be read"),
        (lambda _: "file://elsewhere/cars.csv", "names another machine"),
        (lambda _: "https://127.1/cars.csv", "not written as a URL is"),
        (lambda _: "https://[::1/cars.csv", "not written as a URL is"),
        (lambda _: "https://jo:" + "hunter2@example.com/cars.csv", "connection in [source]"),
        (lambda _: "https:jo:" + "hunter2@example.com/cars.csv", "connection in [source]"),
        (lambda _: "~nobody-of-that-name/cars.csv", "names no file"),
    ],
)
def test_a_source_that_cannot_be_read_is_told_before_anything_is_started(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Path | str], words: str
) -> None:
    told = refusal(monkeypatch, demo, "--dataset", "cars", "--source", str(make(tmp_path)))

    assert words in told
    assert "hunter2" not in told
    assert (build / "REPORT").read_text() == "of the last demo"


def test_a_file_that_may_not_be_read_is_told_before_anything_is_started(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    source = written(b"id\n1\n")(tmp_path)
    monkeypatch.setattr("csvdynamo_airflow.source.local._step", refuse)

    told = refusal(monkeypatch, demo, "--dataset", "cars", "--source", str(source))

    assert "cars.csv cannot be read: Permission denied" in told


def test_a_corrected_error_csv_that_cannot_be_read_stays_where_it_is(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (build / "ERROR_CSV").write_text("")

    assert "is empty" in refusal(monkeypatch, demo, "--dataset", "cars", "--source", str(build / "ERROR_CSV"))
    assert (build / "ERROR_CSV").exists()


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_source_that_can_be_read_is_migrated(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    source = form.format(written(b"id\n1\n")(tmp_path))
    migrated = []

    def migrate(_: object, source: str, *__: object, **___: object) -> Any:
        migrated.append(source)
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "_migrate", migrate)

    assert refusal(monkeypatch, demo, "--dataset", "cars", "--source", source) == "Stopped."
    assert migrated == [source]


@pytest.mark.parametrize("command", [demo, ui, aws, deploy], ids=lambda command: command.__name__)
def test_an_unknown_data_set_is_told_before_anything_is_started(
    build: Path, monkeypatch: pytest.MonkeyPatch, command: ModuleType
) -> None:
    action = ["deploy"] if command is deploy else []

    told = refusal(monkeypatch, command, *action, "--dataset", "boats")

    assert told == "DATASET=boats: there is no datasets/boats.toml. There are: cars."


@pytest.mark.parametrize("command", [demo, ui, aws, deploy], ids=lambda command: command.__name__)
def test_a_folder_of_data_set_files_that_is_not_there_is_told_before_anything_is_started(
    build: Path, monkeypatch: pytest.MonkeyPatch, command: ModuleType
) -> None:
    monkeypatch.setattr("commands.project.DATASETS", build / "nowhere")
    action = ["destroy"] if command is deploy else []

    assert "no such folder of data set files" in refusal(monkeypatch, command, *action, "--dataset", "cars")


@pytest.mark.parametrize("command", [demo, ui, aws], ids=lambda command: command.__name__)
def test_a_build_folder_that_is_none_is_told_before_anything_is_started(
    build: Path, monkeypatch: pytest.MonkeyPatch, command: ModuleType
) -> None:
    monkeypatch.setattr("commands.project.BUILD", build / "REPORT")

    assert "Name another one in the variable CSVDYNAMO_BUILD" in refusal(monkeypatch, command, "--dataset", "cars")


@pytest.mark.parametrize("command", [demo, ui], ids=lambda command: command.__name__)
def test_a_setting_of_the_dags_that_is_wrong_is_told_before_anything_is_started(
    build: Path, monkeypatch: pytest.MonkeyPatch, command: ModuleType
) -> None:
    monkeypatch.setenv("CSVDYNAMO_RETRY_SECONDS", "soon")

    assert "CSVDYNAMO_RETRY_SECONDS='soon'" in refusal(monkeypatch, command, "--dataset", "cars")


def test_hosts_that_are_none_are_told_before_anything_is_started(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSVDYNAMO_LOCAL_HOSTS", "https://files.example.com")

    told = refusal(monkeypatch, demo, "--dataset", "cars", "--source", "https://example.com/cars.csv")

    assert "CSVDYNAMO_LOCAL_HOSTS: 'https://files.example.com' is no host" in told


URL = "s3://publisher/cars.csv"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--source", URL], "say with OBJECT=path which file is to lie at SOURCE"),
        (["--source", URL, "--object", "missing.csv"], "OBJECT=missing.csv: there is no such file."),
        (["--source", "https://example.com/cars.csv", "--object", "cars.csv"], "Of another source, leave it out"),
        (["--source", "s3://publisher/in/", "--object", "cars.csv"], "it names a prefix"),
        (["--source", "s3://publisher", "--object", "cars.csv"], "must be s3://bucket/key"),
    ],
)
def test_an_object_of_the_embedded_aws_comes_with_the_file_that_it_is(
    build: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], told: str
) -> None:
    assert told in refusal(monkeypatch, demo, "--dataset", "cars", *words)
    assert (build / "REPORT").read_text() == "of the last demo"


def test_buckets_that_are_none_are_told_before_anything_is_started(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSVDYNAMO_LOCAL_BUCKETS", "publisher")

    assert "CSVDYNAMO_LOCAL_BUCKETS: 'publisher' names no objects" in refusal(
        monkeypatch, demo, "--dataset", "cars", "--source", URL, "--object", "cars.csv"
    )


@pytest.mark.parametrize("email", ["me", "me@", "me and you@example.com"])
def test_an_address_that_is_none_is_told_before_anything_is_started(
    build: Path, monkeypatch: pytest.MonkeyPatch, email: str
) -> None:
    told = refusal(monkeypatch, deploy, "deploy", "--dataset", "cars", "--email", email)

    assert told == f"EMAIL={email}: give one address, as you@example.com."


def test_the_command_line_ends_with_status_1_and_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "commands.demo", "--source", "missing.csv"],
        cwd=tmp_path,
        env={"PYTHONPATH": ":".join(map(str, [ROOT, *PYTHON_PATH])), "CSVDYNAMO_BUILD": str(tmp_path / "build")},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(r"missing\.csv: there is no such file\.\n", done.stderr)


def test_the_sample_is_offered_for_its_own_data_set_alone(
    build: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ui, "SAMPLES", tmp_path / "sample")
    monkeypatch.setattr(local_source, "SAMPLES", tmp_path / "sample")

    told = ui.make_source(ui.find_dataset("cars"))

    assert str(tmp_path / "sample") in told
    assert list((tmp_path / "sample").iterdir()) == []
