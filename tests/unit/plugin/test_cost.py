"""What a run costs, line by line: a sum that leaves nothing unknown out without a word."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import VerifyMode
from csvdynamo.datasets.protection import Encryption, Protection
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Billing, Table, TableClass
from csvdynamo_airflow.accounting.spending import cost_of_run, counts_of, plan_of_run
from csvdynamo_airflow.costs.prices import known_prices
from csvdynamo_airflow.costs.pricing import cost_of
from csvdynamo_airflow.costs.usage import Counts
from csvdynamo_airflow.documents.cost import Cost, CostLine
from csvdynamo_airflow.documents.forecast import Forecast
from csvdynamo_airflow.documents.measures import Measures
from csvdynamo_airflow.documents.outcome import Outcome
from tests.unit.plugin.run_findings import checked_table, migrated, outcome_of_run, prepared_file

CARS = Dataset("cars", Source("https://example.org/cars.csv", "cars.csv"), Table("tb_cars", "id"))
COUNTS = Counts(
    write_units=1_000_000.0,
    read_units=80_000.0,
    batches=4_000,
    batch_seconds=1_200.0,
    rejects=100,
    reject_bytes=100 * 5120,
    uploaded=(80_000_000, 90_000_000),
)
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:csvdynamo-cars"


def cost(counts: Counts = COUNTS, dataset: Dataset = CARS, region: str | None = "us-east-1") -> Cost:
    return cost_of(counts, dataset, known_prices(), region)


def with_table(**settings: Any) -> Dataset:
    return replace(CARS, table=Table(name="tb_cars", partition_key="id", **settings))


def line(of: Cost, what: str) -> CostLine:
    [found] = [one for one in of.lines if one.what == what]
    return found


# By hand, of the prices: 4,000 batches, each 0.3 s at 512 MB, its child 0.4 s at 64 MB.
BY_HAND: Mapping[str, tuple[float, float]] = {
    "write units": (1_000_000, 0.625),
    "read units of the check": (80_000, 0.01),
    "requests": (4_002, 0.0008004),
    "GB-seconds": (600, 0.0080000),
    "transitions": (4_004, 0.1001),
    "Express requests": (4_000, 0.004),
    "Express GB-seconds": (100, 0.001667),
    "GB of rejects": (0.000512, 0.000014848),
    "GB partitioned": (0.000512, 0.00001024),
    "PUT requests": (25 + 12 + 13, 0.00025),
    "GET requests": (40 + 50 + 4_000, 0.001636),
    "GB written": (0.01802, 0.00901),
    "messages": (2, 0.000001),
}


@pytest.mark.parametrize("what", BY_HAND)
def test_a_line_is_a_quantity_by_its_price(what: str) -> None:
    quantity, usd = BY_HAND[what]

    found = line(cost(), what)

    assert found.quantity == pytest.approx(quantity)
    assert found.usd == pytest.approx(usd, rel=1e-4)


def test_the_sum_is_of_the_lines_that_are_known_and_the_others_are_told() -> None:
    found = cost()

    assert found.usd == pytest.approx(sum(usd for _, usd in BY_HAND.values()), rel=1e-4)
    assert [one.what for one in found.unknown] == ["JQ hours"]
    assert "no public document" in found.unknown[0].note


def test_a_price_is_told_with_its_date() -> None:
    assert line(cost(), "write units").note == "$0.625 for 1,000,000 (2026-08)"
    assert line(cost(), "GB-seconds").note == "$0.0000133334 (2026-09); of batches, at 512 MB"


@pytest.mark.parametrize(("region", "told"), [("eu-west-1", "no price of eu-west-1 is known"), (None, "not known")])
def test_of_a_region_without_prices_all_is_unknown(region: str | None, told: str) -> None:
    found = cost(region=region)

    assert found.usd is None
    assert all(one.usd is None and told in one.note for one in found.lines)


@pytest.mark.parametrize(
    ("dataset", "told"),
    [
        (with_table(billing=Billing.PROVISIONED, read_units=1, write_units=1), "paid by the hour"),
        (with_table(**{"class": TableClass.INFREQUENT_ACCESS}), "price unknown"),
        (CARS, ""),
    ],
    ids=["provisioned", "infrequent access", "not measured"],
)
def test_without_the_writes_there_is_no_sum(dataset: Dataset, told: str) -> None:
    counts = COUNTS if dataset is not CARS else replace(COUNTS, write_units=None)

    found = cost(counts, dataset)

    assert found.usd is None
    assert found.lines[0].usd is None
    assert told in found.lines[0].note


def test_an_owners_table_is_priced_with_a_reservation() -> None:
    found = cost(dataset=with_table(managed=False))

    assert found.usd is not None
    assert found.lines[0].note.endswith("if its owner's table is of class Standard and on demand")


def test_a_key_of_ones_own_is_a_line_that_nobody_can_count() -> None:
    assert not [one for one in cost().lines if one.service == "KMS"]

    own = cost(dataset=replace(CARS, protection=Protection(encryption=Encryption.CUSTOMER_MANAGED)))

    assert [(one.quantity, one.usd) for one in own.lines if one.service == "KMS"] == [(None, None)]


def test_batches_that_did_not_succeed_are_told_beside_the_writes() -> None:
    assert "without the attempts of 3 batches" in line(cost(replace(COUNTS, unfinished=3)), "write units").note


def finished(**changes: Any) -> Outcome:
    measures = Measures({"SUCCEEDED": 4, "FAILED": 1, "PENDING": 2}, 95.0, None, (), 1.5, 15_360)
    return outcome_of_run(**{"measures": measures, "rejects": 3, **changes})


def test_what_was_counted_of_a_run_is_what_it_is_priced_by() -> None:
    findings = migrated(100, rejected=3, outcome=finished(), checked=checked_table(read_units=12.5))

    assert counts_of(findings) == Counts(
        write_units=95.0,
        read_units=12.5,
        batches=5,
        unfinished=1,
        batch_seconds=1.5,
        rejects=3,
        reject_bytes=15_360,
        uploaded=(1234, 1000),
    )
    assert cost_of_run(findings, CARS, known_prices(), MACHINE).region == "us-east-1"


def test_a_run_without_an_execution_costs_next_to_nothing() -> None:
    found = cost_of_run(migrated(100, execution=None), CARS, known_prices(), MACHINE)

    assert found.usd is not None
    assert found.usd < 0.001
    assert found.unknown == ()


def test_a_run_that_left_no_result_files_is_not_priced_as_if_it_had_done_nothing() -> None:
    found = cost_of_run(migrated(100, outcome=Outcome()), CARS, known_prices(), MACHINE)

    assert found.usd is None
    assert {"write units", "requests", "transitions", "GB of rejects"} <= {one.what for one in found.unknown}


def test_a_check_that_did_not_say_what_it_read_is_unknown_and_none_is_nothing() -> None:
    of = [counts_of(migrated(10, checked=one)).read_units for one in (checked_table(), None)]
    unchecked = counts_of(migrated(10, checked=checked_table(mode=VerifyMode.NONE)))

    assert of == [None, 0.0]
    assert unchecked.read_units == 0.0


def test_a_run_has_a_plan_where_prepare_foresaw_its_rows() -> None:
    forecast = Forecast(9, {"BAD_TYPE": 1}, write_units=9, item_bytes=900, batches=1, rejects_key="reports/f.jsonl")
    findings = migrated(10, prepared=prepared_file(10, forecast=forecast))

    plan = plan_of_run(findings, CARS, known_prices(), MACHINE)

    assert plan is not None
    assert (plan.written, plan.rejects, plan.source_bytes, plan.prepared_bytes) == (9, {"BAD_TYPE": 1}, 1234, 1000)
    assert plan.rejects_file == "s3://bucket/reports/f.jsonl"
    assert plan_of_run(migrated(10), CARS, known_prices(), MACHINE) is None
