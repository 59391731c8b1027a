"""Which items a run deletes, after runs that were red, killed, stale or not whole."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from csvdynamo.datasets.dataset import Dataset, Limits
from csvdynamo.datasets.write_rules import UnknownKeys, Vanished
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.preparation.deletions import DeletionTooLargeError, list_vanished
from csvdynamo_airflow.snapshots.pointer import StoredPointer, pointer_key
from csvdynamo_airflow.snapshots.row_digests import VanishedKey
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.workflow.other_executions import Other
from csvdynamo_airflow.workflow.snapshot_trust import StaleFileError
from tests.hostile.in_process import BUCKET
from tests.support.quick_folder import quick_folder
from tests.support.quick_prepare import prepare_quickly
from tests.support.run_chain import Chain, End
from tests.unit.plugin.test_changed_chains import CARS, DELETING, OTHER_RULES, written

RULES = replace(CARS, write=DELETING)
IN_UTF_8 = replace(CARS.source, encoding="utf-8")
A, B, C = ("a", "Kent", "2020"), ("b", "Köln", "2021"), ("c", "Ulm", "2022")
OTHER_C = ("c", "Bonn", "2022")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with quick_folder() as made, prepare_quickly(made):
        yield made


@pytest.fixture
def chain(folder: Path) -> Chain:
    """A data set whose first run was green."""
    chain = Chain(folder)
    chain.run(written([A, B, C]), RULES)
    return chain


def keys(chain: Chain) -> set[str]:
    return set(chain.table.items)


def test_an_item_of_a_red_run_whose_row_was_in_a_failed_batch_of_the_next_is_deleted_when_its_key_vanishes(
    chain: Chain,
) -> None:
    alone = replace(RULES, limits=Limits(rows_per_batch=1))
    chain.run(written([A, ("b", "of the red run", "2021"), C]), alone, End.RED)
    chain.run(written([A, ("b", "never written", "2021"), C]), alone, failing=[1])

    chain.run(written([A, C]), alone)

    assert keys(chain) == {"A_a", "A_c"}


@pytest.mark.parametrize("between", [Vanished.KEEP, Vanished.REPORT])
def test_what_was_noted_outlives_a_run_that_deletes_nothing(chain: Chain, between: Vanished) -> None:
    keeping: Dataset = replace(RULES, write=replace(DELETING, vanished=between))
    chain.run(written([A, B, C, ("d", "Bonn", "2023")]), RULES, End.RED)
    chain.run(written([A, B]), keeping)

    chain.run(written([A, B]), RULES)

    assert keys(chain) == {"A_a", "A_b"}


def test_a_red_run_tells_what_those_before_it_told_so_that_one_trace_is_kept(chain: Chain) -> None:
    for city, end in (("Bonn", End.RED), ("Jena", End.KILLED), ("Hof", End.RED)):
        chain.run(written([A, ("b", city, "2021"), (f"of {city}", city, "2023")]), RULES, end)
    assert len(StoredPointer(chain.s3, BUCKET, "cars").read().traces) == 1  # type: ignore[arg-type]

    chain.run(written([A]), RULES)

    assert keys(chain) == {"A_a"}


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        (RULES, "the snapshot s3://"),
        (replace(OTHER_RULES, write=DELETING), "the rules were changed since the last green run"),
    ],
)
def test_where_the_notes_of_earlier_runs_are_gone_a_run_says_that_nobody_knows_which_keys_vanished(
    chain: Chain, rules: Dataset, why: str
) -> None:
    chain.s3.objects.update({key: b"" for key in chain.s3.objects if key.endswith(".parquet")})

    ran = chain.run(written([A, B]), rules)

    found = ran.prepared.difference
    assert found is not None
    assert (found.vanished, keys(chain)) == (0, {"A_a", "A_b", "A_c"})
    assert found.why_all.startswith(why)
    assert found.why_all.endswith(
        "; what an earlier run noted of its items is gone, so nobody knows of all keys that "
        "vanished, and items of some may stay in the table"
    )
    following = chain.prepare(written([A, B, C]), rules).difference
    assert following is not None
    assert following.why_all == ""  # told once


def test_where_no_run_noted_anything_a_run_says_that_items_of_earlier_ones_may_stay(chain: Chain) -> None:
    del chain.s3.objects[pointer_key("cars")]

    found = chain.run(written([A, B]), RULES).prepared.difference

    assert found is not None
    assert (found.vanished, keys(chain)) == (0, {"A_a", "A_b", "A_c"})
    assert found.why_all == (
        "no snapshot of a green run is there; whatever earlier runs may have put into the table under other keys stays "
        "there, as none noted it"
    )


@pytest.fixture
def stale(chain: Chain) -> Prepared:
    """A file of all rows, with the deletion of one that an earlier run had written otherwise and then was red."""
    chain.run(written([A, B, OTHER_C]), RULES, End.RED)
    prepared = chain.prepare(written([A, B]), RULES)
    assert (prepared.deletions, prepared.base) == (1, None)
    return prepared


def test_a_run_deletes_nothing_once_another_execution_began_since_it_was_prepared(
    chain: Chain, stale: Prepared
) -> None:
    now = time.time()
    chain.by_hand.append(Other("later", "later", "SUCCEEDED", now + 1, now + 2))

    with pytest.raises(StaleFileError, match="execution later has written since"):
        chain.claim(stale, RULES)


def test_a_run_goes_on_that_was_prepared_while_another_one_wrote(chain: Chain, stale: Prepared) -> None:
    now = time.time()
    chain.by_hand.append(Other("before", "before", "SUCCEEDED", now - 60, now + 1))

    chain.claim(stale, RULES)


def test_a_run_deletes_nothing_of_a_table_that_was_made_anew_since_it_was_prepared(
    chain: Chain, stale: Prepared
) -> None:
    chain.identity = "another table"

    with pytest.raises(StaleFileError, match="made anew"):
        chain.claim(stale, RULES)


@pytest.mark.parametrize("unreadable", [b"\xff", b"\0"])
@pytest.mark.parametrize("cell", [b"Ulm", b"Ulm%s"])
def test_a_run_deletes_nothing_beside_a_row_whose_key_cannot_be_read_whatever_else_of_it_cannot(
    chain: Chain, cell: bytes, unreadable: bytes
) -> None:
    city = cell.replace(b"%s", unreadable)
    careful = replace(RULES, write=replace(DELETING, unknown_keys=UnknownKeys.KEEP), source=IN_UTF_8)

    chain.run(b"city,id,year\nKent,a,2020\n" + city + b",c" + unreadable + b",2022\nK\xc3\xb6ln,b,2021\n", careful)

    assert keys(chain) == {"A_a", "A_b", "A_c"}


@pytest.mark.parametrize("between", [Vanished.KEEP, Vanished.REPORT])
def test_the_items_that_a_snapshot_tells_outlive_a_run_that_deletes_nothing(chain: Chain, between: Vanished) -> None:
    keeping = replace(RULES, write=replace(DELETING, vanished=between))
    chain.run(written([A, ("b", "Bonn", "2021"), C]), keeping)

    chain.run(written([A]), RULES)

    assert keys(chain) == {"A_a", "A_b"}  # what this run wrote of b nobody noted


@pytest.mark.parametrize(("limit", "fits"), [(512 + 1124, True), (512 + 1123, False)])
def test_a_deletion_that_no_batch_has_room_for_stops_the_run(folder: Path, limit: int, fits: bool) -> None:
    dataset = replace(RULES, limits=Limits(max_input_bytes_per_batch=limit))
    vanished, space = VanishedKey("A_" + "ü" * 500, ("0" * 32,), 1), DiskSpace(folder, "delete")

    if fits:
        assert list_vanished([vanished], dataset, ["id", "city", "year"], space, deletes=True).deletions == 1
    else:
        with pytest.raises(DeletionTooLargeError, match="1,124 bytes, and a batch has room for 1,123"):
            list_vanished([vanished], dataset, ["id", "city", "year"], space, deletes=True)


@pytest.mark.parametrize(("policy", "unknown", "deletions"), [(UnknownKeys.KEEP, 1, 0), (UnknownKeys.IGNORE, 0, 1)])
def test_a_record_whose_key_nobody_can_tell_is_told_where_it_stops_deletions_and_nowhere_else(
    chain: Chain, policy: UnknownKeys, unknown: int, deletions: int
) -> None:
    rules = replace(RULES, write=replace(DELETING, unknown_keys=policy))

    found = chain.prepare(written([A, B, ("", "of nobody", "2022")]), rules).difference

    assert found is not None
    assert (found.vanished, found.unknown_keys, found.deletions) == (1, unknown, deletions)
