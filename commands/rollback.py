"""``make rollback``: takes the last run of a data set back, as a run of its own, and prints its report."""

import argparse
import json
import os
import subprocess
import urllib.error
from collections.abc import Sequence
from typing import Any

from commands.airflow_api import Api, Login, ScheduledRun
from commands.airflow_file import AIRFLOW_FILE
from commands.airflow_home import QUICK_AIRFLOW
from commands.aws_file import AWS_FILE, kept_aws
from commands.demo import progress_line
from commands.project import BUILD, DEFAULT_DATASET, fail, find_dataset, make_command, say, stop_like_ctrl_c
from commands.shell import leave_shell
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.shown import shown, shown_lines
from csvdynamo.stack_outputs import StackOutput
from csvdynamo_airflow.accounting.report import summary
from csvdynamo_airflow.accounting.report_document import read_report
from csvdynamo_airflow.documents.run_line import read_runs, runs_key
from csvdynamo_airflow.naming import dag_id_of

ROLLBACK_LOG = BUILD / "rollback.log"
URL, USER, PASSWORD, TOKEN = (f"CSVDYNAMO_AIRFLOW_{name}" for name in ("URL", "USER", "PASSWORD", "TOKEN"))
_RUN_SECONDS = 24 * 3600.0
_LOG_LINE_LENGTH = 100_000


def main() -> None:
    """Take a run back; the exit status is 0 only if every row is accounted for."""
    arguments = parse()
    leave_shell()
    dataset = find_dataset(arguments.dataset)
    if not arguments.run:
        fail(f"Say which run is to be taken back: {make_command('rollback', DATASET=dataset.name)} RUN=id")
    conf = {"rollback": arguments.run, "accept_source": arguments.accept, "dry_run": arguments.dry_run}
    stop_like_ctrl_c()
    if os.environ.get(URL):
        _through_the_api(dataset, conf)
    elif kept_aws() is not None and AIRFLOW_FILE.exists():
        _beside_the_embedded_aws(dataset, conf)
    else:
        fail(
            f"There is no Airflow to ask. Start make ui or make aws in another shell; or name an account's Airflow in "
            f"{URL}, and who asks in {USER} and {PASSWORD}, or in {TOKEN}."
        )


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make rollback", description=main.__doc__)
    parser.add_argument("--run", default="", help="the DAG run's id of the run that wrote last")
    parser.add_argument("--dataset", default=DEFAULT_DATASET, help="which file of datasets/ (default: %(default)s)")
    parser.add_argument("--accept", action="store_true", help="put back the rest where some items cannot be")
    parser.add_argument("--dry-run", action="store_true", help="tell what would be put back and taken away")
    return parser.parse_args(words)


def _through_the_api(dataset: Dataset, conf: dict[str, Any]) -> None:
    """Trigger the DAG of a running Airflow, as its form does, and print what the run's report says."""
    login = Login(os.environ[URL].rstrip("/"), os.environ.get(USER, ""), os.environ.get(PASSWORD, ""))
    try:
        api = Api(login, os.environ[TOKEN]) if os.environ.get(TOKEN) else Api(login).log_in()
        run = ScheduledRun.trigger(api, dag_id_of(dataset.name), dataset.source.url, **conf)
        say(f"Run {run.run_id} takes run {conf['rollback']} back …")
        state = run.await_end(_RUN_SECONDS)
        told = run.told("report")
    except urllib.error.URLError as error:
        fail(f"The Airflow at {login.url} does not do it: {error}")
    if not told:
        fail("The run wrote no report: see its tasks in Airflow.")
    say("\n" + told["summary"])
    if state != "success":
        fail("The run is not green.")


def _beside_the_embedded_aws(dataset: Dataset, conf: dict[str, Any]) -> None:
    """Run the DAG here, wired to the embedded AWS of make aws or make ui, and print its report."""
    command = [*QUICK_AIRFLOW, "dags", "test", dag_id_of(dataset.name), "--conf", json.dumps(conf)]
    in_its_shell = ["sh", "-c", '. "$0" && exec "$@"', str(AIRFLOW_FILE), *command]
    say(f"Taking run {conf['rollback']} back (log {ROLLBACK_LOG}) …")
    with (
        ROLLBACK_LOG.open("w", encoding="utf-8") as log,
        subprocess.Popen(in_its_shell, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            log.write(shown(line.rstrip("\n"), _LOG_LINE_LENGTH) + "\n")
            if told := progress_line(line):
                say(told)
    report = _last_report(dataset)
    say("\n" + shown_lines(summary(read_report(report))))
    if report["problems"]:
        fail(f"The run is not green; the log is in {ROLLBACK_LOG}.")


def _last_report(dataset: Dataset) -> dict[str, Any]:
    import boto3  # noqa: PLC0415 - not where an Airflow elsewhere is asked

    told = json.loads(AWS_FILE.read_text(encoding="utf-8"))
    s3 = boto3.client(
        "s3",
        endpoint_url=told["endpoint"],
        aws_access_key_id=told["access_key_id"],
        aws_secret_access_key=told["secret_access_key"],
        region_name="us-east-1",
        verify=told.get("ca_bundle"),
    )
    bucket = told["outputs"][StackOutput.SOURCE_BUCKET]

    def read(key: str) -> bytes:
        return s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    report: dict[str, Any] = json.loads(read(read_runs(read(runs_key(dataset.name)))[-1].report))
    return report


if __name__ == "__main__":
    main()
