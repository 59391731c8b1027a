"""The full check over files on disk, held against the same done in memory."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo_airflow.documents.checked_table import Difference
from csvdynamo_airflow.storage import duckdb_session
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.duckdb_session import open_duckdb
from csvdynamo_airflow.table import digest_files, full_check
from csvdynamo_airflow.table.difference_log import EXAMPLES, DifferenceLog
from csvdynamo_airflow.table.digest_files import DigestFiles
from csvdynamo_airflow.table.full_check import FullCheck
from csvdynamo_airflow.table.table_check import (
    NOT_WRITTEN,
    Expected,
    ExpectedDigest,
    RowOutcome,
    digest_expected,
    judge,
)

LINES = [
    ",",
    '"',
    '""',
    '"\n0,1,written,"',
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\\",
    "\\n",
    r"\x2c",
    " ",
    " a",
    "a ",
    "NULL",
    "\ufeff",
    "é",
]
"""Keys that might be taken for more than one, for another, or for none where lines are read."""

KEYS = st.sampled_from("abc") | st.sampled_from(LINES) | st.text(st.characters(codec="utf-8"), min_size=1, max_size=3)
KEY_HASHES = st.sampled_from(["('0x' || key_hash)::UBIGINT", "('0x' || key_hash[:1])::UBIGINT", "0::UBIGINT"])
"""The hash of a key as DuckDB takes it, and worse ones, which bring keys together that differ."""


def item(key: str, value: int = 0) -> Item:
    return {"id": {"S": key}, "value": {"N": str(value)}}


@settings(deadline=None, max_examples=50)
@given(keys=st.lists(KEYS | st.just("")), made=st.booleans(), hashed=KEY_HASHES)
def test_every_record_comes_back_once_with_all_others_of_its_key(
    tmp_path_factory: pytest.TempPathFactory, keys: list[str], made: bool, hashed: str
) -> None:
    """None of them is met: the table has other items, if any."""
    space = DiskSpace(tmp_path_factory.mktemp("files"), "check")
    wanted: dict[str, list[ExpectedDigest]] = {}
    with DigestFiles(space) as files:
        for row, key in enumerate(keys, 1):
            expected = ExpectedDigest(row, RowOutcome.WRITTEN, "ab" * 16 if made else "")
            files.add_expected(key, expected)
            wanted.setdefault(key, []).append(expected)
        for key in wanted:
            files.add_found(key, "cd" * 16)

    with pytest.MonkeyPatch.context() as patch, open_duckdb(space) as session:
        patch.setattr(digest_files, "_HASH", hashed)
        comparison = files.compare(session)
        others = list(comparison.others())

    assert comparison.met == 0
    assert len(others) == len(wanted)
    assert {one.key: one.expected for one in others} == wanted
    assert all(one.found == "cd" * 16 for one in others)


EXPECTED = st.lists(
    st.builds(
        lambda key, row, outcome, value: Expected(key, row, outcome, item(key, value) if value < 2 else None),
        KEYS,
        st.integers(1, 10**6),
        st.sampled_from(RowOutcome),
        st.integers(0, 2),
    ),
    unique_by=lambda expected: expected.row,
)
TABLE = st.dictionaries(KEYS, st.integers(0, 1))


@settings(deadline=None)
@given(expected=EXPECTED, table=TABLE, hashed=KEY_HASHES, at_once=st.sampled_from([16_000_000] * 9 + [0]))
def test_the_full_check_finds_on_disk_what_it_would_in_memory(
    tmp_path_factory: pytest.TempPathFactory, expected: list[Expected], table: dict[str, int], hashed: str, at_once: int
) -> None:
    folder = tmp_path_factory.mktemp("check")
    space = DiskSpace(folder, "check")
    wanted: list[Difference] = []
    for key in {one.key for one in expected} | set(table):
        rows = [digest_expected(one) for one in sorted(expected, key=lambda one: one.row) if one.key == key]
        wanted += judge(key, rows, item_digest(item(key, table[key])) if key in table else None)

    with pytest.MonkeyPatch.context() as patch, DifferenceLog(folder / "list", space) as differences:
        patch.setattr(digest_files, "_HASH", hashed)
        patch.setattr(digest_files, "_BYTES_AT_ONCE", at_once)
        patch.setattr(full_check, "_TURN", 2)
        check = FullCheck(space, TableKey(KeyAttribute("id")))
        keys = check.run(expected, (item(key, value) for key, value in table.items()), differences)

    assert keys == len({one.key for one in expected if one.outcome not in NOT_WRITTEN})
    assert sorted(differences.path.read_text("utf-8").splitlines()) == sorted(one.line() for one in wanted)
    assert differences.counts.total() == len(wanted)


def test_the_first_differences_of_each_kind_are_examples_and_all_are_listed(tmp_path: Path) -> None:
    space = DiskSpace(tmp_path, "check")
    with DifferenceLog(tmp_path / "list", space) as differences:
        FullCheck(space, TableKey(KeyAttribute("id"))).run(
            (Expected(f"A_{row}", row, RowOutcome.WRITTEN, item("x")) for row in range(1, 101)),
            (item(f"B_{row}") for row in range(50)),
            differences,
        )

    assert len(differences.examples) == 2 * EXAMPLES
    assert dict(differences.counts) == {"missing": 100, "foreign": 50}
    assert len((tmp_path / "list").read_text("utf-8").splitlines()) == 150


def test_a_key_is_one_wherever_duckdb_begins_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads a file in several places at once, and looks there for the next line."""
    monkeypatch.setattr(duckdb_session, "_LONGEST_LINE", 1000)
    monkeypatch.setattr(duckdb_session, "_BUFFER", 2000)
    space = DiskSpace(tmp_path, "check")
    keys = [f"{number}{odd}" * 3 for number in range(200) for odd in LINES] + ["\U0010ffff" * 90]

    with DifferenceLog(tmp_path / "list", space) as differences:
        expected = (Expected(key, row, RowOutcome.WRITTEN, item(key)) for row, key in enumerate(keys, 1))
        looked_for = FullCheck(space, TableKey(KeyAttribute("id"))).run(
            expected, map(item, reversed(keys)), differences
        )

    assert looked_for == len(set(keys)) == len(keys)
    assert not differences.counts


def test_a_part_of_the_keys_is_compared_at_a_time_in_the_order_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What DuckDB holds at once is a sixteenth, and what it has compared takes no room any more."""
    rows, held = 2_000, []

    def write(session: Any, query: str, path: Path, space: DiskSpace) -> str:
        if path.name.startswith("hashes"):
            held.append(len(list(tmp_path.glob("expected_*"))))
        return duckdb_session.write_parquet(session, query, path, space)

    monkeypatch.setattr(digest_files, "write_parquet", write)
    monkeypatch.setattr(digest_files, "_BYTES_AT_ONCE", 1000)
    space = DiskSpace(tmp_path, "check")
    with DigestFiles(space) as files:
        for row in range(rows):
            files.add_expected(f"A_{row}", ExpectedDigest(row, RowOutcome.WRITTEN, "ab" * 16))
            files.add_found(f"A_{row}", "ab" * 16 if row % 2 else "cd" * 16)
    with open_duckdb(space) as session:
        comparison = files.compare(session)
        others = [one.key for one in comparison.others()]

    assert held == [*range(16, 0, -1)]
    assert comparison.met == rows / 2
    hashes = [hashlib.blake2b(key.encode(), digest_size=8).digest() for key in others]
    assert (len(others), hashes) == (rows / 2, sorted(hashes))
