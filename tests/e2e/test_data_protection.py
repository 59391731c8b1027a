"""A stack under a key of its own, over an earlier one, and what is said of its rows while they go through it.

Every cell of the file holds a canary, the partition keys another. What people and machines are told, Airflow's whole
output and database, the logs of the functions and of the machine, errors, report and messages, holds neither.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from commands.embedded_assembly import embedded_assembly
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo_airflow.settings import DATASETS_FOLDER
from csvdynamo_airflow.storage.result_objects import list_objects
from tests.e2e.conftest import FAST, Airflow, Dags
from tests.support.lambda_functions import function_with
from tests.support.stacks import Stacks

CELL, KEY = "cell-canary-5d1e", "key-canary-8b2c"
NAME, TABLE = "protected_people", "tb_protected"

PROTECTION = """
[protection]
encryption        = "customer-managed"
keep_landing_days = 7
keep_source_days  = 30
keep_error_days   = 30
keep_result_days  = 30
keep_report_days  = 60
"""

HEADER = "id,born,name,state\n"
GOOD = "".join(f"{KEY}-{number},1980,{CELL} {number},WA\n" for number in range(40))
BAD = (
    f"{KEY}-w,1980,{CELL},WA,{CELL},{CELL}\n"  # BAD_WIDTH, by prepare
    f'{KEY}-q,1980,"{CELL}" {CELL},WA\n'  # BAD_QUOTE, by prepare
    f"{KEY}-0,1981,{CELL} again,WA\n"  # DUPLICATE_KEY: the row before loses
    f",1980,{CELL} without a key,WA\n"  # MISSING_KEY, by the Lambda function
    f"{KEY}-t,born {CELL},{CELL},WA\n"  # BAD_TYPE
    f"{KEY}-s,1980,{CELL},{CELL}\n"  # NOT_ALLOWED
)


@dataclass(frozen=True)
class Protected:
    """The DAG on the stack, what its messages were, and where its Airflow lives."""

    dags: Dags
    home: Path
    aws_log: Path
    queue: str
    before: dict[str, str]

    def client(self, service: str) -> Any:
        return self.dags.deployed.client(service)

    def data_key(self) -> str:
        """The id of the key that the stack has beside the topic's."""
        return _data_key(self.dags.deployed, self.dags.dataset.stack_name)

    def messages(self) -> str:
        """What the topic sent since the last look."""
        sqs, texts = self.client("sqs"), []
        while found := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", []):
            for message in found:
                texts.append(message["Body"])
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return "\n".join(texts)

    def function_logs(self) -> str:
        """What the functions and the state machine wrote to CloudWatch."""
        logs = self.client("logs")
        texts = []
        for group in logs.describe_log_groups()["logGroups"]:
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"]):
                texts += [event["message"] for event in page["events"]]
        return "\n".join(texts)

    def executions(self) -> str:
        """Each execution's description and history: input, output, error, cause, states."""
        states, machine = self.client("stepfunctions"), self.dags.deployed.outputs["MigrationWorkflowStateMachine"]
        told = []
        for execution in states.list_executions(stateMachineArn=machine)["executions"]:
            arn = execution["executionArn"]
            told += [states.describe_execution(executionArn=arn)]
            for page in states.get_paginator("get_execution_history").paginate(executionArn=arn):
                told += page["events"]
        return json.dumps(told, default=str)

    def airflow_files(self) -> dict[str, bytes]:
        """Every file of Airflow's home: its logs, and the database with each XCom."""
        return {str(path): path.read_bytes() for path in self.home.rglob("*") if path.is_file()}

    def told(self, *runs: Any) -> dict[str, str]:
        """Everything that anyone is told, by who tells it."""
        return {
            "output of Airflow": "\n".join(run.output for run in runs),
            "report": json.dumps([run.report for run in runs]),
            "messages": self.messages(),
            "logs of the functions": self.function_logs(),
            "executions": self.executions(),
            "log of the embedded AWS": self.aws_log.read_text(encoding="utf-8", errors="replace"),
            **{name: content.decode("utf-8", "replace") for name, content in self.airflow_files().items()},
        }


@pytest.fixture(scope="module")
def protected(airflow: Airflow, stacks: Stacks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Protected]:
    """A stack without protection that holds something, deployed again with it."""
    folder = tmp_path_factory.mktemp("datasets")
    file, log = folder / f"{NAME}.toml", folder / "local-aws.log"
    rules = (stacks.datasets_folder(NAME) / file.name).read_text(encoding="utf-8")
    file.write_text(rules + PROTECTION, encoding="utf-8")
    dataset = load_dataset(file)
    with stacks.copy(log=log, settings=FAST) as aws:
        deployed = stacks.on(aws, NAME)
        deployed.client("s3").put_object(Bucket=deployed.outputs["SourceBucket"], Key="kept.csv", Body=b"kept")
        deployed.client("dynamodb").put_item(TableName=TABLE, Item={"id": {"S": "kept"}})
        before = dict(deployed.outputs)
        assembly = embedded_assembly(dataset, folder=folder)
        deployed.outputs.update(assembly.deploy(dataset, deployed.aws.environment))
        _encrypt_bucket(deployed, _data_key(deployed, dataset.stack_name))
        queue = _listen(deployed, deployed.outputs["PublishMigrationResultsTopic"])
        dags = airflow.dags(deployed, NAME)
        environment = {**dags.environment, DATASETS_FOLDER: str(folder)}
        yield Protected(replace(dags, dataset=dataset, environment=environment), airflow.home, log, queue, before)


