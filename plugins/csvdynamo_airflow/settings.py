"""Settings of the Airflow side, from environment variables."""

import os
from pathlib import Path

from csvdynamo_airflow.errors import MigrationError

DATASETS_FOLDER = "CSVDYNAMO_DATASETS"
"""Variable that names the folder of data set files, where it is neither beside the plugins nor in them."""

RETRY_SECONDS = "CSVDYNAMO_RETRY_SECONDS"
"""Variable that gives the seconds before a task's first retry; each later one waits twice as long."""

_DAY_SECONDS = 86_400


def datasets_folder() -> Path:
    """Find the folder of data set files: as set, in ``plugins/`` (Amazon MWAA), or beside it (a checkout).

    Raises:
        MigrationError: The variable names a folder that is not there.
    """
    if named := os.environ.get(DATASETS_FOLDER):
        folder = Path(named)
        if not folder.is_dir():
            raise MigrationError(f"{DATASETS_FOLDER}={named}: there is no such folder.")
        return folder
    plugins = Path(__file__).resolve().parents[1]
    inside = plugins / "datasets"
    return inside if inside.is_dir() else plugins.parent / "datasets"


def retry_seconds() -> float:
    """Seconds before a task's first retry; 60 unless the setting says otherwise.

    Raises:
        MigrationError: The variable is no number of seconds, or more than a day.
    """
    text = os.environ.get(RETRY_SECONDS, "60")
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _DAY_SECONDS:
        raise MigrationError(f"{RETRY_SECONDS}={text!r}: give a number of seconds, from 0 to {_DAY_SECONDS:,}.")
    return seconds
