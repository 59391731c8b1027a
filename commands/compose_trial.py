"""``make test-compose``: the containers for real, from the build to a triggerer restarted in the middle of a run.

Ends with status 0 if all was as it must be, 1 if it was not, and 3 if no engine could be had, which is no pass.
"""

import argparse
import json
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

from commands.airflow_api import Api, Login, ScheduledRun, await_true
from commands.compose import new_secrets
from commands.compose_engine import ENGINE_DATA, CommandError, Engine, NoEngineError, engine
from commands.compose_images import POSTGRES_IMAGE, PYTHON_IMAGE, base_image
from commands.compose_stack import AIRFLOW_USER, IMAGES, LASTING, Stack, TrialError, stack
from commands.compose_verdict import (
    execution_faults,
    in_units,
    memory_used,
    page_bundle,
    page_faults,
    password_in,
    restart_faults,
    run_faults,
)
from commands.project import NOT_HERE, fail, free_port, say, stop_like_ctrl_c
from commands.sample import Sample, write_sample

DATASET = "ev_population"
_IN_THE_CONTAINERS = "/opt/csvdynamo/sample"
_SAMPLE = f"{_IN_THE_CONTAINERS}/Electric_Vehicle_Population_Data.csv"
_LARGER = f"{_IN_THE_CONTAINERS}/larger/Electric_Vehicle_Population_Data.csv"
_SAMPLE_ROWS = 5000
_LARGER_ROWS = 60_000
_RUN_SECONDS = 900.0


def main() -> None:
    """Prove the project's containers on a real Docker engine."""
    parser = argparse.ArgumentParser(prog="make test-compose", description=main.__doc__)
    parser.add_argument("--install", action="store_true", help="install the Debian packages that are missing (root)")
    arguments = parser.parse_args()
    stop_like_ctrl_c()
    begun = time.monotonic()
    try:
        with engine(may_install=arguments.install) as running:
            _try(running)
    except NoEngineError as error:
        _not_here(error)
    except (TrialError, CommandError, TimeoutError) as error:
        fail(f"The containers did not pass: {error}")
    except KeyboardInterrupt:
        fail("Stopped.")
    say(f"\nThe containers passed, in {time.monotonic() - begun:.0f} s.")


def _not_here(error: NoEngineError) -> NoReturn:
    say(f"The containers were not tried, which is no pass: {error}")
    sys.exit(NOT_HERE)


def _try(running: Engine) -> None:
    say(f"Docker {running.docker('version', '--format', '{{.Server.Version}}')}, {' '.join(running.compose)}:")
    say(f"  {running.run(*running.compose, 'version').stdout.splitlines()[0]}")
    bases = {real: base_image(running, real) for real in (PYTHON_IMAGE, POSTGRES_IMAGE)}
    port = free_port()
    with stack(running, bases, {**new_secrets(), "CSVDYNAMO_UI_PORT": str(port)}) as containers:
        _build(containers, bases)
        _start(containers)
        _look(containers)
        api = _log_in(containers, f"http://127.0.0.1:{port}")
        _first_run(containers, api)
        _second_run(containers, api)
    where = f" in {ENGINE_DATA}, which make clean removes" if running.started else ""
    say(f"The images stay{where}: {', '.join((*IMAGES.values(), *(b for b in bases.values() if 'stand-in' in b)))}.")


def _build(containers: Stack, bases: dict[str, str]) -> None:
    with _timed("Built the images"):
        containers.compose("build")
    for image in (*IMAGES.values(), *bases.values()):
        size = float(containers.engine.docker("image", "inspect", "--format", "{{.Size}}", image))
        say(f"  {image}: {in_units(size)}")


def _start(containers: Stack) -> None:
    with _timed("Started, and all services healthy"):
        try:
            containers.compose("up", "--detach", "--no-build")
        except CommandError as error:
            raise TrialError(f"{error}\n{containers.logs()}") from error
        containers.await_healthy(*LASTING)


def _look(containers: Stack) -> None:
    """Look at the users that the services are, and at the memory that they take."""
    users = {service: containers.execute(service, "id", "-u") for service in LASTING if service != "postgres"}
    if set(users.values()) != {AIRFLOW_USER}:
        raise TrialError(f"the services must run as user {AIRFLOW_USER}, but run as {users}")
    ids = [containers.container(service) for service in LASTING]
    stats = containers.engine.docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}", *ids)
    used = memory_used(stats)
    say(f"  as user {AIRFLOW_USER}; together {in_units(sum(used.values()))} of memory:")
    for name, size in sorted(used.items()):
        say(f"    {name.removeprefix(containers.name).strip('-_')}: {in_units(size)}")


