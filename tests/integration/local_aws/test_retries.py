"""Which errors a Lambda function's failures have, and how they are tried again."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.local_aws.cloud import Cloud

INVOKE = "arn:aws:states:::lambda:invoke"


def invoke(function: str, **fields: Any) -> dict[str, Any]:
    parameters = {"FunctionName": function, "Payload.$": "$"}
    task = {"Type": "Task", "Resource": INVOKE, "Parameters": parameters, "OutputPath": "$.Payload", "End": True}
    return {"StartAt": "Invoke", "States": {"Invoke": task | fields}}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("raise ValueError('no')", "ValueError"),
        ("raise ValueError('two\\nlines: of text')", "ValueError"),
        ("raise type('BatchError', (Exception,), {'__module__': 'core.batch'})", "BatchError"),
        ("__import__('os')._exit(1)", "Runtime.ExitError"),
        ("__import__('os').kill(__import__('os').getpid(), 9)", "Runtime.ExitError"),
        ("__import__('time').sleep(20)", "Sandbox.Timedout"),
    ],
    ids=["raised", "several lines", "own class", "exited", "killed", "timed out"],
)
def test_a_failed_function_has_the_error_that_aws_gives_it(embedded: Cloud, body: str, error: str) -> None:
    function = embedded.function(f"def handler(event, context):\n    {body}\n", Timeout=1)

    ended = embedded.run(invoke(function))

    assert (ended["status"], ended["error"]) == ("FAILED", error)
    assert json.loads(ended["cause"])["errorType"] == error


def test_a_throttled_function_has_the_error_that_aws_gives_it(embedded: Cloud) -> None:
    function = embedded.function("def handler(event, context):\n    return 1\n")
    embedded.client("lambda").put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)

    ended = embedded.run(invoke(function))

    assert (ended["status"], ended["error"]) == ("FAILED", "Lambda.TooManyRequestsException")


def test_a_function_killed_in_an_invocation_is_retried_as_a_failed_task(embedded: Cloud, tmp_path: Path) -> None:
    function = embedded.function(
        "import os, pathlib\n"
        "def handler(event, context):\n"
        f"    folder = pathlib.Path({str(tmp_path)!r})\n"
        "    seen = len(list(folder.iterdir()))\n"
        "    (folder / str(seen)).touch()\n"
        "    if not seen:\n"
        "        os.kill(os.getpid(), 9)\n"
        "    return seen\n"
    )

    ended = embedded.run(invoke(function, Retry=[{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}]))

    assert (ended["status"], ended.get("output")) == ("SUCCEEDED", "1")


def test_an_error_that_is_not_to_be_retried_is_told_by_its_name(embedded: Cloud, tmp_path: Path) -> None:
    function = embedded.function(
        "import pathlib, uuid\n"
        "class BatchError(Exception): pass\n"
        "def handler(event, context):\n"
        f"    (pathlib.Path({str(tmp_path)!r}) / str(uuid.uuid4())).touch()\n"
        "    raise BatchError('no')\n"
    )
    retry = [{"ErrorEquals": ["BatchError"], "MaxAttempts": 0}, {"ErrorEquals": ["States.TaskFailed"]}]

    ended = embedded.run(invoke(function, Retry=retry))

    assert ended["error"] == "BatchError"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_retry_waits_no_longer_than_its_longest_delay(embedded: Cloud) -> None:
    function = embedded.function("def handler(event, context):\n    raise ValueError('no')\n")
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3600, "MaxDelaySeconds": 1, "MaxAttempts": 2}]

    ended = embedded.run(invoke(function, Retry=retry))

    scheduled = [e for e in embedded.events(ended["executionArn"]) if e["type"] == "TaskScheduled"]
    assert (ended["error"], len(scheduled)) == ("ValueError", 3)
