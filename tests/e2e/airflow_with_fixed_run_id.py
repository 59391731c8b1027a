"""The `airflow` command, but for one thing: `dags test DAG DATE` makes the same run id for the same date.

Airflow 3.3 makes that id of the present moment. A run that is cleared or retried keeps its id, and that is what is
wanted here.
"""

from datetime import datetime
from typing import Any

from airflow.__main__ import main
from airflow.sdk import DAG

_test = DAG.test


def _test_with_fixed_run_id(dag: DAG, *, logical_date: datetime, **rest: Any) -> Any:
    return _test(dag, logical_date=logical_date, run_after=logical_date, **rest)


if __name__ == "__main__":
    DAG.test = _test_with_fixed_run_id  # type: ignore[assignment]
    main()