def _log_in(containers: Stack, url: str) -> Api:
    """Log in as the compose file says: with the password from the log."""
    password = password_in(containers.compose("logs", "--no-color", "api-server"), "admin")
    if password is None:
        raise TrialError("the log of api-server has no password of the user admin")
    api = Api(Login(url, "admin", password)).log_in()
    api.await_dag(f"csvdynamo_{DATASET}")
    return api


def _first_run(containers: Stack, api: Api) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sample = write_sample(Path(folder) / "sample.csv", _SAMPLE_ROWS)
    with _timed(f"A run of {sample.rows:,} rows, triggered through the REST API, is green"):
        run = ScheduledRun.trigger(api, f"csvdynamo_{DATASET}", _SAMPLE)
        _await_green(run)
    evidence = _evidence(containers)
    _raise_for(run_faults(evidence, run.run_id, sample) + execution_faults(evidence, 1))
    say(f"  its ledger and its {len(sample.faults)} rejects are the sample's, its execution is one.")
    _raise_for(page_faults(*_page(api, run), sample))
    say("  the Migrations page is in the menu, its bundle is served, and it tells of the run what the report does.")


def _page(api: Api, run: ScheduledRun) -> tuple[dict[str, Any], int, dict[str, Any]]:
    """Ask for what a browser asks for: the plugins, the size of the page's bundle, and the run."""
    plugins: dict[str, Any] = api.call("/api/v2/plugins")
    bundle = page_bundle(plugins)
    size = 0
    if bundle:
        with urllib.request.urlopen(f"{api.airflow.url}/{bundle}", timeout=60) as got:  # noqa: S310 - always http
            size = len(got.read())
    return plugins, size, api.call(f"/csvdynamo/api/dags/{run.dag_id}/runs/{quote(run.run_id)}")


def _second_run(containers: Stack, api: Api) -> None:
    sample = _put_larger_sample(containers)
    before = containers.inspect("triggerer", "{{.State.StartedAt}}")
    with _timed(f"A run of {sample.rows:,} rows, the triggerer restarted in its middle, is green"):
        run = ScheduledRun.trigger(api, f"csvdynamo_{DATASET}", _LARGER)
        await_true(
            lambda: run.tasks()["wait"][0] == "deferred", lambda: f"wait is not deferred: {run.tasks()}", _RUN_SECONDS
        )
        containers.compose("restart", "triggerer")
        after = containers.inspect("triggerer", "{{.State.StartedAt}}")
        say(f"  restarted while wait was deferred; after it, wait is {run.tasks()['wait'][0]}.")
        _await_green(run)
    containers.await_healthy(*LASTING)
    evidence = _evidence(containers)
    _raise_for(
        run_faults(evidence, run.run_id, sample)
        + execution_faults(evidence, 2)
        + restart_faults(evidence, run.run_id, before, after)
    )
    say("  the execution ran on meanwhile and is one; ledger and rejects are the sample's; all services are healthy.")


def _put_larger_sample(containers: Stack) -> Sample:
    """Write a larger sample into the scheduler's container, where the tasks run, and learn here what is in it."""
    arguments = ("--rows", str(_LARGER_ROWS), "--seed", "2", "--out", _LARGER)
    containers.execute("scheduler", "python", "-m", "commands.sample", *arguments, user="root")
    with tempfile.TemporaryDirectory() as folder:
        return write_sample(Path(folder) / "sample.csv", _LARGER_ROWS, seed=2)


def _await_green(run: ScheduledRun) -> None:
    if run.await_end(_RUN_SECONDS) != "success":
        raise TrialError(f"the run {run.run_id} is not green: {run.tasks()}")


def _evidence(containers: Stack) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(containers.execute("aws", "python", "-m", "commands.compose_evidence", DATASET))
    return told


def _raise_for(faults: list[str]) -> None:
    if faults:
        raise TrialError("; ".join(faults))


@contextmanager
def _timed(what: str, clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    begun = clock()
    yield
    say(f"{what}: {clock() - begun:.0f} s")


if __name__ == "__main__":
    main()
