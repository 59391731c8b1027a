"""Whichever witness is taken away, late, old or doubled, alone or with another: a wrong table is never green."""

import itertools
import os
import random
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands.airflow_home import airflow_environment
from commands.embedded import Deployed
from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.settings import DATASETS_FOLDER, LOCAL_FOLDER, RETRY_SECONDS
from tests.chaos.witness_faults import FAULTS, WitnessFault, WitnessFaults
from tests.crash.kills import MISSING_KEYS, ROWS, TWICE
from tests.crash.traces import items_of, vehicles
from tests.e2e.conftest import Airflow
from tests.support.aws_proxy import AwsProxy
from tests.support.dag_run import DagRun
from tests.support.forked import TaskHost
from tests.support.schedule import SUCCESS
from tests.support.stacks import Stacks
from tests.support.whole_file import write_whole

PAIRS, SEED = "CSVDYNAMO_WITNESS_PAIRS", "CSVDYNAMO_WITNESS_SEED"
"""Variables: how many pairs are drawn (``all`` for each), and the seed of the draw."""

AFTER_WAIT = ("fetch_error_files", "verify", "reconcile", "report", "accounted")
LOST = 30


class Migrated:
    """A run that has been waited for, whose other tasks are tried again and again."""

    def __init__(self, host: TaskHost, faults: WitnessFaults, deployed: Deployed, dataset: Dataset, folder: Path):
        self._host, self._faults, self._folder = host, faults, folder
        self._dynamodb, self._table = deployed.client("dynamodb"), dataset.table.name
        self._numbers = itertools.count()
        mark = f"{secrets.token_hex(3)}-"
        source = folder / "source.csv"
        source.write_text(vehicles(mark, ROWS, MISSING_KEYS) + TWICE.format(mark=mark) + "\n", encoding="utf-8")
        self._run = DagRun(
            host, folder / "run", f"csvdynamo_{dataset.name}", f"manual__{mark}", {"source_url": str(source)}
        )
        self._run.run_tasks("download", "prepare", "start", "wait")
        self._items = list(items_of(deployed, dataset, mark).values())

    def lose_items(self) -> None:
        """Take some of its items out of the table."""
        for item in self._items[:LOST]:
            key = {"dol_vehicle_id": item["dol_vehicle_id"]}
            self._dynamodb.delete_item(TableName=self._table, Key=key)

    def bring_items_back(self) -> None:
        for item in self._items[:LOST]:
            self._dynamodb.put_item(TableName=self._table, Item=item)

    def is_green_under(self, *faults: WitnessFault) -> bool:
        """Do the tasks after wait under some faults, from what wait left."""
        folder = self._folder / str(next(self._numbers))
        run = self._run.cleared(folder)
        run.states, run.no_waiting = dict(self._run.states), True
        run.states |= {task_id: SUCCESS for fault in faults for task_id in fault.unmade}
        self._faults.activate(*faults)
        for task_id in ("wait", *AFTER_WAIT):
            changes = [fault.documents[task_id] for fault in faults if task_id in fault.documents]
            if changes and task_id not in run.states:
                run.run(through=task_id)
            for change in changes:
                path = folder / f"xcom-{task_id}-return_value.json"
                told = run.told(task_id)
                path.unlink(missing_ok=True)
                if told is not None and (changed := change(told)) is not None:
                    write_whole(path, changed)
        run.run()
        self._faults.activate()
        shutil.rmtree(folder)
        return run.green


@pytest.fixture(scope="module")
def migrated(
    airflow: Airflow,
    deployed: Deployed,
    dataset: Dataset,
    stacks: Stacks,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Migrated]:
    folder, faults = tmp_path_factory.mktemp("witnesses"), WitnessFaults()
    with AwsProxy(deployed.aws.endpoint, faults) as proxy:
        aws = {**deployed.aws.environment, "AWS_ENDPOINT_URL": proxy.endpoint}
        datasets = str(stacks.datasets_folder(dataset.name))
        settings = {DATASETS_FOLDER: datasets, LOCAL_FOLDER: str(folder), RETRY_SECONDS: "0.1"}
        with airflow.host.another({**airflow_environment(airflow.home, aws), **settings}, folder / "host") as host:
            yield Migrated(host, faults, deployed, dataset, folder)


@pytest.fixture
def wrong(migrated: Migrated) -> Iterator[Migrated]:
    """The run, with items missing from its table."""
    migrated.lose_items()
    yield migrated
    migrated.bring_items_back()


def test_the_run_is_green_as_long_as_nothing_is_wrong(migrated: Migrated) -> None:
    assert migrated.is_green_under()


def test_a_wrong_table_is_red_whichever_witness_is_spoilt(wrong: Migrated) -> None:
    assert [fault.name for fault in FAULTS if wrong.is_green_under(fault)] == []


def test_a_wrong_table_is_red_whichever_two_witnesses_are_spoilt(wrong: Migrated) -> None:
    wanted, seed = os.environ.get(PAIRS, "6"), os.environ.get(SEED) or secrets.token_hex(4)
    print(f"{SEED}={seed}")
    pairs = list(itertools.combinations(FAULTS, 2))
    drawn = pairs if wanted == "all" else random.Random(seed).sample(pairs, int(wanted))

    assert [(one.name, two.name) for one, two in drawn if wrong.is_green_under(one, two)] == []
