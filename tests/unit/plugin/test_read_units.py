"""The read units of a check: the sum of what DynamoDB said, or unknown where it said nothing once."""

from typing import Any

import pytest

from csvdynamo_airflow.table.read_units import ReadUnits

SCANNED: dict[str, Any] = {"ConsumedCapacity": {"TableName": "t", "CapacityUnits": 128.5}}
GOT: dict[str, Any] = {"ConsumedCapacity": [{"CapacityUnits": 100}, {"CapacityUnits": 0.5}]}


def units(*answers: dict[str, Any]) -> float | None:
    read = ReadUnits()
    for answer in answers:
        read.add(answer)
    return read.total


def test_units_of_scans_and_of_reads_by_key_add_up() -> None:
    assert units(SCANNED, GOT, SCANNED) == 357.5
    assert units() == 0


@pytest.mark.parametrize(
    "untold", [{}, *({"ConsumedCapacity": one} for one in (None, "1", {}, {"CapacityUnits": True}))]
)
def test_an_answer_that_does_not_say_leaves_the_sum_unknown(untold: dict[str, Any]) -> None:
    assert units(SCANNED, untold, SCANNED) is None
