"""Whatever a task writes to its temporary folder is watched, and none of it fills the disk."""

import ast
import errno
import gzip
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import csvdynamo_airflow
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo.rules.row_rules import DuplicatePolicy
from csvdynamo_airflow.documents.checked_table import Difference
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.preparation import duplicates
from csvdynamo_airflow.preparation.duplicates import Loser
from csvdynamo_airflow.preparation.prepare_file import SOURCE, prepare_file
from csvdynamo_airflow.preparation.reject_spool import write_records
from csvdynamo_airflow.storage import disk_space, duckdb_session
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import bound_spilling, open_duckdb
from csvdynamo_airflow.storage.growing_file import GrowingFile
from csvdynamo_airflow.storage.workspace import HEADROOM_BYTES, NoSpaceError, workspace
from csvdynamo_airflow.table.difference_log import DifferenceLog
from csvdynamo_airflow.table.full_check import FullCheck
from csvdynamo_airflow.table.table_check import Expected, RowOutcome

CARS = Dataset("cars", Source("https://example.org/c.csv", "c.csv"), Table("tb_cars", "id"))
STEP = 100_000
FULL = Path("/dev/full")

SmallDisk = Callable[[Path, int], list[int]]


@pytest.fixture
def small_disk(monkeypatch: pytest.MonkeyPatch) -> SmallDisk:
    """Give a folder a disk that has room for so many bytes beside the headroom, and is looked at after small steps.

    Returns what was left of it at each look, headroom included.
    """
    monkeypatch.setattr(disk_space, "STEP_BYTES", STEP)

    def give(folder: Path, room: int) -> list[int]:
        seen: list[int] = []

        def usage(_: Path) -> SimpleNamespace:
            used = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and file.name != SOURCE)
            seen.append(HEADROOM_BYTES + room - used)
            return SimpleNamespace(free=seen[-1])

        monkeypatch.setattr(shutil, "disk_usage", usage)
        return seen

    return give


def fill(files: Sequence[Any], piece: str | bytes) -> None:
    """Write to each in turn, 2 MB and more in all."""
    for _ in range(100):
        for file in files:
            file.write(piece)


def nothing_of_the_headroom_was_taken(seen: list[int]) -> bool:
    return min(seen) >= HEADROOM_BYTES


def test_a_file_that_grows_is_stopped_before_it_fills_the_disk(tmp_path: Path, small_disk: SmallDisk) -> None:
    seen = small_disk(tmp_path, 1_000_000)
    file = GrowingFile(tmp_path / "file", lambda _done, _total: None, space=DiskSpace(tmp_path, "download a.csv"))

    with pytest.raises(NoSpaceError, match=r"download a\.csv"), file:
        fill([file], b"x" * 20_000)

    assert nothing_of_the_headroom_was_taken(seen)
    assert (tmp_path / "file").stat().st_size > 700_000


def test_files_that_grow_together_are_counted_together(tmp_path: Path, small_disk: SmallDisk) -> None:
    """None of them takes a step by itself, and together they take ten times the room."""
    seen = small_disk(tmp_path, 1_000_000)
    space = DiskSpace(tmp_path, "check the table")
    files = [space.open_text(tmp_path / str(number)) for number in range(200)]

    with pytest.raises(NoSpaceError, match="check the table"):
        fill(files, "x" * 10_000)

    assert nothing_of_the_headroom_was_taken(seen)
    shutil.rmtree(tmp_path)
    small_disk(tmp_path, 10**9)
    for file in files:
        file.close()


def test_a_disk_without_room_takes_no_new_file(tmp_path: Path, small_disk: SmallDisk) -> None:
    small_disk(tmp_path, -1)

    with pytest.raises(NoSpaceError):
        DiskSpace(tmp_path, "prepare a.csv").open(tmp_path / "file")

    assert not (tmp_path / "file").exists()


@pytest.mark.skipif(not FULL.exists(), reason="the system has no device that is always full")
def test_the_systems_own_word_for_a_full_disk_is_told_as_any_other(tmp_path: Path) -> None:
    """Others write to the disk, too, between one look and the next."""
    full = DiskSpace(tmp_path, "prepare a.csv").open(FULL)

    with pytest.raises(NoSpaceError, match=r"prepare a\.csv.*TMPDIR"), full:
        full.write(b"x" * 100_000)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_whoever_wrote_to_it(tmp_path: Path, code: int) -> None:
    with pytest.raises(NoSpaceError, match="prepare vehicles"), workspace("prepare", "vehicles", "run", tmp_path):
        raise OSError(code, "full")

    assert list(tmp_path.iterdir()) == []


def test_another_error_of_the_system_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), workspace("prepare", "vehicles", "run", tmp_path):
        raise PermissionError(errno.EACCES, "refused")


