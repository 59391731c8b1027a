import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from local_aws.access_key import AccessKey
from local_aws.environment import server_environment
from tests.integration.local_aws.cloud import ROLE, Cloud, until

QUERY = {
    "Type": "MetadataExtraction",
    "Parameters": [
        {"ParameterName": "MetadataExtractionQuery", "ParameterValue": "{run: .run}"},
        {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"},
    ],
}


def stream(cloud: Cloud, *processors: dict[str, Any]) -> str:
    """A delivery stream with dynamic partitioning, of the same name as its bucket."""
    bucket = cloud.bucket()
    cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName=bucket,
        ExtendedS3DestinationConfiguration={
            "RoleARN": ROLE,
            "BucketARN": f"arn:aws:s3:::{bucket}",
            "Prefix": "rejects/run=!{partitionKeyFromQuery:run}/",
            "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
            "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
            "DynamicPartitioningConfiguration": {"Enabled": True},
            "ProcessingConfiguration": {"Enabled": True, "Processors": [QUERY, *processors]},
        },
    )
    return bucket


def put(cloud: Cloud, name: str, *bodies: bytes) -> None:
    response = cloud.client("firehose").put_record_batch(
        DeliveryStreamName=name, Records=[{"Data": body} for body in bodies]
    )
    assert response["FailedPutCount"] == 0


def line(run: str, row: int) -> bytes:
    return json.dumps({"run": run, "row": row}).encode() + b"\n"


def test_records_of_one_partition_reach_s3_as_one_object(embedded: Cloud) -> None:
    bucket = stream(embedded)

    put(embedded, bucket, line("a", 1), line("b", 2))
    put(embedded, bucket, line("a", 3))

    keys = until(lambda: embedded.keys(bucket), lambda keys: len(keys) == 2)
    by_partition = {key.split("/")[1]: embedded.read(bucket, key) for key in keys}
    assert by_partition == {"run=a": line("a", 1) + line("a", 3), "run=b": line("b", 2)}


def test_a_record_without_its_partition_key_goes_to_the_error_prefix(embedded: Cloud) -> None:
    bucket = stream(embedded)

    put(embedded, bucket, b'{"row": 1}\n', line("a", 2))

    keys = until(lambda: embedded.keys(bucket), lambda keys: len(keys) == 2)
    assert sorted(key.split("/")[0] for key in keys) == ["errors", "rejects"]


def test_a_delimiter_is_appended_when_asked_for(embedded: Cloud) -> None:
    bucket = stream(embedded, {"Type": "AppendDelimiterToRecord", "Parameters": []})

    put(embedded, bucket, b'{"run": "a"}', b'{"run": "a"}')

    (key,) = until(lambda: embedded.keys(bucket), bool)
    assert embedded.read(bucket, key) == b'{"run": "a"}\n{"run": "a"}\n'


def test_delivered_records_are_not_kept_in_memory(tmp_path: Path) -> None:
    code = """
        import base64
        from local_aws.firehose import delivery
        from ministack.services import firehose

        delivery.install()
        destination = {"RoleARN": "arn:aws:iam::000000000000:role/any", "BucketARN": "arn:aws:s3:::bucket"}
        firehose._create_delivery_stream(
            {"DeliveryStreamName": "s", "ExtendedS3DestinationConfiguration": destination}
        )
        record = {"Data": base64.b64encode(b"x").decode()}
        for _ in range(3):
            status, _, body = firehose._put_record_batch({"DeliveryStreamName": "s", "Records": [record] * 5})
            assert status == 200, body
        print(len(firehose._streams["s"]["destinations"][0]["records"]))
    """
    project = Path(__file__).parents[3]
    environment = server_environment(os.environ, home=tmp_path, port=1, key=AccessKey.drawn()) | {
        "PYTHONPATH": str(project)
    }
    (tmp_path / "tmp").mkdir()

    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], env=environment, capture_output=True, text=True, check=True
    )

    assert ended.stdout.split()[-1] == "0"
