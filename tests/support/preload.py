"""An Airflow that is quick: what its tasks import is imported by the scheduler that forks them, half of their CPU.

The parts of an Airflow import it before they begin, from an `airflow_local_settings`: Airflow's own way to let a
deployment have its say.
"""

import importlib
import os
import sys
from pathlib import Path

from commands.airflow_local_settings import check_each_schema_once, speak_one_version
from commands.project import PYTHON_PATH, ROOT
from csvdynamo_airflow.settings import RETRY_SECONDS

_OF_TASKS = (
    "airflow.dag_processing.bundles.manager",
    "airflow.dag_processing.dagbag",
    "airflow.sdk.execution_time.task_runner",
    "boto3.s3.transfer",
    "csvdynamo_airflow.dag",
    "csvdynamo_airflow.tasks.report_step",
    "csvdynamo_airflow.tasks.steps",
)
_OF_TRIGGERS = ("aiobotocore.session", "csvdynamo_airflow.tasks.execution_trigger")
_MODULES = {"scheduler": _OF_TASKS, "triggerer": _OF_TRIGGERS}


def preload() -> None:
    """Import what runs in the forks of this process, and let its API be built for one version."""
    speak_one_version()
    check_each_schema_once()
    part = next(iter(sys.argv[1:2]), None)
    if part not in _MODULES:
        return
    for module in _MODULES[part]:
        importlib.import_module(module)
    if part == "scheduler":
        _warm_up_clients()


def _warm_up_clients() -> None:
    import boto3

    from tests.support.fast_clients import SERVICES, make_clients_faster

    make_clients_faster()
    session = boto3.Session(aws_access_key_id="nobody", aws_secret_access_key="none", region_name="us-east-1")
    for service in SERVICES:
        session.client(service)


def quick_settings() -> dict[str, str]:
    """Give the variables of an Airflow that is as quick as it can be."""
    return {
        "PYTHONPATH": os.pathsep.join(map(str, (Path(__file__).parent / "preloaded", *PYTHON_PATH, ROOT))),
        # A DAG stays what it is: its tasks read the data set file themselves. A look at it costs half a second.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
        # How soon the end of a task is noticed whose sockets do not tell it, and what follows is looked for.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        # Airflow makes a second of it. More it doubles with each attempt, and counts those that were cleared, too.
        RETRY_SECONDS: "0",
    }
