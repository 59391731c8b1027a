"""Delivers buffered records to S3: those of one partition and interval in one object.

The behaviour: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
"""

import contextvars
import logging
import os
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from local_aws.access.deliveries import delivering
from local_aws.firehose.buffers import Buffers, Record
from local_aws.ministack_internals import account_and_region, firehose

_DELAY_VARIABLE = "LOCAL_AWS_FIREHOSE_DELAY_SECONDS"
_DEFAULT_DELAY_SECONDS = 2.0

_logger = logging.getLogger("local_aws.firehose")


def install() -> None:
    """Let MiniStack's PutRecord and PutRecordBatch buffer what goes to S3."""
    delay = float(os.environ.get(_DELAY_VARIABLE) or _DEFAULT_DELAY_SECONDS)
    buffers = Buffers(delay, _later)

    def buffer_records(stream: dict[str, Any], destination: dict[str, Any], records: list[tuple[str, bytes]]) -> None:
        # MiniStack keeps every record that it was ever given here, and reads none.
        destination["records"].clear()
        context = contextvars.copy_context()
        buffers.add(
            (*account_and_region(), stream["name"], destination["id"]),
            [Record(record_id, data) for record_id, data in records],
            lambda held: context.run(_deliver, stream, destination, held),
        )

    firehose.replace("deliver_records_to_s3", lambda _: buffer_records)


def _later(seconds: float, work: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, work)
    timer.daemon = True
    timer.start()


def _deliver(stream: dict[str, Any], destination: dict[str, Any], records: list[Record]) -> None:
    try:
        with delivering(stream, destination):
            _deliver_by_prefix(stream, destination, records)
    except Exception:
        _logger.exception("%d records of delivery stream %s were not delivered", len(records), stream["name"])


def _deliver_by_prefix(stream: dict[str, Any], destination: dict[str, Any], records: list[Record]) -> None:
    config = destination["config"]
    arrival = firehose.arrival_time(config)
    lambda_keys: dict[str, Any] = {}
    processed = firehose.apply_lambda_processors(
        stream, destination, [(record.record_id, record.data) for record in records], partition_sink=lambda_keys
    )
    objects: dict[str, list[bytes]] = defaultdict(list)
    for record_id, data in processed:
        keys = lambda_keys.get(record_id)
        prefix = None if _is_converted(config) else _prefix(config, arrival, data, keys)
        if prefix is None:
            # MiniStack itself writes what has no partition to the error prefix, and converts formats.
            firehose.deliver_to_s3(stream, destination, data, keys)
        else:
            objects[prefix].append(data)
    bucket = firehose.s3_bucket_from_arn(config.get("BucketARN", ""))
    delimiter = _delimiter(config)
    for prefix, bodies in objects.items():
        name = _object_name(stream, config, arrival)
        firehose.put_s3_object(bucket, prefix + name, b"".join(body + delimiter for body in bodies))


def _prefix(config: dict[str, Any], arrival: Any, data: bytes, lambda_keys: Any) -> str | None:
    """The S3 prefix that a record belongs under; None if it cannot be told, and the record is an error."""
    try:
        is_partitioned = (config.get("DynamicPartitioningConfiguration") or {}).get("Enabled")
        query_keys = firehose.metadata_extraction_keys(config, data) if is_partitioned else None
        return str(firehose.evaluate_prefix(config.get("Prefix", ""), arrival, query_keys, lambda_keys))
    except firehose.DeliveryError:
        return None


def _is_converted(config: dict[str, Any]) -> bool:
    conversion = config.get("DataFormatConversionConfiguration") or {}
    return bool(conversion and conversion.get("Enabled", True))


def _delimiter(config: dict[str, Any]) -> bytes:
    processing = config.get("ProcessingConfiguration") or {}
    types = [processor.get("Type") for processor in processing.get("Processors") or []]
    return b"\n" if processing.get("Enabled") and "AppendDelimiterToRecord" in types else b""


def _object_name(stream: dict[str, Any], config: dict[str, Any], arrival: Any) -> str:
    moment = firehose.java_time("yyyy-MM-dd-HH-mm-ss", arrival)
    return f"{stream['name']}-{stream.get('version', 1)}-{moment}-{uuid.uuid4()}{config.get('FileExtension') or ''}"
