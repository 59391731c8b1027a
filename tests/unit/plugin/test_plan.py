"""The plan of a run: minutes by what binds them, cost by line, and the same for larger files."""

import csv
import json
import math
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from commands.project import DATASETS
from commands.sample import SAMPLE_DATASET, write_sample
from csvdynamo.datasets.dataset import Dataset, Limits
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.policies import Policies, Verification, VerifyMode
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Billing, Table
from csvdynamo_airflow.costs.prices import Charge, Price, Prices, known_prices
from csvdynamo_airflow.documents.forecast import Forecast, SizeStep
from csvdynamo_airflow.documents.plan import Plan
from csvdynamo_airflow.planning.pace import MAP_RUN_LIMIT_SECONDS, TableSpeed, pace_of
from csvdynamo_airflow.planning.plan import Foreseen, _read_units, make_plan
from csvdynamo_airflow.planning.plan_text import dollars, duration, quantity, size, told_plan
from csvdynamo_airflow.preparation.prepared_rows import ENVELOPE_BYTES


def forecast(rows: int, a_batch: int = 250) -> Forecast:
    """A file of vehicles, which are 442 bytes as items."""
    return Forecast(
        written=rows,
        write_units=rows,
        item_bytes=442 * rows,
        largest=600,
        sizes=(SizeStep(512, rows - 1), SizeStep(1024, 1)),
        batches=-(-rows // a_batch),
        full_batches=-(-rows // a_batch),
    )


def cars(**table: Any) -> Dataset:
    source = Source("https://example.org/cars.csv", "cars.csv")
    return Dataset("cars", source, Table(name="tb_cars", partition_key="id", **table))


def plan(rows: int, dataset: Dataset | None = None, a_batch: int = 250, **more: Any) -> Plan:
    foreseen = Foreseen(rows, 228 * rows, 240 * rows, {}, forecast(rows, a_batch), **more)
    return make_plan(foreseen, dataset or cars(), known_prices(), "us-east-1")


MANY = Limits(max_concurrency=10_000)

# A batch of 250 rows: its child execution, its ten calls at once, and each row at 20,000 a second of a whole processor,
# which a function has with 1,769 MB.
BATCH_SECONDS = 0.05 + 0.010 + 250 / 20_000 * 1769 / 512


@pytest.mark.parametrize(
    ("limits", "table", "rows", "seconds", "bound"),
    [
        (Limits(max_concurrency=1), {}, 250_000, 1_000 * BATCH_SECONDS, "limits.max_concurrency = 1"),
        (Limits(max_concurrency=8), {}, 250, BATCH_SECONDS, "limits.max_concurrency = 8"),
        (Limits(max_concurrency=8), {}, 250_000, 62.5, "4,000 write units a second, which a new table on demand takes"),
        (Limits(write_units_per_second=500), {}, 9_000, 18.0, "limits.write_units_per_second = 500"),
        (MANY, {}, 16_000_000, 1800 + 8_800_000 / 8_000, "4,000 write units a second, which a new"),
        (MANY, {"warm_write_units": 40_000}, 400_000, 10.0, "table.warm_write_units = 40,000 a second"),
        (MANY, {"warm_write_units": 900_000}, 9_000_000, 36.0, "1,000 child executions a second"),
        (MANY, {"max_write_units": 1_000}, 9_000, 9.0, "table.max_write_units = 1,000 a second"),
        (MANY, {"max_write_units": 6_000}, 13_200_000, 1800 + 1_000.0, "4,000 write units a second, which a new"),
        (
            MANY,
            {"billing": Billing.PROVISIONED, "read_units": 1, "write_units": 50},
            500,
            10.0,
            "table.write_units = 50 a second",
        ),
    ],
)
def test_a_map_run_takes_as_long_as_what_binds_it(
    limits: Limits, table: dict[str, Any], rows: int, seconds: float, bound: str
) -> None:
    pace = pace_of(forecast(rows), limits, TableSpeed.of(cars(**table).table))

    assert pace.seconds == pytest.approx(seconds)
    assert pace.bound.startswith(bound)


def test_functions_at_once_bind_where_batches_are_long() -> None:
    rejected = replace(forecast(10_000_000, 1000), by_code={"BAD_TYPE": 90_000_000})

    pace = pace_of(rejected, MANY, TableSpeed(1e9, 1e9, "the table"))

    work = 10_000 * 4 * 0.010 + 100_000_000 / 20_000 * 1769 / 512
    assert (pace.seconds, pace.bound[:24]) == (pytest.approx(work / 1_000), "1,000 functions at once,")


def test_a_function_that_waits_for_its_table_is_paid_for_meanwhile() -> None:
    waiting = pace_of(forecast(250_000), Limits(max_concurrency=8), TableSpeed.of(cars().table))
    working = pace_of(forecast(250_000), Limits(max_concurrency=1), TableSpeed.of(cars().table))

    assert waiting.function_seconds == pytest.approx(8 * 62.5 - 1_000 * 0.05)
    assert working.function_seconds == pytest.approx(1_000 * (BATCH_SECONDS - 0.05))


@pytest.mark.parametrize(
    ("at_once", "table", "told"),
    [
        # 280 batches of 250 units are what 4,000 a second serve in 17.5 seconds, half of the function's 35.
        (280, {}, []),
        (281, {}, ["Batches would run out of time, and the Map Run may fail: 281 at once wait too long for 4,000"]),
        (281, {"warm_write_units": 5_000}, []),
        (1_000, {"warm_write_units": 40_000}, []),
        (1_001, {"warm_write_units": 40_000}, ["Lambda would refuse batches, and the Map Run fail: 1,001 at once"]),
    ],
)
def test_more_batches_at_once_than_are_served_in_time_are_told(
    at_once: int, table: dict[str, Any], told: list[str]
) -> None:
    warnings = plan(500_000, replace(cars(**table), limits=Limits(max_concurrency=at_once))).warnings

    assert len(warnings) == len(told)
    assert all(found.startswith(text) for found, text in zip(warnings, told, strict=True))


def test_no_more_batches_run_at_once_than_there_are() -> None:
    assert plan(70_000, replace(cars(), limits=MANY)).warnings == ()


def test_a_file_without_rows_takes_no_time_and_no_division() -> None:
    empty = make_plan(Foreseen(0, 10, 10, {}, Forecast()), cars(), known_prices(), "us-east-1")

    assert (empty.map_run_seconds, empty.bound, empty.larger) == (0.0, "there is no row", ())
    assert empty.cost.usd is not None
    assert "No row becomes an item." in told_plan(empty)


def test_a_table_on_demand_grows_to_its_quota_and_no_further() -> None:
    speed = TableSpeed.of(Table(name="t_cars", partition_key="id"))

    # 4,000, 8,000, 16,000, 32,000 for half an hour each, then 40,000.
    assert speed.seconds(1800 * 60_000 + 40_000 * 100) == 4 * 1800 + 100
    assert TableSpeed.of(Table(name="t_cars", partition_key="id", warm_write_units=60_000)).seconds(600_000) == 10


@pytest.mark.parametrize(
    ("units", "seconds"),
    [
        (100, 0.2),
        (75_000, 150),
        (76_000, 151),  # twice as much after a period
        (75_000 + 150_000 + 2_000, 301),
    ],
)
def test_a_table_that_grows_sooner_takes_twice_as_much_after_each_period(units: float, seconds: float) -> None:
    assert TableSpeed(500, math.inf, "").seconds(units, growth_seconds=150) == pytest.approx(seconds)


def test_warm_throughput_is_asked_for_where_the_table_holds_the_run_up() -> None:
    warmth = plan(250_000).warmth

    assert warmth is not None
    assert (warmth.write_units, warmth.map_run_seconds) == (20_000, pytest.approx(1_000 * BATCH_SECONDS / 8))
    assert warmth.usd is None
    assert plan(250_000, replace(cars(), limits=Limits(max_concurrency=1))).warmth is None
    assert plan(250_000, cars(max_write_units=1_000)).warmth is None


def test_warm_throughput_has_a_price_where_somebody_gives_one() -> None:
    own = Prices({"us-east-1": {Charge.WARM_WRITE_UNIT: Price(per=1, source="mine", date="2026-11", usd=0.01)}})
    foreseen = Foreseen(250_000, 1, 1, {}, forecast(250_000))

    warmth = make_plan(foreseen, cars(), own.over(known_prices()), "us-east-1").warmth

    assert warmth is not None
    assert warmth.usd == pytest.approx(160.0)


def test_larger_files_cost_and_take_what_their_rows_do_and_are_cut_at_ten_gigabytes() -> None:
    ten, thousand = plan(250_000).larger

    assert (ten.times, ten.rows, ten.write_units, ten.files) == (10, 2_500_000, 2_500_000, 1)
    assert (thousand.rows, thousand.files) == (250_000_000, 6)
    assert thousand.usd_of_writes == pytest.approx(156.25)
    assert thousand.map_run_seconds > 4 * 1800
    # 4,000 a second for half an hour, 8,000, 16,000 and 32,000 for as long, then 40,000.
    assert thousand.floor_seconds == 4 * 1800 + (250_000_000 - 1800 * 60_000) / 40_000


# 480 rows fill the 256 KiB of a child's input. What is left over the writes is the parent's transitions, one a batch.
@pytest.mark.parametrize(("rows", "a_batch", "most"), [(250_000, 480, 1.2), (1_000_000_000, 480, 1.1)])
def test_a_run_costs_little_more_than_its_writes_where_its_batches_are_full(
    rows: int, a_batch: int, most: float
) -> None:
    cost = plan(rows, a_batch=a_batch).cost

    assert cost.usd is not None
    writes = cost.lines[0].usd or 0
    assert cost.usd < most * writes
    [transitions] = [line.usd or 0 for line in cost.lines if line.what == "transitions"]
    assert transitions > 0.5 * (cost.usd - writes)


def test_the_vehicles_fill_their_batches_and_leave_room_for_what_stands_beside_them(tmp_path: Path) -> None:
    limits = load_dataset(DATASETS / f"{SAMPLE_DATASET}.toml").limits
    with write_sample(tmp_path / "sample.csv", 1_000).path.open(encoding="utf-8", newline="") as file:
        items = [json.dumps({"_row": "46000000", **row}, separators=(",", ":")) for row in csv.DictReader(file)]

    rows = limits.max_input_bytes_per_batch // (mean(map(len, items)) + 1)

    assert 480 <= rows <= limits.rows_per_batch
    assert limits.max_input_bytes_per_batch <= 256 * 1024 - ENVELOPE_BYTES


@pytest.mark.parametrize(
    ("mode", "rows", "units"),
    [
        (VerifyMode.FULL, 1_000, 108),
        (VerifyMode.SAMPLE, 1_000, 1_000),
        (VerifyMode.SAMPLE, 10, 10),
        (VerifyMode.NONE, 1_000, 0),
        (VerifyMode.AUTO, 20_000_000, 1_000),
    ],
)
def test_the_check_costs_what_it_reads(mode: VerifyMode, rows: int, units: int) -> None:
    dataset = replace(cars(), policies=Policies(verify=Verification(mode=mode)))

    [reads] = [line for line in plan(rows, dataset).cost.lines if line.what.startswith("read units")]

    assert reads.quantity == units


def test_fuller_batches_are_told_with_what_they_save() -> None:
    fuller = replace(forecast(250_000), full_batches=600)

    planned = make_plan(Foreseen(250_000, 1, 1, {}, fuller), cars(), known_prices(), "us-east-1")

    assert planned.fuller is not None
    assert (planned.fuller.rows_per_batch, planned.fuller.batches) == (1_000, 600)
    assert (planned.fuller.usd or 0) < 1.2 * 0.15625 < (planned.cost.usd or 0)
    assert "With limits.rows_per_batch = 1,000, bound by bytes alone: 600 batches, $0.1" in told_plan(planned)
    assert plan(250_000).fuller is None


def test_a_map_run_that_would_be_stopped_is_told() -> None:
    slow = replace(cars(max_write_units=100), limits=Limits(max_concurrency=4))

    assert plan(4_320_000, slow).warnings == ()
    [told] = plan(4_330_000, slow).warnings
    assert told.startswith("The Map Run would be stopped after 12 h, bound by table.max_write_units = 100")
    machine = json.loads((Path(__file__).parents[3] / "cdk" / "workflow.asl.json").read_text())
    assert machine["TimeoutSeconds"] == MAP_RUN_LIMIT_SECONDS


def test_rejects_are_waited_for() -> None:
    foreseen = Foreseen(1_000, 1, 1, {}, replace(forecast(999), by_code={"BAD_TYPE": 1}))

    with_one = make_plan(foreseen, cars(), known_prices(), None)

    assert with_one.seconds - plan(1_000).seconds == pytest.approx(90, abs=0.1)


def test_a_plan_is_told_with_its_rejects_its_sizes_and_what_would_stop_it() -> None:
    foreseen = Foreseen(
        1_003,
        228_000,
        240_000,
        {"BAD_WIDTH": 1},
        replace(forecast(1_000), by_code={"BAD_TYPE": 2}),
        "s3://bucket/foreseen_rejects.jsonl",
        ["Too much is wrong."],
        ["Something is odd."],
    )

    told = told_plan(make_plan(foreseen, cars(), known_prices(), "us-east-1"), ["row 7: BAD_TYPE, a\x1bb"])

    for text in (
        "1,003 rows, 228.0 kB; 240.0 kB for Step Functions",
        "The run would stop before the upload: Too much is wrong.",
        "\nSomething is odd.\n",
        "Rejects: 3 (0.30 %)",
        "by prepare, before the upload: 1 BAD_WIDTH",
        "by the function: 2 BAD_TYPE",
        "row 7: BAD_TYPE, a\\x1bb",
        "all of the function's: s3://bucket/foreseen_rejects.jsonl",
        "Items: 1,000, of 442 bytes on average, the largest 600; 1,000 write units",
        "up to 512 bytes  999  ##############################",
        "Cost in us-east-1: $0.00",
        "without the lines that are unknown",
        "  1,000  1,003,000    1,000,000      1",
    ):
        assert text in told, text


DELETING = replace(forecast(1_000), batches=6, deletions=500, delete_units=600)


def test_deletions_take_units_time_and_money_and_are_told() -> None:
    without, planned = (
        plan(1_000),
        make_plan(Foreseen(1_000, 228_000, 240_000, {}, DELETING), cars(), known_prices(), "us-east-1"),
    )

    assert (planned.deletions, planned.delete_units, planned.write_units) == (500, 600, 1_600)
    assert planned.cost.lines[0].quantity == 1_600
    assert planned.floor_seconds == pytest.approx(0.4)
    assert [(one.write_units, one.times) for one in planned.larger] == [(16_000, 10), (1_600_000, 1000)]
    # Ten calls of DeleteItem are made at once, and all of BatchWriteItem; six batches run at once.
    work = 6 * (0.05 + 0.010) + 500 / 10 * 0.010 + (1_500 / 20_000 + 500 * 0.001) * 1769 / 512
    assert planned.map_run_seconds == pytest.approx(work / 6)
    told = told_plan(planned)
    assert "the largest 600; 1,000 write units\n" in told
    assert "\nItems to be deleted: 500, at most 600 write units\n" in told
    assert "to be deleted" not in told_plan(without)


def test_a_run_that_only_deletes_has_a_plan() -> None:
    alone = Forecast(batches=1, full_batches=1, deletions=2, delete_units=2)

    planned = make_plan(Foreseen(10, 1, 1, {}, alone, unchanged=10), cars(), known_prices(), "us-east-1")

    assert (planned.written, planned.write_units, planned.batches) == (0, 2, 1)
    assert "No row becomes an item.\nItems to be deleted: 2, at most 2 write units\n" in told_plan(planned)


def test_deletions_are_held_to_the_units_that_the_data_set_may_write() -> None:
    limits = Limits(write_units_per_second=100, max_concurrency=8)

    assert pace_of(DELETING, limits, TableSpeed.of(cars().table)).seconds == pytest.approx(16)


def test_of_a_region_without_prices_the_cost_is_unknown() -> None:
    told = told_plan(make_plan(Foreseen(10, 1, 1, {}, forecast(10)), cars(), known_prices(), "mars-1"))

    assert "Cost in mars-1: unknown\n" in told


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (dollars(None), "unknown"),
        (dollars(0), "$0"),
        (dollars(0.00001), "< $0.0001"),
        (dollars(0.12345), "$0.1235"),
        (dollars(1234.5), "$1,234.50"),
        (quantity(None), "unknown"),
        (quantity(3.0), "3"),
        (quantity(0.5), "0.5000"),
        (quantity(0.00001), "< 0.0001"),
        (quantity(1234.5), "1,234"),
        (duration(3.21), "3.2 s"),
        (duration(61), "61 s"),
        (duration(600), "10 minutes"),
        (duration(7200), "2.0 hours"),
        (size(999), "999 bytes"),
        (size(1_500_000_000), "1.5 GB"),
    ],
)
def test_numbers_are_told_as_people_read_them(made: str, told: str) -> None:
    assert made == told


@pytest.mark.parametrize(("size", "rows"), [(4096 * 53, 49), (4096 * 13, 99), (4096 * 29, 7)])
def test_a_full_check_reads_what_the_items_are_and_no_unit_for_the_arithmetic(size: int, rows: int) -> None:
    full = replace(cars(), policies=Policies(verify=Verification(VerifyMode.FULL)))
    made = replace(forecast(rows), item_bytes=size)

    assert _read_units(Foreseen(rows, 1, 1, {}, made), made, full, 1) == size // 4096
    assert _read_units(Foreseen(2 * rows, 1, 1, {}, made, unchanged=rows), made, full, 1) >= 2 * size // 4096
