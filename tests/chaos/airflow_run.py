"""A run of the DAG by `airflow dags test`, in a process of its own; this module is its program, too."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from commands.project import PYTHON_PATH, ROOT

_SECONDS = 900


@dataclass
class AirflowRun:
    """One run of a data set's DAG.

    Attributes:
        dataset: The data set's name.
        date: What its run id is made of.
        source: The path of its source.
        environment: Airflow's settings, and the AWS connection.
        find_report: Finds the key of the report in the bucket that was written last, and when it was.
        problems_of: Reads a report's problems.
        green: Whether the command said so.
        retries: Attempts of tasks that failed and were followed by another.
    """

    dataset: str
    date: str
    source: str
    environment: Mapping[str, str]
    find_report: Callable[[], tuple[str, str] | None]
    problems_of: Callable[[str], list[str]]
    green: bool = False
    retries: int = 0
    report_key: str | None = None
    _output: str = ""

    def run(self) -> None:
        """Run the DAG to its end."""
        before = self.find_report()
        conf = json.dumps({"source_url": self.source})
        done = subprocess.run(
            [sys.executable, "-m", __name__, "dags", "test", f"csvdynamo_{self.dataset}", self.date, "--conf", conf],
            check=False,
            env={**self.environment, "PYTHONPATH": os.pathsep.join(map(str, [ROOT, *PYTHON_PATH]))},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
        )
        self.green, self._output = done.returncode == 0, done.stdout
        after = self.find_report()
        self.report_key = after[0] if after is not None and after != before else None
        failed_for_good = 0 if self.green else 1 + sum(text.startswith("Task ") for text in self.causes.values())
        self.retries += max(0, self._output.count("Task failed with exception") - failed_for_good)

    def run_again(self) -> None:
        """Run the same run again, every task of it."""
        self.run()

    @property
    def causes(self) -> dict[str, str]:
        """What the report names as problems; the command's last words without a report."""
        if self.green:
            return {}
        if self.report_key is None:
            return {"report": self._output[-2000:]}
        return {f"problem {number}": text for number, text in enumerate(self.problems_of(self.report_key), 1)}


if __name__ == "__main__":
    from tests.e2e.airflow_with_fixed_run_id import run_airflow
    from tests.support.hurry import short_waits

    with short_waits():
        run_airflow()
