"""Measurements: ``python -m bench prepare [--rows N | --bytes N]`` and ``python -m bench load [--rows N]``."""

import argparse
from collections.abc import Sequence

from bench import load_bench, prepare_bench


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure, print a table, write build/bench.")
    commands = parser.add_subparsers(dest="what", required=True)
    prepare = commands.add_parser("prepare", help="prepare beside Python's csv module and DuckDB's plain read")
    size = prepare.add_mutually_exclusive_group()
    size.add_argument("--rows", type=int, help="rows of the generated file")
    size.add_argument("--bytes", type=int, help=f"its bytes (default: {prepare_bench.DEFAULT_BYTES:,})")
    load = commands.add_parser("load", help="the whole DAG on the embedded AWS: every row, and how much memory")
    load.add_argument("--rows", type=int, default=load_bench.DEFAULT_ROWS, help="rows (default: %(default)s)")
    options = parser.parse_args(arguments)
    if options.what == "load":
        load_bench.run(options.rows)
    elif options.rows is not None:
        prepare_bench.run(rows=options.rows)
    else:
        prepare_bench.run(size=prepare_bench.DEFAULT_BYTES if options.bytes is None else options.bytes)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
