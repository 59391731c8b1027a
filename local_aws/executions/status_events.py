"""The status change events of executions, with what has to be known about redrives and timeouts.

The shape: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

import json
import logging
from typing import Any

from local_aws.executions import redrive
from local_aws.ministack_internals import eventbridge, stepfunctions

_LARGEST_PAYLOAD_BYTES = 248 * 1024
_logger = logging.getLogger("states")


def install() -> None:
    """Let the engine publish its events here."""
    stepfunctions.replace("emit_execution_status_event", lambda _: emit)


def emit(execution: dict[str, Any]) -> None:
    """Publish an execution's status on the default bus; an execution does not fail because that failed."""
    if execution.get("sync"):
        return
    entry = {
        "Source": "aws.states",
        "DetailType": "Step Functions Execution Status Change",
        "Detail": json.dumps(detail(execution)),
        "Resources": [execution["executionArn"]],
    }
    try:
        eventbridge.put_events({"Entries": [entry]}, allow_aws_source=True)
    except Exception:
        _logger.warning("Failed to publish the status of execution %s", execution["executionArn"], exc_info=True)


def detail(execution: dict[str, Any]) -> dict[str, Any]:
    """The event's detail."""
    succeeded = execution["status"] == "SUCCEEDED"
    return {
        "executionArn": execution["executionArn"],
        "stateMachineArn": execution["stateMachineArn"],
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "name": execution["name"],
        "status": execution["status"],
        "startDate": stepfunctions.iso_to_epoch_ms(execution["startDate"]),
        "stopDate": stepfunctions.iso_to_epoch_ms(execution.get("stopDate")),
        **_payload("input", execution["input"]),
        **(_payload("output", execution["output"]) if succeeded else {"output": None, "outputDetails": None}),
        **_redrives(execution),
        "error": execution.get("error"),
        "cause": execution.get("cause"),
    }


def _redrives(execution: dict[str, Any]) -> dict[str, Any]:
    known = {"redriveDate": None, "redriveStatusReason": None, **redrive.fields(execution)}
    return known | {"redriveDate": stepfunctions.iso_to_epoch_ms(known["redriveDate"])}


def _payload(name: str, value: str) -> dict[str, Any]:
    """An input or output, left out where EventBridge would not take it."""
    fits = len(value.encode()) <= _LARGEST_PAYLOAD_BYTES
    return {name: value if fits else None, f"{name}Details": {"included": fits}}
