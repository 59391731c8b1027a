"""Measurements, each ``[--rows N]``: ``python -m bench prepare``, or another name of ``python -m bench --help``."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import (
    describe_bench,
    handler_bench,
    load_bench,
    page_bench,
    prepare_bench,
    rejects_bench,
    scale,
    throttled_bench,
    verify_bench,
)
from commands.build_lock import alone_in_build
from commands.shell import leave_shell


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, print a table, write build/bench.")
    commands = parser.add_subparsers(dest="what", required=True)
    prepare = commands.add_parser("prepare", help="prepare beside Python's csv module and DuckDB's plain read")
    size = prepare.add_mutually_exclusive_group()
    size.add_argument("--rows", type=int, help="rows of the generated file")
    size.add_argument("--bytes", type=int, help=f"its bytes (default: {prepare_bench.DEFAULT_BYTES:,})")
    describe = commands.add_parser("describe", help="make describe beside DuckDB's SUMMARIZE")
    described = describe.add_mutually_exclusive_group()
    described.add_argument("--rows", type=int, help="rows of the generated file")
    described.add_argument("--bytes", type=int, help=f"its bytes (default: {describe_bench.DEFAULT_BYTES:,})")
    load = commands.add_parser("load", help="the whole DAG on the embedded AWS: every row, and how much memory")
    load.add_argument("--rows", type=int, default=load_bench.DEFAULT_ROWS, help="rows (default: %(default)s)")
    verify = commands.add_parser("verify", help="the check of a whole table, beside the Map Run that wrote it")
    checked = verify.add_mutually_exclusive_group()
    checked.add_argument("--rows", type=int, default=verify_bench.DEFAULT_ROWS, help="rows (default: %(default)s)")
    checked.add_argument("--source", type=Path, help="or a file of the data set ev_population")
    rejects = commands.add_parser("rejects", help="the outcome of a run that rejects five rows of six: how much memory")
    rejects.add_argument("--rows", type=int, default=rejects_bench.DEFAULT_ROWS, help="rows (default: %(default)s)")
    handler = commands.add_parser("handler", help="the function's rows a CPU second, beside other ways to write them")
    handler.add_argument("--rows", type=int, default=handler_bench.DEFAULT_ROWS, help="rows (default: %(default)s)")
    handler.add_argument("--runs", type=int, default=handler_bench.RUNS, help="runs of each (default: %(default)s)")
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
    options = parser.parse_args(arguments)
    leave_shell()
    with alone_in_build(f"python -m bench {options.what}"):
        _MEASUREMENTS[options.what](options)
    return 0


def _size(options: argparse.Namespace, default: int) -> dict[str, int | None]:
    """Give rows or bytes: the default where neither is said."""
    rows, size = options.rows, options.bytes
    return {"rows": rows, "size": size if rows is not None or size is not None else default}


_MEASUREMENTS: dict[str, Callable[[argparse.Namespace], object]] = {
    "prepare": lambda options: prepare_bench.run(**_size(options, prepare_bench.DEFAULT_BYTES)),
    "describe": lambda options: describe_bench.run(**_size(options, describe_bench.DEFAULT_BYTES)),
    "load": lambda options: load_bench.run(options.rows),
    "verify": lambda options: verify_bench.run(options.rows, options.source),
    "rejects": lambda options: rejects_bench.run(options.rows),
    "handler": lambda options: handler_bench.run(options.rows, options.runs),
    "throttled": lambda options: throttled_bench.run(options.rows, options.units, options.growth_seconds),
    "page": lambda options: page_bench.run(options.datasets, options.runs),
    "scale": lambda options: scale.run(checked=not options.unchecked),
}


if __name__ == "__main__":
    raise SystemExit(main())
