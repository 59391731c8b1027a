"""Commands that write to one ``build/`` take turns."""

import errno
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands import aws_file, build_lock
from commands.build_lock import alone_in_build

_HOLD = """
from commands.build_lock import alone_in_build
with alone_in_build('make ui'):
    print('there', flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(build_lock, "BUILD", tmp_path)
    monkeypatch.setattr(build_lock, "IN_USE", tmp_path / "in-use")
    for module in (build_lock, aws_file):
        monkeypatch.setattr(module, "AWS_FILE", tmp_path / "aws.json")
    return tmp_path


@contextmanager
def another_command(build: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD],
        env={**os.environ, "CSVDYNAMO_BUILD": str(build)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        yield process
        process.kill()


def test_a_disk_without_locks_is_told_and_another_folder_asked_for(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(build_lock.fcntl, "flock", flock)

    with pytest.raises(SystemExit) as refused, alone_in_build("make demo"):
        pytest.fail("it went on")

    assert str(refused.value) == (
        f"{build} is on a disk that cannot be locked (No locks available): name another folder for this one: "
        "CSVDYNAMO_BUILD=build-2 make demo"
    )


def test_the_second_is_told_who_is_there_and_works_once_that_was_killed(build: Path) -> None:
    with another_command(build) as process:
        with pytest.raises(SystemExit) as refused, alone_in_build("make demo"):
            pytest.fail("it went on")
        assert str(refused.value).startswith(f"make ui (process {process.pid}) works in {build} already.")
        assert "CSVDYNAMO_BUILD=build-2 make demo" in str(refused.value)
        process.kill()
        process.wait()

        with alone_in_build("make demo"):
            assert (build / "in-use").read_text() == f"make demo (process {os.getpid()})\n"


def test_what_a_command_starts_does_not_hold_the_folder_after_its_end(build: Path) -> None:
    with alone_in_build("make demo"):
        left = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        with alone_in_build("make demo"):
            pass
    finally:
        left.kill()
        left.wait()


def test_an_embedded_aws_that_was_kept_keeps_its_file_until_it_is_stopped(build: Path) -> None:
    told = build / "aws.json"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        told.write_text(json.dumps({"pid": os.getpid(), "endpoint": f"http://127.0.0.1:{listening.getsockname()[1]}"}))

        with pytest.raises(SystemExit, match=f"Stop it with kill {os.getpid()}, or name"), alone_in_build("make demo"):
            pytest.fail("it went on")

    with alone_in_build("make demo"):
        assert told.exists()


@pytest.mark.parametrize("text", ["", "[]", '{"pid": 1}', '{"pid": "x", "endpoint": ""}', '{"pid": 1, "endpoint": 5}'])
def test_a_file_that_tells_of_no_embedded_aws_holds_nobody_back(build: Path, text: str) -> None:
    (build / "aws.json").write_text(text)

    with alone_in_build("make demo"):
        pass
