"""What an Airflow of this project begins with: each home has a copy, and Airflow imports that when it starts.

Typed by hand or run by a command of ours, `airflow dags test` takes 12 s of CPU with it, and 22 s without.
"""

import gc
import sys

__all__: list[str] = []  # Airflow would take every name for a setting of its own


def begin() -> None:
    """Let this process of Airflow pay for what it needs alone."""
    # A command of Airflow makes a million objects that stay: a tenth of the CPU of `airflow dags test` would go to
    # looking through them for garbage.
    gc.set_threshold(100_000, 20, 20)
    if sys.argv[1:3] == ["dags", "test"]:
        speak_one_version()


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


if __name__ == "airflow_local_settings":
    begin()
