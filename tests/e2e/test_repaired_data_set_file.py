"""What docs/operations.md tells to do with the data set file, done: a run is red in an entry's words, and goes on.

Its tasks run as `Dags.run` runs them. What is mended elsewhere is in test_repairs.py.
"""

import time
from pathlib import Path

import pytest

from commands.embedded import Deployed
from csvdynamo.writing.turn import Holder, turn_key
from tests.e2e.conftest import Airflow
from tests.e2e.repairs.place import CUT, HEADER, NAME, NO_KEY, TABLE, Place, assert_green, assert_red, text
from tests.support.dag_run import DagRun
from tests.support.lambda_functions import no_error_stream
from tests.support.stacks import Stacks

# What a person writes in the data set file, and what stands there then.
OTHER_RULES = ("[gates]", '[columns.City]\ntransform = [{ prefix = "New " }]\n\n[gates]')
ENCODING = ("max_bytes = 20000", 'encoding = "utf-16"\nmax_bytes = 20000')


@pytest.fixture
def place(stacks: Stacks, airflow: Airflow, deployed: Deployed, tmp_path: Path) -> Place:
    return Place.of(airflow.dags(stacks.on(deployed.aws, NAME), NAME), tmp_path)


def test_runs_that_fail_by_the_data_set_file_go_on_when_it_is_mended_and_deployed(place: Place) -> None:
    larger = place.run(text("a", 200))
    assert_red(larger, "source.max_bytes allows")
    header = place.run(text("b", header=HEADER.replace("City", "Make"), cell="Ford"))
    assert_red(header, "changed, and nothing was uploaded")
    rejects = place.run(text("c", first=(CUT,) * 3))
    assert_red(rejects, "were rejected, more than gates.max_reject_percent")
    binary = place.run(text("g", 4, cell="Київ" * 20), "utf-16-le")
    assert_red(binary, "was taken for binary")
    assert_goes_on_whatever_else_is_in_the_table(place)
    with no_error_stream(place.deployed):
        # A person lets it pass that its source was cut off.
        limit = place.run(text("d", first=(NO_KEY,), end=CUT), accept_source=True)
        assert_red(limit, "more than gates.tolerated_failure_percent = 0")

        place.mend(
            ("max_reject_percent = 5", "max_reject_percent = 20"),
            ("tolerated_failure_percent = 0", "tolerated_failure_percent = 100"),
        )
        place.deploy()
        limit.clear("wait")
        assert_green(limit)
        assert limit.told("wait")["name"] == f"{limit.told('prepare')['execution_name']}-2"
    # Airflow alone reads these: they need no deploy.
    place.mend(("max_bytes = 2000", "max_bytes = 20000"), ('missing = "fail"', 'missing = "warn"'))
    larger.clear("download")
    assert_green(larger)
    place.mend(ENCODING)
    binary.clear("download")
    assert_green(binary)
    place.mend(ENCODING[::-1])

    # What was left of a run that is no more keeps the next one waiting until a person takes it away.
    left = place.object(turn_key(NAME))
    dead = larger.told("wait")
    holder = Holder(larger.told("prepare")["execution_name"], dead["name"], dead["redrives"], time.time())
    place.deployed.client("s3").put_object(**left, Body=holder.to_json().encode())
    header.run_tasks("prepare")
    waiting = header.attempt("start")
    assert "rescheduled" in waiting.wait()
    assert f"or at once if you delete s3://{left['Bucket']}/{left['Key']}" in waiting.log.read_text(encoding="utf-8")
    place.deployed.client("s3").delete_object(**left)
    header.clear("start")
    assert_green(header)

    rejects.clear("prepare")
    assert_green(rejects)
    assert_goes_on_by_the_old_rules(place, rejects)
    assert_goes_on_with_another_table(place, rejects)


def assert_goes_on_whatever_else_is_in_the_table(place: Place) -> None:
    """Put an item into the table that no file makes, and let the data set file be content with it."""
    place.deployed.client("dynamodb").put_item(TableName=TABLE, Item={"DOL Vehicle ID": {"S": "of somebody else"}})
    foreign = place.run(text("f"))
    assert_red(foreign, 'verify.foreign is "fail"')
    place.mend(('foreign = "fail"', 'foreign = "report"'))
    foreign.clear("verify")
    assert_green(foreign)


def assert_goes_on_by_the_old_rules(place: Place, migrated: DagRun) -> None:
    """Change the rules under a run that has migrated, and bring them back."""
    place.mend(OTHER_RULES)
    place.deploy()
    migrated.clear("verify")
    assert_red(migrated, "were changed since")

    place.mend(OTHER_RULES[::-1])
    place.deploy()
    migrated.clear("verify")
    assert_green(migrated)


def assert_goes_on_with_another_table(place: Place, migrated: DagRun) -> None:
    """Give the table another key, and mend that; and let a run that has migrated go on by the rules that are then."""
    place.give_table_another_key()
    key = place.run(text("e"))
    assert_red(key, "DynamoDB would refuse every row")
    assert list(key.causes) == ["download", "accounted"], "something was uploaded"

    place.mend((TABLE, "tb_mended_vehicles"), OTHER_RULES)
    key.clear("download")
    assert_red(key, "was deployed with other rules than")

    place.destroy()
    key.clear("download")
    assert not key.green
    assert "There is no stack csvdynamo-repaired-vehicles" in key.causes["download"]

    place.deploy()
    key.clear("download")
    assert_green(key)

    migrated.clear("verify")
    assert_red(migrated, "were changed since")

    migrated.clear("prepare")
    assert_green(migrated)
    pages = place.deployed.client("dynamodb").get_paginator("scan").paginate(TableName="tb_mended_vehicles")
    cities = [item["City"]["S"] for page in pages for item in page["Items"]]
    assert cities == ["New Kent"] * 60
