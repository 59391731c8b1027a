"""What a run's rows and batches add up to, and the few rejects that are shown."""

from typing import Any

import pytest

from csvdynamo.records.rejects import FIREHOSE_STEP_BYTES
from csvdynamo_airflow.documents.measures import ColumnRejects, Measures, Throughput
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.outcome import outcome_measures
from csvdynamo_airflow.outcome.examples import CELL_LENGTH, CELLS, EXAMPLES_FILE, read_examples
from csvdynamo_airflow.outcome.gathering import gather
from tests.integration.plugin.migration_objects import (
    BUCKET,
    answer,
    failed,
    pending,
    put_error_file,
    put_results,
    reject,
)
from tests.unit.plugin.run_findings import execution, prepared_file

PREPARED = prepared_file(100, bucket=BUCKET)


def measured(s3: Any, **results: list[bytes]) -> Measures:
    put_results(s3, "cars-1", results)
    outcome = gather(s3, "cars", PREPARED, execution())
    assert Outcome.from_json(outcome.to_json()) == outcome
    return outcome.measures


def test_an_outcome_of_an_earlier_version_is_read_without_measures(s3: Any) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(3)]})
    told = gather(s3, "cars", PREPARED, execution()).to_json()
    del told["measures"]

    earlier = Outcome.from_json(told)

    assert (earlier.written, earlier.measures) == (3, Measures())


def ended_at(at: float, rows: int, units: float | None = 1.0) -> bytes:
    return answer(rows, WRITE_UNITS=units, BEGAN=at - 0.5, SECONDS=0.5)


def test_batches_units_and_rows_a_second_are_added_up(s3: Any) -> None:
    batches = [ended_at(100.5, 10, 12), ended_at(101.2, 5, 5), ended_at(103.9, 7, 9.5)]

    found = measured(s3, SUCCEEDED=batches, FAILED=[failed(3, error="E")], PENDING=[pending(2), pending(1)])

    assert found.batches == {"FAILED": 1, "PENDING": 2, "SUCCEEDED": 3}
    assert (found.write_units, found.batch_seconds, found.reject_bytes) == (26.5, 1.5, 0)
    assert found.throughput == Throughput(began=100.0, seconds=1.0, rows=(10, 5, 0, 7))


def test_a_long_run_is_told_in_as_many_intervals_as_a_plot_needs(s3: Any) -> None:
    batches = [ended_at(1000.5 + second, 3) for second in range(0, 3600, 10)]

    found = measured(s3, SUCCEEDED=batches).throughput

    assert found is not None
    assert (len(found.rows), sum(found.rows)) == (outcome_measures.INTERVALS, 3 * 360)
    assert found.seconds == pytest.approx((3590.5) / outcome_measures.INTERVALS)


def test_what_was_throttled_is_added_up_by_reason(s3: Any) -> None:
    hot, cold = {"THROTTLED": {"A": 5, "B": 1}, "WAITED": 1.5}, {"THROTTLED": {}, "WAITED": 0.0}

    found = measured(
        s3, SUCCEEDED=[answer(1, **hot), answer(1, **cold), answer(1, **hot)], FAILED=[failed(3, error="E")]
    )

    assert (found.throttled, found.waited_seconds) == ({"A": 10, "B": 2}, 3.0)


def test_what_was_throttled_is_unknown_where_one_batch_did_not_tell(s3: Any) -> None:
    found = measured(s3, SUCCEEDED=[answer(1, THROTTLED={"A": 5}, WAITED=1.0), answer(1)])

    assert (found.throttled, found.waited_seconds) == (None, None)


def test_where_nothing_was_throttled_that_is_known(s3: Any) -> None:
    found = measured(s3, SUCCEEDED=[answer(1, THROTTLED={}, WAITED=0.0)])

    assert (found.throttled, found.waited_seconds) == ({}, 0.0)


@pytest.mark.parametrize("untold", [answer(1), answer(1, WRITE_UNITS=None, BEGAN=9.0, SECONDS=1.0)])
def test_units_are_unknown_where_one_batch_did_not_tell(s3: Any, untold: bytes) -> None:
    assert measured(s3, SUCCEEDED=[ended_at(10.5, 5), untold]).write_units is None


def test_a_run_whose_function_told_no_time_has_no_throughput(s3: Any) -> None:
    found = measured(s3, SUCCEEDED=[answer(10), answer(9)])

    assert (found.throughput, found.batches) == (None, {"SUCCEEDED": 2})


def test_rejects_are_counted_by_code_and_column_the_most_first(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome_measures, "COLUMNS", 3)
    ids = [f"r{number}" for number in range(8)]
    kinds = [("BAD_TYPE", "Year")] * 3 + [("BAD_TYPE", "Range")] * 2 + [("BAD_QUOTE", None)] * 2 + [("TOO_LARGE", None)]
    put_error_file(
        s3,
        [
            reject(one, row=row + 1, code=code, column=column)
            for row, (one, (code, column)) in enumerate(zip(ids, kinds, strict=True))
        ],
    )

    found = measured(s3, SUCCEEDED=[answer(2, ids)])

    # Each of them was sent, in a record of its own.
    assert found.reject_bytes == 8 * FIREHOSE_STEP_BYTES
    assert found.batch_seconds is None
    assert found.rejects_by_column == (
        ColumnRejects("BAD_TYPE", "Year", 3),
        ColumnRejects("BAD_QUOTE", None, 2),
        ColumnRejects("BAD_TYPE", "Range", 2),
    )


def examples(s3: Any) -> list[dict[str, Any]]:
    key = reports_prefix("cars", PREPARED.execution_name) + EXAMPLES_FILE
    return read_examples(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())


def test_the_first_rejects_of_each_code_are_shown(s3: Any) -> None:
    ids = [f"r{number}" for number in range(6)]
    put_error_file(s3, [reject(one, row=90 - row, code="BAD_TYPE") for row, one in enumerate(ids[:5])], "1")
    put_error_file(s3, [reject(ids[5], row=4, code="MISSING_KEY", message="no key")], "2")

    measured(s3, SUCCEEDED=[answer(2, ids)])

    assert [(one["code"], one["row"]) for one in examples(s3)] == [
        *(("BAD_TYPE", row) for row in (86, 87, 88)),
        ("MISSING_KEY", 4),
    ]
    assert (examples(s3)[-1]["message"], examples(s3)[-1]["cut"]) == ("no key", False)


def test_a_shown_reject_is_short_and_has_the_cell_at_fault(s3: Any) -> None:
    wide = {f"c{number}": str(number) for number in range(100)} | {"bad": "<script>" + "x" * 1_000_000}
    put_error_file(s3, [reject("a", column="bad", item=wide, message="m" * 5000)])

    measured(s3, SUCCEEDED=[answer(2, ["a"])])

    [shown] = examples(s3)
    assert (len(shown["item"]), shown["cut"]) == (CELLS, True)
    assert shown["item"]["bad"] == "<script>" + "x" * (CELL_LENGTH - 9) + "…"
    assert len(shown["message"]) == CELL_LENGTH


def test_a_run_without_rejects_shows_none_and_empties_what_an_earlier_attempt_showed(s3: Any) -> None:
    put_error_file(s3, [reject("a")])
    measured(s3, SUCCEEDED=[answer(2, ["a"])])
    assert examples(s3) != []

    measured(s3, SUCCEEDED=[answer(3)])

    assert examples(s3) == []
