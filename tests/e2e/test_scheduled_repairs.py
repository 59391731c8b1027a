"""What docs/operations.md tells to do, done under Airflow's scheduler: a run is red in an entry's words, and goes on.

Its tasks and triggers wait a fraction (`tests/support/hurried`), and a run goes from one repair to the next: a task
costs a second here. The last test mends the data set file for good. Killed tasks, the triggerer and
what a person does to a run are in test_scheduled_airflow.py.
"""

import shutil
import time
import uuid
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest

from commands.airflow_api import Api, ScheduledRun, await_true
from commands.airflow_home import airflow_environment
from commands.ui import airflow_standalone
from csvdynamo.writing.turn import Holder, turn_key
from csvdynamo_airflow.settings import DATASETS_FOLDER, LOCAL_FOLDER, LOCAL_HOSTS
from tests.e2e.conftest import FAST
from tests.integration.plugin.scripted_server import Answer, serve
from tests.support.aws_proxy import AwsProxy
from tests.support.forked_airflow import COMMAND
from tests.support.hurried.airflow_local_settings import FULL_DISK
from tests.support.lambda_functions import no_error_stream
from tests.support.preload import quick_settings
from tests.support.repaired_place import NAME, TABLE, Place, Throttle
from tests.support.stacks import Stacks

HEADER = "City,DOL Vehicle ID"
NO_KEY, CUT = "Kent,", "Kent"  # rows that the Lambda function rejects, and prepare
ATTEMPTS = 4  # a task's retries, and the first
# What a person writes in the data set file, and what stands there then.
OTHER_RULES = ("[gates]", '[columns.City]\ntransform = [{ prefix = "New " }]\n\n[gates]')
ENCODING = ("max_bytes = 20000", 'encoding = "utf-16"\nmax_bytes = 20000')


