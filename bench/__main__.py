"""Measurements: ``python -m bench prepare``, or another name of ``python -m bench --help``.

Each prints a table and leaves its runs in ``build/bench``. ``all`` makes those of ``bench/RESULTS.md`` one after
another and writes the page; ``results`` writes it from what there is.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CalledProcessError

from bench import (
    changed_bench,
    describe_bench,
    handler_bench,
    load_bench,
    memory_bench,
    page_bench,
    parse_bench,
    prepare_bench,
    profile_bench,
    refresh_bench,
    rejects_bench,
    scale,
    throttled_bench,
    verify_bench,
    whole_bench,
)
from bench.results import PAGE, write_results
from commands.build_lock import alone_in_build
from commands.project import say
from commands.shell import leave_shell

DEFAULT_RUNS = 5
Options = argparse.Namespace


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line names.

    Returns:
        The exit status: 1 if a measurement of ``all`` failed.
    """
    options = _parser().parse_args(arguments)
    leave_shell()
    with alone_in_build(f"python -m bench {options.what}"):
        if options.what == "all":
            return _measure_all(options)
        if options.what == "results":
            write_results()
            say(f"The results are in {PAGE}.")
        else:
            _MEASUREMENTS[options.what](options)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, print a table, write build/bench.")
    commands = parser.add_subparsers(dest="what", required=True)
    every = commands.add_parser("all", help="all that bench/RESULTS.md has, one after another")
    every.add_argument(
        "--rows",
        type=int,
        default=load_bench.DEFAULT_ROWS,
        help="most rows of any run of the DAG (default: %(default)s)",
    )
    every.add_argument("--bytes", type=int, default=prepare_bench.DEFAULT_BYTES, help="of prepare's file")
    every.add_argument("--source", type=Path, help="a file of the data set ev_population, to be migrated as a whole")
    commands.add_parser("results", help="write bench/RESULTS.md from what was measured")
    handler = commands.add_parser("handler", help="the function's rows a CPU second, beside other ways to write them")
    handler.add_argument("--rows", type=int, default=handler_bench.DEFAULT_ROWS, help="rows (default: %(default)s)")
    profile = commands.add_parser("profile", help="where the function's CPU goes")
    profile.add_argument("--rows", type=int, default=handler_bench.DEFAULT_ROWS, help="rows (default: %(default)s)")
    memory = commands.add_parser("memory", help="the function's memory, by the rows of a batch")
    prepare = commands.add_parser("prepare", help="prepare beside Python's csv module, DuckDB's plain read and wc -l")
    describe = commands.add_parser("describe", help="make describe beside DuckDB's SUMMARIZE")
    for command, default in ((prepare, prepare_bench.DEFAULT_BYTES), (describe, describe_bench.DEFAULT_BYTES)):
        size = command.add_mutually_exclusive_group()
        size.add_argument("--rows", type=int, help="rows of the generated file")
        size.add_argument("--bytes", type=int, help=f"its bytes (default: {default:,})")
    whole = commands.add_parser("whole", help="a whole file through the DAG, beside AWS SDK for pandas' put_csv")
    checked = commands.add_parser("verify", help="the check of a whole table, beside the Map Run that wrote it")
    for command, rows in ((whole, whole_bench.DEFAULT_ROWS), (checked, verify_bench.DEFAULT_ROWS)):
        of = command.add_mutually_exclusive_group()
        of.add_argument("--rows", type=int, default=rows, help="rows (default: %(default)s)")
        of.add_argument("--source", type=Path, help="or a file of the data set ev_population")
    load = commands.add_parser("load", help="the whole DAG on the embedded AWS: every row, and how much memory")
    load.add_argument(
        "--rows",
        type=int,
        nargs="+",
        default=[load_bench.DEFAULT_ROWS],
        help="rows, of each file (default: %(default)s)",
    )
    parse = commands.add_parser("parse", help="the parse of dags/ beyond importing Airflow")
    for command in (every, handler, profile, memory, prepare, describe, whole, load, parse):
        runs = 1 if command is load else DEFAULT_RUNS
        command.add_argument("--runs", type=int, default=runs, help="runs of each (default: %(default)s)")
    rejects = commands.add_parser("rejects", help="the outcome of a run that rejects five rows of six: how much memory")
    rejects.add_argument("--rows", type=int, default=rejects_bench.DEFAULT_ROWS, help="rows (default: %(default)s)")
    changed = commands.add_parser(
        "changed", help="what a file changes beside the run before: how long, how much memory"
    )
    changed.add_argument("--rows", type=int, default=changed_bench.DEFAULT_ROWS, help="rows (default: %(default)s)")
    refresh = commands.add_parser("refresh", help="a file and its next version, of which only what changed is written")
    refresh.add_argument("--rows", type=int, default=refresh_bench.DEFAULT_ROWS, help="rows (default: %(default)s)")
    throttled = commands.add_parser("throttled", help="the whole DAG with a table that throttles, beside its floor")
    throttled.add_argument("--rows", type=int, default=throttled_bench.DEFAULT_ROWS, help="rows (default: %(default)s)")
    throttled.add_argument(
        "--units",
        type=int,
        default=throttled_bench.DEFAULT_UNITS,
        help="write units a second that the table takes at first (default: %(default)s)",
    )
    throttled.add_argument(
        "--growth-seconds",
        type=int,
        default=throttled_bench.DEFAULT_GROWTH_SECONDS,
        help="after how long it takes twice its peak (default: %(default)s)",
    )
    page = commands.add_parser("page", help="the Migrations page's requests, of many runs")
    page.add_argument("--datasets", type=int, default=page_bench.DEFAULT_DATASETS, help="(default: %(default)s)")
    page.add_argument("--runs", type=int, default=page_bench.DEFAULT_RUNS, help="of each (default: %(default)s)")
    simulated = commands.add_parser("scale", help="simulated Map Runs of up to a billion rows, beside their plans")
    simulated.add_argument("--unchecked", action="store_true", help="without the measured runs that it is held to")
    return parser


