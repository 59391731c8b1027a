import pytest
from botocore.exceptions import ClientError

from tests.integration.local_aws.cloud import Cloud, until

WAIT = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}
DONE = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


def test_starting_a_running_execution_again_returns_it(embedded: Cloud) -> None:
    machine = embedded.machine(WAIT)
    client = embedded.client("stepfunctions")
    first = client.start_execution(stateMachineArn=machine, name="once", input='{"a": 1}')

    again = client.start_execution(stateMachineArn=machine, name="once", input='{"a": 1}')

    client.stop_execution(executionArn=first["executionArn"])
    assert (again["executionArn"], again["startDate"]) == (first["executionArn"], first["startDate"])


def test_another_input_under_a_running_name_is_refused(embedded: Cloud) -> None:
    machine = embedded.machine(WAIT)
    execution = embedded.start(machine, {"a": 1}, name="once")

    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        embedded.start(machine, {"a": 2}, name="once")

    embedded.client("stepfunctions").stop_execution(executionArn=execution)


def test_the_name_of_an_ended_execution_is_refused(embedded: Cloud) -> None:
    machine = embedded.machine(DONE)
    embedded.ended(embedded.start(machine, {}, name="once"))

    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        embedded.start(machine, {}, name="once")


@pytest.mark.parametrize("name", ["a b", "a/b", "a:b", "x" * 81])
def test_a_name_that_aws_forbids_is_refused(embedded: Cloud, name: str) -> None:
    client = embedded.client("stepfunctions")
    machine = embedded.machine(DONE)

    with pytest.raises(ClientError, match="InvalidName"):
        client.start_execution(stateMachineArn=machine, name=name)


def test_a_stopped_execution_stays_aborted_and_goes_no_further(embedded: Cloud) -> None:
    machine = embedded.machine(
        {
            "StartAt": "Task",
            "States": {
                "Task": {
                    "Type": "Task",
                    "Resource": "arn:aws:lambda:us-east-1:000000000000:function:no-such-function",
                    "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60}],
                    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "After"}],
                    "End": True,
                },
                "After": {"Type": "Pass", "End": True},
            },
        }
    )
    execution = embedded.start(machine)
    client = embedded.client("stepfunctions")

    def events() -> list[str]:
        return [e["type"] for e in client.get_execution_history(executionArn=execution)["events"]]

    until(events, lambda seen: "TaskFailed" in seen)
    client.stop_execution(executionArn=execution)

    assert embedded.describe(execution)["status"] == "ABORTED"
    assert events()[-1] == "ExecutionAborted"
    assert "PassStateEntered" not in events()


def test_a_function_that_fails_after_the_stop_does_not_change_the_ending(embedded: Cloud) -> None:
    function = embedded.function("import time\ndef handler(event, context):\n    time.sleep(1)\n    raise ValueError\n")
    machine = embedded.machine(
        {"StartAt": "Task", "States": {"Task": {"Type": "Task", "Resource": function, "End": True}}}
    )
    execution = embedded.start(machine)
    client = embedded.client("stepfunctions")

    def events() -> list[str]:
        return [e["type"] for e in client.get_execution_history(executionArn=execution)["events"]]

    until(events, lambda seen: "TaskScheduled" in seen)
    client.stop_execution(executionArn=execution)
    until(events, lambda seen: "TaskFailed" in seen)

    assert "ExecutionFailed" not in events()
    assert embedded.describe(execution)["status"] == "ABORTED"


def test_an_execution_that_is_waited_for_gives_its_output_or_its_error(embedded: Cloud) -> None:
    client = embedded.client("stepfunctions")
    fails = {"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "No", "Cause": "as asked"}}}

    done = client.start_sync_execution(stateMachineArn=embedded.machine(DONE), input='{"a": 1}')
    failed = client.start_sync_execution(stateMachineArn=embedded.machine(fails))

    assert (done["status"], done["output"]) == ("SUCCEEDED", '{"a": 1}')
    assert (failed["status"], failed["error"], failed["cause"]) == ("FAILED", "No", "as asked")
