"""What a Map Run leaves behind: result files in S3, or a result in the state's output."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_args

from local_aws.access.executions import require
from local_aws.access.principals import object_arn
from local_aws.distributed_map.child import ChildRecord
from local_aws.distributed_map.item_batcher import PAYLOAD_LIMIT_BYTES, to_json
from local_aws.distributed_map.result_files import (
    ResultFile,
    Status,
    WriterConfig,
    file_body,
    manifest,
    pending_record,
    record,
    transformed,
)
from local_aws.distributed_map.settings import Destination
from local_aws.distributed_map.spool import Spool
from local_aws.ministack_internals import execution_error, put_object


class Results:
    """The children of a Map Run by how they ended.

    Args:
        inputs: the inputs of all children, started or not.
        children: the started ones, by their input's index.
        config: how results are written.
    """

    def __init__(self, inputs: Spool, children: Sequence[ChildRecord | None], config: WriterConfig) -> None:
        self._inputs = inputs
        self._children = children
        self._config = config

    def export(self, destination: Destination, map_run_arn: str, on_written: Callable[[int], None]) -> dict[str, Any]:
        """Write the result files and the manifest.

        Args:
            destination: where to.
            map_run_arn: whose results they are; its UUID is the folder's name.
            on_written: called with the index of each started child when its result is in a file.

        Returns:
            The state's result: ``{"MapRunArn": …, "ResultWriterDetails": {"Bucket": …, "Key": …}}``.

        Raises:
            States.ResultWriterFailed: S3 refused a file.
        """
        folder = "/".join(part for part in (destination.prefix, map_run_arn.rsplit(":", 1)[1]) if part)
        files: dict[Status, ResultFile | None] = {
            status: self._write(destination.bucket, f"{folder}/{status}_0.json", status) for status in get_args(Status)
        }
        key = f"{folder}/manifest.json"
        _put(destination.bucket, key, manifest(destination.bucket, map_run_arn, files))
        self._tell(on_written)
        return {"MapRunArn": map_run_arn, "ResultWriterDetails": {"Bucket": destination.bucket, "Key": key}}

    def collected(self, on_written: Callable[[int], None]) -> list[Any]:
        """The results as the state's output.

        Args:
            on_written: called with the index of each started child.

        Raises:
            States.DataLimitExceeded: they are larger than a state's output may be.
        """
        values = [json.loads(value) for status in ("SUCCEEDED", "FAILED") for value in self._values(status)]
        if len(to_json(values).encode()) > PAYLOAD_LIMIT_BYTES:
            raise execution_error(
                "States.DataLimitExceeded",
                "The state/task returned a result with a size exceeding the maximum number of bytes service limit.",
            )
        self._tell(on_written)
        return values

    def _tell(self, on_written: Callable[[int], None]) -> None:
        for index, child in enumerate(self._children):
            if child is not None:
                on_written(index)

    def _write(self, bucket: str, key: str, status: Status) -> ResultFile | None:
        values = list(self._values(status))
        if not values:
            return None
        body = file_body(values, self._config.output_type)
        _put(bucket, key, body)
        return ResultFile(key, len(body))

    def _values(self, status: str) -> Iterator[bytes]:
        for index, child in enumerate(self._children):
            if _file_of(child) != status:
                continue
            if child is None:
                yield to_json(pending_record(self._inputs[index])).encode()
            elif status == "SUCCEEDED" and self._config.transformation != "NONE":
                yield from transformed(child["output"], self._config.transformation)
            else:
                yield to_json(record(child, self._inputs[index])).encode()


def _file_of(child: ChildRecord | None) -> Status:
    if child is None:
        return "PENDING"
    return "SUCCEEDED" if child["status"] == "SUCCEEDED" else "FAILED"


def _put(bucket: str, key: str, body: bytes) -> None:
    require("s3:PutObject", object_arn(bucket, key), error="States.ResultWriterFailed")
    if not put_object(bucket, key, body):
        raise execution_error("States.ResultWriterFailed", f"Unable to write s3://{bucket}/{key}.")
