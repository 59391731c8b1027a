"""How many rows one function writes, by CPU second and by second, beside other ways to write the same rows.

A sink on the loopback interface answers every call, in a process of its own: what is measured is what each way does.
"""

import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.aligned import aligned
from bench.handler_ways import TABLE, WAYS
from commands.project import BUILD, ROOT, fail, find_dataset
from commands.sample import write_sample
from csvdynamo_stack.asset import stage
from local_aws.access_key import AccessKey

RESULT = BUILD / "bench" / "handler.json"
DEFAULT_ROWS = 20_000
ROWS_A_BATCH = 250
DELAYS_MILLISECONDS = (0, 5, 10, 20)
RUNS = 5
BESIDE = "sample"
"""The way that the others are compared with."""


@dataclass(frozen=True)
class Measured:
    """What one way took, at one delay of the answers.

    Attributes:
        way: Its name.
        delay_milliseconds: How long the sink waited before each answer.
        rows_per_cpu_second: Rows by the CPU seconds of the way's process, the median of the runs.
        least, most: The same, of the slowest and the fastest run.
        rows_per_second: Rows by seconds, the median of the runs.
        first_answer_cpu_milliseconds: CPU from before its imports to the first batch's answer, the median.
        peak_rss_bytes: The most memory that its process held.
    """

    way: str
    delay_milliseconds: int
    rows_per_cpu_second: float
    least: float
    most: float
    rows_per_second: float
    first_answer_cpu_milliseconds: float
    peak_rss_bytes: int


def run(rows: int = DEFAULT_ROWS, runs: int = RUNS) -> list[Measured]:
    """Measure every way at every delay, print a table and write `RESULT`.

    Args:
        rows: Rows of the generated events.
        runs: Runs of each way, one after another by turns.
    """
    dataset = find_dataset("ev_population")
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="handler-", dir=RESULT.parent) as folder:
        function, events = Path(folder) / "function", Path(folder) / "events.json"
        function.mkdir()
        stage(ROOT / "lambdas", dataset.rules, function)
        count = write_events(events, rows)
        measured = [one for delay in DELAYS_MILLISECONDS for one in _measure(function, events, count, delay, runs)]
    print(table(measured))
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
    document = {**machine, "rows": count, "runs": runs, "measurements": [asdict(one) for one in measured]}
    RESULT.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return measured


def table(measured: list[Measured]) -> str:
    """Write the measurements as a table, with the ratio of rows per CPU second to the sample's way."""
    beside = {one.delay_milliseconds: one.rows_per_cpu_second for one in measured if one.way == BESIDE}
    head = ("delay", "way", "rows/CPU s", "least", "most", f"to {BESIDE}", "rows/s", "first answer", "peak RSS")
    lines = [head] + [
        (
            f"{one.delay_milliseconds} ms",
            one.way,
            f"{one.rows_per_cpu_second:,.0f}",
            f"{one.least:,.0f}",
            f"{one.most:,.0f}",
            f"{one.rows_per_cpu_second / beside[one.delay_milliseconds]:.2f}",
            f"{one.rows_per_second:,.0f}",
            f"{one.first_answer_cpu_milliseconds:,.0f} ms",
            f"{one.peak_rss_bytes / 1e6:,.0f} MB",
        )
        for one in measured
    ]
    return aligned(lines)


def write_events(path: Path, rows: int) -> int:
    """Write the events of generated rows, a list of JSON texts; return how many rows there are, without faulty ones."""
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
    batches = [good[start : start + ROWS_A_BATCH] for start in range(0, len(good), ROWS_A_BATCH)]
    path.write_text(json.dumps([json.dumps({"BatchInput": batch_input, "Items": batch}) for batch in batches]))
    return len(good)


def _measure(function: Path, events: Path, rows: int, delay: int, runs: int) -> Iterator[Measured]:
    with sink(delay) as endpoint:
        environment = function_environment(function, endpoint)
        # By turns: what else the machine does meanwhile strikes each way alike.
        answers: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(runs):
            for way in WAYS:
                answers[way].append(_run_way(way, events, environment, endpoint, rows))
    for way, found in answers.items():
        by_cpu = sorted(rows / one["cpu_seconds"] for one in found)
        yield Measured(
            way=way,
            delay_milliseconds=delay,
            rows_per_cpu_second=median(by_cpu),
            least=by_cpu[0],
            most=by_cpu[-1],
            rows_per_second=median(rows / one["seconds"] for one in found),
            first_answer_cpu_milliseconds=median(one["first_answer_cpu_seconds"] * 1000 for one in found),
            peak_rss_bytes=int(max(one["peak_rss_bytes"] for one in found)),
        )


def _run_way(way: str, events: Path, environment: Mapping[str, str], endpoint: str, rows: int) -> dict[str, float]:
    """Run a way in a process of its own; fail unless it wrote every row, by its own count and by the sink's."""
    before = told_by_sink(endpoint, "rows")
    command = [sys.executable, "-m", "bench.handler_ways", way, str(events)]
    answer: dict[str, float] = json.loads(
        subprocess.run(command, check=True, stdout=subprocess.PIPE, env=dict(environment), cwd=ROOT).stdout
    )
    came = told_by_sink(endpoint, "rows") - before - ROWS_A_BATCH  # of the first answer
    if not answer["written"] == came == rows:
        fail(f"{way} says that it wrote {answer['written']:,.0f} rows of {rows:,}, and {came:,} came.")
    return answer


@contextmanager
def sink(delay: int, *units: int) -> Iterator[str]:
    """Start a sink, and stop it at the end; its endpoint.

    Args:
        delay: Milliseconds before each answer.
        units: Write units a second that it takes, if it is to throttle.
    """
    command = [sys.executable, "-m", "bench.write_sink", *map(str, (delay, *units))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.communicate()


def told_by_sink(endpoint: str, what: str) -> float:
    """Ask a sink for its `rows` or `seconds`."""
    with urllib.request.urlopen(f"{endpoint}/{what}") as answer:
        return float(answer.read())


def function_environment(function: Path, endpoint: str) -> dict[str, str]:
    """Return the variables of a process that runs a way.

    Args:
        function: The folder in which the function is staged.
        endpoint: The sink's.
    """
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
