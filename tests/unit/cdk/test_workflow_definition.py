import json
from pathlib import Path
from typing import Any

import pytest

from csvdynamo import errors
from csvdynamo.writing import settings
from csvdynamo_stack.definition import placeholders
from tests.unit.cdk.conftest import synthesized

LIMIT_SECONDS = 270

Definition = dict[str, Any]


@pytest.fixture
def map_state(definition: Definition) -> Definition:
    state: Definition = definition["States"]["Migrate rows"]
    return state


@pytest.fixture
def batch_state(map_state: Definition) -> Definition:
    state: Definition = map_state["ItemProcessor"]["States"]["Migrate batch"]
    return state


def waits(retrier: Definition) -> list[float]:
    """The longest wait before each retry; jitter only shortens it."""
    return [
        min(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** retry, retrier["MaxDelaySeconds"])
        for retry in range(retrier["MaxAttempts"])
    ]


def test_every_attempt_and_wait_of_a_batch_fits_in_a_child_execution(batch_state: Definition) -> None:
    retriers = [retrier for retrier in batch_state["Retry"] if retrier["MaxAttempts"]]
    attempts = 1 + sum(retrier["MaxAttempts"] for retrier in retriers)

    seconds = attempts * batch_state["TimeoutSeconds"] + sum(sum(waits(retrier)) for retrier in retriers)

    assert seconds < LIMIT_SECONDS


@pytest.mark.parametrize(
    ("handler", "path"),
    [
        ("migrate_batch.handler", ["Migrate rows", "ItemProcessor", "States", "Migrate batch"]),
        ("consolidate.handler", ["Consolidate results"]),
    ],
)
def test_lambda_gives_up_before_its_task_does(
    definition: Definition, resources: Any, handler: str, path: list[str]
) -> None:
    (function,) = [
        found["Properties"]
        for found in resources("AWS::Lambda::Function").values()
        if found["Properties"]["Handler"] == handler
    ]
    state = definition["States"]
    for name in path:
        state = state[name]

    assert function["Timeout"] < state["TimeoutSeconds"]


def test_the_map_has_neither_retry_nor_catch(map_state: Definition) -> None:
    assert not {"Retry", "Catch"} & set(map_state)


def test_no_state_catches_because_a_caught_failure_cannot_be_redriven(definition: Definition) -> None:
    assert '"Catch"' not in str(definition).replace("'", '"')


def test_throttled_and_broken_invocations_of_lambda_are_tried_again_with_jitter(
    definition: Definition, batch_state: Definition
) -> None:
    for state in (batch_state, definition["States"]["Consolidate results"]):
        (again,) = [retrier for retrier in state["Retry"] if retrier["MaxAttempts"]]

        assert again["JitterStrategy"] == "FULL"
        assert {"Lambda.TooManyRequestsException", "Lambda.ServiceException", "States.Timeout"} <= set(
            again["ErrorEquals"]
        )
        # A function that raised, was killed (Runtime.ExitError, Lambda.Unknown) or ran out of time (Sandbox.Timedout).
        assert "States.TaskFailed" in again["ErrorEquals"]


def test_errors_that_stay_are_raised_by_the_core_and_are_not_tried_again(
    definition: Definition, batch_state: Definition
) -> None:
    for state in (batch_state, definition["States"]["Consolidate results"]):
        never = state["Retry"][0]

        assert never["MaxAttempts"] == 0
        for name in never["ErrorEquals"]:
            raised = getattr(errors, name, None) or getattr(settings, name)
            assert issubclass(raised, errors.CsvDynamoError)


def test_the_data_set_file_sets_batches_concurrency_and_tolerance_as_numbers(map_state: Definition) -> None:
    batcher = map_state["ItemBatcher"]

    assert (batcher["MaxItemsPerBatch"], batcher["MaxInputBytesPerBatch"]) == (77, 99000)
    assert (map_state["MaxConcurrency"], map_state["ToleratedFailurePercentage"]) == (3, 2.5)


def test_a_map_run_that_aims_at_a_rate_begins_with_the_least_concurrency(dataset_file: Path, tmp_path: Path) -> None:
    aimed = tmp_path / dataset_file.name
    text = dataset_file.read_text(encoding="utf-8")
    aimed.write_text(text.replace("[limits]\n", "[limits]\nwrite_units_per_second = 500\n"), encoding="utf-8")

    template = synthesized(aimed, tmp_path / "out")

    [machine] = [one for one in template["Resources"].values() if one["Type"] == "AWS::StepFunctions::StateMachine"]
    assert '"MaxConcurrency":2,' in json.dumps(machine["Properties"]["DefinitionString"]).replace("\\", "")


def test_every_batch_knows_the_execution_it_belongs_to(map_state: Definition, batch_state: Definition) -> None:
    assert map_state["ItemBatcher"]["BatchInput"] == {
        "execution_name.$": "$$.Execution.Name",
        "rules.$": "$.rules",
    }
    assert batch_state["Parameters"]["Payload.$"] == "$"
    assert batch_state["OutputPath"] == "$.Payload"


def test_the_turn_is_checked_before_the_first_row_is_read(definition: Definition, batch_state: Definition) -> None:
    state = definition["States"][definition["StartAt"]]

    assert state["Next"] == "Migrate rows"
    assert state["Arguments"]["FunctionName"] == batch_state["Parameters"]["FunctionName"]
    assert state["Arguments"]["Payload"]["Items"] == []
    assert state["Retry"] == batch_state["Retry"]
    assert "Catch" not in state


@pytest.mark.parametrize(("function", "states"), [("MigrateBatch", 2), ("Consolidate", 1)])
def test_an_execution_calls_one_published_version_of_each_function(
    machine: dict[str, Any], resources: Any, function: str, states: int
) -> None:
    substituted = machine["DefinitionSubstitutions"][f"{function}FunctionArn"]["Ref"]
    version = resources("AWS::Lambda::Version")[substituted]

    assert version["UpdateReplacePolicy"] == "Retain"
    assert json.dumps(machine["DefinitionString"]).count(f"${{{function}FunctionArn}}") == states


def test_the_csv_is_read_from_where_the_input_says(map_state: Definition) -> None:
    assert map_state["ItemReader"]["Parameters"] == {"Bucket.$": "$.bucket_name", "Key.$": "$.file_key"}


def test_children_are_express_and_their_results_are_written_out(map_state: Definition) -> None:
    assert map_state["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    assert map_state["ResultWriter"]["WriterConfig"] == {"Transformation": "COMPACT", "OutputType": "JSONL"}
    assert map_state["ResultWriter"]["Parameters"] == {
        "Bucket": "${BucketName}",
        "Prefix.$": "States.Format('results/{}', $$.Execution.Name)",
    }


def test_cloudformation_fills_in_every_placeholder_that_is_left(definition: Definition, machine: Definition) -> None:
    assert placeholders(definition) == set(machine["DefinitionSubstitutions"])
