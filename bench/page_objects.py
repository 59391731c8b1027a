"""What the runs of many data sets leave in a bucket: their lists, reports, and the rejects of one as a file."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.folders import REPORTS_PREFIX
from csvdynamo.stack_outputs import StackOutput
from csvdynamo_airflow.documents.run_line import REPORT_FILE, RunLine, runs_key
from csvdynamo_airflow.outcome.examples import EXAMPLES_FILE

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

BUCKET = "csvdynamo-bench"
REJECTS = 1_000_000
"""The rejects of the newest run of each data set."""

_DATASET = """
[source]
url = "https://example.org/{name}.csv"
file_name = "{name}.csv"
[table]
name = "tb_{name}"
partition_key = "id"
"""
_ROWS, _EXAMPLES = 20_000_000, 60
_CSV_ROW = b"1HGCM82633A004352,King,Seattle,unknown,CASCADIA,OTTER,%d,%d,BAD_TYPE,Model Year,not a number\r\n"
_ROWS_A_PIECE = 50_000
_DAY = 86_400.0


@dataclass(frozen=True)
class Many:
    """So many data sets, each with so many runs.

    Attributes:
        datasets: How many data sets.
        runs: How many runs each has.
    """

    datasets: int
    runs: int

    @property
    def names(self) -> list[str]:
        """The data sets' names."""
        return [f"cars_{number:02}" for number in range(self.datasets)]

    def run_id(self, number: int) -> str:
        """The id of a run, of which the last has the highest number."""
        return f"scheduled__2026-01-01T00:00:{number:06}+00:00"

    @property
    def last_run(self) -> str:
        """The id of each data set's newest run."""
        return self.run_id(self.runs - 1)


def write_datasets(folder: Path, many: Many) -> None:
    """Write the data set files.

    Args:
        folder: Where.
        many: Which.
    """
    for name in many.names:
        (folder / f"{name}.toml").write_text(_DATASET.format(name=name), encoding="utf-8")


def make_stacks(cloudformation: "CloudFormationClient", folder: Path) -> None:
    """Make a stack for each data set file, which has outputs and nothing behind them but the bucket."""
    for path in sorted(folder.iterdir()):
        dataset = load_dataset(path)
        told = {
            StackOutput.SOURCE_BUCKET: BUCKET,
            StackOutput.MACHINE: f"arn:aws:states:us-east-1:000000000000:stateMachine:{dataset.name}",
            StackOutput.TOPIC: f"arn:aws:sns:us-east-1:000000000000:{dataset.name}",
            StackOutput.TABLE: dataset.table.name,
            StackOutput.ERROR_BUFFER_SECONDS: "60",
            StackOutput.RULES_DIGEST: dataset.rules.digest,
            StackOutput.SETTINGS_DIGEST: dataset.settings_digest,
        }
        template = {
            "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
            "Outputs": {output.value: {"Value": value} for output, value in told.items()},
        }
        cloudformation.create_stack(StackName=dataset.stack_name, TemplateBody=json.dumps(template))


def put_runs(s3: "S3Client", many: Many, report: Mapping[str, Any]) -> None:
    """Put what the page reads into the bucket; of the runs but the newest there is a line in the list alone.

    Args:
        s3: A boto3 S3 client.
        many: The data sets.
        report: The report of the newest runs, but for its names.
    """
    s3.create_bucket(Bucket=BUCKET)
    for name in many.names:
        lines = [_line(name, many.run_id(number), number, report) for number in range(many.runs)]
        body = json.dumps([line.to_json() for line in lines]).encode()
        s3.put_object(Bucket=BUCKET, Key=runs_key(name), Body=body)
        newest = {**report, "dataset": name, "run_id": many.last_run, "error_files": [_location(name, "rejects.csv")]}
        s3.put_object(Bucket=BUCKET, Key=_key(name, REPORT_FILE), Body=json.dumps(newest).encode())
        s3.put_object(Bucket=BUCKET, Key=_key(name, EXAMPLES_FILE), Body=b"".join(_examples()))


def put_rejects(s3: "S3Client", name: str, folder: Path) -> int:
    """Put the error file of the newest run of a data set into the bucket; return its size in bytes.

    Args:
        s3: A boto3 S3 client.
        name: The data set.
        folder: Where the file may lie meanwhile.
    """
    path = folder / "rejects.csv"
    with path.open("wb") as file:
        for first in range(0, REJECTS, _ROWS_A_PIECE):
            file.write(b"".join(_CSV_ROW % (100_000_000 + row, row) for row in range(first, first + _ROWS_A_PIECE)))
    size = path.stat().st_size
    s3.upload_file(str(path), BUCKET, _key(name, "rejects.csv"))
    path.unlink()
    return size


def _key(name: str, file: str) -> str:
    return f"{REPORTS_PREFIX}{name}/{name}-1/{file}"


def _location(name: str, file: str) -> str:
    return f"s3://{BUCKET}/{_key(name, file)}"


def _line(name: str, run_id: str, number: int, report: Mapping[str, Any]) -> RunLine:
    return RunLine(
        run_id=run_id,
        report=_key(name, REPORT_FILE),
        at=1_700_000_000.0 + number * _DAY,
        accounted=number % 50 != 1,
        dry_run=False,
        problem="" if number % 50 != 1 else "12 rows of the source are unaccounted for." * 5,
        ledger=report["ledger"],
        source_bytes=4_000_000_000,
        source_modified="Fri, 02 Jan 2026 00:00:00 GMT",
        schema_changes=0,
        write_units=float(_ROWS),
        seconds=5400.0,
        files=("rejects.jsonl", "rejects.csv"),
    )


def _examples() -> Iterator[bytes]:
    for row in range(_EXAMPLES):
        example = {
            "row": row,
            "stage": "validate",
            "code": "BAD_TYPE",
            "column": "Model Year",
            "message": "not a number" * 10,
            "item": {f"column {number}": "a cell of the row " * 10 for number in range(40)},
            "cut": True,
        }
        yield json.dumps(example).encode() + b"\n"
