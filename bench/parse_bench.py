"""How long a processor works to parse ``dags/`` beyond importing Airflow: the DAG processor does it again and again."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from bench.measured import measuring
from bench.table import Spread, Table
from commands.project import DATASETS, ROOT, say
from csvdynamo_airflow.settings import DATASETS_FOLDER
from local_aws.inherited import from_shell

NAME = "parse"


@dataclass(frozen=True)
class ParseRun:
    """One parse, in a process of its own.

    Attributes:
        airflow_cpu_seconds: CPU of importing Airflow, and of parsing a DAG of its own.
        cpu_seconds: CPU of parsing ``dags/`` after it.
    """

    airflow_cpu_seconds: float
    cpu_seconds: float


def run(runs: int) -> None:
    """Parse ``dags/`` again and again, and print a table.

    Args:
        runs: How often.
    """
    with measuring(NAME, runs=runs) as measured:
        say("A parse of dags/ …")
        for turn in range(runs):
            folder = measured.folder / str(turn)
            folder.mkdir()
            environment = {
                **from_shell(os.environ),
                "PYTHONPATH": os.environ["PYTHONPATH"],
                "AIRFLOW_HOME": str(folder),
                "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
                DATASETS_FOLDER: str(DATASETS),
            }
            command = [sys.executable, "-m", "bench.dags_parse", str(folder)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment, cwd=ROOT, text=True)
            measured.runs.append(ParseRun(**json.loads(done.stdout.splitlines()[-1])))
    print(table(measured.runs).aligned())


def table(runs: Sequence[ParseRun]) -> Table:
    """Set the two beside each other."""
    return Table(
        ("what", "CPU seconds"),
        [
            ("Airflow's import, and a DAG of its own", Spread.of(one.airflow_cpu_seconds for one in runs).told(".2f")),
            ("`dags/` after it", Spread.of(one.cpu_seconds for one in runs).told(".2f")),
        ],
    )