BOMBS = {
    "rejects": b"id,city\n" + b"x,Kent,\n1,Kent\n" * 50_000 + b"x\n" * 200_000,
    "keys": b"id,city\n" + b"".join(b"%d,\n" % number for number in range(100_000)),
    "duplicates": b"id,city\n" + b"1,Kent\n" * 25_000,
}


@pytest.mark.parametrize(("name", "room"), [("rejects", 3_000_000), ("keys", 2_500_000), ("duplicates", 3_750_000)])
def test_what_prepare_spools_is_stopped_before_it_fills_the_disk(
    tmp_path: Path, small_disk: SmallDisk, name: str, room: int
) -> None:
    """Each is packed to a few thousand bytes, and spooled to many times the draft, which alone would have had room."""
    (tmp_path / SOURCE).write_bytes(gzip.compress(BOMBS[name]))
    seen = small_disk(tmp_path, room)

    with pytest.raises(NoSpaceError, match=r"are needed to prepare c\.csv"):
        prepare_file(tmp_path, CARS, "c.csv", lambda _done, _total: None)

    assert nothing_of_the_headroom_was_taken(seen)
    assert (tmp_path / name).stat().st_size > room // 3
    assert (tmp_path / "draft").stat().st_size < room // 2


def test_the_reject_records_are_stopped_before_they_fill_the_disk(tmp_path: Path, small_disk: SmallDisk) -> None:
    (tmp_path / SOURCE).write_bytes(BOMBS["rejects"][:80_000])
    prepared = prepare_file(tmp_path, CARS, "c.csv", lambda _done, _total: None)
    spooled = sum(spool.path.stat().st_size for spool in prepared.spools)
    seen = small_disk(tmp_path, 2 * spooled)

    with pytest.raises(NoSpaceError, match="write records"):
        write_records(prepared.spools, tmp_path / "records", "cars", "cars-1", DiskSpace(tmp_path, "write records"))

    assert nothing_of_the_headroom_was_taken(seen)
    assert (tmp_path / "records").stat().st_size > spooled // 2


def test_what_is_done_with_makes_room_for_what_is_still_to_be_written(tmp_path: Path) -> None:
    (tmp_path / SOURCE).write_bytes(b"id,city\n1,Kent\n1,Tacoma\n2,Kent\n")

    path = prepare_file(tmp_path, CARS, "c.csv", lambda _done, _total: None).path

    assert path == tmp_path / "prepared"
    assert {file.name for file in tmp_path.iterdir()} & {"keys", "draft", "prepared"} == {"prepared"}


def test_rejects_of_short_rows_below_long_headers_are_spooled_without_them(tmp_path: Path) -> None:
    headers = [b"a rather long header of the column %d" % number for number in range(100)]
    row = b"1" + b"," * 99 + b"\0\n"
    (tmp_path / SOURCE).write_bytes(b"id," + b",".join(headers[1:]) + b"\n" + row * 1000)

    rejects, _ = prepare_file(tmp_path, CARS, "c.csv", lambda _done, _total: None).spools

    assert rejects.by_code.total() == 1000
    assert rejects.path.stat().st_size < 10 * 1000 * len(row)


def test_the_check_of_the_table_is_stopped_before_it_fills_the_disk(tmp_path: Path, small_disk: SmallDisk) -> None:
    def expected() -> Iterator[Expected]:
        return (Expected(f"key {row}", row, RowOutcome.WRITTEN, {"id": {"S": str(row)}}) for row in range(100_000))

    seen = small_disk(tmp_path, 2_000_000)
    space = DiskSpace(tmp_path, "check the table")
    items: Iterator[Item] = iter(())

    with pytest.raises(NoSpaceError, match="check the table"), DifferenceLog(tmp_path / "differences", space) as log:
        FullCheck(space, TableKey(KeyAttribute("id"))).run(expected(), items, log)

    assert nothing_of_the_headroom_was_taken(seen)


def test_the_steps_of_the_comparison_are_stopped_before_they_fill_the_disk(
    tmp_path: Path, small_disk: SmallDisk
) -> None:
    """There is room for what was read, and not for what DuckDB makes of it."""
    expected = [Expected(f"key {row}", row, RowOutcome.WRITTEN, {"id": {"S": str(row)}}) for row in range(20_000)]
    seen = small_disk(tmp_path, 1_680_000)
    space = DiskSpace(tmp_path, "check the table")

    with pytest.raises(NoSpaceError, match="check the table"), DifferenceLog(tmp_path / "differences", space) as log:
        FullCheck(space, TableKey(KeyAttribute("id"))).run(expected, (), log)

    assert nothing_of_the_headroom_was_taken(seen)
    assert sum(path.stat().st_size for path in tmp_path.glob("expected_*")) > 1_000_000
    assert not log.counts


