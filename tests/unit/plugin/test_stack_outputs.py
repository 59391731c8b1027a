"""A data set's stack, as its outputs tell."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.table_rules import Table
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.stack import Stack, Use, read_stack, refuse_other_version

OUTPUTS = {
    "SourceBucket": "bucket",
    "MigrationWorkflowStateMachine": "machine",
    "PublishMigrationResultsTopic": "topic",
    "DestinationTable": "table",
    "ErrorBufferSeconds": "60",
    "DatasetHash": "hash",
    "SettingsHash": "settings",
}


class ClientError(Exception):
    """What boto3 raises."""


@pytest.fixture
def dataset() -> Dataset:
    return load_dataset(Path(__file__).parents[3] / "datasets" / "ev_population.toml")


def cloudformation(answer: dict[str, str] | Exception) -> Any:
    def describe_stacks(*, StackName: str) -> dict[str, Any]:  # noqa: N803
        assert StackName == "csvdynamo-ev-population"
        if isinstance(answer, Exception):
            raise answer
        return {"Stacks": [{"Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in answer.items()]}]}

    return SimpleNamespace(
        describe_stacks=describe_stacks,
        exceptions=SimpleNamespace(ClientError=ClientError),
        meta=SimpleNamespace(region_name="eu-west-1"),
    )


def test_the_outputs_are_read(dataset: Dataset) -> None:
    assert read_stack(cloudformation(OUTPUTS), dataset) == Stack(
        dataset="ev_population",
        bucket="bucket",
        state_machine_arn="machine",
        topic_arn="topic",
        table="table",
        error_buffer_seconds=60,
        rules="hash",
        settings="settings",
    )


@pytest.mark.parametrize("name", sorted(OUTPUTS.keys() - {"SettingsHash"}))
def test_a_missing_output_is_named_with_the_command_that_mends_it(dataset: Dataset, name: str) -> None:
    outputs = {key: value for key, value in OUTPUTS.items() if key != name}

    with pytest.raises(MigrationError, match=rf"has no output '{name}': .*make deploy DATASET=ev_population"):
        read_stack(cloudformation(outputs), dataset)


def test_a_stack_that_was_never_deployed_is_named_with_its_region(dataset: Dataset) -> None:
    error = ClientError("Stack with id csvdynamo-ev-population does not exist")

    with pytest.raises(MigrationError, match=r"csvdynamo-ev-population in eu-west-1.*make deploy"):
        read_stack(cloudformation(error), dataset)


def test_a_throttled_call_is_no_missing_stack(dataset: Dataset) -> None:
    with pytest.raises(ClientError):
        read_stack(cloudformation(ClientError("Rate exceeded")), dataset)


def test_only_a_stack_of_the_same_rules_and_settings_may_migrate(dataset: Dataset) -> None:
    same = {**OUTPUTS, "DatasetHash": dataset.rules.digest, "SettingsHash": dataset.settings_digest}
    refuse_other_version(read_stack(cloudformation(same), dataset), dataset, Use.WRITE)

    for output, what in (
        ("DatasetHash", "other rules"),
        ("SettingsHash", "another write.mode, or other limits, tolerated failures, protection, settings of the table"),
    ):
        with pytest.raises(MigrationError, match=rf"with {what} .*datasets/ev_population\.toml has .*make deploy"):
            refuse_other_version(read_stack(cloudformation({**same, output: "other"}), dataset), dataset, Use.WRITE)


def test_the_table_is_held_against_a_file_by_a_stack_of_the_same_rules_whatever_its_limits(dataset: Dataset) -> None:
    limits = {**OUTPUTS, "DatasetHash": dataset.rules.digest, "SettingsHash": "other"}
    refuse_other_version(read_stack(cloudformation(limits), dataset), dataset, Use.CHECK)

    with pytest.raises(MigrationError, match="with other rules"):
        refuse_other_version(read_stack(cloudformation(OUTPUTS), dataset), dataset, Use.CHECK)


def test_where_items_expire_the_check_asks_for_the_same_settings(dataset: Dataset) -> None:
    expiring = replace(dataset, table=Table(dataset.table.name, dataset.table.partition_key, ttl="model_year"))
    same = {**OUTPUTS, "DatasetHash": expiring.rules.digest, "SettingsHash": expiring.settings_digest}
    refuse_other_version(read_stack(cloudformation(same), expiring), expiring, Use.CHECK)

    other = read_stack(cloudformation({**same, "SettingsHash": dataset.settings_digest}), expiring)
    with pytest.raises(MigrationError, match="settings of the table or buckets to read than datasets"):
        refuse_other_version(other, expiring, Use.CHECK)


def test_whatever_stack_there_is_may_be_looked_at(dataset: Dataset) -> None:
    for outputs in (OUTPUTS, BEFORE):
        refuse_other_version(read_stack(cloudformation(outputs), dataset), dataset, Use.LOOK)


BEFORE = {name: value for name, value in OUTPUTS.items() if name != "SettingsHash"}


@pytest.mark.parametrize("use", [Use.CHECK, Use.WRITE])
def test_a_stack_of_the_version_before_is_told_apart(dataset: Dataset, use: Use) -> None:
    with pytest.raises(MigrationError, match=r"deployed by another version of csvdynamo\. Deploy it again"):
        refuse_other_version(read_stack(cloudformation(BEFORE), dataset), dataset, use)
