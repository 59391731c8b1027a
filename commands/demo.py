"""``make demo``: a CSV to DynamoDB on the embedded AWS, through the real stack and the real DAG."""

import argparse
import json
import os
import re
import signal
import subprocess
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from commands.airflow_home import QUICK_AIRFLOW, airflow_environment, airflow_home
from commands.airflow_user import airflow_variables
from commands.aws_file import AWS_FILE, write_aws_file
from commands.beforehand import object_to_lay, readable_source, refuse_settings
from commands.build_lock import alone_in_build
from commands.embedded import Deployed, embedded_aws
from commands.local_source import lay_object, local_path, local_settings
from commands.project import BUILD, DEFAULT_DATASET, SAMPLES, fail, find_dataset, make_command, say, stop_like_ctrl_c
from commands.sample import SAMPLE_DATASET, Sample, write_sample
from commands.screen import Screen
from commands.shell import leave_shell
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.records.rejects import Reject
from csvdynamo.shown import shown
from csvdynamo.stack_outputs import StackOutput
from csvdynamo_airflow.accounting.html_report import HTML_FILE, html_report
from csvdynamo_airflow.accounting.report_document import read_report
from csvdynamo_airflow.accounting.summary import summary
from csvdynamo_airflow.documents.run_line import REPORT_FILE
from csvdynamo_airflow.naming import reports_prefix
from csvdynamo_airflow.outcome.error_csv import ERROR_CSV_FILE
from csvdynamo_airflow.outcome.gathering import REJECTS_FILE, UNFINISHED_FILE
from csvdynamo_airflow.source.source_url import without_query
from csvdynamo_airflow.storage.result_objects import list_objects

AIRFLOW_LOG = BUILD / "airflow.log"
REPORT = BUILD / REPORT_FILE
REPORT_PAGE = BUILD / HTML_FILE
REJECTS = BUILD / REJECTS_FILE
UNFINISHED = BUILD / UNFINISHED_FILE
ERROR_CSV = BUILD / ERROR_CSV_FILE
SAMPLE_ROWS = 5000
_LOG_LINE_LENGTH = 100_000
_LOG_LINE = re.compile(r"\S+T(\d\d:\d\d:\d\d)\S* \[\w+ *\] (.*?)\s+\[[\w.]+\] ")
_TASK_STARTS = re.compile(r"\[DAG TEST\] starting task_id=(\w+)")
_TOLD = (
    "Map Run: ",
    "have not arrived",
    "rows, ",
    "redriven",
    "not redrivable",
    "Task failed",
    "bytes prepared",
    "of the table read",
)


def main() -> None:
    """Run the demo; the exit status is 0 only if every row is accounted for."""
    arguments = parse()
    leave_shell()
    dataset = find_dataset(arguments.dataset)
    stop_like_ctrl_c()
    with alone_in_build("make demo"):
        _demonstrate(dataset, arguments)


def _demonstrate(dataset: Dataset, arguments: argparse.Namespace) -> None:
    screen = Screen()
    refuse_settings()
    source, sample = _source(arguments.source, dataset)
    laid = object_to_lay(source, arguments.object)
    for stale in (REPORT, REPORT_PAGE, REJECTS, UNFINISHED, ERROR_CSV, AWS_FILE):
        stale.unlink(missing_ok=True)
    try:
        report = _migrate(dataset, source, sample, laid, screen, keep=arguments.keep_aws, secure=arguments.secure)
    except KeyboardInterrupt:
        fail("Stopped.")
    screen.summary("\n" + summary(read_report(report)))
    say(f"\nThe report is in {REPORT}, and as a page in {REPORT_PAGE}.")
    if ERROR_CSV.exists():
        say(f"The {_kinds(report)} rows are in {ERROR_CSV}, to be corrected and migrated: {again(dataset, arguments)}")
    if report["problems"]:
        fail(f"The run is not green; the log is in {AIRFLOW_LOG}.")


def again(dataset: Dataset, arguments: argparse.Namespace) -> str:
    """Write the command that migrates the corrected rows as these arguments did the source."""
    secure = "1" if arguments.secure else ""
    return make_command("demo", DATASET=dataset.name, SOURCE=str(ERROR_CSV), SECURE=secure)


def _kinds(report: dict[str, Any]) -> str:
    """Say which rows the error CSV holds."""
    if not report["unfinished_rows_in_error_files"]:
        return "rejected"
    return "rejected and failed" if report["rejects_by_code"] else "failed"


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make demo", description=main.__doc__)
    parser.add_argument("--source", default="", help="path or URL of a CSV (default: a generated sample with faults)")
    parser.add_argument(
        "--object", default="", help="file that is put into the embedded AWS where an s3:// source says"
    )
    parser.add_argument("--dataset", default=DEFAULT_DATASET, help="which file of datasets/ (default: %(default)s)")
    parser.add_argument("--keep-aws", action="store_true", help=f"leave the embedded AWS running, see {AWS_FILE.name}")
    parser.add_argument("--secure", action="store_true", help="let the embedded AWS enforce IAM and serve TLS")
    return parser.parse_args(words)