@pytest.fixture(scope="module")
def place(stacks: Stacks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder, datasets, logs = (tmp_path_factory.mktemp(name) for name in ("sources", "datasets", "logs"))
    shutil.copy(stacks.datasets_folder(NAME) / f"{NAME}.toml", datasets)
    full_disk, throttle = folder / "full", Throttle()
    with (
        serve(Answer()) as publisher,
        stacks.copy(log=logs / "local-aws.log", settings=FAST) as aws,
        AwsProxy(aws.endpoint, throttle) as proxy,
    ):
        deployed = stacks.on(aws, NAME)
        through = {**aws.environment, "AWS_ENDPOINT_URL": proxy.endpoint}
        settings = {
            **quick_settings("hurried"),
            "AIRFLOW_CONN_AWS_DEFAULT": airflow_environment(folder, through)["AIRFLOW_CONN_AWS_DEFAULT"],
            DATASETS_FOLDER: str(datasets),
            LOCAL_FOLDER: str(folder),
            LOCAL_HOSTS: urlsplit(publisher.url).netloc,
            FULL_DISK: str(full_disk),
            # A DAG whose file a person lets it read again is the new one at once.
            "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "0",
        }
        with (
            pytest.MonkeyPatch.context() as patch,
            airflow_standalone(deployed, logs / "airflow.log", settings, COMMAND) as airflow,
        ):
            patch.setattr("commands.ui._STOP_SECONDS", 0.5)  # nothing of it is kept
            yield Place(Api(airflow).log_in(), deployed, folder, datasets, full_disk, publisher, throttle)


@pytest.fixture(autouse=True)
def nothing_is_left(place: Place) -> None:
    """A test that failed in its middle must not keep the next one waiting."""
    place.throttle.operation = None
    place.deployed.client("s3").delete_object(**place.object(turn_key(NAME)))


@pytest.fixture
def salt() -> str:
    """Begins the keys of a test's runs."""
    return uuid.uuid4().hex[:8]


def text(
    salt: str, count: int = 30, *, header: str = HEADER, cell: str = "Kent", first: tuple[str, ...] = (), end: str = ""
) -> str:
    """A source of so many vehicles, of other rows before them, and of what it ends with."""
    return "\n".join([header, *first, *(f"{cell},{salt}{number:03}" for number in range(count)), end])


def assert_red(run: ScheduledRun, *words: str) -> None:
    """Hold a run to end red, in these words."""
    assert run.await_end() == "failed", run.tasks()
    told = "\n".join(run.told("report")["problems"])
    for said in words:
        assert said in told


def assert_green(run: ScheduledRun) -> None:
    assert run.await_end() == "success", (run.tasks(), run.told("report")["problems"])


# what needs no deploy


def test_a_run_goes_on_from_task_to_task_as_what_stopped_it_is_mended(place: Place, salt: str) -> None:
    s3 = place.deployed.client("s3")
    place.serve(status=503)
    run = place.trigger(place.publisher.url)
    assert_red(run, "could not be downloaded in 10 attempts, the last one because")
    assert run.tasks()["download"] == ("failed", ATTEMPTS)

    place.serve(text(salt, header="City,Number"))
    run.clear("download", downstream=True)
    assert_red(run, "lacks", "as was found by a rule")

    place.serve(text(salt, end=CUT))
    run.clear("download", downstream=True)
    assert_red(run, "The last record, row 31", "the file may have been cut off")

    s3.delete_object(**place.object(run.told("download")["key"]))
    run.clear("prepare", downstream=True)
    assert_red(run, "is gone. Clear the task download, which stores it again")

    place.serve(text(salt, first=(NO_KEY,)))
    place.full_disk.touch()
    place.throttle.operation = "StartExecution"
    run.clear("download", downstream=True)
    run.await_log("download", "Free space there, or point the worker's TMPDIR at a larger disk")
    place.full_disk.unlink()
    assert run.await_end() == "failed"
    assert run.tasks()["download"][0] == "success"
    assert "ThrottlingException" in run.log("start", ATTEMPTS)

    place.throttle.operation = None
    with no_error_stream(place.deployed) as mend:
        run.clear("start", downstream=True)
        assert_red(run, "rows are in batches that failed")

        mend()
        run.clear("wait", downstream=True)
        assert_green(run)

    assert_goes_on_after_its_execution(place, run)


def assert_goes_on_after_its_execution(place: Place, run: ScheduledRun) -> None:
    """Do to a run that has migrated what stops it in each later task, and mend that."""
    s3, dynamodb = place.deployed.client("s3"), place.deployed.client("dynamodb")
    late = place.take_error_files(run.told("wait")["name"])
    stranger = {"DOL Vehicle ID": {"S": "of somebody else"}}
    dynamodb.put_item(TableName=TABLE, Item=stranger)
    run.clear("fetch_error_files", downstream=True)
    assert_red(
        run, "rejects of the result files are not among the error files, after the deadline", 'verify.foreign is "fail"'
    )

    for key, body in late.items():
        s3.put_object(**place.object(key), Body=body)
    run.clear("fetch_error_files", downstream=True)
    assert_red(run, 'verify.foreign is "fail"')
    assert run.told("report")["ledger"]["rejected"] == 1

    dynamodb.delete_item(TableName=TABLE, Key=stranger)
    run.clear("verify", downstream=True)
    assert_green(run)

    run.forget("verify")  # as `airflow db clean` does
    run.clear("reconcile", downstream=True)
    assert_red(run, "The table was not checked, although rows were migrated: clear the task verify.")

    prepared = place.object(run.told("prepare")["file_key"])
    run.clear("verify", downstream=True)
    assert_green(run)

    s3.put_object(**prepared, Body=b"another")
    run.clear("verify", downstream=True)
    assert_red(run, "it was changed after its upload. Delete it and clear the task that uploaded it.")

    s3.delete_object(**prepared)
    run.clear("prepare", downstream=True)
    assert_green(run)
    assert run.told("wait")["name"] == run.told("prepare")["execution_name"], "it attached"


# what a person is asked

WAITING = "awaiting_input"


def test_a_run_goes_on_if_a_person_lets_its_file_pass_and_for_no_other_file(place: Place, salt: str) -> None:
    dynamodb = place.deployed.client("dynamodb")

    def written() -> bool:
        key = {"DOL Vehicle ID": {"S": f"{salt}000"}}
        return "Item" in dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True)

    with place.asking():
        place.serve(text(salt, first=(CUT,) * 3))
        run = place.trigger(place.publisher.url)
        run.await_task("approve", WAITING)
        asked = run.api.call(f"{run.path}/hitlDetails")["hitl_details"][0]
        approve, reject = asked["options"]
        assert "3 of 33 rows (9.09 %) were rejected, more than gates.max_reject_percent = 5" in asked["body"]
        with pytest.raises(HTTPError, match="400"):
            run.answer("approve", "Approve")
        answer_with(run, reject)
        assert_red(run, "The run was not approved. admin rejected it at", "- gates.max_reject_percent: 3 of 33 rows")
        assert not written()
        assert run.told("fetch_error_files")["csv_key"]

        run.clear("approve", downstream=True)
        answer_with(run, approve)
        assert_green(run)
        assert written()
        answer = run.told("approve")
        assert (answer["approved"], answer["by"]) == (True, "admin")

        run.clear("approve", downstream=False)
        assert_green(run)
        assert run.told("approve") == answer, "of the same file nobody is asked twice"

        # Airflow keeps the first question of a task: once it does not, another file is asked about.
        place.serve(text(salt, first=(CUT,) * 4))
        for task in ("download", "prepare", "approve"):
            run.clear(task, downstream=False)
        run.await_log("approve", "Airflow still shows the question of a file that was prepared before in this run")
        run.await_end()


def answer_with(run: ScheduledRun, option: str) -> None:
    """Answer what approve asks, again where it asks again.

    A task that goes on before the scheduler has heard that it pauses counts as lost, and is tried once more.
    """
    for _ in range(ATTEMPTS):
        run.await_task("approve", WAITING)
        if answered(run, option) != WAITING:
            return
    pytest.fail("approve was lost at each attempt")


def answered(run: ScheduledRun, option: str) -> str:
    """Answer, and return approve's state once it has ended, or asks at another attempt."""
    asked = run.tasks()["approve"]
    run.answer("approve", option)

    def went_on() -> bool:
        now = run.tasks()["approve"]
        return now != asked and now[0] in (WAITING, "success", "failed")

    await_true(went_on, lambda: f"approve does not go on: {run.tasks()}")
    return run.tasks()["approve"][0]


