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


def status_of(end: SystemExit) -> int:
    """Give the exit status that Python would end with; what is no number is said on the standard error."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1


if __name__ == "__main__":
    main()
