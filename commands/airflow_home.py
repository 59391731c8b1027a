"""An Airflow of the project's own: its settings, and its database."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from importlib import metadata
from pathlib import Path

from commands.kept import make_once
from commands.project import DATASETS, PYTHON_PATH, ROOT, fail
from csvdynamo_airflow.settings import DATASETS_FOLDER, RETRY_SECONDS
from local_aws.inherited import from_shell

BIN = Path(sys.executable).parent
AIRFLOW = str(BIN / "airflow")
QUICK_AIRFLOW = (sys.executable, "-P", str(ROOT / "commands" / "airflow_command.py"))
"""The same for what ends by itself: it ends at once."""
DATABASE = "airflow.db"
"""The file of its database, in its home."""
# What a DAG may read is for each command to say, and not for the shell that it was typed in.
_NOT_INHERITED = "CSVDYNAMO_LOCAL_"
# A DAG reaches the embedded AWS by Airflow's connection alone, as it reaches an account.
_OF_CONNECTION = {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"}


def airflow_environment(home: Path, aws: Mapping[str, str]) -> dict[str, str]:
    """Give the variables with which a command runs this project's DAGs: `airflow_settings`, and what is inherited.

    Args:
        home: See `airflow_settings`.
        aws: See `airflow_settings`.
    """
    inherited = {name: value for name, value in from_shell(os.environ).items() if not name.startswith(_NOT_INHERITED)}
    # airflow standalone starts its parts by the name "airflow".
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**inherited, "PATH": path, **airflow_settings(home, aws)}


def airflow_settings(home: Path, aws: Mapping[str, str]) -> dict[str, str]:
    """Give the variables that wire an Airflow to this checkout and to the embedded AWS.

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
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
        **{name: value for name, value in aws.items() if name not in _OF_CONNECTION},
        "PYTHONPATH": os.pathsep.join(map(str, PYTHON_PATH)),
        "PYTHONUTF8": "1",
        DATASETS_FOLDER: str(DATASETS),
        RETRY_SECONDS: os.environ.get(RETRY_SECONDS, "1"),
    }


@contextmanager
def airflow_home() -> Iterator["Future[Path]"]:
    """Make an ``AIRFLOW_HOME`` in a temporary folder, while the caller goes on; it is removed at the end."""
    home = Path(tempfile.mkdtemp(prefix="csvdynamo-airflow-"))
    try:
        with ThreadPoolExecutor(1) as pool:
            yield pool.submit(make_airflow_home, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def make_airflow_home(home: Path) -> Path:
    """Make an ``AIRFLOW_HOME`` with a migrated, empty database and local settings, and return it.

    Airflow takes some five seconds for the database, the first time: a copy of it is kept.

    Args:
        home: Its folder.
    """
    kept = make_once("airflow", metadata.version("apache-airflow"), _make_database)
    settings = home / "config" / "airflow_local_settings.py"
    settings.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "commands" / settings.name, settings)
    shutil.copy(kept / DATABASE, home)
    return home


def _make_database(home: Path) -> None:
    _migrate_database(home)
    # What Airflow may have left beside it belongs into it.
    with closing(sqlite3.connect(home / DATABASE)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _migrate_database(home: Path) -> None:
    done = subprocess.run(
        [*QUICK_AIRFLOW, "db", "migrate"],
        check=False,
        env={**from_shell(os.environ), "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        fail(f"airflow db migrate failed:\n{done.stdout}")
