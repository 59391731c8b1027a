"""``make replay``: the rows that a run left out, once more, on the embedded AWS of ``make aws`` or ``make ui``."""

import argparse
import json
import subprocess
from collections.abc import Sequence

from commands.airflow_file import AIRFLOW_FILE
from commands.aws_file import kept_aws
from commands.beforehand import readable_source
from commands.local_source import local_settings
from commands.project import DEFAULT_DATASET, fail, find_dataset, make_command, say, stop_like_ctrl_c
from commands.shell import leave_shell
from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.naming import dag_id_of

# The file is for a shell to read; what the DAG may read besides comes after what it says.
_WITH_THE_FILE = '. "$0" && exec env "$@"'


def main() -> None:
    """Replay the rows that a run left out: its rejects.csv as it is, or the corrected one."""
    arguments = parse()
    leave_shell()
    dataset = find_dataset(arguments.dataset)
    conf = configuration(arguments, dataset)
    if kept_aws() is None or not AIRFLOW_FILE.exists():
        told = json.dumps(conf, ensure_ascii=False)
        fail(
            f"No embedded AWS of this checkout runs: start one with {make_command('aws', DATASET=dataset.name)}, or "
            f"with make ui. Elsewhere, trigger the DAG {dag_id_of(dataset.name)} with {told}."
        )
    stop_like_ctrl_c()
    say(f"Running the DAG {dag_id_of(dataset.name)}: the rows that the run {arguments.run} left out …")
    settings = local_settings(conf["source_url"]) if arguments.source else {}
    words = [*(f"{name}={value}" for name, value in settings.items()), "airflow", "dags", "test"]
    words += [dag_id_of(dataset.name), "--conf", json.dumps(conf)]
    if subprocess.run(["/bin/sh", "-c", _WITH_THE_FILE, str(AIRFLOW_FILE), *words], check=False).returncode:
        fail("The replay is not green: see the lines before this one.")


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
