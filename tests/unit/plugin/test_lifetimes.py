"""An item whose time to live has ended may be gone; any other one that is gone is lost."""

from pathlib import Path

import pytest

from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.rules.attribute_values import AttributeValue
from csvdynamo_airflow.documents.checked_table import CheckedTable, Difference, DifferenceKind
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.table.difference_log import DifferenceLog
from csvdynamo_airflow.table.lifetimes import UNLIMITED, Lifetimes

NOW = 1_800_000_000
YEAR = 366 * 86_400


@pytest.mark.parametrize(
    ("value", "ended"),
    [
        (None, False),
        ({"N": str(NOW - 1)}, True),
        ({"N": str(NOW)}, False),
        ({"N": str(NOW + 1)}, False),
        ({"N": str(NOW - 4 * YEAR)}, True),
        ({"N": str(NOW - 6 * YEAR)}, False),
        ({"N": str(NOW * 1000)}, False),
        ({"N": "1.79E9"}, True),
        ({"N": f"{NOW - 1}.5"}, True),
        ({"N": "0"}, False),
        ({"N": "-5"}, False),
        ({"N": "9.9E125"}, False),
        ({"S": str(NOW - 1)}, False),
        ({"NULL": True}, False),
    ],
)
def test_when_dynamodb_may_have_deleted_an_item(value: AttributeValue | None, ended: bool) -> None:
    lifetimes = Lifetimes("until", 3)
    for row in (1, 2, 3):
        lifetimes.note(row, {"id": {"S": "A"}, **({} if value is None else {"until": value})})

    assert [lifetimes.has_ended(row, NOW) for row in (1, 2, 3)] == [ended] * 3


def test_each_row_has_a_time_of_its_own_and_a_later_look_another_answer() -> None:
    lifetimes = Lifetimes("until", 2)
    lifetimes.note(1, {"until": {"N": str(NOW + 10)}})
    lifetimes.note(2, {"until": {"N": str(NOW - 10)}})

    assert [lifetimes.has_ended(row, NOW) for row in (1, 2)] == [False, True]
    assert [lifetimes.has_ended(row, NOW + 11) for row in (1, 2)] == [True, True]


def test_where_nothing_expires_nothing_has() -> None:
    UNLIMITED.note(7, {"until": {"N": "1"}})

    assert not UNLIMITED.has_ended(7, NOW)


@pytest.mark.parametrize(
    ("kind", "row", "is_difference"),
    [
        (DifferenceKind.MISSING, 1, False),
        (DifferenceKind.MISSING, 2, True),
        (DifferenceKind.CHANGED, 1, True),
        (DifferenceKind.UNFINISHED, 1, True),
        (DifferenceKind.STALE, 1, True),
        (DifferenceKind.FOREIGN, None, True),
    ],
)
def test_only_a_missing_item_that_has_expired_is_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: DifferenceKind, row: int | None, is_difference: bool
) -> None:
    monkeypatch.setattr("csvdynamo_airflow.table.difference_log.time.time", lambda: float(NOW))
    lifetimes = Lifetimes("until", 2)
    lifetimes.note(1, {"until": {"N": str(NOW - 1)}})

    with DifferenceLog(tmp_path / "list", DiskSpace(tmp_path, "check"), lifetimes) as log:
        log.add(Difference(kind, "A", row))

    assert (sum(log.counts.values()), log.expired) == ((1, 0) if is_difference else (0, 1))
    assert len(log.examples) == len((tmp_path / "list").read_text().splitlines()) == int(is_difference)


def test_a_check_says_how_many_have_expired_and_keeps_that() -> None:
    checked = CheckedTable(VerifyMode.FULL, 9, {DifferenceKind.CHANGED: 1}, expired=1200)
    of_before = {key: value for key, value in checked.to_json().items() if key != "expired"}

    assert CheckedTable.from_json(checked.to_json()) == checked
    assert CheckedTable.from_json(of_before).expired == 0
    told = "9 keys of the file checked (full): 1 changed; 1,200 gone, as their time to live has ended."
    assert checked.sentence() == told