def _size(options: Options, default: int) -> dict[str, int | None]:
    """Give rows or bytes: the default where neither is said."""
    rows, size = options.rows, options.bytes
    return {"rows": rows, "size": size if rows is not None or size is not None else default}


_MEASUREMENTS: dict[str, Callable[[Options], object]] = {
    "handler": lambda options: handler_bench.run(options.rows, options.runs),
    "profile": lambda options: profile_bench.run(options.rows, options.runs),
    "memory": lambda options: memory_bench.run(options.runs),
    "prepare": lambda options: prepare_bench.run(**_size(options, prepare_bench.DEFAULT_BYTES), runs=options.runs),
    "describe": lambda options: describe_bench.run(**_size(options, describe_bench.DEFAULT_BYTES), runs=options.runs),
    "whole": lambda options: whole_bench.run(options.rows, options.source, options.runs),
    "load": lambda options: load_bench.run(options.rows, options.runs),
    "parse": lambda options: parse_bench.run(options.runs),
    "verify": lambda options: verify_bench.run(options.rows, options.source),
    "rejects": lambda options: rejects_bench.run(options.rows),
    "changed": lambda options: changed_bench.run(options.rows),
    "refresh": lambda options: refresh_bench.run(options.rows),
    "throttled": lambda options: throttled_bench.run(options.rows, options.units, options.growth_seconds),
    "page": lambda options: page_bench.run(options.datasets, options.runs),
    "scale": lambda options: scale.run(checked=not options.unchecked),
}


def _measure_all(options: Options) -> int:
    """Make every measurement of the page, and write it; what fails is missing in it."""
    rows, runs = options.rows, options.runs
    few, whole = min(rows, handler_bench.DEFAULT_ROWS), min(rows, whole_bench.DEFAULT_ROWS)
    measurements: Sequence[Callable[[], object]] = (
        lambda: handler_bench.run(few, runs),
        lambda: profile_bench.run(few, runs),
        lambda: memory_bench.run(runs),
        lambda: prepare_bench.run(size=options.bytes, runs=runs),
        lambda: parse_bench.run(runs),
        lambda: whole_bench.run(whole, options.source, runs),
        lambda: load_bench.run([rows // 100, rows // 10, rows], runs),
    )
    status = 0
    for measure in measurements:
        try:
            measure()
        except (SystemExit, CalledProcessError) as end:
            say(str(end))
            status = 1
    write_results()
    say(f"The results are in {PAGE}.")
    return status


if __name__ == "__main__":
    raise SystemExit(main())