def test_the_differences_are_stopped_before_they_fill_the_disk(tmp_path: Path, small_disk: SmallDisk) -> None:
    expected = [Expected(f"key {row}", row, RowOutcome.WRITTEN, {"id": {"S": str(row)}}) for row in range(20_000)]
    small_disk(tmp_path, room := 10_000_000)
    space = DiskSpace(tmp_path, "check the table")
    looks: list[list[int]] = []

    class Differences(DifferenceLog):
        def add(self, difference: Difference) -> None:
            if not looks:  # others take what is left of the disk, but for 600,000 bytes
                left = shutil.disk_usage(tmp_path).free - HEADROOM_BYTES
                looks.append(small_disk(tmp_path, room - left + 600_000))
            super().add(difference)

    with pytest.raises(NoSpaceError, match="check the table"), Differences(tmp_path / "differences", space) as log:
        FullCheck(space, TableKey(KeyAttribute("id"))).run(expected, (), log)

    [seen] = looks
    assert nothing_of_the_headroom_was_taken(seen)
    assert (tmp_path / "differences").stat().st_size > 300_000


_SPILLS = "SELECT a FROM (SELECT hash(i) AS a FROM range(1500000) t(i)) GROUP BY a HAVING count(*) > 1 ORDER BY a"


def test_duckdb_spills_no_more_than_the_disk_has_room_for(
    tmp_path: Path, small_disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_session, "MEMORY_LIMIT", "48MB")
    space = DiskSpace(tmp_path, "prepare c.csv")
    small_disk(tmp_path, 4_000_000)

    with pytest.raises(NoSpaceError, match=r"prepare c\.csv"), open_duckdb(space) as session:
        session.execute(_SPILLS)

    small_disk(tmp_path, 10**9)
    with open_duckdb(space) as session:
        session.execute(_SPILLS)


def test_a_full_disk_is_told_when_duckdb_meets_it(tmp_path: Path) -> None:
    import duckdb

    told = duckdb.IOException('IO Error: Could not write file "duckdb_temp.tmp": No space left on device')

    with pytest.raises(NoSpaceError, match=r"prepare c\.csv"), open_duckdb(DiskSpace(tmp_path, "prepare c.csv")):
        raise told


def test_another_error_of_duckdb_is_told_without_what_it_quotes(tmp_path: Path) -> None:
    with (
        pytest.raises(MigrationError, match=r"DuckDB could not prepare c\.csv: ParserException") as raised,
        open_duckdb(DiskSpace(tmp_path, "prepare c.csv")) as session,
    ):
        session.execute("SELEC 's3cret'")

    assert "s3cret" not in str(raised.value)
    assert raised.value.__suppress_context__, "a traceback in the log would tell it"


def test_duckdbs_room_is_what_is_left_when_it_is_asked(tmp_path: Path, small_disk: SmallDisk) -> None:
    space = DiskSpace(tmp_path, "prepare c.csv")
    small_disk(tmp_path, 500 * 1024)

    with open_duckdb(space) as session:
        (tmp_path / "accepted").write_bytes(b"x" * 300 * 1024)
        bound_spilling(session, space)

        assert session.execute("SELECT current_setting('max_temp_directory_size')").fetchone() == ("200.0 KiB",)


def test_duckdb_is_given_the_room_anew_when_prepare_has_written_more(
    tmp_path: Path, small_disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def find_losers(session: Any, accepted: Path, policy: DuplicatePolicy) -> Iterator[Loser]:
        setting = session.execute("SELECT current_setting('max_temp_directory_size')").fetchone()
        given.append((setting, disk_usage()))
        return duplicates.find_losers(session, accepted, policy)

    def disk_usage() -> str:
        return f"{(shutil.disk_usage(tmp_path).free - HEADROOM_BYTES) / 1024:.1f} KiB"

    monkeypatch.setattr("csvdynamo_airflow.preparation.prepare_file.find_losers", find_losers)
    (tmp_path / SOURCE).write_bytes(b"id,city\n" + b"1,Kent\n" * 2_000)
    small_disk(tmp_path, 900_000)

    prepare_file(tmp_path, CARS, "c.csv", lambda _done, _total: None)

    [((setting,), left)] = given
    assert setting == left


def test_no_other_door_leads_to_the_disk() -> None:
    """A file that is opened elsewhere is seen by nobody until the disk is full."""
    package = Path(csvdynamo_airflow.__file__).parent
    doors = {
        f"{path.relative_to(package)} line {node.lineno}"
        for path in sorted(package.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and _writes(node) and path.name != "disk_space.py"
    }

    assert doors == set()


def _writes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name in {"write_text", "write_bytes", "download_file", "mkstemp", "NamedTemporaryFile", "TemporaryFile"}:
        return True
    modes = [arg.value for arg in (*call.args, *(keyword.value for keyword in call.keywords)) if _is_text(arg)]
    return name in {"open", "FileIO", "fdopen"} and any(set(mode) & set("wax+") and len(mode) <= 3 for mode in modes)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