def _data_key(deployed: Any, stack: str) -> str:
    found = deployed.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    [key] = [
        one["PhysicalResourceId"]
        for one in found
        if one["ResourceType"] == "AWS::KMS::Key" and one["LogicalResourceId"].startswith("StorageEncryption")
    ]
    return str(key)


def _encrypt_bucket(deployed: Any, key: str) -> None:
    """Tell S3 what the template says: the embedded CloudFormation leaves a bucket's encryption aside."""
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    deployed.client("s3").put_bucket_encryption(
        Bucket=deployed.outputs["SourceBucket"], ServerSideEncryptionConfiguration={"Rules": [rule]}
    )


def _listen(deployed: Any, topic: str) -> str:
    sqs, sns = deployed.client("sqs"), deployed.client("sns")
    queue: str = sqs.create_queue(QueueName="messages")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return queue


@pytest.fixture
def people(tmp_path: Path) -> Any:
    def write(text: str) -> str:
        path = tmp_path / "people.csv"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def holding(places: dict[str, str], *canaries: str) -> dict[str, str]:
    """Where a canary is found, and what is around it."""
    return {
        place: text[max(0, text.index(canary) - 200) : text.index(canary) + 100]
        for place, text in places.items()
        for canary in canaries
        if canary in text
    }


def test_protecting_a_stack_leaves_its_bucket_its_table_and_what_is_in_them(protected: Protected) -> None:
    outputs = protected.dags.deployed.outputs
    bucket = outputs["SourceBucket"]

    assert {name: outputs[name] for name in ("SourceBucket", "DestinationTable", "ErrorDeliveryStream")} == {
        name: protected.before[name] for name in ("SourceBucket", "DestinationTable", "ErrorDeliveryStream")
    }
    assert protected.client("s3").get_object(Bucket=bucket, Key="kept.csv")["Body"].read() == b"kept"
    assert protected.client("dynamodb").get_item(TableName=TABLE, Key={"id": {"S": "kept"}})["Item"]
    key = protected.data_key()
    assert protected.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    assert protected.client("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
    table = protected.client("dynamodb").describe_table(TableName=TABLE)["Table"]
    assert (table["SSEDescription"]["SSEType"], table["DeletionProtectionEnabled"]) == ("KMS", True)
    assert key in table["SSEDescription"]["KMSMasterKeyArn"]


def test_a_run_with_rejects_of_every_stage_tells_nobody_a_cell(protected: Protected, people: Any) -> None:
    run = protected.dags.test(people(HEADER + GOOD + BAD), date="2026-04-01")

    assert run.status == 0, run.output[-3000:]
    assert {name: run.report["ledger"][name] for name in ("rejected_before_upload", "written", "rejected")} == {
        "rejected_before_upload": 3,
        "written": 40,
        "rejected": 3,
    }
    assert [change["kind"] for change in run.report["schema_changes"]] == ["missing"]
    assert run.report["verification"]["foreign"] == 1, "what the earlier stack held"
    s3, bucket = protected.client("s3"), protected.dags.deployed.outputs["SourceBucket"]
    written = [one["Key"] for folder in ("landing/", "source/", "reports/") for one in list_objects(s3, bucket, folder)]
    assert {s3.head_object(Bucket=bucket, Key=key)["ServerSideEncryption"] for key in written} == {"aws:kms"}
    # The rows are where they must be, so that silence elsewhere says something.
    rejects = protected.dags.error_files(run.report)
    assert len(rejects) == 6
    assert all(CELL in json.dumps(reject["item"]) for reject in rejects)
    assert len(protected.dags.table()) == 41
    told = protected.told(run)
    assert "END RequestId" in told["logs of the functions"]
    assert "accounted" in told["messages"]
    database = "".join(text for place, text in told.items() if place.startswith(str(protected.home)))
    assert "prepared_rows" in database, "XComs are looked at, too"
    assert holding(told, CELL, KEY) == {}


def test_a_changed_item_is_told_by_its_key_and_its_attributes_names_alone(protected: Protected, people: Any) -> None:
    dynamodb = protected.client("dynamodb")
    item = protected.dags.table()[f"{KEY}-7"]
    dynamodb.put_item(TableName=TABLE, Item={**item, "name": {"S": f"{CELL} of another writer"}})

    run = protected.dags.test(people(HEADER + GOOD + BAD), date="2026-04-01")

    dynamodb.put_item(TableName=TABLE, Item=item)
    assert run.status != 0
    [example] = [one for one in run.report["verification"]["examples"] if one["kind"] == "changed"]
    assert example == {"kind": "changed", "key": f"{KEY}-7", "row": 8, "attributes": ["name"]}
    assert holding(protected.told(run), CELL) == {}


def test_a_run_that_fails_tells_nobody_a_cell(protected: Protected, people: Any) -> None:
    before = protected.airflow_files()
    with function_with(protected.dags.deployed, DESTINATION_TABLE_NAME="no_such_table"):
        run = protected.dags.test(people(HEADER + GOOD + BAD), date="2026-04-02")

    assert run.status != 0
    assert run.report["execution_status"] == "FAILED"
    assert run.report["ledger"]["failed"] == 43
    results = list_objects(protected.client("s3"), protected.dags.deployed.outputs["SourceBucket"], "results/")
    assert any("/FAILED_" in one["Key"] for one in results), "the rows of the failed batch are in the bucket"
    told = protected.told(run)
    assert "ResourceNotFoundException" in told["logs of the functions"]
    assert holding(told, CELL) == {}
    # The keys that the run before was allowed to name are still in Airflow's database and in the log of that run.
    new = {place: text for place, text in told.items() if place not in before}
    assert holding({**new, "messages": told["messages"]}, KEY) == {}
