"""Runs for the browser to look at, triggered through Airflow's API: what is looked at is what they left."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commands.airflow_api import Api, ScheduledRun
from commands.sample import write_sample
from tests.browser.make_ui import MakeUi
from tests.browser.sources import HOSTILE, write_vehicles

_RUN_SECONDS = 1_800.0
_BASE = 600_000_000


@dataclass(frozen=True)
class EndedRun:
    """A run that has ended.

    Attributes:
        dag_id: Its DAG.
        run_id: Its id.
        report: What it reported.
        key: The report's key in the bucket.
    """

    dag_id: str
    run_id: str
    report: dict[str, Any]
    key: str

    def beside(self, name: str) -> str:
        """Name an object beside the report."""
        return f"{self.key.rpartition('/')[0]}/{name}"


@dataclass
class EndedRuns:
    """Makes runs, each once.

    Attributes:
        ui: The ``make ui`` that runs them.
        api: Airflow's API there.
        dag_id: Their DAG.
    """

    ui: MakeUi
    api: Api
    dag_id: str
    _made: dict[str, EndedRun] = field(default_factory=dict)

    def of(self, kind: str) -> EndedRun:
        """Give the run of a kind.

        Args:
            kind: ``green``, the sample; ``changed``, a header that lacks a column; ``hostile``, rejects whose cells
                are to harm who looks at them; ``red``, whose result files lost a row.
        """
        if kind not in self._made:
            make: dict[str, Callable[[], EndedRun]] = {
                "green": self.green,
                "changed": self._changed,
                "hostile": self._hostile,
                "red": self._red,
            }
            self._made[kind] = make[kind]()
        return self._made[kind]

    def ended(self, run: ScheduledRun, state: str) -> EndedRun:
        """Wait for the end of a run, and read what it left."""
        assert run.await_end(_RUN_SECONDS) == state, run.tasks()
        told = run.told("report")
        return EndedRun(self.dag_id, run.run_id, json.loads(self.ui.object(told["key"])), told["key"])

    def trigger(self, source: Path) -> ScheduledRun:
        """Trigger a run."""
        return ScheduledRun.trigger(self.api, self.dag_id, str(source))

    def green(self) -> EndedRun:
        """Make one more run of the sample, which has eight rejects."""
        sample = write_sample(self._source("sample"), 1000, seed=3)
        return self.ended(self.trigger(sample.path), "success")

    def _changed(self) -> EndedRun:
        source = write_vehicles(self._source("changed"), range(_BASE, _BASE + 300), without=["Base MSRP"])
        return self.ended(self.trigger(source), "success")

    def _hostile(self) -> EndedRun:
        cells = {number: {"Model Year": cell} for number, cell in enumerate(HOSTILE, 100)}
        source = write_vehicles(self._source("hostile"), range(_BASE + 1000, _BASE + 1300), cells)
        return self.ended(self.trigger(source), "success")

    def _red(self) -> EndedRun:
        """Let a batch's answer speak of a row less than it wrote, and account for the run again."""
        source = write_vehicles(self._source("red"), range(_BASE + 2000, _BASE + 2300))
        run = self.trigger(source)
        execution = self.ended(run, "success").report["execution_arn"].rpartition(":")[2]
        s3, bucket = self.ui.client("s3"), self.ui.outputs["SourceBucket"]
        [key] = [
            one["Key"]
            for one in s3.list_objects_v2(Bucket=bucket, Prefix=f"results/{execution}/")["Contents"]
            if "SUCCEEDED" in one["Key"]
        ]
        first, *others = self.ui.object(key).decode().splitlines()
        answer = json.loads(first)
        answer["NUMBER_OF_ITEMS_WRITTEN"] -= 1
        s3.put_object(Bucket=bucket, Key=key, Body="\n".join([json.dumps(answer), *others]).encode())
        run.clear("fetch_error_files", downstream=True)
        return self.ended(run, "failed")

    def _source(self, name: str) -> Path:
        return self.ui.sources / f"{name}.csv"
