"""A run of the DAG by `airflow dags test`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.support.forked import TaskHost

_SECONDS = 900


@dataclass
class AirflowRun:
    """One run of a data set's DAG.

    Attributes:
        host: What runs the command.
        dataset: The data set's name.
        date: What its run id is made of.
        source: The path of its source.
        environment: Airflow's settings, and the AWS connection.
        find_report: Finds the key of the report in the bucket that was written last, and when it was.
        problems_of: Reads a report's problems.
        green: Whether the command said so.
        retries: Attempts of tasks that failed and were followed by another.
    """

    host: TaskHost
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
        running = self.host.fork(
            "airflow",
            arguments=["dags", "test", f"csvdynamo_{self.dataset}", self.date, "--conf", conf],
            environment=dict(self.environment),
            fixed_run_id=True,
            no_waiting=False,
        )
        self.green = running.wait(_SECONDS)["status"] == 0
        self._output = running.log.read_text(encoding="utf-8", errors="replace")
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
