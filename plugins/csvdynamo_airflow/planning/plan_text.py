"""A plan for a person at a terminal. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from csvdynamo.shown import shown
from csvdynamo_airflow.documents.cost import Cost
from csvdynamo_airflow.documents.plan import Plan

_BAR = 30


def told_plan(plan: Plan, examples: Sequence[str] = ()) -> str:
    """Write a plan.

    Args:
        plan: The plan.
        examples: Some of the rejects, a line each.
    """
    parts = (_source(plan), _rejects(plan, examples), _items(plan), _time(plan), _cost(plan), _larger(plan))
    return "\n\n".join("\n".join(map(shown, part)) for part in map(list, parts) if part)


def told_cost(cost: Cost) -> Iterator[str]:
    """Write a cost, a line each."""
    where = f" in {cost.region}" if cost.region else ""
    without = ", without the lines that are unknown" if cost.unknown and cost.usd is not None else ""
    yield f"Cost{where}: {dollars(cost.usd)}{without}"
    rows = [(one.service, one.what, quantity(one.quantity), dollars(one.usd), one.note) for one in cost.lines]
    yield from (f"  {line}" for line in _aligned(rows, "<<>><"))


def dollars(usd: float | None) -> str:
    """Write an amount; a small one is never told as none."""
    if usd is None:
        return "unknown"
    if usd == 0:
        return "$0"
    return f"${usd:,.2f}" if usd >= 10 else f"${usd:,.4f}" if usd >= 0.0001 else "< $0.0001"


def quantity(number: float | None) -> str:
    """Write a quantity."""
    if number is None:
        return "unknown"
    if number == int(number) or number >= 100:
        return f"{number:,.0f}"
    return f"{number:,.4f}" if number >= 0.0001 else "< 0.0001"


def duration(seconds: float) -> str:
    """Write a time as people say it."""
    if seconds < 100:
        return f"{seconds:,.1f} s" if seconds < 10 else f"{seconds:,.0f} s"
    minutes = seconds / 60
    return f"{minutes:,.0f} minutes" if minutes < 120 else f"{minutes / 60:,.1f} hours"


def size(number: float) -> str:
    """Write a number of bytes."""
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= step:
            return f"{number / step:,.1f} {unit}"
    return f"{number:,.0f} bytes"


def _source(plan: Plan) -> Iterator[str]:
    yield f"{plan.source_rows:,} rows, {size(plan.source_bytes)}; {size(plan.prepared_bytes)} for Step Functions"
    yield from (f"The run would stop before the upload: {one}" for one in plan.refusals)
    yield from plan.warnings


def _rejects(plan: Plan, examples: Sequence[str]) -> Iterator[str]:
    before, later = sum(plan.rejects_before_upload.values()), sum(plan.rejects.values())
    percent = 100 * (before + later) / plan.source_rows if plan.source_rows else 0.0
    yield f"Rejects: {before + later:,} ({percent:.2f} %)"
    if before:
        yield f"  by prepare, before the upload: {_counted(plan.rejects_before_upload)}"
    if later:
        yield f"  by the function: {_counted(plan.rejects)}"
    yield from (f"  {one}" for one in examples)
    if plan.rejects_file:
        yield f"  all of the function's: {plan.rejects_file}"


def _items(plan: Plan) -> Iterator[str]:
    deletions = f"Items to be deleted: {plan.deletions:,}, at most {plan.delete_units:,} write units"
    if not plan.written:
        yield "No row becomes an item."
        if plan.deletions:
            yield deletions
        return
    average = plan.item_bytes / plan.written
    yield (
        f"Items: {plan.written:,}, of {average:,.0f} bytes on average, the largest {plan.largest_item:,}; "
        f"{plan.write_units - plan.delete_units:,} write units"
    )
    most = max(step.items for step in plan.sizes)
    rows = [
        (f"up to {step.up_to:,} bytes", f"{step.items:,}", "#" * max(1, round(_BAR * step.items / most)))
        for step in plan.sizes
    ]
    yield from (f"  {line}" for line in _aligned(rows, ">><"))
    if plan.deletions:
        yield deletions


def _time(plan: Plan) -> Iterator[str]:
    if not plan.batches:
        return
    yield f"Map Run: {plan.batches:,} batches, about {duration(plan.map_run_seconds)}, bound by {plan.bound}"
    yield f"  the table alone would take {duration(plan.floor_seconds)} for the write units"
    yield f"The whole run: about {duration(plan.seconds)}, without the download"
    if plan.warmth is None:
        yield "Warm throughput: nothing to ask for, the table does not hold the run up"
    else:
        yield (
            f"Warm throughput: with table.warm_write_units = {plan.warmth.write_units:,} the Map Run takes about "
            f"{duration(plan.warmth.map_run_seconds)}; price, paid once: {dollars(plan.warmth.usd)}"
        )


def _cost(plan: Plan) -> Iterator[str]:
    yield from told_cost(plan.cost)
    if plan.fuller is not None:
        yield (
            f"With limits.rows_per_batch = {plan.fuller.rows_per_batch:,}, bound by bytes alone: "
            f"{plan.fuller.batches:,} batches, {dollars(plan.fuller.usd)}"
        )


def _larger(plan: Plan) -> Iterator[str]:
    if not plan.larger:
        return
    yield "The same for larger files of the kind:"
    rows = [("times", "rows", "write units", "files", "Map Run", "table alone", "cost", "writes alone", "bound by")]
    rows += [
        (
            f"{one.times:,}",
            f"{one.rows:,}",
            f"{one.write_units:,}",
            f"{one.files:,}",
            duration(one.map_run_seconds),
            duration(one.floor_seconds),
            dollars(one.usd),
            dollars(one.usd_of_writes),
            one.bound,
        )
        for one in plan.larger
    ]
    yield from (f"  {line}" for line in _aligned(rows, ">>>>>>>><"))


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {code}" for code, count in counts.items())


def _aligned(rows: Sequence[Sequence[str]], sides: str) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True))
        yield "  ".join(cells).rstrip()
