"""An answer that is not the file yet is told from one that never will be, and from a file."""

import json

import pytest

from csvdynamo_airflow.source.http.pending import MOST_BYTES, pending_answer


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"status": "Pending"}, '{"status": "Pending"}'),
        ({"status": "InProgress", "recordCount": 5, "progressInPercent": 10}, '{"status": "InProgress"}'),
        ({"jobStatus": "ExportingData"}, '{"jobStatus": "ExportingData"}'),
        ({"state": "queued"}, '{"state": "queued"}'),
        ({"message": "Your export is being processed"}, '{"message": "Your export is being processed"}'),
        ({"Status": "not ready", "id": "é"}, '{"Status": "not ready"}'),
        ({"message": "Waiting for https://x/?token=s3cr3t", "state": "running"}, '{"state": "running"}'),
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b" \r\n"])
def test_an_answer_that_says_the_file_is_being_made_is_none_yet(
    document: dict[str, object], told: str, mark: bytes
) -> None:
    assert pending_answer(mark + json.dumps(document, ensure_ascii=False).encode()) == told


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"status\npending\n",
        b"{status},b\npending,x\n",
        b'{"status": "Completed"}',
        b'{"state": "processed"}',
        b'{"status": "error", "message": "Processing failed"}',
        b'{"status": 202}',
        b'{"note": "pending"}',
        b'{"data": {"status": "pending"}}',
        b'[{"status": "pending"}]',
        b'{"status": "pending"}\n{"status": "pending"}\n',
        b'{"status": "pending',
        b'{"status": "pending", "x": "' + b"x" * MOST_BYTES + b'"}',
        b'{"status": "pending\xff"}',
        b'{"x":' + b"[" * 9000,
    ],
)
def test_anything_else_is_what_came(body: bytes) -> None:
    assert pending_answer(body) is None
