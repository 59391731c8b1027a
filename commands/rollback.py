"""``make rollback``: takes the last run of a data set back, as a run of its own, and prints its report."""

import argparse
from collections.abc import Sequence

from commands.project import BUILD, DEFAULT_DATASET, fail, find_dataset, make_command
from commands.shell import leave_shell
from commands.triggered_run import TriggeredRun

ROLLBACK_LOG = BUILD / "rollback.log"


def main() -> None:
    """Take a run back; the exit status is 0 only if every row is accounted for."""
    arguments = parse()
    leave_shell()
    dataset = find_dataset(arguments.dataset)
    if not arguments.run:
        fail(
            f"Say which run is to be taken back: {make_command('rollback', DATASET=dataset.name)} RUN=id. "
            "It is the report's run_id."
        )
    conf = {"rollback": arguments.run, "accept_source": arguments.accept, "dry_run": arguments.dry_run}
    TriggeredRun(dataset, conf, f"Taking run {arguments.run} back", ROLLBACK_LOG).make()


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make rollback", description=main.__doc__)
    parser.add_argument("--run", default="", help="the DAG run's id of the run that wrote last")
    parser.add_argument("--dataset", default=DEFAULT_DATASET, help="which file of datasets/ (default: %(default)s)")
    parser.add_argument("--accept", action="store_true", help="put back the rest where some items cannot be")
    parser.add_argument("--dry-run", action="store_true", help="tell what would be put back and taken away")
    return parser.parse_args(words)


if __name__ == "__main__":
    main()
