"""What a run left behind: what must be the same however often its tasks were killed."""

import itertools
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from commands.embedded import Deployed
from csvdynamo.datasets.dataset import Dataset

_DIFFERS = {"foreign", "key", "execution", "redrives", "at"}


def object_versions(deployed: Deployed, *prefixes: str) -> set[tuple[str, str]]:
    """List every version of every object of the stack's bucket under some prefixes: its key and the version's id."""
    listed, bucket = deployed.client("s3").get_paginator("list_object_versions"), deployed.outputs["SourceBucket"]
    pages = itertools.chain.from_iterable(listed.paginate(Bucket=bucket, Prefix=prefix) for prefix in prefixes)
    return {(one["Key"], one["VersionId"]) for page in pages for one in page.get("Versions", [])}


@dataclass(frozen=True)
class Bucket:
    """The versions of objects in the stack's bucket that came since a moment, by key and version."""

    bodies: dict[tuple[str, str], bytes]

    @classmethod
    def read(cls, deployed: Deployed, before: set[tuple[str, str]], *prefixes: str) -> "Bucket":
        """Read the versions under some prefixes that were not there before."""
        s3, bucket = deployed.client("s3"), deployed.outputs["SourceBucket"]
        return cls(
            {
                (key, version): s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
                for key, version in object_versions(deployed, *prefixes) - before
            }
        )

    def versions(self, prefix: str) -> Counter[str]:
        """How many versions each key under a prefix has."""
        return Counter(key for key, _ in self.bodies if key.startswith(prefix))

    def contents(self, prefix: str) -> dict[str, set[bytes]]:
        """The different contents of each key under a prefix."""
        found: dict[str, set[bytes]] = {}
        for (key, _), body in self.bodies.items():
            if key.startswith(prefix):
                found.setdefault(key, set()).add(body)
        return found


@dataclass(frozen=True)
class Outcome:
    """What a run made of its rows, with the mark of its keys taken out, so that two runs can be compared.

    Attributes:
        items: The table's items of the run, by key.
        ledger: The report's ledger.
        rejects: The rejects of the report's error file, without what names the execution.
        verification: What the check of the table found, without what names the execution and the time, and but for the
            items of other runs, which are in the same table.
        problems: What kept the run from being green.
    """

    items: dict[str, Any]
    ledger: dict[str, int]
    rejects: list[dict[str, Any]]
    verification: dict[str, Any]
    problems: list[str]

    @classmethod
    def read(cls, deployed: Deployed, dataset: Dataset, report: dict[str, Any], mark: str) -> "Outcome":
        """Read the outcome of a run whose keys all begin with a mark."""

        def unmarked(document: Any) -> Any:
            return json.loads(json.dumps(document, sort_keys=True).replace(mark, "MARK"))

        rejects = [
            {name: value for name, value in one.items() if name not in {"execution_name", "reject_id"}}
            for one in error_file(deployed, report)
        ]
        return cls(
            items=unmarked(items_of(deployed, dataset, mark)),
            ledger=report["ledger"],
            rejects=unmarked(sorted(rejects, key=lambda one: one["row"])),
            verification=without_what_differs(report["verification"]),
            problems=report["problems"],
        )


def without_what_differs(verification: dict[str, Any]) -> dict[str, Any]:
    """What the check of the table found, but for items of which the file has no key, the execution and the time."""
    examples = [one for one in verification["examples"] if one["kind"] != "foreign"]
    found = {name: value for name, value in verification.items() if name not in _DIFFERS}
    return {**found, "examples": examples}


def items_of(deployed: Deployed, dataset: Dataset, mark: str) -> dict[str, Any]:
    """The table's items whose key has a mark, by key."""
    pages = deployed.client("dynamodb").get_paginator("scan").paginate(TableName=dataset.table.name)
    key = dataset.table.partition_key
    return {item[key]["S"]: item for page in pages for item in page["Items"] if mark in item[key]["S"]}


def error_file(deployed: Deployed, report: dict[str, Any]) -> list[dict[str, Any]]:
    """The rejects of a report's JSON lines."""
    s3, rejects = deployed.client("s3"), []
    for location in report["error_files"]:
        bucket, key = location.removeprefix("s3://").split("/", 1)
        if key.endswith(".jsonl"):
            text = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
            rejects += [json.loads(line) for line in text.splitlines()]
    return rejects


def execution_names(deployed: Deployed) -> list[str]:
    """Names of all executions of the stack's machine, oldest first."""
    states, machine = deployed.client("stepfunctions"), deployed.outputs["MigrationWorkflowStateMachine"]
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
    found = [execution for page in pages for execution in page["executions"]]
    return [one["name"] for one in sorted(found, key=lambda one: one["startDate"])]


def vehicles(mark: str, rows: int, faults: Sequence[int] = (), padding: int = 0) -> str:
    """A CSV of vehicles whose keys begin with a mark.

    Args:
        mark: The beginning of each key.
        rows: How many.
        faults: Rows, from 1, without a key.
        padding: Characters of a long cell in each row.
    """
    lines = ["VIN (1-10),Model Year,City,DOL Vehicle ID"]
    for number in range(1, rows + 1):
        key = "" if number in faults else f"{mark}{number:04}"
        lines.append(f"VIN{number},2020,{'x' * padding}Kent,{key}")
    return "\n".join(lines) + "\n"
