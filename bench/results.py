"""Writes ``bench/RESULTS.md`` from what the measurements left. What was not measured is said to be missing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import handler_bench, load_bench, memory_bench, parse_bench, prepare_bench, profile_bench, whole_bench
from bench.aims import AIMS, Verdict, judge
from bench.dag_run import DagRun
from bench.measured import Measured, read_measured
from bench.table import Table

PAGE = Path(__file__).with_name("RESULTS.md")
_INTRODUCTION = """# What `make bench` measured

Written by `make bench`, or by `python -m bench results` from what was measured before. Each figure is the median of
its runs, with the least and the most in brackets. [docs/performance.md](../docs/performance.md) says how it is
measured, and why it is so."""


@dataclass(frozen=True)
class Part:
    """A part of the page.

    Attributes:
        name: The measurement's.
        title: The part's.
        told: What its tables show.
        tables: Makes them of the measurement's runs.
    """

    name: str
    title: str
    told: str
    tables: Callable[[Sequence[Mapping[str, Any]]], Sequence[Table]]


PARTS = (
    Part(
        handler_bench.NAME,
        "The function, beside other ways",
        "The same rows, 250 a batch, to a sink that answers each call after so long. The handler has all rules of the "
        "data set file; the client's items are ready before.",
        lambda runs: [handler_bench.table([handler_bench.WayRun(**one) for one in runs])],
    ),
    Part(
        profile_bench.NAME,
        "Where the function's CPU goes",
        "Its three largest costs by Python's own profiler: modules, with the functions of C that they called. The "
        "profiler makes calls dear: a module of many small calls has a smaller share than this.",
        lambda runs: [profile_bench.table([profile_bench.ProfileRun(**one) for one in runs])],
    ),
    Part(
        memory_bench.NAME,
        "The function's memory",
        "Twice what its process held is what follows. More is configured for the processor: Lambda gives a share "
        "of one with the memory, which cannot be measured here.",
        lambda runs: [memory_bench.table([memory_bench.SizeRun(**one) for one in runs])],
    ),
    Part(
        prepare_bench.NAME,
        "prepare, beside plain reads",
        "The same generated file, in the page cache for all. DuckDB leaves out rows of the wrong width, and `wc -l` "
        "counts line breaks in cells, too.",
        lambda runs: [prepare_bench.table([prepare_bench.Measurement(**one) for one in runs])],
    ),
    Part(
        whole_bench.NAME,
        "A whole file, beside AWS SDK for pandas",
        "The same rows into two tables of the same embedded AWS, which is an emulator in Python on the same cores: the "
        "seconds of either are mostly its own.",
        lambda runs: _whole_tables([whole_bench.run_of(one) for one in runs]),
    ),
    Part(
        load_bench.NAME,
        "Growth",
        "The real DAG on more and more rows, each file on an embedded AWS of its own. A worker may hold "
        f"{load_bench.WORKER_LIMIT_BYTES / 1e6:,.0f} MB.",
        lambda runs: _load_tables([DagRun(**one) for one in runs]),
    ),
    Part(
        parse_bench.NAME,
        "A parse of dags/",
        "CPU seconds of a process that has nothing else to do.",
        lambda runs: [parse_bench.table([parse_bench.ParseRun(**one) for one in runs])],
    ),
)


def write_results() -> None:
    """Write the page from what there is."""
    PAGE.write_text(results({part.name: read_measured(part.name) for part in PARTS}), encoding="utf-8")


def results(measured: Mapping[str, Measured | None]) -> str:
    """Make the page.

    Args:
        measured: Each part's measurement; None: it was not made.
    """
    blocks = [_INTRODUCTION, *_machines(measured), _made(measured).markdown(), *_aims(measured)]
    for part in PARTS:
        blocks.append(f"## {part.title}")
        found = measured[part.name]
        if found is None:
            blocks.append(f"**Not measured**: `python -m bench {part.name}`.")
        else:
            blocks += [part.told, *(table.markdown() for table in part.tables(found.runs))]
    return "\n\n".join(blocks) + "\n"


def _machines(measured: Mapping[str, Measured | None]) -> Iterator[str]:
    """Tell each machine, and what was measured there if it was not all."""
    machines: dict[str, list[str]] = {}
    for name, found in measured.items():
        if found is not None:
            machines.setdefault(found.machine.told(), []).append(name)
    for told, names in machines.items():
        yield f"{told}." if len(machines) == 1 else f"{', '.join(names)}: {told}."


def _made(measured: Mapping[str, Measured | None]) -> Table:
    lines = [
        (
            name,
            "not measured" if found is None else f"{found.at} UTC",
            "" if found is None else ", ".join(_asked(found.asked)),
            "" if found is None or found.load is None else f"{found.load:.1f}",
        )
        for name, found in measured.items()
    ]
    return Table(("measurement", "began", "of", "load average before"), lines)


def _asked(asked: Mapping[str, Any]) -> Iterator[str]:
    for name, value in asked.items():
        if value is not None:
            values = value if isinstance(value, list) else [value]
            yield f"{name} {' and '.join(f'{one:,}' if isinstance(one, int) else str(one) for one in values)}"


def _aims(measured: Mapping[str, Measured | None]) -> Iterator[str]:
    verdicts = [judge(aim, measured[aim.part]) for aim in AIMS]
    yield "## Aims"
    yield Table(
        ("aim", "measured", "verdict"), [(one.aim.sentence, one.figure, one.told) for one in verdicts]
    ).markdown()
    missed = [_shortfall(one) for one in verdicts if one.reached is False]
    if missed:
        yield "\n".join(missed)


def _shortfall(verdict: Verdict) -> str:
    aim = verdict.aim
    return f"- *{aim.sentence}*: {verdict.figure}. Tried: {aim.tried} What it would take: {aim.would_take}"


def _load_tables(runs: Sequence[DagRun]) -> list[Table]:
    by_task = load_bench.task_table(runs)
    return [load_bench.table(runs), *([by_task] if by_task.rows else [])]


def _whole_tables(runs: Sequence[whole_bench.WholeRun]) -> list[Table]:
    return [whole_bench.table(runs), whole_bench.steps(runs)]
