"""``make chaos``: a campaign of runs under faults; the exit status is 0 only if not one row was lost.

Each run's rows and faults follow from the seed and the run's number alone: ``--only`` repeats one of them.
"""

import argparse
import contextlib
import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from commands.project import make_command
from commands.shell import leave_shell
from tests.chaos.campaign import Campaign
from tests.chaos.oracle import LostRowError
from tests.chaos.summary import Summary
from tests.support.cheap_clients import make_clients_cheap
from tests.support.forked import TaskHost
from tests.support.stacks import Stacks

_TOLD_EVERY = 10


def main() -> None:
    """Run the campaign and print what it saw."""
    arguments = parse()
    leave_shell()
    make_clients_cheap()
    summary = run(arguments)
    print(summary.text())
    if arguments.summary:
        arguments.summary.write_text(json.dumps(summary.to_json(), indent=2) + "\n", encoding="utf-8")


def run(arguments: argparse.Namespace, host: TaskHost | None = None) -> Summary:
    """Run the campaign.

    Args:
        arguments: Those of the command line.
        host: As of `Campaign`.
    """
    numbers = [arguments.only] if arguments.only is not None else range(arguments.runs)
    print(f"seed {arguments.seed}", flush=True)
    if arguments.stream is not None:
        numbers = numbers[arguments.stream :: arguments.streams]
    streams = min(arguments.streams, len(numbers)) if arguments.stream is None else 1
    return _side_by_side(arguments, streams) if streams > 1 else _one_after_the_other(arguments, numbers, host)


def _one_after_the_other(arguments: argparse.Namespace, numbers: "list[int] | range", host: TaskHost | None) -> Summary:
    drawn = (arguments.seed, arguments.through_airflow, arguments.verbose, arguments.versions)
    with _stacks(arguments) as stacks, Campaign(stacks, *drawn, host) as campaign:
        for ended, number in enumerate(numbers, 1):
            try:
                campaign.run(number)
            except Exception as error:
                print(f"again: {again(arguments, number)}", flush=True)
                if isinstance(error, LostRowError):
                    sys.exit(str(error))
                raise
            if ended % _TOLD_EVERY == 0:
                print(f"{ended:,} of {len(numbers):,} runs, {campaign.summary.seconds:,.0f} s", flush=True)
        return campaign.summary


def again(arguments: argparse.Namespace, number: int) -> str:
    """Write the command that repeats one run."""
    through_airflow = "1" if arguments.through_airflow else ""
    versions = str(arguments.versions) if arguments.versions else ""
    return make_command(
        "chaos", SEED=arguments.seed, ONLY=str(number), THROUGH_AIRFLOW=through_airflow, VERSIONS=versions
    )


def _side_by_side(arguments: argparse.Namespace, streams: int) -> Summary:
    """Divide the runs among several processes, each with an embedded AWS of its own: most of a run is waiting."""
    with _stacks(arguments) as stacks, tempfile.TemporaryDirectory(prefix="csvdynamo-chaos-") as folder:
        files = [Path(folder) / f"{number}.json" for number in range(streams)]
        shared = ["--runs", str(arguments.runs), "--seed", arguments.seed, "--streams", str(streams)]
        shared += ["--versions", str(arguments.versions), "--stacks", str(stacks.folder)]
        shared += [option for option in ("--verbose", "--through-airflow") if option in sys.argv]
        commands = [
            [sys.executable, "-m", "tests.chaos", *shared, "--stream", str(number), "--summary", str(file)]
            for number, file in enumerate(files)
        ]
        processes = [subprocess.Popen(command) for command in commands]
        failed = [process.args for process in processes if process.wait()]
        if failed:
            sys.exit(f"seed {arguments.seed}: {len(failed)} of {streams} streams failed, see above")
        return sum((Summary.from_json(json.loads(file.read_text())) for file in files), Summary())


@contextlib.contextmanager
def _stacks(arguments: argparse.Namespace) -> Iterator[Stacks]:
    """Give the stacks that are deployed already, or deploy them."""
    if arguments.stacks:
        yield Stacks.deployed(arguments.stacks)
        return
    with tempfile.TemporaryDirectory(prefix="csvdynamo-stacks-") as folder:
        yield Stacks.deployed(Path(folder) / "stacks")


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line, and draw a seed where it names none."""
    parser = argparse.ArgumentParser(prog="make chaos", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=60, help="how many runs (default: %(default)s)")
    parser.add_argument("--seed", help="repeat the campaign of that seed (default: a new one)")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="repeat one run of the campaign")
    parser.add_argument("--streams", type=int, default=1, help="how many go on side by side (default: %(default)s)")
    parser.add_argument("--through-airflow", action="store_true", help="run the DAG by airflow dags test: slower")
    parser.add_argument(
        "--versions", type=int, default=0, help="each run is a chain, of so many versions of its source (default: none)"
    )
    parser.add_argument("--stacks", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--stream", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--summary", type=Path, help="write the summary there as JSON")
    parser.add_argument("--verbose", action="store_true", help="print the tasks' logs, too")
    arguments = parser.parse_args(words)
    arguments.seed = arguments.seed or secrets.token_hex(4)
    return arguments


if __name__ == "__main__":
    main()
