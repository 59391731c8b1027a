"""What docs/operations.md tells to do, done: each run is red in the words of its entry, and green once it was repaired.

What needs Airflow's own scheduler to be seen is in test_scheduled_airflow.py, what needs two runs at once in
test_fence.py.
"""

import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.embedded import Deployed
from commands.embedded_assembly import embedded_assembly
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.writing.turn import Holder, turn_key
from csvdynamo_airflow.naming import error_prefix
from csvdynamo_airflow.storage.result_objects import list_objects
from tests.crash.kills import Runs, gated_runs
from tests.support.dag_run import DagRun
from tests.support.schedule import SKIPPED
from tests.support.stacks import Stacks

NAME = "repaired_vehicles"
HEADER = "City,DOL Vehicle ID"


@pytest.fixture(scope="module")
def datasets(stacks: Stacks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of its own with the data set file, to be mended."""
    folder = tmp_path_factory.mktemp("datasets")
    shutil.copy(stacks.datasets_folder(NAME) / f"{NAME}.toml", folder)
    return folder


@pytest.fixture(scope="module")
def runs(
    stacks: Stacks, deployed: Deployed, datasets: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runs]:
    place = stacks.on(deployed.aws, NAME)
    with gated_runs(place, stacks.dataset(NAME), datasets, tmp_path_factory.mktemp("repairs")) as made:
        yield made


@pytest.fixture
def salt() -> str:
    """Begins the keys of a test's runs."""
    return uuid.uuid4().hex[:8]


def text(salt: str, count: int = 20, *, header: str = HEADER, city: str = "Kent") -> str:
    """A source of so many vehicles."""
    return "\n".join([header, *(f"{city},{salt}{number:03}" for number in range(count))]) + "\n"


def source_of(run: DagRun) -> Path:
    return Path(run.params["source_url"])


def bucket(runs: Runs) -> str:
    return runs.deployed.outputs["SourceBucket"]


def assert_red(runs: Runs, run: DagRun, *words: str) -> None:
    """Hold a run to be red, in these words."""
    told = "\n".join(runs.report(run)["problems"])
    assert not run.green
    for said in words:
        assert said in told


def assert_green(runs: Runs, run: DagRun) -> None:
    assert run.green, runs.report(run)["problems"] if run.told("report") else run.logs()


def table_with_another_key(runs: Runs) -> None:
    """Put a table with another key in the place of the data set's."""
    dynamodb, name = runs.deployed.client("dynamodb"), runs.dataset.table.name
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=name)
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "other", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "other", "AttributeType": "S"}],
    )


# what lies with the source


def test_runs_that_fail_by_the_data_set_file_go_on_when_it_is_mended_and_deployed(
    runs: Runs, datasets: Path, salt: str
) -> None:
    larger = runs.make(f"{salt}larger", text(salt, 200))
    header = runs.make(f"{salt}header", text(salt).replace("City,", "Town,", 1))
    rejects = runs.make(f"{salt}rejects", text(salt) + "no key\n" * 3)
    for run, words in (
        (larger, "source.max_bytes allows"),
        (header, "changed, and nothing was uploaded"),
        (rejects, "were rejected, more than gates.max_reject_percent"),
    ):
        run.run()
        assert_red(runs, run, words)
    table_with_another_key(runs)
    other_key = runs.make(f"{salt}key", text(salt))
    other_key.run()
    assert_red(runs, other_key, "DynamoDB would refuse every row")

    path = datasets / f"{NAME}.toml"
    mended = path.read_text(encoding="utf-8")
    for wrong, right in (
        ("max_bytes = 2000", "max_bytes = 20000"),
        ("max_reject_percent = 5", "max_reject_percent = 20"),
        ('missing = "fail"', 'missing = "warn"'),
        ('name = "tb_repaired_vehicles"', 'name = "tb_mended_vehicles"'),
    ):
        assert wrong in mended
        mended = mended.replace(wrong, right)
    path.write_text(mended, encoding="utf-8")
    larger.run_again()
    assert_red(runs, larger, "was deployed from another version of")

    dataset = load_dataset(path)
    embedded_assembly(dataset, folder=datasets).deploy(dataset, runs.deployed.aws.environment)
    for run, cleared in ((larger, "download"), (header, "prepare"), (rejects, "prepare"), (other_key, "download")):
        run.clear(cleared)
        assert_green(runs, run)
    pages = runs.deployed.client("dynamodb").get_paginator("scan").paginate(TableName="tb_mended_vehicles")
    assert sum(len(page["Items"]) for page in pages) == 200


