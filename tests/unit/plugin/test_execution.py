"""An execution as DescribeExecution tells it."""

from datetime import UTC, datetime

import pytest

from csvdynamo_airflow.documents.execution import Execution, execution_arn, execution_input

ARN = "arn:aws:states:us-east-1:1:execution:m:cars-1"


def test_a_description_is_read_whole() -> None:
    execution = Execution.from_description(
        {
            "executionArn": ARN,
            "name": "cars-1",
            "status": "FAILED",
            "redriveCount": 2,
            "redriveStatus": "REDRIVABLE",
            "input": "{}",
            "error": "States.ExceedToleratedFailureThreshold",
            "cause": "1 of 20 batches failed",
            "stopDate": datetime(2026, 1, 2, tzinfo=UTC),
        }
    )

    assert execution == Execution(
        arn=ARN,
        name="cars-1",
        status="FAILED",
        redrives=2,
        redrivable=True,
        input="{}",
        cause="States.ExceedToleratedFailureThreshold: 1 of 20 batches failed",
        stopped=datetime(2026, 1, 2, tzinfo=UTC).timestamp(),
    )
    assert Execution.from_json(execution.to_json()) == execution


def test_a_running_execution_has_neither_cause_nor_end() -> None:
    execution = Execution.from_description({"executionArn": ARN, "name": "cars-1", "status": "RUNNING"})

    assert (execution.alive, execution.cause, execution.stopped, execution.redrivable) == (True, "", None, False)


@pytest.mark.parametrize(
    ("status", "alive", "succeeded"),
    [
        ("RUNNING", True, False),
        ("PENDING_REDRIVE", True, False),
        ("SUCCEEDED", False, True),
        ("FAILED", False, False),
        ("ABORTED", False, False),
        ("TIMED_OUT", False, False),
    ],
)
def test_each_status_is_alive_or_over(status: str, alive: bool, succeeded: bool) -> None:
    execution = Execution(arn=ARN, name="cars-1", status=status)

    assert (execution.alive, execution.succeeded) == (alive, succeeded)


def test_only_the_first_word_of_an_arn_changes() -> None:
    machine = "arn:aws:states:us-east-1:1:stateMachine:a"

    assert execution_arn(machine, "n") == "arn:aws:states:us-east-1:1:execution:a:n"


def test_the_input_is_written_alike_every_time() -> None:
    assert execution_input("b", "k", "r") == '{"bucket_name": "b", "file_key": "k", "rules": "r"}'
