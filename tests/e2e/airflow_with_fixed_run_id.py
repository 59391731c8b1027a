"""The `airflow` command, but for a run id that stays and a wait that may be cut short.

`dags test DAG DATE` makes the same run id for the same date: Airflow 3.3 makes that id of the present moment, but a run
that is cleared or retried keeps its id, and that is what is wanted here. Where the environment says so, error files
that are not there are not waited for.
"""

import os
from datetime import datetime
from typing import Any

from airflow.__main__ import main
from airflow.sdk import DAG

NO_WAITING = "TEST_WAIT_FOR_NO_ERROR_FILE"

_test = DAG.test


def _test_with_fixed_run_id(dag: DAG, *, logical_date: datetime, **rest: Any) -> Any:
    return _test(dag, logical_date=logical_date, run_after=logical_date, **rest)


def _wait_for_no_error_file() -> None:
    """Move the deadline to the execution's end: a file that was removed will not come."""
    from csvdynamo_airflow.rejects import error_files_operator

    error_files_operator._BUFFER_INTERVALS = error_files_operator._GRACE_SECONDS = 0


def run_airflow() -> None:
    """Do what the command line says."""
    if os.environ.get(NO_WAITING):
        _wait_for_no_error_file()
    DAG.test = _test_with_fixed_run_id  # type: ignore[assignment]
    main()


if __name__ == "__main__":
    run_airflow()
