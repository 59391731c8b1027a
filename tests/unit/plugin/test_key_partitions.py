"""The full check's arithmetic over files on disk, held against the same done in memory."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csvdynamo.rules.attribute_values import Item
from csvdynamo_airflow.documents.checked_table import Difference
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.table import full_check
from csvdynamo_airflow.table.difference_log import EXAMPLES, DifferenceLog
from csvdynamo_airflow.table.full_check import FullCheck
from csvdynamo_airflow.table.key_partitions import KeyPartitions, partitions_for
from csvdynamo_airflow.table.table_check import Expected, RowOutcome, digest, digest_expected, judge

KEYS = st.sampled_from("abc") | st.text(st.characters(codec="utf-8"), min_size=1, max_size=3)


def item(key: str, value: int = 0) -> Item:
    return {"id": {"S": key}, "value": {"N": str(value)}}


@pytest.mark.parametrize(("keys", "partitions"), [(0, 1), (49_999, 1), (50_000, 2), (1_000_000, 21), (10**9, 128)])
def test_a_partition_has_some_fifty_thousand_keys_and_files_are_few(keys: int, partitions: int) -> None:
    assert partitions_for(keys) == partitions


@settings(deadline=None, max_examples=50)
@given(keys=st.lists(KEYS), partitions=st.integers(1, 5))
def test_every_record_comes_back_once_and_a_key_is_in_one_partition(
    tmp_path_factory: pytest.TempPathFactory, keys: list[str], partitions: int
) -> None:
    folder = tmp_path_factory.mktemp("side")
    with KeyPartitions(folder / "new", partitions, DiskSpace(folder, "check")) as side:
        for number, key in enumerate(keys):
            side.add(key, str(number))

    read = [(int(value), key, number) for number in range(partitions) for key, value in side.read(number)]

    assert sorted((number, key) for number, key, _ in read) == list(enumerate(keys))
    assert len({(key, partition) for _, key, partition in read}) == len(set(keys))


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
@given(expected=EXPECTED, table=TABLE, partitions=st.integers(1, 4))
def test_the_full_check_finds_on_disk_what_it_would_in_memory(
    tmp_path_factory: pytest.TempPathFactory, expected: list[Expected], table: dict[str, int], partitions: int
) -> None:
    folder = tmp_path_factory.mktemp("check")
    space = DiskSpace(folder, "check")
    wanted: list[Difference] = []
    for key in {one.key for one in expected} | set(table):
        rows = [digest_expected(one) for one in expected if one.key == key]
        wanted += judge(key, rows, digest(item(key, table[key])) if key in table else None)

    with pytest.MonkeyPatch.context() as patch, DifferenceLog(folder / "list", space) as differences:
        patch.setattr(full_check, "partitions_for", lambda _: partitions)
        patch.setattr(full_check, "_TURN", 2)
        check = FullCheck(space, len(expected), "id")
        keys = check.run(expected, (item(key, value) for key, value in table.items()), differences)

    assert keys == len({one.key for one in expected if one.outcome is not RowOutcome.REJECTED})
    assert sorted(differences.path.read_text("utf-8").splitlines()) == sorted(one.line() for one in wanted)
    assert differences.counts.total() == len(wanted)


def test_the_first_differences_of_each_kind_are_examples_and_all_are_listed(tmp_path: Path) -> None:
    space = DiskSpace(tmp_path, "check")
    with DifferenceLog(tmp_path / "list", space) as differences:
        FullCheck(space, 0, "id").run(
            (Expected(f"A_{row}", row, RowOutcome.WRITTEN, item("x")) for row in range(1, 101)),
            (item(f"B_{row}") for row in range(50)),
            differences,
        )

    assert len(differences.examples) == 2 * EXAMPLES
    assert dict(differences.counts) == {"missing": 100, "foreign": 50}
    assert len((tmp_path / "list").read_text("utf-8").splitlines()) == 150
