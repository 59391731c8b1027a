"""A source that is a file of the worker: only below one folder, whatever links and other files are there."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from csvdynamo_airflow.source import local as local_source
from csvdynamo_airflow.source.fetched import DownloadError, DownloadPostponedError, Fetched
from csvdynamo_airflow.source.local import fetch_local
from csvdynamo_airflow.source.protocol import SourceRules
from csvdynamo_airflow.source.source_url import admit
from csvdynamo_airflow.storage.growing_file import FileTooLargeError

CSV = b"VIN,DOL Vehicle ID\nV1,100\n"
NOT_BELOW = r"is not below the folder that CSVDYNAMO_LOCAL_FOLDER names, so it is not read\. Put the file there\."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.csv").write_bytes(CSV)
    (folder / "sub" / "b.csv").write_bytes(CSV)
    (tmp_path / "secret.csv").write_bytes(b"secret\n")
    (tmp_path / "sources-too").mkdir()
    (tmp_path / "sources-too" / "c.csv").write_bytes(b"secret\n")
    return folder


def fetch(
    source: str | Path,
    folder: Path,
    report: Callable[[int, int | None], None] = lambda *_: None,
    most: int | None = None,
) -> bytes:
    """Fetch what the run's parameter would name, with the setting naming the folder."""
    origin = admit(str(source), SourceRules(local_folder=folder))
    target = folder.parent / "target"
    assert origin.path is not None
    fetched = fetch_local(origin.path, folder, target, report, most=most)
    assert isinstance(fetched, Fetched)
    return target.read_bytes()


@pytest.mark.parametrize("source", ["a.csv", "sub/b.csv", "sub/../a.csv", "{}/a.csv", "file://{}/sub/b.csv", "./a.csv"])
def test_a_file_below_the_folder_is_read_by_its_whole_path_or_from_the_folder_on(folder: Path, source: str) -> None:
    assert fetch(source.format(folder), folder) == CSV


def test_the_folder_may_be_named_through_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)

    assert fetch("a.csv", tmp_path / "link") == CSV
    assert fetch(folder / "a.csv", tmp_path / "link") == CSV
    assert fetch(tmp_path / "link" / "a.csv", folder) == CSV


def test_a_link_that_stays_below_the_folder_is_followed(folder: Path) -> None:
    (folder / "link.csv").symlink_to("sub/b.csv")
    (folder / "linked").symlink_to("sub")

    assert fetch("link.csv", folder) == CSV
    assert fetch("linked/b.csv", folder) == CSV


OUTSIDE = [
    "../secret.csv",
    "../no-such-file.csv",
    "{}/secret.csv",
    "{}/no-such-file.csv",
    "file://{}/secret.csv",
    "file://{}/sources/%2e%2e/secret.csv",
    "sub/../../secret.csv",
    "{}/sources-too/c.csv",
    "/etc/passwd",
    "/proc/self/environ",
    "/no/such/folder/file.csv",
    "~/secret.csv/../../../../../../etc/passwd",
    "/",
    "..",
]


@pytest.mark.parametrize("source", OUTSIDE)
def test_a_file_elsewhere_is_refused_in_the_same_words_whether_it_is_there_or_not(
    folder: Path, tmp_path: Path, source: str
) -> None:
    with pytest.raises(DownloadError, match=NOT_BELOW) as refusal:
        fetch(source.format(tmp_path), folder)

    assert not (tmp_path / "target").exists()
    assert "secret\n" not in str(refusal.value)


@pytest.mark.parametrize("target", ["secret.csv", "no-such-file.csv", "sources-too", "loop", "sources/loop.csv"])
def test_a_link_that_leads_elsewhere_is_refused_in_those_words_too(folder: Path, tmp_path: Path, target: str) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (folder / "loop.csv").symlink_to(tmp_path / target)

    with pytest.raises(DownloadError, match=NOT_BELOW):
        fetch("loop.csv", folder)


def test_a_link_in_the_middle_that_leads_elsewhere_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "door").symlink_to(tmp_path / "sources-too")

    with pytest.raises(DownloadError, match=NOT_BELOW):
        fetch("door/c.csv", folder)


def test_a_missing_file_below_the_folder_is_told(folder: Path) -> None:
    with pytest.raises(DownloadError, match=r"nothing\.csv does not exist on this worker"):
        fetch("nothing.csv", folder)


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [Path.mkdir, make_pipe], ids=["folder", "pipe without a writer"])
def test_what_is_no_file_is_refused_and_not_waited_for(folder: Path, make: Callable[[Path], None]) -> None:
    make(folder / "odd")

    with pytest.raises(DownloadError, match="odd is not a file"):
        fetch("odd", folder)


def test_the_folder_itself_is_no_source(folder: Path) -> None:
    with pytest.raises(DownloadError, match="is not a file"):
        fetch(folder, folder)


def test_a_folder_that_is_not_there_is_told_by_the_settings_name(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=r"CSVDYNAMO_LOCAL_FOLDER=.*gone: there is no such folder"):
        fetch("a.csv", tmp_path / "gone")


@pytest.mark.parametrize("swapped", ["a.csv", "sub"])
def test_a_link_that_is_put_in_a_names_place_after_it_was_looked_at_opens_nothing(
    folder: Path, tmp_path: Path, swapped: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, elsewhere = ("a.csv", "secret.csv") if swapped == "a.csv" else ("sub/b.csv", "sources-too")
    (tmp_path / "sources-too" / "b.csv").write_bytes(b"secret\n")
    resolve = Path.resolve

    def resolve_then_swap(path: Path, *arguments: bool, **options: bool) -> Path:
        resolved = resolve(path, *arguments, **options)
        if path != folder:
            (folder / swapped).rename(folder / "moved")
            (folder / swapped).symlink_to(tmp_path / elsewhere)
        return resolved

    monkeypatch.setattr(local_source.Path, "resolve", resolve_then_swap)

    with pytest.raises(DownloadError, match="cannot be read"):
        fetch(source, folder)

    assert not (tmp_path / "target").exists()


def test_a_file_that_cannot_be_opened_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def refuse(path: str | Path, *arguments: int, **options: int) -> int:
        if path == "a.csv":
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refuse)

    with pytest.raises(DownloadError, match=r"a\.csv cannot be read: Permission denied"):
        fetch("a.csv", folder)


def test_a_file_that_is_written_to_while_it_is_copied_is_refused_for_now(folder: Path) -> None:
    def write_more(_done: int, _total: int | None) -> None:
        (folder / "a.csv").write_bytes(CSV + b"102,Olympia\n")

    with pytest.raises(DownloadPostponedError, match="changed while it was copied"):
        fetch("a.csv", folder, write_more)


def test_a_file_larger_than_the_data_set_allows_is_refused(folder: Path) -> None:
    with pytest.raises(FileTooLargeError, match=r"copy .*a\.csv .*source\.max_bytes"):
        fetch("a.csv", folder, most=len(CSV) - 1)

    assert fetch("a.csv", folder, most=len(CSV)) == CSV


def test_no_descriptor_is_left_open(folder: Path) -> None:
    before = set(Path("/dev/fd").iterdir())

    for source in ("a.csv", "sub/b.csv", "nothing.csv", "sub/nothing/x.csv", "../secret.csv", "sub"):
        try:
            fetch(source, folder)
        except DownloadError:
            continue

    assert set(Path("/dev/fd").iterdir()) == before
