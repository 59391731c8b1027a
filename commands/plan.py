"""``make plan``: what a run would do with a CSV: rejects, write units, minutes and cost, before anything is written."""

import argparse
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from commands.fetched_source import fetch_source
from commands.planned_source import plan_source
from commands.progress import Progress
from commands.project import DEFAULT_DATASET, fail, find_dataset, say, stop_like_ctrl_c
from commands.reading_only import ending_in_a_sentence
from commands.shell import leave_shell
from csvdynamo_airflow.costs.prices import Prices, known_prices
from csvdynamo_airflow.planning.plan_text import told_plan

DEFAULT_REGION = "us-east-1"


def main(words: Sequence[str] | None = None) -> int:
    """Plan a run; the exit status is 0 if it would not be refused before the upload."""
    arguments = parse(words)
    leave_shell()
    stop_like_ctrl_c()
    if not arguments.source:
        fail("Name the CSV: make plan SOURCE=path-or-https-url [DATASET=ev_population]")
    dataset = find_dataset(arguments.dataset)
    with ending_in_a_sentence():
        prices = _prices(arguments.prices)
        progress = Progress()
        with tempfile.TemporaryDirectory(prefix="csvdynamo-plan-") as made:
            path = fetch_source(arguments.source, Path(made), lambda done, total: progress("fetched", done, total))
            plan, examples = plan_source(path, dataset, prices, arguments.region, folder=Path(made), tell=progress)
    say(told_plan(plan, examples))
    return 1 if plan.refusals else 0


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make plan", description=main.__doc__)
    parser.add_argument("--source", default="", help="path or https URL of the CSV")
    parser.add_argument("--dataset", default=DEFAULT_DATASET, help="which file of datasets/ (default: %(default)s)")
    parser.add_argument("--prices", default="", help="a file of prices that take the place of those known (TOML)")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION
    parser.add_argument("--region", default=region, help="the Region whose prices count (default: %(default)s)")
    return parser.parse_args(words)


def _prices(own: str) -> Prices:
    """Read the prices; one's own take the place of those that come with csvdynamo."""
    return Prices.read(Path(own).expanduser()).over(known_prices()) if own else known_prices()


if __name__ == "__main__":
    raise SystemExit(main())
