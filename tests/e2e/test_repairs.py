"""What docs/operations.md tells to do, done: a run is red in an entry's words, and goes on when that was mended.

A run goes from one repair to the next. What lies with the data set file is in test_repaired_data_set_file.py; killed
tasks, the triggerer, what a person does to a run and what one is asked in test_scheduled_airflow.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from csvdynamo_airflow.settings import LOCAL_HOSTS
from tests.e2e.conftest import FAST, Airflow
from tests.e2e.repairs.place import CUT, NAME, NO_KEY, TABLE, Place, Throttle, assert_green, assert_red, text
from tests.integration.plugin.scripted_server import Answer, ScriptedServer, serve
from tests.support.aws_proxy import AwsProxy
from tests.support.dag_run import DagRun
from tests.support.hurry import FULL_DISK
from tests.support.lambda_functions import no_error_stream
from tests.support.stacks import Stacks

RETRIES = 3


@pytest.fixture
def throttle() -> Throttle:
    return Throttle()


@pytest.fixture
def publisher() -> Iterator[ScriptedServer]:
    with serve(Answer()) as server:
        yield server


@pytest.fixture
def publish(publisher: ScriptedServer) -> Callable[..., None]:
    """Lets the publisher's server answer otherwise from now on."""

    def publish(text: str = "", status: int = 200) -> None:
        publisher.answers[:] = [Answer(status=status, body=text.encode())]

    return publish


@pytest.fixture
def full_disk(tmp_path: Path) -> Path:
    """A file: while it is there, the workers' disk is full."""
    return tmp_path / "full"


@pytest.fixture
def place(
    stacks: Stacks, airflow: Airflow, publisher: ScriptedServer, throttle: Throttle, full_disk: Path, tmp_path: Path
) -> Iterator[Place]:
    with (
        stacks.copy(log=tmp_path / "local-aws.log", settings=FAST) as aws,
        AwsProxy(aws.endpoint, throttle) as proxy,
    ):
        through = {**aws.environment, "AWS_ENDPOINT_URL": proxy.endpoint}
        dags = airflow.dags(stacks.on(aws, NAME), NAME, through)
        settings = {LOCAL_HOSTS: urlsplit(publisher.url).netloc, FULL_DISK: str(full_disk)}
        yield Place.of(replace(dags, environment={**dags.environment, **settings}), tmp_path)


def test_a_run_goes_on_from_task_to_task_as_what_stopped_it_is_mended(
    place: Place, publisher: ScriptedServer, publish: Callable[..., None], throttle: Throttle, full_disk: Path
) -> None:
    s3 = place.deployed.client("s3")
    publish(status=503)
    run = place.dags.dag_run(publisher.url)
    run.run()
    assert_red(run, "could not be downloaded in 10 attempts, the last one because")
    assert (run.states["download"], run.retries) == ("failed", RETRIES)

    publish(text("m", header="City,Number"))
    run.clear("download")
    assert_red(run, "lacks", "as was found by a rule")

    publish(text("m", end=CUT))
    run.clear("download")
    assert_red(run, "The last record, row 31", "the file may have been cut off")

    s3.delete_object(**place.object(run.told("download")["key"]))
    run.clear("prepare")
    assert_red(run, "is gone. Clear the task download, which stores it again")

    publish(text("m", first=(NO_KEY,)))
    full_disk.touch()
    full = run.attempt("download")
    assert full.wait()["retried"]
    told = full.log.read_text(encoding="utf-8")
    assert "Free space there, or point the worker's TMPDIR at a larger disk" in told
    full_disk.unlink()
    throttle.operation = "StartExecution"
    run.clear("download")
    assert run.states["start"] == "failed"
    assert "ThrottlingException" in run.causes["start"]

    throttle.operation = None
    with no_error_stream(place.deployed) as mend:
        run.clear("start")
        assert_red(run, "rows are in batches that failed")

        mend()
        run.clear("wait")
        assert_green(run)

    assert_goes_on_after_its_execution(place, run)


def assert_goes_on_after_its_execution(place: Place, run: DagRun) -> None:
    """Do to a run that has migrated what stops it in each later task, and mend that."""
    s3, dynamodb = place.deployed.client("s3"), place.deployed.client("dynamodb")
    late = place.take_error_files(run.told("wait")["name"])
    stranger = {"DOL Vehicle ID": {"S": "of somebody else"}}
    dynamodb.put_item(TableName=TABLE, Item=stranger)
    run.no_waiting = True
    run.clear("fetch_error_files")
    assert_red(
        run, "rejects of the result files are not among the error files, after the deadline", 'verify.foreign is "fail"'
    )

    for key, body in late.items():
        s3.put_object(**place.object(key), Body=body)
    run.clear("fetch_error_files")
    assert_red(run, 'verify.foreign is "fail"')
    assert run.told("report")["ledger"]["rejected"] == 1

    dynamodb.delete_item(TableName=TABLE, Key=stranger)
    run.clear("verify")
    assert_green(run)

    run.forget("verify")  # as `airflow db clean` does
    run.clear("reconcile")
    assert_red(run, "The table was not checked, although rows were migrated: clear the task verify.")

    prepared = place.object(run.told("prepare")["file_key"])
    run.clear("verify")
    assert_green(run)

    s3.put_object(**prepared, Body=b"another")
    run.clear("verify")
    assert_red(run, "it was changed after its upload. Delete it and clear the task that uploaded it.")

    s3.delete_object(**prepared)
    run.clear("prepare")
    assert_green(run)
    assert run.told("wait")["name"] == run.told("prepare")["execution_name"], "it attached"