def _source(asked: str, dataset: Dataset) -> tuple[str, Sample | None]:
    """Find what to migrate: what was asked for, or a sample made now."""
    if asked:
        source = readable_source(asked, dataset)
        path = local_path(source)
        return (str(set_aside(path)) if path == ERROR_CSV.resolve() and path.exists() else source), None
    if dataset.name != SAMPLE_DATASET:
        named = make_command("demo", DATASET=dataset.name)
        fail(f"DATASET={dataset.name}: the generated sample is of {SAMPLE_DATASET}. Name a file: {named} SOURCE=…")
    sample = write_sample(SAMPLES / dataset.source.file_name, SAMPLE_ROWS)
    return str(sample.path), sample


def set_aside(path: Path) -> Path:
    """Give the error CSV that someone corrected in place another name: this run writes its own where it is."""
    names = (path.with_name(f"corrected-{number}.csv") for number in count(1))
    aside = next(name for name in names if not name.exists())
    path.rename(aside)
    say(f"{path} is now {aside}: the rejects of this run will be written where it was.")
    return aside


def _migrate(
    dataset: Dataset,
    source: str,
    sample: Sample | None,
    laid: Path | None,
    screen: Screen,
    *,
    keep: bool,
    secure: bool,
) -> dict[str, Any]:
    with airflow_home() as made, embedded_aws(dataset, keep=keep, secure=secure) as deployed:
        home = made.result()
        if keep:
            write_aws_file(deployed)
            say(f"KEEP_AWS: the embedded AWS stays, its access key is in {AWS_FILE}.")
            say(f"KEEP_AWS: stop it with: kill {deployed.aws.pid}")
        if laid is not None:
            lay_object(deployed.client("s3"), source, laid)
        environment = airflow_environment(home, airflow_variables(deployed))
        with screen.following():
            _run_dag(dataset, source, {**environment, **local_settings(source)}, screen)
        report = _read_report(deployed, dataset)
        _fetch_error_files(deployed, report)
        if sample is not None:
            _check_faults(sample, _rejected_rows())
    return report


def _run_dag(dataset: Dataset, source: str, environment: dict[str, str], screen: Screen) -> None:
    dag_id = f"csvdynamo_{dataset.name}"
    named = without_query(source) if "://" in source else source
    screen.say(f"Running the DAG {dag_id} on {named} (log {AIRFLOW_LOG}) …")
    command = [*QUICK_AIRFLOW, "dags", "test", dag_id, "--conf", json.dumps({"source_url": source})]
    with (
        AIRFLOW_LOG.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                log.write(shown(line.rstrip("\n"), _LOG_LINE_LENGTH) + "\n")
                if told := progress_line(line):
                    screen.progress(told)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def progress_line(line: str) -> str | None:
    """Make a line of Airflow's log one for the terminal: its time and what was said; None for what is left out."""
    match = _LOG_LINE.match(line)
    if not match:
        return None
    clock, text = match.groups()
    if task := _TASK_STARTS.match(text):
        return f"  {clock}  {task[1]}"
    return f"  {clock}    {text}" if any(mark in text for mark in _TOLD) else None


def _read_report(deployed: Deployed, dataset: Dataset) -> dict[str, Any]:
    s3, bucket = deployed.client("s3"), deployed.outputs[StackOutput.SOURCE_BUCKET]
    keys = [
        item["Key"]
        for item in list_objects(s3, bucket, reports_prefix(dataset.name, "").rstrip("/"))
        if item["Key"].endswith(REPORT_FILE)
    ]
    if not keys:
        fail(f"The run wrote no report; the log is in {AIRFLOW_LOG}.")
    [key] = keys
    REPORT.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    report: dict[str, Any] = json.loads(REPORT.read_text(encoding="utf-8"))
    REPORT_PAGE.write_text(html_report(read_report(report)), encoding="utf-8")
    return report


def _fetch_error_files(deployed: Deployed, report: dict[str, Any]) -> None:
    """Copy the error files from the bucket."""
    for location in report["error_files"]:
        bucket, key = location.removeprefix("s3://").split("/", 1)
        deployed.client("s3").download_file(bucket, key, str(BUILD / key.rpartition("/")[2]))


def _rejected_rows() -> set[tuple[int | None, str]]:
    if not REJECTS.exists():
        return set()
    with REJECTS.open(encoding="utf-8", newline="\n") as lines:
        return {(reject.row, reject.code) for reject in map(Reject.from_json, lines)}


def _check_faults(sample: Sample, rejected: set[tuple[int | None, str]]) -> None:
    expected = {(fault.row, fault.code) for fault in sample.faults}
    if rejected != expected:
        fail(f"The sample's faults are {sorted(expected)}, but the rejects are {sorted(rejected, key=str)}.")
    say(f"Each of the sample's {len(expected)} faults is among the rejects, and nothing else is.")


if __name__ == "__main__":
    main()
