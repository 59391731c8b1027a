"""``AIRFLOW_HOME`` folders with a migrated, empty database: made once a test run, and copied."""

import shutil
from pathlib import Path

from filelock import FileLock

from commands.airflow_home import make_airflow_home

_DATABASE, _SETTINGS = "airflow.db", "airflow.cfg"


def copy_airflow_home(shared: Path, home: Path) -> None:
    """Make an ``AIRFLOW_HOME`` by copying the one that all processes of this test run share.

    Args:
        shared: The folder that they share.
        home: A new folder, or an empty one.
    """
    original = shared / "airflow-home"
    with FileLock(original.with_suffix(".lock")):
        if not (original / _SETTINGS).exists():
            make_airflow_home(original)
    home.mkdir(exist_ok=True)
    shutil.copy(original / _DATABASE, home)
    # The settings name the folder that they were made in, its database among what is there.
    settings = (original / _SETTINGS).read_text(encoding="utf-8")
    (home / _SETTINGS).write_text(settings.replace(str(original), str(home)), encoding="utf-8")
