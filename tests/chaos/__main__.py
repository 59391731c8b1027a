"""``make chaos``: a campaign of runs under faults; the exit status is 0 only if not one row was lost."""

import argparse
import json
import logging
import secrets
import sys
from pathlib import Path

from tests.chaos.campaign import LostRowError, Summary, run_campaign

_TOLD_EVERY = 20


def main() -> None:
    """Run the campaign and print what it saw."""
    arguments = _arguments()
    print(f"seed {arguments.seed}: again with make chaos RUNS={arguments.runs} SEED={arguments.seed}", flush=True)

    def tell(number: int, summary: Summary) -> None:
        if number % _TOLD_EVERY == 0:
            faults = sum(summary.faults.values())
            print(f"{number:,} of {arguments.runs:,} runs, {faults:,} faults, {summary.seconds:,.0f} s", flush=True)

    logging.getLogger("csvdynamo_airflow").setLevel(logging.INFO if arguments.verbose else logging.CRITICAL)
    try:
        summary = run_campaign(arguments.seed, arguments.runs, tell)
    except LostRowError as error:
        sys.exit(f"seed {arguments.seed}: {error}")
    print(summary.text())
    if arguments.summary:
        arguments.summary.write_text(json.dumps(summary.to_json(), indent=2) + "\n", encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=60, help="how many runs (default: %(default)s)")
    parser.add_argument("--seed", default=None, help="repeat the campaign of that seed (default: a new one)")
    parser.add_argument("--summary", type=Path, help="write the summary there as JSON")
    parser.add_argument("--verbose", action="store_true", help="print the tasks' logs, too")
    arguments = parser.parse_args()
    arguments.seed = arguments.seed or secrets.token_hex(4)
    return arguments


if __name__ == "__main__":
    main()
