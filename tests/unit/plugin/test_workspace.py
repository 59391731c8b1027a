"""A task's temporary folder: private, removed, cleared of what a killed attempt left, never filling the disk."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from csvdynamo_airflow.storage import growing_file
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.growing_file import GrowingFile
from csvdynamo_airflow.storage.workspace import (
    HEADROOM_BYTES,
    NoSpaceError,
    require_free_space,
    workspace,
    workspace_name,
)


def leave_free(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))


def tell_nobody(_done: int, _total: int | None) -> None:
    pass


def test_the_folder_is_private_and_goes_with_the_block(tmp_path: Path) -> None:
    with workspace("prepare", "vehicles", "run", tmp_path) as folder:
        (folder / "file").touch()
        assert folder.stat().st_mode & 0o777 == 0o700

    assert list(tmp_path.iterdir()) == []


def test_the_folder_goes_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), workspace("prepare", "vehicles", "run", tmp_path):
        raise RuntimeError

    assert list(tmp_path.iterdir()) == []


def test_a_retry_clears_what_a_killed_attempt_of_its_run_left_and_nothing_else(tmp_path: Path) -> None:
    killed = tmp_path / workspace_name("prepare", "vehicles", "run")
    of_others = [
        tmp_path / workspace_name("prepare", "vehicles", "another run"),
        tmp_path / workspace_name("download", "vehicles", "run"),
        tmp_path / workspace_name("prepare", "boats", "run"),
    ]
    for left in (killed, *of_others):
        left.mkdir()
        (left / "half a file").touch()

    with workspace("prepare", "vehicles", "run", tmp_path) as folder:
        assert folder == killed
        assert list(folder.iterdir()) == []

    assert all((other / "half a file").exists() for other in of_others)


def test_a_symbolic_link_in_the_folders_place_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").touch()
    (tmp_path / workspace_name("prepare", "vehicles", "run")).symlink_to(precious)

    with workspace("prepare", "vehicles", "run", tmp_path) as folder:
        assert not folder.is_symlink()

    assert (precious / "file").exists()


def test_work_that_the_disk_has_no_room_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_free(monkeypatch, HEADROOM_BYTES + 100)

    require_free_space(tmp_path / "folder", 100, "prepare a.csv")
    with pytest.raises(NoSpaceError, match=r" has 64 MiB free, but 65 MiB are needed to prepare a\.csv.*TMPDIR"):
        require_free_space(tmp_path / "folder", 101, "prepare a.csv")


def test_a_file_of_known_size_is_refused_before_its_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_free(monkeypatch, HEADROOM_BYTES + 100)

    with pytest.raises(NoSpaceError):
        GrowingFile(tmp_path / "file", tell_nobody, space=DiskSpace(tmp_path, "download a.csv"), total=101)

    assert not (tmp_path / "file").exists()


def test_progress_is_told_at_every_step_and_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing_file, "STEP_BYTES", 10)
    told: list[tuple[int, int | None]] = []

    space = DiskSpace(tmp_path, "copy")
    with GrowingFile(tmp_path / "file", lambda *told_now: told.append(told_now), space=space, total=25) as file:
        for _ in range(5):
            file.write(b"12345")

    assert told == [(10, 25), (20, 25), (25, 25)]
