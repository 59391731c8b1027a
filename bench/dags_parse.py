"""How long a processor works to parse ``dags/``: ``python -m bench.dags_parse FOLDER`` prints a JSON object.

Airflow is imported first, and has parsed a DAG of nothing but itself.
"""

import json
import sys
import time
from pathlib import Path

_AIRFLOW_ALONE = """from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator

with DAG("airflow_alone"):
    EmptyOperator(task_id="nothing")
"""


def main() -> None:
    """Parse a DAG of Airflow's own, then the project's."""
    folder = Path(sys.argv[1])
    alone = folder / "alone"
    alone.mkdir()
    (alone / "airflow_alone.py").write_text(_AIRFLOW_ALONE, encoding="utf-8")
    airflow = _parse(alone)
    print(json.dumps({"airflow_cpu_seconds": airflow, "cpu_seconds": _parse(Path(__file__).parents[1] / "dags")}))


def _parse(folder: Path) -> float:
    began = time.process_time()
    from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415 - it is a part of what is measured

    bag = DagBag(folder, bundle_path=folder, bundle_name="dags-folder")
    seconds = time.process_time() - began
    if bag.import_errors or not bag.dags:
        sys.exit(f"{folder} has errors, or no DAG: {bag.import_errors}")
    return seconds


if __name__ == "__main__":
    main()
