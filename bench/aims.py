"""What the measurements are to reach, judged by what they found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench import handler_bench, parse_bench, prepare_bench, whole_bench
from bench.dag_run import DagRun
from bench.handler_bench import WayRun
from bench.measured import Measured
from bench.prepare_bench import Measurement
from bench.table import Spread

Values = Callable[[Sequence[Mapping[str, Any]]], Sequence[float]]


@dataclass(frozen=True)
class Aim:
    """One aim.

    Attributes:
        sentence: What is to be reached.
        part: The measurement that it is judged by.
        bound: What the median is to be.
        values: Takes the figure of each run from the measurement's runs.
        tried: What was done to come so far.
        would_take: What it would take to reach it, as far as is known.
        at_least: Whether the bound is the least that is wanted, or the most.
        form: How the figure is written.
        unit: What follows it.
        full_size: How large the measured must be for the aim to be judged, by the measurement's runs; None: any.
    """

    sentence: str
    part: str
    bound: float
    values: Values
    tried: str
    would_take: str
    at_least: bool = False
    form: str = ".2f"
    unit: str = ""
    full_size: Callable[[Sequence[Mapping[str, Any]]], bool] | None = None


@dataclass(frozen=True)
class Verdict:
    """What became of an aim.

    Attributes:
        aim: The aim.
        figure: The median with its spread; empty if nothing was measured.
        reached: Whether the median is what it is to be; None: not measured, or not at the aim's size.
        told: The same in words.
    """

    aim: Aim
    figure: str
    reached: bool | None
    told: str


def judge(aim: Aim, measured: Measured | None) -> Verdict:
    """Judge an aim by the median of what was measured."""
    if measured is None:
        return Verdict(aim, "", None, "not measured")
    spread = Spread.of(aim.values(measured.runs))
    figure = spread.told(aim.form, aim.unit)
    if aim.full_size is not None and not aim.full_size(measured.runs):
        return Verdict(aim, figure, None, "not judged: it was measured with less than the aim is for")
    short = (aim.bound - spread.median if aim.at_least else spread.median - aim.bound) / aim.bound
    if short <= 0:
        return Verdict(aim, figure, True, "reached")
    return Verdict(aim, figure, False, f"**not reached**, by {short:.0%}")


def _handler_ratios(runs: Sequence[Mapping[str, Any]]) -> list[float]:
    return handler_bench.ratios([WayRun(**one) for one in runs], "handler", 0)


def _handler_rows_at_10_ms(runs: Sequence[Mapping[str, Any]]) -> list[float]:
    found = handler_bench.of_way([WayRun(**one) for one in runs], "handler", 10)
    return [one.rows / one.seconds for one in found]


def _ratios_at_10_ms(runs: Sequence[Mapping[str, Any]]) -> list[float]:
    known = [WayRun(**one) for one in runs]
    ours, theirs = (handler_bench.of_way(known, way, 10) for way in ("handler", handler_bench.BESIDE))
    return [one.rows / one.seconds * other.seconds / other.rows for one, other in zip(ours, theirs, strict=True)]


def _cold_starts(runs: Sequence[Mapping[str, Any]]) -> list[float]:
    found = handler_bench.of_way([WayRun(**one) for one in runs], "handler", 0)
    return [one.first_answer_cpu_seconds * 1000 for one in found]


def _prepare_to_csv(runs: Sequence[Mapping[str, Any]]) -> list[float]:
    known = [Measurement(**one) for one in runs]
    size = max(one.file_bytes for one in known)
    prepare, csv = (prepare_bench.of_reader(known, reader, size) for reader in ("prepare", prepare_bench.BESIDE))
    return prepare_bench.seconds_to(prepare, csv)


def _of_dag(seconds: Callable[[DagRun], float]) -> Values:
    return lambda runs: [seconds(DagRun(**one["dag"])) for one in runs]


def _is_the_registers_size(runs: Sequence[Mapping[str, Any]]) -> bool:
    return all(one["dag"]["rows"] >= whole_bench.DEFAULT_ROWS for one in runs)


AIMS = (
    Aim(
        "The function's rows a CPU second, with all rules and answers at once, to the sample's way: at least 5",
        part=handler_bench.NAME,
        bound=5,
        at_least=True,
        values=_handler_ratios,
        tried="[Decision 55](../docs/decisions/0055-the-functions-own-calls-of-batchwriteitem.md): a row becomes the "
        "text of its call, botocore's serializer, parser and connection are passed by.",
        would_take="A signature of our own would save a tenth, JSON without escapes some more.",
    ),
    Aim(
        "The function's rows a second, where a call takes 10 ms: at least 15,000",
        part=handler_bench.NAME,
        bound=15_000,
        at_least=True,
        values=_handler_rows_at_10_ms,
        form=",.0f",
        tried="All calls of a batch are sent before the first answer is read, so that a batch waits once.",
        would_take="A batch of 250 rows may then take 16.7 ms, 10 of them that wait: 6.7 ms of CPU for 250 rows, which "
        "is 37,500 rows a CPU second. A batch of 450, as the vehicles have them, needs 22,500.",
    ),
    Aim(
        # 15,000 to the 1,750 that the sample's way had on the machine where that was asked: not all are as fast.
        "The same, beside the sample's way in the same turn: at least 8.6",
        part=handler_bench.NAME,
        bound=8.6,
        at_least=True,
        values=_ratios_at_10_ms,
        tried="As for its rows a second.",
        would_take="As for its rows a second.",
    ),
    Aim(
        "CPU from before the function's imports to its first answer: at most 400 ms",
        part=handler_bench.NAME,
        bound=400,
        values=_cold_starts,
        form=",.0f",
        unit=" ms",
        tried="boto3's own imports are left out: the function has botocore's session alone.",
        would_take="Of what is left, botocore's import is two fifths, the function's own modules a quarter, and S3's "
        "client, which reads whose turn it is, a seventh: a signed GET of the function's own would save the last.",
    ),
    Aim(
        "prepare's seconds to those of Python's csv module, at 2 GB: at most 2.2",
        part=prepare_bench.NAME,
        bound=2.2,
        values=_prepare_to_csv,
        full_size=lambda runs: max(one["file_bytes"] for one in runs) >= prepare_bench.DEFAULT_BYTES,
        tried="Blocks of lines without a quote are never parsed; DuckDB makes profile and duplicate keys "
        "([where the time goes](../docs/performance.md#where-the-time-goes)).",
        would_take="Two thirds of the CPU is the streaming pass, in Python: a processor of its own for the profile "
        "meanwhile, or a pass that is compiled, which a set-up without a compiler rules out.",
    ),
    Aim(
        "Seconds of the tasks other than the Map Run's, for the register's rows: at most 8",
        part=whole_bench.NAME,
        bound=8,
        values=_of_dag(lambda one: one.other_task_seconds),
        form=".1f",
        unit=" s",
        full_size=_is_the_registers_size,
        tried="The table is compared by digests, in DuckDB; error files are awaited by identity.",
        would_take="The check reads each item, and so does the emulator that answers it on the same cores: see the "
        "task verify below.",
    ),
    Aim(
        "Seconds of `airflow dags test` other than the Map Run's, for the register's rows: at most 15",
        part=whole_bench.NAME,
        bound=15,
        values=_of_dag(lambda one: one.other_seconds),
        form=".1f",
        unit=" s",
        full_size=_is_the_registers_size,
        tried="Airflow's API is built for its own version alone, and the process ends without taking it apart.",
        would_take="What is left beside the tasks is Airflow's own: its import, its API's routes, and what it does "
        "between tasks.",
    ),
    Aim(
        "CPU seconds of parsing `dags/` beyond importing Airflow: at most 1",
        part=parse_bench.NAME,
        bound=1,
        values=lambda runs: [one["cpu_seconds"] for one in runs],
        unit=" s",
        tried="What is heavy is imported where it is used, which a test holds.",
        would_take="Fewer modules of the plugin at parse, the tasks' own imports moved into them.",
    ),
)
