"""An Airflow of the project's own: its settings, and its database."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from commands.project import PYTHON_PATH, ROOT, fail

_BIN = Path(sys.executable).parent
AIRFLOW = str(_BIN / "airflow")
# What a DAG may read is for each command to say, and not for the shell that it was typed in.
_NOT_INHERITED = ("AIRFLOW", "CSVDYNAMO_LOCAL_")


def airflow_environment(home: Path, aws: Mapping[str, str]) -> dict[str, str]:
    """Give the variables with which Airflow runs this project's DAGs.

    Args:
        home: Its ``AIRFLOW_HOME``: database, logs, and nothing of the person's own Airflow.
        aws: ``AWS_ENDPOINT_URL``, keys and region of the embedded AWS, and the certificate to trust where it has TLS.
    """
    connection = {
        "conn_type": "aws",
        "login": aws["AWS_ACCESS_KEY_ID"],
        "password": aws["AWS_SECRET_ACCESS_KEY"],
        "extra": {"region_name": aws["AWS_DEFAULT_REGION"], "endpoint_url": aws["AWS_ENDPOINT_URL"]},
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    return {
        **inherited,
        # airflow standalone starts its parts by the name "airflow".
        "PATH": f"{_BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
        **{name: value for name, value in aws.items() if name == "AWS_CA_BUNDLE"},
        "PYTHONPATH": os.pathsep.join(map(str, PYTHON_PATH)),
        "CSVDYNAMO_RETRY_SECONDS": os.environ.get("CSVDYNAMO_RETRY_SECONDS", "1"),
    }


def make_airflow_home(home: Path) -> None:
    """Make an ``AIRFLOW_HOME`` with a migrated database; some five seconds, and nothing of AWS.

    Args:
        home: Its folder.
    """
    home.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [AIRFLOW, "db", "migrate"],
        check=False,
        env={**os.environ, "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        fail(f"airflow db migrate failed:\n{done.stdout}")
