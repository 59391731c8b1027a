"""A run of a data set's DAG that a person asks for by a command, in an Airflow that is there, and what came of it."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commands.airflow_api import Api, Login, ScheduledRun
from commands.airflow_file import AIRFLOW_FILE
from commands.airflow_home import QUICK_AIRFLOW
from commands.aws_file import AWS_FILE, kept_aws
from commands.demo import progress_line
from commands.project import fail, make_command, say, stop_like_ctrl_c
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.shown import shown, shown_lines
from csvdynamo.stack_outputs import StackOutput
from csvdynamo_airflow.accounting.report_document import read_report
from csvdynamo_airflow.accounting.summary import summary
from csvdynamo_airflow.documents.run_line import RunLine, read_runs, runs_key
from csvdynamo_airflow.naming import dag_id_of

URL, USER, PASSWORD, TOKEN = (f"CSVDYNAMO_AIRFLOW_{name}" for name in ("URL", "USER", "PASSWORD", "TOKEN"))
_RUN_SECONDS = 24 * 3600.0
_LOG_LINE_LENGTH = 100_000

# The file is for a shell to read; what the DAG may read besides comes after what it says.
_WITH_THE_FILE = '. "$0" && exec env "$@"'


@dataclass(frozen=True)
class TriggeredRun:
    """A run that is to be made.

    Attributes:
        dataset: The data set.
        conf: The parameters of the DAG run, as its form has them.
        doing: What it does, for a person: "Taking run … back".
        log: Where its log goes, if it is made here.
        settings: What it may read besides, if it is made here: environment variables.
    """

    dataset: Dataset
    conf: Mapping[str, Any]
    doing: str
    log: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def make(self) -> None:
        """Make the run, and print its report; end the command with a sentence if it is not green.

        It is made in the Airflow that the environment names (`URL`), or here, beside the embedded AWS of ``make aws``
        or ``make ui``.
        """
        stop_like_ctrl_c()
        if os.environ.get(URL):
            self._through_the_api()
        elif kept_aws() is not None and AIRFLOW_FILE.exists():
            self._beside_the_embedded_aws()
        else:
            told = json.dumps(self.conf, ensure_ascii=False)
            fail(
                f"There is no Airflow to ask. Start {make_command('aws', DATASET=self.dataset.name)} or make ui in "
                f"another shell; or name an account's Airflow in {URL}, and who asks in {USER} and {PASSWORD}, or in "
                f"{TOKEN}; or trigger the DAG {dag_id_of(self.dataset.name)} there with {told}."
            )

    def _through_the_api(self) -> None:
        """Trigger the DAG of a running Airflow, as its form does, and print what the run's report says."""
        login = Login(os.environ[URL].rstrip("/"), os.environ.get(USER, ""), os.environ.get(PASSWORD, ""))
        try:
            api = Api(login, os.environ[TOKEN]) if os.environ.get(TOKEN) else Api(login).log_in()
            run = ScheduledRun.trigger(api, dag_id_of(self.dataset.name), **self._parameters)
            say(f"{self.doing}: run {run.run_id} …")
            state = run.await_end(_RUN_SECONDS)
            told = run.told("report")
        except OSError as error:  # of urllib, or a time limit
            fail(f"The Airflow at {login.url} does not do it: {error}")
        if not told:
            fail("The run wrote no report: see its tasks in Airflow.")
        say("\n" + told["summary"])
        if state != "success":
            fail("The run is not green.")

    @property
    def _parameters(self) -> dict[str, Any]:
        parameters = {"source_url": self.dataset.source.url, **self.conf}
        return {"source": parameters.pop("source_url"), **parameters}

    def _beside_the_embedded_aws(self) -> None:
        """Run the DAG here, wired to the embedded AWS, and print its report."""
        before = {line.run_id for line in self._runs()}
        command = [*QUICK_AIRFLOW, "dags", "test", dag_id_of(self.dataset.name), "--conf", json.dumps(dict(self.conf))]
        words = [*(f"{name}={value}" for name, value in self.settings.items()), *map(str, command)]
        in_its_shell = ["/bin/sh", "-c", _WITH_THE_FILE, str(AIRFLOW_FILE), *words]
        say(f"{self.doing} (log {self.log}) …")
        with (
            self.log.open("w", encoding="utf-8") as log,
            subprocess.Popen(in_its_shell, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
        ):
            assert process.stdout is not None
            for line in process.stdout:
                log.write(shown(line.rstrip("\n"), _LOG_LINE_LENGTH) + "\n")
                if told := progress_line(line):
                    say(told)
        runs = self._runs()
        if not runs or runs[-1].run_id in before:
            fail(f"The run wrote no report; its log is in {self.log}.")
        say("\n" + shown_lines(summary(read_report(json.loads(self._read(runs[-1].report))))))
        if not runs[-1].accounted or process.returncode:
            fail(f"The run is not green; its log is in {self.log}.")

    def _runs(self) -> list[RunLine]:
        return list(read_runs(self._read(runs_key(self.dataset.name)) or b"[]"))

    def _read(self, key: str) -> bytes:
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
        try:
            return s3.get_object(Bucket=told["outputs"][StackOutput.SOURCE_BUCKET], Key=key)["Body"].read()
        except s3.exceptions.NoSuchKey:
            return b""
