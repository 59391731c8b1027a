"""The files that a Map Run's ResultWriter leaves.

The shapes: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from local_aws.distributed_map.item_batcher import to_json

Transformation = Literal["NONE", "COMPACT", "FLATTEN"]
OutputType = Literal["JSON", "JSONL"]
Status = Literal["FAILED", "PENDING", "SUCCEEDED"]


@dataclass(frozen=True)
class WriterConfig:
    """How results are written.

    Attributes:
        transformation: NONE whole records; COMPACT the outputs alone; FLATTEN the outputs, arrays opened.
        output_type: JSON one array; JSONL one value a line.
    """

    transformation: Transformation = "NONE"
    output_type: OutputType = "JSON"


@dataclass(frozen=True)
class ResultFile:
    """One file of the manifest: its key and its size in bytes."""

    key: str
    size: int

    def to_json(self) -> dict[str, Any]:
        """The file as the manifest lists it."""
        return {"Key": self.key, "Size": self.size}


def record(child: Mapping[str, Any], child_input: bytes) -> dict[str, Any]:
    """A finished child execution as NONE writes it, and as every failed one is written.

    Args:
        child: the execution, with the field names of DescribeExecution.
        child_input: its input, JSON.
    """
    status = child["status"]
    redrivable = status != "SUCCEEDED"
    whole: dict[str, Any] = {
        "ExecutionArn": child["executionArn"],
        "Input": child_input.decode(),
        "InputDetails": {"Included": True},
        "Name": child["name"],
        "OutputDetails": {"Included": True},
        "RedriveCount": child.get("redriveCount", 0),
        "RedriveStatus": "REDRIVABLE_BY_MAP_RUN" if redrivable else "NOT_REDRIVABLE",
        "StartDate": child["startDate"],
        "StateMachineArn": child["stateMachineArn"],
        "Status": status,
        "StopDate": child["stopDate"],
    }
    if redrivable:
        whole |= {"Error": child.get("error") or "", "Cause": child.get("cause") or ""}
    else:
        whole["Output"] = child["output"]
        whole["RedriveStatusReason"] = "Execution is SUCCEEDED and cannot be redriven"
    return dict(sorted(whole.items()))


def pending_record(child_input: bytes) -> dict[str, Any]:
    """A child that was never started: it has an input, and neither a name nor dates."""
    return {"Input": child_input.decode(), "InputDetails": {"Included": True}, "Status": "PENDING"}


def transformed(output: str, transformation: Literal["COMPACT", "FLATTEN"]) -> list[bytes]:
    """The JSON values that a successful child's output becomes: one, or with FLATTEN one for each of an array's."""
    value = json.loads(output)
    if transformation == "FLATTEN" and isinstance(value, list):
        return [to_json(element).encode() for element in value]
    return [to_json(value).encode()]


def file_body(values: Iterable[bytes], output_type: OutputType) -> bytes:
    """JSON values joined into one file."""
    if output_type == "JSONL":
        return b"".join(value + b"\n" for value in values)
    return b"[" + b",".join(values) + b"]"


def manifest(bucket: str, map_run_arn: str, files: Mapping[Status, ResultFile | None]) -> bytes:
    """The manifest.json of a Map Run.

    Args:
        bucket: where the files are.
        map_run_arn: whose results they are.
        files: by status, SUCCEEDED, FAILED and PENDING; None where no child has it.
    """
    listed = {status: [file.to_json()] if (file := files.get(status)) else [] for status in get_args(Status)}
    return to_json({"DestinationBucket": bucket, "MapRunArn": map_run_arn, "ResultFiles": listed}).encode()
