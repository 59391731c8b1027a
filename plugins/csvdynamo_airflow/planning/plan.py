"""What a run will do with a source: from what its rows become, by arithmetic. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from csvdynamo.datasets.dataset import MOST_ROWS_PER_BATCH, Dataset
from csvdynamo.datasets.policies import VerifyMode
from csvdynamo_airflow.costs.prices import Charge, Prices
from csvdynamo_airflow.costs.pricing import cost_of
from csvdynamo_airflow.costs.usage import Counts
from csvdynamo_airflow.documents.cost import Cost
from csvdynamo_airflow.documents.forecast import Forecast
from csvdynamo_airflow.documents.plan import Fuller, Larger, Plan, Warmth
from csvdynamo_airflow.planning.pace import FUNCTIONS_AT_ONCE, MAP_RUN_LIMIT_SECONDS, Pace, TableSpeed, pace_of
from csvdynamo_airflow.preparation.draft import FILE_LIMIT_BYTES

TIMES = (10, 1000)
"""How many times the file is planned beside itself."""

READ_UNIT_BYTES = 4096

_WARM_STEP = 1_000
_PREPARED_A_SECOND, _CHECKED_A_SECOND = 260_000, 11_000  # rows, measured: bench/RESULTS.md, docs/performance.md
_TASKS_SECONDS, _REJECTS_SECONDS = 10, 90  # the tasks themselves; Firehose's buffer of a minute, and half of it again


@dataclass(frozen=True)
class Foreseen:
    """What is known of a source before it is migrated.

    Attributes:
        source_rows: Its rows.
        source_bytes: Its bytes.
        prepared_bytes: Those of the prepared file.
        rejects_before_upload: Rows that prepare rejects, by code.
        forecast: What the function will make of the others.
        rejects_file: Where the rows are that it will reject, None where there is no object of them.
        refusals: What would stop the run before the upload, a sentence each.
        warnings: What else would be told of the source, likewise.
        unchanged: Rows that are not written, as the table has them.
    """

    source_rows: int
    source_bytes: int
    prepared_bytes: int
    rejects_before_upload: Mapping[str, int]
    forecast: Forecast
    rejects_file: str | None = None
    refusals: Sequence[str] = ()
    warnings: Sequence[str] = ()
    unchanged: int = 0


def make_plan(foreseen: Foreseen, dataset: Dataset, prices: Prices, region: str | None) -> Plan:
    """Plan a run.

    Args:
        foreseen: What is known of the source.
        dataset: The data set.
        prices: The prices.
        region: The Region that it runs in, None where that is not known.
    """
    forecast, speed = foreseen.forecast, TableSpeed.of(dataset.table)
    pace = pace_of(forecast, dataset.limits, speed)
    return Plan(
        source_rows=foreseen.source_rows,
        source_bytes=foreseen.source_bytes,
        prepared_bytes=foreseen.prepared_bytes,
        rejects_before_upload=dict(foreseen.rejects_before_upload),
        rejects=dict(forecast.by_code),
        rejects_file=foreseen.rejects_file,
        written=forecast.written,
        write_units=forecast.all_units,
        deletions=forecast.deletions,
        delete_units=forecast.delete_units,
        item_bytes=forecast.item_bytes,
        largest_item=forecast.largest,
        sizes=forecast.sizes,
        batches=forecast.batches,
        map_run_seconds=pace.seconds,
        bound=pace.bound,
        floor_seconds=speed.seconds(forecast.all_units),
        seconds=pace.seconds + _seconds_beside(foreseen, dataset),
        warmth=_warmth(forecast, dataset, prices, region),
        cost=_cost(foreseen, dataset, prices, region),
        fuller=_fuller(foreseen, dataset, prices, region),
        larger=tuple(_larger(times, foreseen, dataset, prices, region) for times in TIMES if foreseen.source_rows),
        refusals=tuple(foreseen.refusals),
        warnings=(*foreseen.warnings, *_too_long(pace), *_too_many(pace)),
    )


def _too_long(pace: Pace) -> Iterator[str]:
    if pace.seconds > MAP_RUN_LIMIT_SECONDS:
        hours = MAP_RUN_LIMIT_SECONDS // 3600
        yield f"The Map Run would be stopped after {hours} h, bound by {pace.bound}: split the source, or raise it."


def _too_many(pace: Pace) -> Iterator[str]:
    """Say where batches of the Map Run would fail because too many run at once."""
    if pace.at_once > FUNCTIONS_AT_ONCE:
        yield (
            f"Lambda would refuse batches, and the Map Run fail: {pace.at_once:,} at once are more than the "
            f"{FUNCTIONS_AT_ONCE:,} functions of an account. Lower limits.max_concurrency, or have the quota raised."
        )
    if pace.at_once > pace.most_at_once:
        yield (
            f"Batches would run out of time, and the Map Run may fail: {pace.at_once:,} at once wait too long for "
            f"{pace.bound}. Set limits.max_concurrency = {pace.most_at_once:,} or less, or have the table take more."
        )


def _seconds_beside(foreseen: Foreseen, dataset: Dataset) -> float:
    """Return how long the other tasks take, about: prepare, the check of the table, the wait for rejects."""
    forecast = foreseen.forecast
    seconds = _TASKS_SECONDS + foreseen.source_rows / _PREPARED_A_SECOND
    checked = forecast.written + foreseen.unchanged
    mode = _check(foreseen, forecast, dataset, 1)
    if mode is VerifyMode.FULL:
        seconds += checked / _CHECKED_A_SECOND
    elif mode is VerifyMode.CHANGED:
        seconds += (forecast.written + forecast.deletions) / _CHECKED_A_SECOND
    return seconds + (_REJECTS_SECONDS if forecast.rejected else 0)


def _warmth(forecast: Forecast, dataset: Dataset, prices: Prices, region: str | None) -> Warmth | None:
    speed = TableSpeed.of(dataset.table)
    wanted = pace_of(forecast, dataset.limits, speed).wanted_units
    asked = min(math.ceil(wanted / _WARM_STEP) * _WARM_STEP, int(speed.most))
    if wanted <= speed.first or asked <= speed.first:
        return None
    price = prices.of(region).get(Charge.WARM_WRITE_UNIT)
    return Warmth(
        asked,
        pace_of(forecast, dataset.limits, speed.warm(asked)).seconds,
        price.of(asked - speed.first) if price else None,
    )


def _fuller(foreseen: Foreseen, dataset: Dataset, prices: Prices, region: str | None) -> Fuller | None:
    forecast = foreseen.forecast
    if forecast.full_batches >= forecast.batches:
        return None
    full = replace(foreseen, forecast=replace(forecast, batches=forecast.full_batches))
    return Fuller(MOST_ROWS_PER_BATCH, forecast.full_batches, _cost(full, dataset, prices, region).usd)


def _larger(times: int, foreseen: Foreseen, dataset: Dataset, prices: Prices, region: str | None) -> Larger:
    forecast, speed = foreseen.forecast.times(times), TableSpeed.of(dataset.table)
    pace = pace_of(forecast, dataset.limits, speed)
    cost = _cost(foreseen, dataset, prices, region, times)
    return Larger(
        times=times,
        rows=times * foreseen.source_rows,
        write_units=forecast.all_units,
        files=math.ceil(times * foreseen.prepared_bytes / FILE_LIMIT_BYTES),
        map_run_seconds=pace.seconds,
        floor_seconds=speed.seconds(forecast.all_units),
        bound=pace.bound,
        usd=cost.usd,
        usd_of_writes=cost.lines[0].usd,
    )


def _cost(foreseen: Foreseen, dataset: Dataset, prices: Prices, region: str | None, times: int = 1) -> Cost:
    forecast = foreseen.forecast.times(times)
    pace = pace_of(forecast, dataset.limits, TableSpeed.of(dataset.table))
    counts = Counts(
        write_units=forecast.all_units,
        read_units=_read_units(foreseen, forecast, dataset, times),
        batches=forecast.batches,
        batch_seconds=pace.function_seconds,
        rejects=forecast.rejected,
        reject_bytes=forecast.reject_bytes,
        uploaded=(times * foreseen.source_bytes, times * foreseen.prepared_bytes),
    )
    return cost_of(counts, dataset, prices, region)


def _read_units(foreseen: Foreseen, forecast: Forecast, dataset: Dataset, times: int) -> float:
    """Return the read units of the check, where the table holds the file's items alone: its reads are consistent.

    Nobody made items of rows that are unchanged: they are taken to be as large as the others, or as their rows.
    """
    verify, items = dataset.policies.verify, forecast.written + times * foreseen.unchanged
    mode = _check(foreseen, forecast, dataset, times)
    if mode is VerifyMode.NONE or not items:
        return 0
    made = (
        forecast.item_bytes / forecast.written if forecast.written else foreseen.prepared_bytes / foreseen.source_rows
    )
    if mode is VerifyMode.FULL:
        return math.ceil((forecast.item_bytes + made * times * foreseen.unchanged) / READ_UNIT_BYTES)
    written = forecast.written + forecast.deletions if mode is VerifyMode.CHANGED else 0
    return (written + min(verify.sample_size, items)) * math.ceil(made / READ_UNIT_BYTES)


def _check(foreseen: Foreseen, forecast: Forecast, dataset: Dataset, times: int) -> VerifyMode:
    """Say how much of the table is read back."""
    written = forecast.written + forecast.deletions
    rows = forecast.written + times * foreseen.unchanged
    return dataset.policies.verify.mode_for(rows, 0, written if foreseen.unchanged else None)