def test_a_source_that_cannot_be_read_or_is_not_there_yet_is_migrated_when_it_was_corrected(
    runs: Runs, salt: str
) -> None:
    run = runs.make(salt, text(salt, header="City,Number"))
    run.run()
    assert_red(runs, run, "lacks", "as was found by a rule")

    source_of(run).unlink()
    run.clear("download")
    assert_red(runs, run, "does not exist")

    source_of(run).write_text(text(salt), encoding="utf-8")
    run.clear("download")
    assert_green(runs, run)


def test_a_source_that_was_split_adds_up_and_of_equal_keys_the_later_parts_is_in_the_table(
    runs: Runs, datasets: Path, salt: str
) -> None:
    first, later = (runs.make(f"{salt}{city}", text(salt, 20 + 10 * n, city=city)) for n, city in enumerate("ab"))
    source_of(later).write_text("\n".join([HEADER, *text(salt, 30, city="b").split("\n")[11:]]), encoding="utf-8")

    for run in (first, later):
        run.run()
        assert_green(runs, run)

    dynamodb, table = runs.deployed.client("dynamodb"), load_dataset(datasets / f"{NAME}.toml").table.name
    keys = [{"DOL Vehicle ID": {"S": f"{salt}{number:03}"}} for number in range(30)]
    found = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys}})["Responses"][table]
    assert {item["DOL Vehicle ID"]["S"][-3:]: item["City"]["S"] for item in found} == {
        f"{number:03}": "a" if number < 10 else "b" for number in range(30)
    }


# what lies with the bucket


def test_a_run_goes_on_whose_objects_were_removed_or_changed(runs: Runs, salt: str) -> None:
    run, s3 = runs.make(salt, text(salt)), runs.deployed.client("s3")
    run.run_tasks("download")
    s3.delete_object(Bucket=bucket(runs), Key=run.told("download")["key"])
    run.run()
    assert_red(runs, run, "is gone. Clear the task download to fetch the source again")

    run.clear("download")
    assert_green(runs, run)

    prepared = {"Bucket": bucket(runs), "Key": run.told("prepare")["file_key"]}
    s3.put_object(**prepared, Body=b"another")
    run.clear("verify")
    assert_red(runs, run, "it was changed after its upload. Delete it and clear the task that uploaded it.")

    s3.delete_object(**prepared)
    run.clear("prepare")
    assert_green(runs, run)
    assert run.told("wait")["name"] == run.told("prepare")["execution_name"], "it attached"


def test_a_run_goes_on_whose_rejects_were_late(runs: Runs, salt: str) -> None:
    run, s3 = runs.make(salt, text(salt, 30) + "Kent,\n"), runs.deployed.client("s3")
    run.no_waiting = True
    run.run_tasks("download", "prepare", "start", "wait")
    runs.await_rejects(run)
    late = {}
    for item in list_objects(s3, bucket(runs), error_prefix(run.told("wait")["name"])):
        late[item["Key"]] = s3.get_object(Bucket=bucket(runs), Key=item["Key"])["Body"].read()
        s3.delete_object(Bucket=bucket(runs), Key=item["Key"])
    run.run()
    assert_red(runs, run, "rejects of the result files are not among the error files, after the deadline")

    for key, body in late.items():
        s3.put_object(Bucket=bucket(runs), Key=key, Body=body)
    run.clear("fetch_error_files")
    assert_green(runs, run)
    assert runs.report(run)["ledger"]["rejected"] == 1


# what lies with Airflow and other runs


def test_a_run_goes_on_whose_witness_was_not_heard(runs: Runs, salt: str) -> None:
    run = runs.make(salt, text(salt))
    run.run_before("verify")
    run.states["verify"] = SKIPPED
    run.run()
    assert_red(runs, run, "The table was not checked, although rows were migrated: clear the task verify.")

    run.clear("verify")
    assert_green(runs, run)


def test_a_run_that_waits_for_one_that_is_no_more_goes_on_when_the_turn_was_deleted(runs: Runs, salt: str) -> None:
    dead, run, s3 = runs.make(f"{salt}dead", text(salt)), runs.make(salt, text(salt)), runs.deployed.client("s3")
    dead.run_tasks("download", "prepare", "start", "wait")  # and it never checks
    turn = {"Bucket": bucket(runs), "Key": turn_key(NAME)}
    assert Holder.from_json(s3.get_object(**turn)["Body"].read()).execution == dead.told("wait")["name"]

    run.run_tasks("download", "prepare")
    told = run.attempt("start").wait()
    assert told["rescheduled"] > time.time() - 60
    assert f"or at once if you delete s3://{turn['Bucket']}/{turn['Key']}" in run.logs()

    s3.delete_object(**turn)
    run.run()
    assert_green(runs, run)
