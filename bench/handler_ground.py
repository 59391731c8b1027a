"""Where the function's writing is measured: the staged function, events of generated rows, and a sink that takes them.

A sink on the loopback interface answers every call, in a process of its own: what is measured is what each way does.
"""

import csv
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.handler_ways import TABLE
from commands.project import ROOT, fail, find_dataset
from commands.sample import SAMPLE_DATASET, write_sample
from csvdynamo_stack.asset import stage
from local_aws.access_key import AccessKey

ROWS_A_BATCH = 250
"""Of every batch, where its size is not what is measured."""


@dataclass(frozen=True)
class Events:
    """Events of batches.

    Attributes:
        path: A JSON file of their texts.
        rows: Rows of all of them.
        rows_a_batch: Of each, but the last.
    """

    path: Path
    rows: int
    rows_a_batch: int


def stage_function(folder: Path) -> Path:
    """Stage the function with the rules of its data set, as it is deployed; give its folder."""
    function = folder / "function"
    function.mkdir()
    stage(ROOT / "lambdas", find_dataset(SAMPLE_DATASET).rules, function)
    return function


def write_events(path: Path, rows: int, rows_a_batch: int) -> Events:
    """Write the events of generated rows, the faulty ones left out, each as JSON."""
    sample = write_sample(path.with_name("sample.csv"), rows)
    faulty = {fault.row for fault in sample.faults}
    with sample.path.open(encoding="utf-8", newline="") as file:
        header, *records = [record for record in csv.reader(file) if record]
    good = [
        {"_row": str(number), **dict(zip(header, record, strict=True))}
        for number, record in enumerate(records, 1)
        if number not in faulty
    ]
    batch_input = {"execution_name": "bench", "rules": ""}
    batches = [good[start : start + rows_a_batch] for start in range(0, len(good), rows_a_batch)]
    path.write_text(json.dumps([json.dumps({"BatchInput": batch_input, "Items": batch}) for batch in batches]))
    return Events(path, len(good), rows_a_batch)


@dataclass(frozen=True)
class Sink:
    """A running sink."""

    endpoint: str

    def measure(
        self, module: str, way: str, function: Path, events: Events, python: str = sys.executable
    ) -> dict[str, Any]:
        """Run a way; fail unless it wrote every row, by its own count and by the sink's.

        Args:
            module: What is run: it is given the way's name and the events' file, and prints a JSON object.
            way: The way's name.
            function: The staged function.
            events: What it writes, the first batch twice.
            python: The Python that has what the way imports.
        """
        before = self.told("rows")
        answer = self.run_way(module, way, function, events.path, python)
        written, came = answer.pop("written"), self.told("rows") - before - min(events.rows_a_batch, events.rows)
        if not written == came == events.rows:
            fail(f"{way} says that it wrote {written:,.0f} rows of {events.rows:,}, and {came:,.0f} came.")
        return answer

    def run_way(
        self, module: str, way: str, function: Path, events: Path, python: str = sys.executable
    ) -> dict[str, Any]:
        """Run a way in a process of its own, and give what it prints; several may run at once.

        Args:
            module: What is run, as in `measure`.
            way: The way's name.
            function: The staged function.
            events: The events' file.
            python: The Python that has what the way imports.
        """
        command, environment = [python, "-m", module, way, str(events)], _environment(function, self.endpoint)
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment, cwd=ROOT)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def told(self, what: str) -> float:
        """Ask it for its `rows` or `seconds`."""
        with urllib.request.urlopen(f"{self.endpoint}/{what}") as answer:
            return float(answer.read())


@contextmanager
def running_sink(delay_milliseconds: int, units: int | None = None) -> Iterator[Sink]:
    """Run a sink.

    Args:
        delay_milliseconds: How long it waits before each answer.
        units: Write units a second that it takes, if it is to throttle.
    """
    command = [sys.executable, "-m", "bench.write_sink", str(delay_milliseconds)]
    if units is not None:
        command.append(str(units))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        yield Sink(f"http://127.0.0.1:{process.stdout.readline().strip()}")
        process.communicate()


def _environment(function: Path, endpoint: str) -> dict[str, str]:
    key = AccessKey.drawn()
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join([str(function), str(ROOT)]),
        "PYTHONDONTWRITEBYTECODE": "1",  # where Lambda has the function, nothing can be written
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "DESTINATION_TABLE_NAME": TABLE,
        "ERROR_DELIVERY_STREAM_NAME": "errors",
        "SOURCE_BUCKET_NAME": "bucket",
        "TURN_KEY": "reports/ev_population/migrating.json",
    }
