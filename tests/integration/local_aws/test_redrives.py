"""RedriveExecution: what runs again, what does not, and how it is told."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_aws.cloud import PASS, Cloud, Switch, distributed_map, until

WRITER = "arn:aws:states:::s3:putObject"


def kinds(cloud: Cloud, execution: str) -> list[str]:
    return [event["type"] for event in cloud.events(execution)]


def result_files(cloud: Cloud, bucket: str) -> dict[str, list[str]]:
    """The inputs of the children in each result file of the only Map Run that wrote to a bucket."""
    [manifest] = [key for key in cloud.keys(bucket) if key.endswith("manifest.json")]
    listed = json.loads(cloud.read(bucket, manifest))["ResultFiles"]
    return {
        status: sorted(record["Input"] for file in files for record in json.loads(cloud.read(bucket, file["Key"])))
        for status, files in listed.items()
    }


def has(counts: dict[str, int], **expected: int) -> bool:
    return counts | expected == counts


def two_states(first: Switch, second: Switch) -> dict[str, Any]:
    states = {"First": {"Type": "Task", "Resource": first.function, "Next": "Second"}, "Second": second.task}
    return {"StartAt": "First", "States": states}


def test_a_redrive_goes_on_at_the_state_that_failed_with_its_input(embedded: Cloud) -> None:
    first, second = Switch(embedded), Switch(embedded)
    second.fail({"n": 1})
    failed = embedded.run(two_states(first, second), {"n": 1})
    second.fail()

    ended = embedded.redrive(failed["executionArn"])

    assert (failed["status"], ended["status"]) == ("FAILED", "SUCCEEDED")
    assert (first.calls({"n": 1}), second.calls({"n": 1})) == (1, 2)
    assert json.loads(ended["output"]) == {"n": 1}
    assert (ended["executionArn"], ended["startDate"]) == (failed["executionArn"], failed["startDate"])
    seen = kinds(embedded, failed["executionArn"])
    assert seen.count("TaskStateEntered") == 2
    assert seen[seen.index("ExecutionFailed") + 1] == "ExecutionRedriven"


def test_an_execution_tells_whether_and_how_often_it_was_redriven(embedded: Cloud) -> None:
    switch = Switch(embedded)
    switch.fail({})
    failed = embedded.run({"StartAt": "Only", "States": {"Only": switch.task}})
    switch.fail()

    ended = embedded.redrive(failed["executionArn"])

    assert (failed["redriveStatus"], failed["redriveCount"]) == ("REDRIVABLE", 0)
    assert {"redriveDate", "redriveStatusReason"} & set(failed) == set()
    assert (ended["redriveStatus"], ended["redriveCount"]) == ("NOT_REDRIVABLE", 1)
    assert ended["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    assert ended["redriveDate"] >= failed["stopDate"]
    assert {"error", "cause"} & set(ended) == set()


def test_only_children_that_did_not_succeed_run_again_in_the_same_map_run(embedded: Cloud) -> None:
    switch = Switch(embedded)
    switch.fail(2)
    bucket = embedded.bucket()
    writer = {"Resource": WRITER, "Parameters": {"Bucket": bucket}}
    machine = distributed_map(switch.task, ItemsPath="$.items", MaxConcurrency=1, ResultWriter=writer)
    failed = embedded.run(machine, {"items": [1, 2, 3, 4]})
    before, files_before = embedded.map_run(failed["executionArn"]), result_files(embedded, bucket)
    switch.fail()

    ended = embedded.redrive(failed["executionArn"])

    after = embedded.map_run(failed["executionArn"])
    assert ended["status"] == "SUCCEEDED"
    assert [switch.calls(n) for n in (1, 2, 3, 4)] == [1, 2, 1, 1]
    assert has(before["executionCounts"], succeeded=1, failed=1, pending=2)
    assert has(after["executionCounts"], succeeded=4, failed=0, pending=0, pendingRedrive=0)
    assert has(after["itemCounts"], total=4, resultsWritten=4)
    assert after["mapRunArn"] == before["mapRunArn"]
    assert [(run["status"], run["redriveCount"]) for run in (before, after)] == [("FAILED", 0), ("SUCCEEDED", 1)]
    assert after["redriveDate"] >= before["stopDate"]
    assert files_before == {"SUCCEEDED": ["1"], "FAILED": ["2"], "PENDING": ["3", "4"]}
    assert result_files(embedded, bucket) == {"SUCCEEDED": ["1", "2", "3", "4"], "FAILED": [], "PENDING": []}
    [redriven] = [e for e in embedded.events(failed["executionArn"]) if e["type"] == "MapRunRedriven"]
    assert redriven["mapRunRedrivenEventDetails"] == {"mapRunArn": after["mapRunArn"], "redriveCount": 1}


def test_a_redrive_that_fails_again_leaves_the_failures_of_the_last_attempt(embedded: Cloud) -> None:
    switch = Switch(embedded)
    switch.fail(1, 3)
    bucket = embedded.bucket()
    fields = {"ResultWriter": {"Resource": WRITER, "Parameters": {"Bucket": bucket}}, "ToleratedFailureCount": 1}
    machine = distributed_map(switch.task, ItemsPath="$.items", MaxConcurrency=1, **fields)
    failed = embedded.run(machine, {"items": [1, 2, 3, 4, 5]})
    switch.fail(3, 4, 5)

    ended = embedded.redrive(failed["executionArn"])

    assert (ended["status"], ended["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    assert (ended["redriveStatus"], ended["redriveCount"]) == ("REDRIVABLE", 1)
    assert result_files(embedded, bucket) == {"SUCCEEDED": ["1", "2"], "FAILED": ["3", "4"], "PENDING": ["5"]}
    run = embedded.map_run(failed["executionArn"])
    assert has(run["executionCounts"], succeeded=2, failed=2, pending=1, running=0, pendingRedrive=0)
    assert [switch.calls(n) for n in (1, 2, 3, 4, 5)] == [2, 1, 2, 1, 0]


def test_a_child_that_waited_in_vain_is_again_what_it_was(embedded: Cloud) -> None:
    switch = Switch(embedded)
    switch.fail(1, 2, 3)
    machine = distributed_map(switch.task, ItemsPath="$.items", MaxConcurrency=1, ToleratedFailureCount=2)
    failed = embedded.run(machine, {"items": [1, 2, 3]})
    map_run = embedded.map_run(failed["executionArn"])
    switch.hang(1)
    embedded.client("stepfunctions").redrive_execution(executionArn=failed["executionArn"])

    until(lambda: switch.calls(1), (2).__eq__)
    waiting = embedded.client("stepfunctions").list_executions(
        mapRunArn=map_run["mapRunArn"], statusFilter="PENDING_REDRIVE"
    )
    during = embedded.map_run(failed["executionArn"])
    embedded.client("stepfunctions").stop_execution(executionArn=failed["executionArn"])
    switch.hang()

    after = until(lambda: embedded.map_run(failed["executionArn"]), lambda run: run["status"] != "RUNNING")
    assert len(waiting["executions"]) == 2
    assert has(during["executionCounts"], running=1, pendingRedrive=2, failed=0, total=3)
    assert has(after["executionCounts"], running=0, pendingRedrive=0, failed=2, aborted=1)
    assert sorted(c["status"] for c in embedded.children(after["mapRunArn"])) == ["ABORTED", "FAILED", "FAILED"]


def test_while_a_redrive_runs_nothing_says_that_it_has_stopped(embedded: Cloud) -> None:
    switch = Switch(embedded)
    switch.fail(1)
    failed = embedded.run(distributed_map(switch.task, ItemsPath="$.items"), {"items": [1]})
    execution, client = failed["executionArn"], embedded.client("stepfunctions")
    switch.hang(1)
    client.redrive_execution(executionArn=execution)
    until(lambda: switch.calls(1), (2).__eq__)

    described = embedded.describe(execution)
    [listed] = client.list_executions(stateMachineArn=failed["stateMachineArn"], statusFilter="RUNNING")["executions"]
    [map_run] = client.list_map_runs(executionArn=execution)["mapRuns"]
    run = embedded.map_run(execution)
    with pytest.raises(ClientError) as refused:
        client.redrive_execution(executionArn=execution)
    switch.fail()
    switch.hang()

    assert embedded.ended(execution)["status"] == "SUCCEEDED"
    assert described["status"] == "RUNNING"
    assert "stopDate" not in described | listed | map_run | run
    assert (listed["executionArn"], listed["redriveCount"]) == (execution, 1)
    assert described["redriveStatusReason"] == "Execution is RUNNING and cannot be redriven"
    assert refused.value.response["Error"] == {
        "Code": "ExecutionNotRedrivable",
        "Message": "Execution is RUNNING and cannot be redriven",
    }


def test_a_state_after_the_map_run_is_redriven_without_the_map_run(embedded: Cloud) -> None:
    each, after = Switch(embedded), Switch(embedded)
    after.fail([1, 2])
    machine = distributed_map(each.task, ItemsPath="$.items")
    machine["States"]["Map"] |= {"Next": "After"}
    del machine["States"]["Map"]["End"]
    machine["States"]["After"] = after.task
    failed = embedded.run(machine, {"items": [1, 2]})
    after.fail()

    ended = embedded.redrive(failed["executionArn"])

    assert (failed["status"], ended["status"], json.loads(ended["output"])) == ("FAILED", "SUCCEEDED", [1, 2])
    assert [each.calls(n) for n in (1, 2)] == [1, 1]
    assert embedded.map_run(failed["executionArn"])["redriveCount"] == 0


def test_items_that_could_not_be_read_are_read_on_redrive(embedded: Cloud) -> None:
    bucket = embedded.bucket()
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Parameters": {"Bucket": bucket, "Key": "file"},
    }
    failed = embedded.run(distributed_map(PASS, ItemReader=reader))
    embedded.client("s3").put_object(Bucket=bucket, Key="file", Body="id\n1\n2\n")

    ended = embedded.redrive(failed["executionArn"])

    assert (failed["status"], failed["error"]) == ("FAILED", "States.ItemReaderFailed")
    assert json.loads(ended["output"]) == [{"id": "1"}, {"id": "2"}]
    assert embedded.map_run(failed["executionArn"])["itemCounts"]["total"] == 2


def test_items_that_were_read_are_not_read_again(embedded: Cloud) -> None:
    switch = Switch(embedded)
    switch.fail({"id": "1"})
    bucket = embedded.bucket(file="id\n1\n2\n")
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Parameters": {"Bucket": bucket, "Key": "file"},
    }
    failed = embedded.run(distributed_map(switch.task, ItemReader=reader))
    embedded.client("s3").put_object(Bucket=bucket, Key="file", Body="id\n8\n9\n")
    switch.fail()

    ended = embedded.redrive(failed["executionArn"])

    assert json.loads(ended["output"]) == [{"id": "1"}, {"id": "2"}]


def test_results_that_could_not_be_written_are_written_on_redrive_without_running_children_again(
    embedded: Cloud,
) -> None:
    switch, bucket = Switch(embedded), "bucket-that-comes-later"
    writer = {"Resource": WRITER, "Parameters": {"Bucket": bucket}}
    failed = embedded.run(distributed_map(switch.task, ItemsPath="$.items", ResultWriter=writer), {"items": [1]})
    embedded.client("s3").create_bucket(Bucket=bucket)

    ended = embedded.redrive(failed["executionArn"])

    assert (failed["error"], ended["status"]) == ("States.ResultWriterFailed", "SUCCEEDED")
    assert result_files(embedded, bucket)["SUCCEEDED"] == ["1"]
    assert switch.calls(1) == 1


def test_a_result_that_was_too_large_is_made_by_a_new_map_run(embedded: Cloud) -> None:
    items = [{"text": "x" * 100_000} for _ in range(3)]
    bucket = embedded.bucket(items=json.dumps(items))
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": bucket, "Key": "items"},
    }
    failed = embedded.run(distributed_map(PASS, ItemReader=reader))

    embedded.redrive(failed["executionArn"])

    runs = embedded.client("stepfunctions").list_map_runs(executionArn=failed["executionArn"])["mapRuns"]
    assert failed["error"] == "States.DataLimitExceeded"
    assert len({run["mapRunArn"] for run in runs}) == 2


def test_a_stopped_execution_is_redriven_and_its_redrive_may_be_stopped(embedded: Cloud) -> None:
    switch = Switch(embedded)
    switch.hang(2)
    machine = embedded.machine(distributed_map(switch.task, ItemsPath="$.items", MaxConcurrency=1))
    execution, client = embedded.start(machine, {"items": [1, 2, 3]}), embedded.client("stepfunctions")
    statuses = []
    for calls in (1, 2):
        until(lambda: switch.calls(2), calls.__eq__)
        client.stop_execution(executionArn=execution)
        statuses.append((embedded.describe(execution)["status"], embedded.describe(execution)["redriveStatus"]))
        # The Map Run of the stopped attempt waits for its function, and the redrive for the Map Run.
        client.redrive_execution(executionArn=execution)
        switch.release(calls)
        until(lambda: embedded.map_run(execution)["redriveCount"], calls.__eq__)

    switch.hang()
    ended = embedded.ended(execution)

    assert statuses == [("ABORTED", "REDRIVABLE")] * 2
    assert (ended["status"], ended["redriveCount"], json.loads(ended["output"])) == ("SUCCEEDED", 2, [1, 2, 3])
    assert (switch.calls(1), switch.calls(3)) == (1, 1)
    run = embedded.map_run(execution)
    assert has(run["executionCounts"], succeeded=3, aborted=0, pending=0, total=3)


def test_a_redrive_keeps_to_the_definition_that_the_execution_started_with(embedded: Cloud) -> None:
    switch = Switch(embedded)
    switch.fail({})
    failed = embedded.run({"StartAt": "Only", "States": {"Only": switch.task}})
    other = {"StartAt": "Other", "States": {"Other": {"Type": "Fail", "Error": "Other"}}}
    embedded.client("stepfunctions").update_state_machine(
        stateMachineArn=failed["stateMachineArn"], definition=json.dumps(other)
    )
    switch.fail()

    assert embedded.redrive(failed["executionArn"])["status"] == "SUCCEEDED"


def test_a_standard_child_goes_on_at_the_state_that_failed_and_an_express_child_at_its_first(embedded: Cloud) -> None:
    calls = {}
    for kind in ("STANDARD", "EXPRESS"):
        first, second = Switch(embedded), Switch(embedded)
        second.fail(1)
        machine = distributed_map(two_states(first, second)["States"], execution_type=kind, ItemsPath="$.items")
        failed = embedded.run(machine, {"items": [1]})
        [before] = embedded.children(embedded.map_run(failed["executionArn"])["mapRunArn"])
        second.fail()

        assert embedded.redrive(failed["executionArn"])["status"] == "SUCCEEDED"

        [after] = embedded.children(embedded.map_run(failed["executionArn"])["mapRunArn"])
        assert after["executionArn"] == before["executionArn"]
        assert (before["redriveStatus"], after["redriveStatus"]) == ("REDRIVABLE_BY_MAP_RUN", "NOT_REDRIVABLE")
        assert ("redriveDate" in after) == (kind == "STANDARD")
        calls[kind] = (first.calls(1), second.calls(1))
    assert calls == {"STANDARD": (1, 2), "EXPRESS": (2, 2)}


def test_a_request_repeated_with_its_client_token_redrives_once(embedded: Cloud) -> None:
    client = embedded.client("stepfunctions")
    execution = embedded.run({"StartAt": "Fail", "States": {"Fail": {"Type": "Fail"}}})["executionArn"]

    first = client.redrive_execution(executionArn=execution, clientToken="token")
    embedded.ended(execution)
    again = client.redrive_execution(executionArn=execution, clientToken="token")

    assert first["redriveDate"] == again["redriveDate"]
    assert embedded.describe(execution)["redriveCount"] == 1


def test_what_cannot_be_redriven_is_refused(embedded: Cloud) -> None:
    client = embedded.client("stepfunctions")
    succeeded = embedded.run({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})["executionArn"]

    with pytest.raises(client.exceptions.ExecutionNotRedrivable, match="Execution is SUCCEEDED and cannot be redriven"):
        client.redrive_execution(executionArn=succeeded)
    with pytest.raises(client.exceptions.ExecutionDoesNotExist):
        client.redrive_execution(executionArn=f"{succeeded}-other")


def test_a_redriven_execution_that_fails_again_is_announced_again(embedded: Cloud) -> None:
    execution_machine = embedded.machine({"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "Always"}}})
    queue = embedded.client("sqs").create_queue(QueueName="failed-executions")["QueueUrl"]
    arn = embedded.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    pattern = {"source": ["aws.states"], "detail": {"stateMachineArn": [execution_machine], "status": ["FAILED"]}}
    rules = embedded.client("events")
    rules.put_rule(Name="failed-executions", EventPattern=json.dumps(pattern))
    rules.put_targets(Rule="failed-executions", Targets=[{"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}])
    execution = embedded.start(execution_machine)
    embedded.ended(execution)

    embedded.redrive(execution)

    def received() -> list[dict[str, Any]]:
        got = embedded.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        messages.extend(json.loads(message["Body"])["detail"] for message in got.get("Messages", []))
        return messages

    messages: list[dict[str, Any]] = []
    until(received, lambda seen: len(seen) >= 2)
    assert [(m["error"], m["redriveCount"], m["redriveStatus"]) for m in messages] == [
        ("Always", 0, "REDRIVABLE"),
        ("Always", 1, "REDRIVABLE"),
    ]
    assert messages[0]["redriveDate"] is None
    assert messages[1]["redriveDate"] >= messages[0]["stopDate"]


def test_executions_are_listed_by_whether_they_were_redriven(embedded: Cloud) -> None:
    client = embedded.client("stepfunctions")
    machine = embedded.machine({"StartAt": "Fail", "States": {"Fail": {"Type": "Fail"}}})
    once, twice = embedded.start(machine), embedded.start(machine)
    embedded.ended(once)
    embedded.ended(twice)
    embedded.redrive(twice)

    by_filter = {
        given: [
            e["executionArn"]
            for e in client.list_executions(stateMachineArn=machine, redriveFilter=given)["executions"]
        ]
        for given in ("REDRIVEN", "NOT_REDRIVEN")
    }

    assert by_filter == {"REDRIVEN": [twice], "NOT_REDRIVEN": [once]}
    with pytest.raises(ClientError, match="ValidationException"):
        client.list_executions(stateMachineArn=machine, statusFilter="PENDING_REDRIVE")