# what lies with the data set file


def test_runs_that_fail_by_the_data_set_file_go_on_when_it_is_mended_and_deployed(place: Place, salt: str) -> None:
    larger = place.trigger(place.write(text(f"{salt}a", 200)))
    assert_red(larger, "source.max_bytes allows")
    header = place.trigger(place.write(text(f"{salt}b", header=HEADER.replace("City", "Make"), cell="Ford")))
    assert_red(header, "changed, and nothing was uploaded")
    rejects = place.trigger(place.write(text(f"{salt}c", first=(CUT,) * 3)))
    assert_red(rejects, "were rejected, more than gates.max_reject_percent")
    binary = place.trigger(place.write(text(f"{salt}g", 4, cell="Київ" * 20), "utf-16-le"))
    assert_red(binary, "was taken for binary")
    assert_goes_on_whatever_else_is_in_the_table(place, salt)
    with no_error_stream(place.deployed):
        # A person lets it pass that its source was cut off.
        limit = place.trigger(place.write(text(f"{salt}d", first=(NO_KEY,), end=CUT)), accept_source=True)
        assert_red(limit, "more than gates.tolerated_failure_percent = 0")

        place.mend(
            ("max_reject_percent = 5", "max_reject_percent = 20"),
            ("tolerated_failure_percent = 0", "tolerated_failure_percent = 100"),
        )
        place.deploy()
        limit.clear("wait", downstream=True)
        assert_green(limit)
        assert limit.told("wait")["name"] == f"{limit.told('prepare')['execution_name']}-2"
    # Airflow alone reads these: they need no deploy.
    place.mend(("max_bytes = 2000", "max_bytes = 20000"), ('missing = "fail"', 'missing = "warn"'))
    larger.clear("download", downstream=True)
    assert_green(larger)
    place.mend(ENCODING)
    binary.clear("download", downstream=True)
    assert_green(binary)
    place.mend(ENCODING[::-1])

    # What was left of a run that is no more keeps the next one waiting until a person takes it away.
    left = place.object(turn_key(NAME))
    dead = larger.told("wait")
    holder = Holder(larger.told("prepare")["execution_name"], dead["name"], dead["redrives"], time.time())
    place.deployed.client("s3").put_object(**left, Body=holder.to_json().encode())
    header.clear("prepare", downstream=True)
    header.await_task("start", "up_for_reschedule")
    assert f"or at once if you delete s3://{left['Bucket']}/{left['Key']}" in header.log("start")
    place.deployed.client("s3").delete_object(**left)
    assert_green(header)

    rejects.clear("prepare", downstream=True)
    assert_green(rejects)
    assert_goes_on_by_the_old_rules(place, rejects)
    assert_goes_on_with_another_table(place, rejects, salt)


def assert_goes_on_whatever_else_is_in_the_table(place: Place, salt: str) -> None:
    """Put an item into the table that no file makes, and let the data set file be content with it."""
    place.deployed.client("dynamodb").put_item(TableName=TABLE, Item={"DOL Vehicle ID": {"S": "of somebody else"}})
    foreign = place.trigger(place.write(text(f"{salt}f")))
    assert_red(foreign, 'verify.foreign is "fail"')
    place.mend(('foreign = "fail"', 'foreign = "report"'))
    foreign.clear("verify", downstream=True)
    assert_green(foreign)


def assert_goes_on_by_the_old_rules(place: Place, migrated: ScheduledRun) -> None:
    """Change the rules under a run that has migrated, and bring them back."""
    place.mend(OTHER_RULES)
    place.deploy()
    migrated.clear("verify", downstream=True)
    assert_red(migrated, "were changed since")

    place.mend(OTHER_RULES[::-1])
    place.deploy()
    migrated.clear("verify", downstream=True)
    assert_green(migrated)


def assert_goes_on_with_another_table(place: Place, migrated: ScheduledRun, salt: str) -> None:
    """Give the table another key, and mend that; and let a run that has migrated go on by the rules that are then."""
    place.give_table_another_key()
    key = place.trigger(place.write(text(f"{salt}e")))
    assert_red(key, "DynamoDB would refuse every row")

    place.mend((TABLE, "tb_mended_vehicles"), OTHER_RULES)
    key.clear("download", downstream=True)
    assert_red(key, "was deployed with other rules than")

    place.destroy()
    key.clear("download", downstream=True)
    assert key.await_end() == "failed"
    assert "There is no stack csvdynamo-repaired-vehicles" in key.log("download", key.tasks()["download"][1])

    place.deploy()
    key.clear("download", downstream=True)
    assert_green(key)

    migrated.clear("verify", downstream=True)
    assert_red(migrated, "were changed since")

    migrated.clear("prepare", downstream=True)
    assert_green(migrated)
    pages = place.deployed.client("dynamodb").get_paginator("scan").paginate(TableName="tb_mended_vehicles")
    cities = [item["City"]["S"] for page in pages for item in page["Items"]]
    assert cities == ["New Kent"] * 60
