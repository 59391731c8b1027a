"""Airflow's command, in a process that ends at once: `python -P commands/airflow_command.py dags test …`.

Python takes seconds to take Airflow apart at the end of a process, as many as a small run's tasks take. What asked to
be called at the end is called.
"""

import atexit
import os
import sys


def main() -> None:
    """Run it, and end with its exit status."""
    from airflow.__main__ import main as airflow  # noqa: PLC0415 - what it says while it is imported is said here, too

    sys.argv[0] = "airflow"
    if sys.argv[1:3] == ["dags", "test"]:
        speak_one_version()
    status = 0
    try:
        airflow()
    except SystemExit as end:
        status = status_of(end)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def speak_one_version() -> None:
    """Let the API that `dags test` serves to its own tasks speak this Airflow's version of it, and no earlier one.

    Airflow makes its routes anew for each version of which a worker may be, which takes 8 of the 20 seconds of CPU of a
    small run. Here is no other worker. An Airflow that makes them in another way is left alone.
    """
    try:
        from airflow.api_fastapi.execution_api import versions  # noqa: PLC0415 - of Airflow, too
        from airflow.api_fastapi.execution_api.routes import execution_api_router as router  # noqa: PLC0415
        from cadwyn import HeadVersion, Version, VersionBundle  # noqa: PLC0415
        from cadwyn.route_generation import _DELETED_ROUTE_TAG  # noqa: PLC0415
    except ImportError:
        return
    versions.bundle = VersionBundle(HeadVersion(), Version(versions.bundle.versions[0].value))
    router.routes = [route for route in router.routes if _DELETED_ROUTE_TAG not in getattr(route, "tags", ())]


def status_of(end: SystemExit) -> int:
    """Give the exit status that Python would end with; what is no number is said on the standard error."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    main()
