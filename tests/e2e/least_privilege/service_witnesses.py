"""What shows that a role of an AWS service lacks a permission: each looks at a run, and says what went wrong."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from commands.embedded import Deployed
from csvdynamo.folders import names_key
from csvdynamo.rules.file_header import HEADER_LIMIT_BYTES, FileHeader
from csvdynamo.writing.turn import Holder, turn_key
from csvdynamo_airflow.storage.result_objects import find_manifest, list_objects
from tests.e2e.least_privilege.holders import Permissions
from tests.support.object_lines import object_lines

_POLL_SECONDS = 0.05
_BROKEN_SECONDS = 60.0  # ends a broken test, and is waited for in none that works


def until(read: Callable[[], Any]) -> Any:
    """Read again and again until there is something."""
    deadline = time.monotonic() + _BROKEN_SECONDS
    while not (found := read()):
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(_POLL_SECONDS)
    return found


@dataclass
class Services:
    """The deployed stack, worked by hand as the account's root.

    Attributes:
        deployed: The embedded AWS.
        permissions: What its roles may do.
        log: The file with the embedded AWS's own log.
    """

    deployed: Deployed
    permissions: Permissions
    log: Path

    @property
    def bucket(self) -> str:
        return self.deployed.outputs["SourceBucket"]

    def start(self, body: str = "DOL Vehicle ID,Model Year\n1,2020\n,2020\n", *, client: Any = None) -> str:
        """Put a file at the bucket's root, as a person does, and start an execution on it."""
        client = client or self.deployed.client
        name = f"by-hand-{uuid.uuid4().hex[:12]}"
        client("s3").put_object(Bucket=self.bucket, Key=f"{name}.csv", Body=body.encode())
        return str(
            client("stepfunctions").start_execution(
                stateMachineArn=self.deployed.outputs["MigrationWorkflowStateMachine"],
                name=name,
                input=json.dumps({"bucket_name": self.bucket, "file_key": f"{name}.csv"}),
            )["executionArn"]
        )

    def ended(self, execution: str, *, client: Any = None) -> dict[str, Any]:
        states = (client or self.deployed.client)("stepfunctions")

        def described() -> dict[str, Any] | None:
            found: dict[str, Any] = states.describe_execution(executionArn=execution)
            return None if found["status"] == "RUNNING" else found

        found: dict[str, Any] = until(described)
        return found

    def problem_of(self, ended: dict[str, Any]) -> str | None:
        """Say how an execution failed, its batches' errors included; None if it succeeded."""
        if ended["status"] == "SUCCEEDED":
            return None
        s3 = self.deployed.client("s3")
        manifest = find_manifest(s3, self.bucket, ended["name"])
        batches = [
            line.decode()
            for file in (manifest.failed if manifest else ())
            for line in object_lines(s3, self.bucket, file.key)
        ]
        return "\n".join([str(ended.get("error")), str(ended.get("cause")), *batches])

    def run(self, **file: str) -> str | None:
        """A run by hand, of a row and a reject."""
        ended = self.ended(self.start(**file))
        problem = self.problem_of(ended)
        if problem is None:
            output = json.loads(ended["output"])
            assert (output["TOTAL_NUMBER_OF_ITEMS_WRITTEN"], output["TOTAL_NUMBER_OF_ITEMS_IN_ERROR"]) == (1, 1)
            assert output["SnsPublish"]["MessageId"]
        return problem

    def free_turn(self) -> None:
        """Give the turn back, whoever has it: what a task lacks must not keep the next witness away."""
        body = Holder("run", "run", given_back=True).to_json().encode()
        self.deployed.client("s3").put_object(Bucket=self.bucket, Key=turn_key("ev_population"), Body=body)

    def run_after_a_turn(self) -> str | None:
        """A run by hand after one of the DAG, which has given its turn back."""
        self.free_turn()
        return self.run()

    def run_before_any_turn(self) -> str | None:
        """A run by hand where no run of the DAG has ever had a turn."""
        self.deployed.client("s3").delete_object(Bucket=self.bucket, Key=turn_key("ev_population"))
        return self.run()

    def run_of_short_names(self) -> str | None:
        """A run by hand of a file with short names, as prepare writes them; no function has read those before."""
        header = FileHeader(("DOL Vehicle ID", "Model Year", uuid.uuid4().hex + "x" * HEADER_LIMIT_BYTES))
        key = names_key("ev_population", header.digest)
        self.deployed.client("s3").put_object(Bucket=self.bucket, Key=key, Body=header.document)
        return self.run(body=f"{','.join(header.line)}\n1,1,2020,\n2,,2020,\n")

    def redrive(self) -> str | None:
        """A run that failed, redriven once its cause has gone."""
        with self.permissions.without_action("FunctionsMigrateBatchRole", "dynamodb:BatchWriteItem"):
            execution = self.start()
            assert self.ended(execution)["status"] == "FAILED"
        self.deployed.client("stepfunctions").redrive_execution(executionArn=execution)
        return self.problem_of(self.ended(execution))

    def function(self, handler: str) -> dict[str, Any]:
        """How one of the stack's functions is deployed."""
        stack = self.deployed.outputs["MigrationWorkflowStateMachine"].rpartition(":")[2]
        pages = self.deployed.client("lambda").get_paginator("list_functions").paginate()
        functions = [one for page in pages for one in page["Functions"] if one["Handler"] == handler]
        [found] = [one for one in functions if one["FunctionName"].startswith(f"{stack}-")]
        return dict(found)

    def error_of(self, handler: str, event: Any) -> str | None:
        """Hand an event to one of the functions, and say what it raised; None if it answered."""
        name = self.function(handler)["FunctionName"]
        answer = self.deployed.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        return answer["Payload"].read().decode() if "FunctionError" in answer else None

    def function_logs(self, handler: str) -> str | None:
        """What a function left in its log after a run; nothing is a problem, which the server's own log explains."""
        logs, group = self.deployed.client("logs"), self.function(handler)["LoggingConfig"]["LogGroup"]

        def lines() -> int:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            return sum(len(page["events"]) for page in pages)

        before = lines()
        with self.said() as said:
            assert self.run() is None
        return None if lines() > before else "".join(said())

    def log_destination(self) -> str | None:
        """The state machine's own deploy: Step Functions looks whether its role may write the log."""
        machine = self.deployed.outputs["MigrationWorkflowStateMachine"]
        prefix = f"/aws/vendedlogs/states/{machine.rpartition(':')[2]}"
        [group] = self.deployed.client("logs").describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
        destination = {"cloudWatchLogsLogGroup": {"logGroupArn": group["arn"]}}
        logging = {"level": "ALL", "includeExecutionData": False, "destinations": [destination]}
        try:
            self.deployed.client("stepfunctions").update_state_machine(
                stateMachineArn=machine, loggingConfiguration=logging
            )
        except ClientError as error:
            return str(error)
        return None

    def empty_map_run(self) -> str | None:
        """consolidate on a Map Run without items, which has written no manifest."""
        event = {"Bucket": self.bucket, "Key": "results/none/manifest.json", "ExecutionName": "none"}
        return self.error_of("consolidate.handler", event)

    def rejects_arrive(self) -> str | None:
        """A reject's way to its prefix: it arrives, or the stream's log says why not."""
        name = self.ended(self.start())["name"]
        prefix = f"migration_errors/execution_name={name}/"
        return self._arrival(prefix, lambda line: name in line)

    def misfiled_records_arrive(self) -> str | None:
        """The way of a record that Firehose cannot partition, to the prefix for those."""
        before = len(list_objects(self.deployed.client("s3"), self.bucket, "firehose_errors/"))
        logged = len(self.delivery_log())
        stream = self.deployed.outputs["ErrorDeliveryStream"]
        self.deployed.client("firehose").put_record(DeliveryStreamName=stream, Record={"Data": b"{}\n"})
        return self._arrival("firehose_errors/", lambda line: "firehose_errors" in line, before, logged)

    def refused_deliveries_are_logged(self) -> str | None:
        """What the stream's log says of a delivery that S3 refuses; nothing is a problem of the log itself."""
        with self.permissions.without_action("ErrorsRole", "s3:PutObject"), self.said() as said:
            name = self.ended(self.start())["name"]

            def told() -> list[str]:
                logged = [line for line in self.delivery_log() if name in line]
                return logged or [line for line in said() if "logs:PutLogEvents" in line]

            [line, *_] = until(told)
        return line if "logs:PutLogEvents" in line else None

    def delivery_log(self) -> list[str]:
        logs, cloudformation = self.deployed.client("logs"), self.deployed.client("firehose")
        described = cloudformation.describe_delivery_stream(
            DeliveryStreamName=self.deployed.outputs["ErrorDeliveryStream"]
        )["DeliveryStreamDescription"]["Destinations"][0]["ExtendedS3DestinationDescription"]
        group = described["CloudWatchLoggingOptions"]["LogGroupName"]
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"] for page in pages for event in page["events"]]

    @contextmanager
    def said(self) -> Iterator[Callable[[], list[str]]]:
        """Gives a function that reads what the server has logged of refusals since."""
        start = self.log.stat().st_size

        def lines() -> list[str]:
            with self.log.open("rb") as log:
                log.seek(start)
                return [line for line in log.read().decode().split("\n") if "is not authorized" in line]

        yield lines

    def _arrival(self, prefix: str, mine: Callable[[str], bool], before: int = 0, logged: int = 0) -> str | None:
        s3 = self.deployed.client("s3")

        def seen() -> tuple[str | None] | None:
            if len(list_objects(s3, self.bucket, prefix)) > before:
                return (None,)
            refused = [line for line in self.delivery_log()[logged:] if mine(line)]
            return (refused[0],) if refused else None

        (problem,) = until(seen)
        return problem
