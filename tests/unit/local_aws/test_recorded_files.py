"""What the embedded AWS writes has the fields and forms that others recorded of AWS: tests/support/recorded/."""

import json
import re
from typing import Any

import pytest

from local_aws.distributed_map.result_files import ResultFile, manifest, record
from tests.support.recorded_answers import ANSWERS

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:cars/Rows"
NAME = "ac537772-4599-3a63-bbbc-cf52f4cbb818"


def child(status: str) -> dict[str, Any]:
    return {
        "executionArn": f"{MACHINE.replace(':stateMachine:', ':execution:')}:{NAME}",
        "stateMachineArn": MACHINE,
        "name": NAME,
        "status": status,
        "startDate": "2025-01-09T18:13:01.189Z",
        "stopDate": "2025-01-09T18:14:18.554Z",
        "output": "{}",
        "error": "Refused",
        "cause": "as asked",
    }


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED"])
def test_a_record_has_the_recorded_fields(status: str) -> None:
    recorded, forms = ANSWERS["record"][status], ANSWERS["record"]["forms"]

    written = record(child(status), b'{"Items":[]}')

    assert list(written) == recorded["fields"]
    assert written.items() >= recorded["values"].items()
    assert written["Input"] == '{"Items":[]}'
    assert re.fullmatch(forms["execution_arn"], written["ExecutionArn"])
    assert re.fullmatch(forms["machine_arn"], written["StateMachineArn"])
    assert re.fullmatch(forms["date"], written["StopDate"])


def test_a_manifest_has_the_recorded_fields() -> None:
    recorded = ANSWERS["manifest"]

    written = json.loads(manifest("bucket", "arn:map-run", {"SUCCEEDED": ResultFile("p/SUCCEEDED_0.json", 7)}))

    assert list(written) == recorded["fields"]
    assert sorted(written["ResultFiles"]) == recorded["statuses"]
    assert list(written["ResultFiles"]["SUCCEEDED"][0]) == recorded["file_fields"]
    assert written["ResultFiles"]["FAILED"] == written["ResultFiles"]["PENDING"] == []
