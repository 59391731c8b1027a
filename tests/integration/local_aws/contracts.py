"""What AWS promises and plain MiniStack does not keep: each promise as one observation with its expected value."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.integration.local_aws.cloud import PASS, Cloud, Switch, distributed_map, fail_when, until


@dataclass(frozen=True)
class Contract:
    """A promise of AWS.

    Attributes:
        name: the promise.
        observe: looks at an endpoint; whatever it returns is compared.
        expected: what AWS shows.
        kept_by: the module that can go once MiniStack keeps the promise itself.
    """

    name: str
    observe: Callable[[Cloud], Any]
    expected: Any
    kept_by: str


NUMBERS = [{"n": n} for n in range(5)]


def batch_inputs(cloud: Cloud) -> Any:
    batcher = {"MaxItemsPerBatch": 3, "BatchInput": {"from.$": "$.name"}}
    ended = cloud.run(
        distributed_map(PASS, ItemsPath="$.items", ItemBatcher=batcher), {"items": NUMBERS, "name": "source"}
    )
    return json.loads(ended["output"])


def result_files(cloud: Cloud) -> Any:
    bucket = cloud.bucket()
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": bucket, "Prefix": "results"}}
    cloud.run(distributed_map(PASS, ItemsPath="$.items", ResultWriter=writer), {"items": NUMBERS})
    return sorted(key.rsplit("/", 1)[1] for key in cloud.keys(bucket))


def backslashes_in_csv(cloud: Cloud) -> Any:
    bucket = cloud.bucket(file='text\na\\\\b\nc\\d\n"e\\"f"\ng\\,h\n')
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        "Parameters": {"Bucket": bucket, "Key": "file"},
    }
    ended = cloud.run(distributed_map(PASS, ItemReader=reader))
    return [item["text"] for item in json.loads(ended["output"])]


def item_counts(cloud: Cloud) -> Any:
    machine = distributed_map(PASS, ItemsPath="$.items", ItemBatcher={"MaxItemsPerBatch": 3})
    run = cloud.map_run(cloud.run(machine, {"items": NUMBERS})["executionArn"])
    return run["itemCounts"]["succeeded"], run["executionCounts"]["succeeded"]


def pending_past_the_threshold(cloud: Cloud) -> Any:
    child = fail_when("$.n", NumericEquals=1)
    machine = distributed_map(child, ItemsPath="$.items", MaxConcurrency=1)
    run = cloud.map_run(cloud.run(machine, {"items": NUMBERS})["executionArn"])
    counts = run["itemCounts"]
    return counts["succeeded"], counts["failed"], counts["pending"]


def map_run_of_a_stopped_execution(cloud: Cloud) -> Any:
    # Ten children that wait one after the other: left alone, they would run for minutes.
    child = {"Type": "Wait", "Seconds": 20, "End": True}
    machine = cloud.machine(distributed_map(child, ItemsPath="$.items", MaxConcurrency=1))
    execution = cloud.start(machine, {"items": NUMBERS})
    client = cloud.client("stepfunctions")
    until(lambda: client.list_map_runs(executionArn=execution)["mapRuns"], bool)
    until(lambda: cloud.map_run(execution)["executionCounts"]["running"], bool)
    client.stop_execution(executionArn=execution)
    for _ in range(100):
        if (status := cloud.map_run(execution)["status"]) != "RUNNING":
            return status
    return "RUNNING"


def width_of_a_running_map_run(cloud: Cloud) -> Any:
    child = {"Type": "Wait", "Seconds": 60, "End": True}
    execution = cloud.start(
        cloud.machine(distributed_map(child, ItemsPath="$.items", MaxConcurrency=1)), {"items": NUMBERS}
    )
    client = cloud.client("stepfunctions")
    until(lambda: client.list_map_runs(executionArn=execution)["mapRuns"], bool)
    run = until(lambda: cloud.map_run(execution), lambda run: run["executionCounts"]["running"])
    client.update_map_run(mapRunArn=run["mapRunArn"], maxConcurrency=2)
    for _ in range(100):
        if (running := cloud.map_run(execution)["executionCounts"]["running"]) == 2:
            break
    client.stop_execution(executionArn=execution)
    return running


def redriven_execution(cloud: Cloud) -> Any:
    switch = Switch(cloud)
    switch.fail(2)
    machine = distributed_map(switch.task, ItemsPath="$.items", MaxConcurrency=1)
    failed = cloud.run(machine, {"items": [1, 2, 3]})["executionArn"]
    switch.fail()
    try:
        ended = cloud.redrive(failed)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ended["status"], ended["redriveCount"], [switch.calls(n) for n in (1, 2, 3)]


def redrive_status(cloud: Cloud) -> Any:
    return cloud.run({"StartAt": "Fail", "States": {"Fail": {"Type": "Fail"}}}).get("redriveStatus")


def machine_past_its_timeout(cloud: Cloud) -> Any:
    wait = {"Type": "Wait", "Seconds": 4, "End": True}
    return cloud.run({"StartAt": "Wait", "States": {"Wait": wait}, "TimeoutSeconds": 1})["status"]


def timeout_by_path(cloud: Cloud) -> Any:
    function = cloud.function("import time\ndef handler(event, context):\n    time.sleep(4)\n", Timeout=30)
    task = {"Type": "Task", "Resource": function, "TimeoutSecondsPath": "$.seconds", "End": True}
    return cloud.run({"StartAt": "Task", "States": {"Task": task}}, {"seconds": 1}).get("error")


def longest_delay(cloud: Cloud) -> Any:
    function = cloud.function("def handler(event, context):\n    raise ValueError('no')\n")
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 12, "MaxDelaySeconds": 1, "MaxAttempts": 1}]
    task = {"Type": "Task", "Resource": function, "Retry": retry, "End": True}
    ended = cloud.run({"StartAt": "Task", "States": {"Task": task}})
    first, second = (e["timestamp"] for e in cloud.events(ended["executionArn"]) if e["type"] == "TaskScheduled")
    return (second - first).total_seconds() < 12


def error_of(body: str) -> Callable[[Cloud], Any]:
    def observe(cloud: Cloud) -> Any:
        function = cloud.function(f"import os\ndef handler(event, context):\n    {body}\n")
        task = {"Type": "Task", "Resource": function, "End": True}
        return cloud.run({"StartAt": "Task", "States": {"Task": task}}).get("error")

    return observe


def error_of_throttled_function(cloud: Cloud) -> Any:
    function = cloud.function("def handler(event, context):\n    return 1\n")
    cloud.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    task = {"Type": "Task", "Resource": function, "End": True}
    return cloud.run({"StartAt": "Task", "States": {"Task": task}}).get("error")


def repeated_start(cloud: Cloud) -> Any:
    machine = cloud.machine({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}})
    first = cloud.start(machine, {"a": 1}, name="once")
    try:
        return cloud.start(machine, {"a": 1}, name="once") == first
    except ClientError as error:
        return error.response["Error"]["Code"]
    finally:
        cloud.client("stepfunctions").stop_execution(executionArn=first)


def output_past_the_limit(cloud: Cloud) -> Any:
    items = [{"text": "x" * 100_000} for _ in range(3)]
    bucket = cloud.bucket(items=json.dumps(items))
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": bucket, "Key": "items"},
    }
    return cloud.run(distributed_map(PASS, ItemReader=reader)).get("error")


def records_in_one_object(cloud: Cloud) -> Any:
    bucket = cloud.bucket()
    firehose = cloud.client("firehose")
    firehose.create_delivery_stream(
        DeliveryStreamName=bucket,
        ExtendedS3DestinationConfiguration={
            "RoleARN": "arn:aws:iam::000000000000:role/any",
            "BucketARN": f"arn:aws:s3:::{bucket}",
            "Prefix": "records/!{timestamp:yyyy}/",
        },
    )
    firehose.put_record_batch(DeliveryStreamName=bucket, Records=[{"Data": b"a\n"}, {"Data": b"b\n"}])
    at_once = cloud.keys(bucket)
    keys = until(lambda: cloud.keys(bucket), bool)
    return at_once, [cloud.read(bucket, key) for key in keys]


def topic_of_a_stack(cloud: Cloud) -> Any:
    client, name = cloud.client("cloudformation"), f"encrypted-{uuid.uuid4()}"
    properties = {"TopicName": name, "KmsMasterKeyId": "alias/aws/sns"}
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": properties}}}
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))
    until(lambda: client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"], "CREATE_COMPLETE".__eq__)
    topic = f"arn:aws:sns:us-east-1:000000000000:{name}"
    return cloud.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"].get("KmsMasterKeyId")


def bucket_taken_back(cloud: Cloud) -> Any:
    client, name = cloud.client("cloudformation"), f"kept-{uuid.uuid4()}"
    kept = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "RetainExceptOnCreate", "Properties": {"BucketName": name}}
    template = json.dumps({"Resources": {"Kept": kept}})

    def deploy() -> str:
        change = client.create_change_set(
            StackName=name,
            ChangeSetName="change",
            ChangeSetType="CREATE",
            TemplateBody=template,
            ImportExistingResources=True,
        )
        until(lambda: client.describe_change_set(ChangeSetName=change["Id"])["Status"], "CREATE_COMPLETE".__eq__)
        client.execute_change_set(ChangeSetName=change["Id"])
        return until(lambda: stack_status(change["StackId"]), lambda status: not status.endswith("_IN_PROGRESS"))

    def stack_status(stack: str) -> str:
        return str(client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])

    deploy()
    client.delete_stack(StackName=name)
    return deploy()


def environment_after_an_error(cloud: Cloud) -> Any:
    function = cloud.function(
        "calls = 0\n"
        "def handler(event, context):\n"
        "    global calls\n"
        "    calls += 1\n"
        "    if event == 'raise':\n"
        "        raise ValueError('no')\n"
        "    return calls\n"
    )
    client = cloud.client("lambda")
    for event in ("return", "raise", "return"):
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event))["Payload"].read()
    return json.loads(answer)


CONTRACTS = [
    Contract(
        "ItemBatcher gathers items",
        batch_inputs,
        [
            {"BatchInput": {"from": "source"}, "Items": NUMBERS[:3]},
            {"BatchInput": {"from": "source"}, "Items": NUMBERS[3:]},
        ],
        "distributed_map/item_batcher.py",
    ),
    Contract(
        "ResultWriter exports results",
        result_files,
        ["SUCCEEDED_0.json", "manifest.json"],
        "distributed_map/result_writer.py and result_files.py",
    ),
    Contract(
        "the CSV reader takes backslashes as escapes",
        backslashes_in_csv,
        ["a\\b", "cd", 'e"f', "g,h"],
        "distributed_map/csv_reader.py",
    ),
    Contract("a Map Run counts items and executions apart", item_counts, (5, 2), "distributed_map/counts.py"),
    Contract(
        "a Map Run past its threshold starts no more children",
        pending_past_the_threshold,
        (1, 1, 3),
        "distributed_map/tolerance.py",
    ),
    Contract("UpdateMapRun widens a Map Run that goes on", width_of_a_running_map_run, 2, "distributed_map/width.py"),
    Contract("StopExecution stops the Map Run", map_run_of_a_stopped_execution, "ABORTED", "executions/lifecycle.py"),
    Contract(
        "RedriveExecution runs what did not succeed",
        redriven_execution,
        ("SUCCEEDED", 1, [1, 2, 1]),
        "executions/redrive.py, progress.py and walk.py, and the redrive of distributed_map/map_run.py",
    ),
    Contract("an execution says whether it is redrivable", redrive_status, "REDRIVABLE", "executions/redrivable.py"),
    Contract(
        "a state machine has a timeout", machine_past_its_timeout, "TIMED_OUT", "executions/run.py (its _timeout)"
    ),
    Contract("a timeout is given by a path", timeout_by_path, "States.Timeout", "executions/task_timeouts.py"),
    Contract("a retry has a longest delay", longest_delay, True, "executions/retries.py"),
    Contract("a raised error has its class's name", error_of("raise ValueError"), "ValueError", "functions/"),
    Contract("a killed function exits", error_of("os.kill(os.getpid(), 9)"), "Runtime.ExitError", "functions/"),
    Contract(
        "a throttled function has an error of its own",
        error_of_throttled_function,
        "Lambda.TooManyRequestsException",
        "functions/naming.py",
    ),
    Contract("StartExecution may be repeated", repeated_start, True, "executions/start.py"),
    Contract(
        "a state's output is at most 256 KiB",
        output_past_the_limit,
        "States.DataLimitExceeded",
        "distributed_map/result_writer.py (Results.collected)",
    ),
    Contract("a stack's topic has its key", topic_of_a_stack, "alias/aws/sns", "topic_keys.py"),
    Contract("a kept bucket is taken back", bucket_taken_back, "CREATE_COMPLETE", "resource_imports.py"),
    Contract(
        "a function whose handler raised keeps its environment",
        environment_after_an_error,
        3,
        "functions/environments.py",
    ),
    Contract("Firehose buffers records", records_in_one_object, ([], [b"a\nb\n"]), "firehose/"),
]
