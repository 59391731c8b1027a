"""What the embedded AWS of the containers knows of its runs, as one JSON document. Runs in the service ``aws``.

Usage: python -m commands.compose_evidence ev_population
"""

import json
import sys
from typing import TYPE_CHECKING, Any

from commands.compose import aws_environment
from commands.project import find_dataset
from csvdynamo.folders import REPORTS_PREFIX
from csvdynamo.stack_outputs import StackOutput

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient


def main() -> None:
    """Print every execution and every report, with the rejects that it names."""
    import boto3  # noqa: PLC0415 - only what talks to AWS pays for it

    dataset = find_dataset(sys.argv[1])
    variables = aws_environment()
    session = boto3.Session(
        variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], region_name=variables["AWS_DEFAULT_REGION"]
    )
    endpoint = variables["AWS_ENDPOINT_URL"]
    s3 = session.client("s3", endpoint_url=endpoint)
    states = session.client("stepfunctions", endpoint_url=endpoint)
    stacks = session.client("cloudformation", endpoint_url=endpoint)
    [stack] = stacks.describe_stacks(StackName=dataset.stack_name)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    document = {
        "executions": _executions(states, outputs[StackOutput.MACHINE]),
        "reports": _reports(s3, outputs[StackOutput.SOURCE_BUCKET], f"{REPORTS_PREFIX}{dataset.name}/"),
    }
    print(json.dumps(document))


def _executions(states: "SFNClient", machine: str) -> list[dict[str, Any]]:
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
    return [
        {
            "arn": one["executionArn"],
            "status": one["status"],
            "started": one["startDate"].timestamp(),
            "ended": one["stopDate"].timestamp() if one.get("stopDate") else None,
        }
        for page in pages
        for one in page["executions"]
    ]


def _reports(s3: "S3Client", bucket: str, prefix: str) -> list[dict[str, Any]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    reports = [json.loads(_text(s3, bucket, key)) for key in keys if key.endswith("/report.json")]
    return [{**report, "rejects": _rejects(s3, report)} for report in reports]


def _rejects(s3: "S3Client", report: dict[str, Any]) -> list[tuple[int | None, str]]:
    """Read row and code of each reject of a report's error files."""
    rejects = []
    for location in report["error_files"]:
        if location.endswith(".jsonl"):
            text = _text(s3, *location.removeprefix("s3://").split("/", 1))
            found = [json.loads(line) for line in text.split("\n") if line.strip()]
            rejects += [(reject["row"], reject["code"]) for reject in found]
    return rejects


def _text(s3: "S3Client", bucket: str, key: str) -> str:
    return str(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())


if __name__ == "__main__":
    main()
