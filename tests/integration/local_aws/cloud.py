"""An AWS endpoint, embedded or plain MiniStack, with the few calls that the tests make of it."""

import functools
import hashlib
import io
import json
import tempfile
import time
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

WAIT_SECONDS = 30.0
ROLE = "arn:aws:iam::000000000000:role/any"


class Cloud:
    """An AWS, as the variables name it with which clients find it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.endpoint = environment["AWS_ENDPOINT_URL"]

    @functools.cache  # noqa: B019 (lives as long as the tests)
    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.environment["AWS_DEFAULT_REGION"],
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, inject_host_prefix=False),
            verify=self.environment.get("AWS_CA_BUNDLE"),
        )

    def bucket(self, **objects: bytes | str) -> str:
        name = f"bucket-{uuid.uuid4()}"
        self.client("s3").create_bucket(Bucket=name)
        for key, body in objects.items():
            self.client("s3").put_object(Bucket=name, Key=key, Body=body)
        return name

    def read(self, bucket: str, key: str) -> bytes:
        body: bytes = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def keys(self, bucket: str) -> list[str]:
        return [o["Key"] for o in self.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]

    def machine(self, definition: dict[str, Any], role: str = ROLE) -> str:
        created = self.client("stepfunctions").create_state_machine(
            name=f"machine-{uuid.uuid4()}", definition=json.dumps(definition), roleArn=role
        )
        return str(created["stateMachineArn"])

    def start(self, machine: str, given: Any = None, **more: Any) -> str:
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps(given or {}), **more
        )
        return str(started["executionArn"])

    def describe(self, execution: str) -> dict[str, Any]:
        described: dict[str, Any] = self.client("stepfunctions").describe_execution(executionArn=execution)
        return described

    def ended(self, execution: str) -> dict[str, Any]:
        described: dict[str, Any] = until(lambda: self.describe(execution), lambda d: d["status"] != "RUNNING")
        return described

    def run(self, definition: dict[str, Any], given: Any = None) -> dict[str, Any]:
        return self.ended(self.start(self.machine(definition), given))

    def map_run(self, execution: str) -> dict[str, Any]:
        runs = self.client("stepfunctions").list_map_runs(executionArn=execution)["mapRuns"]
        described: dict[str, Any] = self.client("stepfunctions").describe_map_run(mapRunArn=runs[0]["mapRunArn"])
        return described

    def redrive(self, execution: str) -> dict[str, Any]:
        """Redrive an execution and describe it when it has ended again."""
        self.client("stepfunctions").redrive_execution(executionArn=execution)
        return self.ended(execution)

    def events(self, execution: str) -> list[dict[str, Any]]:
        pages = self.client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event for page in pages for event in page["events"]]

    def children(self, map_run_arn: str) -> list[dict[str, Any]]:
        listed = self.client("stepfunctions").list_executions(mapRunArn=map_run_arn)["executions"]
        return [self.describe(child["executionArn"]) for child in listed]

    def function(self, code: str, role: str = ROLE, **more: Any) -> str:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("index.py", code)
        created = self.client("lambda").create_function(
            FunctionName=f"function-{uuid.uuid4()}",
            Runtime="python3.13",
            Role=role,
            Handler="index.handler",
            Code={"ZipFile": packed.getvalue()},
            **more,
        )
        return str(created["FunctionArn"])


class Switch:
    """A Lambda function that a test makes fail or hang for some inputs, and that counts its calls; else it echoes.

    They tell each other by files of this machine: with boto3, each of its processes would begin with half a second of
    CPU.

    Attributes:
        task: a Task state that calls it with its input.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="switch-"))
        self._put("fails", ())
        self._put("hangs", ())
        self._put("released", (0,))
        self.function = cloud.function(
            "import hashlib, json, pathlib, time, uuid\n"
            f"folder = pathlib.Path({str(self._folder)!r})\n"
            "def listed(name):\n"
            "    return json.loads((folder / name).read_text())\n"
            "def handler(event, context):\n"
            "    calls = folder / hashlib.sha256(json.dumps(event).encode()).hexdigest()\n"
            "    calls.mkdir(exist_ok=True)\n"
            "    (calls / str(uuid.uuid4())).touch()\n"
            "    call = len(list(calls.iterdir()))\n"
            "    while event in listed('hangs') and call > listed('released')[0]:\n"
            "        time.sleep(0.05)\n"
            "    if event in listed('fails'):\n"
            "        raise ValueError('as asked')\n"
            "    return event\n",
            Timeout=60,
        )
        self.task = {"Type": "Task", "Resource": self.function, "End": True}

    def fail(self, *inputs: Any) -> None:
        """From now on, fail for these inputs alone."""
        self._put("fails", inputs)

    def hang(self, *inputs: Any) -> None:
        """From now on, do not return for these inputs; whoever hangs for others goes on."""
        self._put("hangs", inputs)

    def release(self, calls: int) -> None:
        """Let the first calls with each input go on; those that come later hang as they were asked to."""
        self._put("released", (calls,))

    def calls(self, given: Any) -> int:
        """How often it was called with an input."""
        made = self._folder / hashlib.sha256(json.dumps(given).encode()).hexdigest()
        return len(list(made.iterdir())) if made.exists() else 0

    def _put(self, name: str, inputs: tuple[Any, ...]) -> None:
        whole = self._folder / f"{name}.new"  # renamed, so that nobody reads half of it
        whole.write_text(json.dumps(inputs), encoding="utf-8")
        whole.replace(self._folder / name)


def until(read: Any, satisfied: Any) -> Any:
    """Read again and again until the value satisfies; the deadline is there to end a broken test only.

    The longer it has taken, the rarer: a call costs both processes more than the next few hundredths are worth.
    """
    began = time.monotonic()
    while not satisfied(value := read()):
        waited = time.monotonic() - began
        assert waited < WAIT_SECONDS, f"not within {WAIT_SECONDS} s; last seen: {value}"
        time.sleep(max(0.02, waited / 20))
    return value


def distributed_map(child: dict[str, Any], *, execution_type: str = "EXPRESS", **fields: Any) -> dict[str, Any]:
    """A machine of one Distributed Map, whose children run one state."""
    states = {"Child": child} if "Type" in child else child
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": execution_type},
        "StartAt": next(iter(states)),
        "States": states,
    }
    state = {"Type": "Map", "Label": "Items", "ItemProcessor": processor, "End": True, **fields}
    return {"StartAt": "Map", "States": {"Map": state}}


PASS: dict[str, Any] = {"Type": "Pass", "End": True}


def fail_when(variable: str, **test: Any) -> dict[str, Any]:
    """States of a child that fails where the test holds, and passes its input on otherwise."""
    return {
        "Look": {"Type": "Choice", "Choices": [{"Variable": variable, **test, "Next": "No"}], "Default": "Yes"},
        "No": {"Type": "Fail", "Error": "Refused", "Cause": "as asked"},
        "Yes": {"Type": "Pass", "End": True},
    }
