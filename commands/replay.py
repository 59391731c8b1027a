"""``make replay``: the rows that a run left out, once more, as a run of its own, and prints its report."""

import argparse
from collections.abc import Sequence

from commands.beforehand import readable_source
from commands.local_source import local_settings
from commands.project import BUILD, DEFAULT_DATASET, fail, find_dataset
from commands.shell import leave_shell
from commands.triggered_run import TriggeredRun
from csvdynamo.datasets.dataset import Dataset

REPLAY_LOG = BUILD / "replay.log"


def main() -> None:
    """Replay the rows that a run left out: its rejects.csv as it is, or the corrected one."""
    arguments = parse()
    leave_shell()
    dataset = find_dataset(arguments.dataset)
    conf = configuration(arguments, dataset)
    settings = local_settings(conf["source_url"]) if arguments.source else {}
    TriggeredRun(dataset, conf, f"Replaying the rows that run {arguments.run} left out", REPLAY_LOG, settings).make()


def configuration(arguments: argparse.Namespace, dataset: Dataset) -> dict[str, str]:
    """Make the parameters of the DAG run; end the command with a sentence where the source cannot be read."""
    if not arguments.run:
        fail("Name the run whose rows are to be replayed: make replay RUN=… It is the report's run_id.")
    source = readable_source(arguments.source, dataset) if arguments.source else dataset.source.url
    return {"source_url": source, "replay": arguments.run}


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make replay", description=main.__doc__)
    parser.add_argument("--run", default="", help="the DAG run's id, as its report tells it (run_id)")
    parser.add_argument("--source", default="", help="its corrected rejects.csv (default: the one that it left)")
    parser.add_argument("--dataset", default=DEFAULT_DATASET, help="which file of datasets/ (default: %(default)s)")
    return parser.parse_args(words)


if __name__ == "__main__":
    main()
