"""What an Airflow of this project begins with: each home has a copy, and Airflow imports that when it starts.

Typed by hand or run by a command of ours, `airflow dags test` takes 12 s of CPU with it, and 22 s without.
"""

import gc
import json
import sys
from typing import Any

__all__: list[str] = []  # Airflow would take every name for a setting of its own


def begin() -> None:
    """Let this process of Airflow pay for what it needs alone."""
    # A command of Airflow makes a million objects that stay: a tenth of the CPU of `airflow dags test` would go to
    # looking through them for garbage.
    gc.set_threshold(100_000, 20, 20)
    if sys.argv[1:3] == ["dags", "test"]:
        speak_one_version()
        check_each_schema_once()


def speak_one_version() -> None:
    """Let the API that `dags test` serves to its own tasks speak this Airflow's version of it, and no earlier one.

    Airflow makes its routes anew for each version of which a worker may be, which takes 8 of the 20 seconds of CPU of a
    small run. Here is no other worker. An Airflow that makes them in another way is left alone.
    """
    try:
        from airflow.api_fastapi.execution_api import versions  # noqa: PLC0415 - Airflow imports this before itself
        from airflow.api_fastapi.execution_api.routes import execution_api_router as router  # noqa: PLC0415
        from cadwyn import HeadVersion, Version, VersionBundle  # noqa: PLC0415
        from cadwyn.route_generation import _DELETED_ROUTE_TAG  # noqa: PLC0415
    except ImportError:
        return
    versions.bundle = VersionBundle(HeadVersion(), Version(versions.bundle.versions[0].value))
    router.routes = [route for route in router.routes if _DELETED_ROUTE_TAG not in getattr(route, "tags", ())]


def check_each_schema_once() -> None:
    """Let jsonschema look whether a schema is one only the first time that it sees it.

    Airflow validates each parameter of a DAG again for each task, when it keeps the DAG and when it runs the task, and
    jsonschema then holds the parameter's schema against JSON Schema's own first: a third of the CPU of a small run.
    """
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped] # noqa: PLC0415 - where Airflow needs it

    check, checked = Draft202012Validator.check_schema, set[str]()

    def check_once(schema: Any, *rest: Any, **more: Any) -> None:
        told = json.dumps([schema, rest, more], sort_keys=True, default=repr)
        if told not in checked:
            check(schema, *rest, **more)
            checked.add(told)

    Draft202012Validator.check_schema = check_once


if __name__ == "airflow_local_settings":
    begin()
