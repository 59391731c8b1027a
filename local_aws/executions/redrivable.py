"""Whether an execution may be redriven, as DescribeExecution says it and RedriveExecution does it.

The rules: https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

UNSUCCESSFUL = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})

REDRIVABLE_PERIOD = timedelta(days=14)
LONGEST_OPEN = timedelta(days=365)
MOST_EVENTS = 24_999
"""An execution with so many events or more has no room for those of a redrive."""


def refusal(execution: Mapping[str, Any], at: datetime, *, machine_exists: bool = True) -> str | None:
    """Why a STANDARD execution cannot be redriven, in the words of DescribeExecution's ``redriveStatusReason``.

    Args:
        execution: MiniStack's record of it.
        at: the time of the question, with a time zone.
        machine_exists: whether its state machine still exists.

    Returns:
        The reason; None if it can be redriven.
    """
    status = execution["status"]
    if status not in UNSUCCESSFUL:
        return f"Execution is {status} and cannot be redriven"
    if not machine_exists:
        return "State machine is in DELETING status"
    if len(execution["events"]) >= MOST_EVENTS:
        return "Execution history event limit exceeded"
    if at - datetime.fromisoformat(execution["startDate"]) > LONGEST_OPEN:
        return "Execution has exceeded the max execution time"
    if at - datetime.fromisoformat(execution["stopDate"]) > REDRIVABLE_PERIOD:
        return "Execution redrivable period exceeded"
    return None


def redrive_fields(execution: Mapping[str, Any], at: datetime, *, machine_exists: bool = True) -> dict[str, Any]:
    """The fields about redrives that DescribeExecution and the status change events have.

    The arguments are those of `refusal`; the execution may also be a child of a Map Run.
    """
    fields: dict[str, Any] = {"redriveCount": execution.get("redriveCount", 0)}
    if execution.get("redriveDate"):
        fields["redriveDate"] = execution["redriveDate"]
    if "mapRunArn" in execution:
        status = execution["status"]
        redrivable = status in UNSUCCESSFUL
        reason = None if redrivable else f"Execution is {status} and cannot be redriven"
        fields["redriveStatus"] = "REDRIVABLE_BY_MAP_RUN" if redrivable else "NOT_REDRIVABLE"
    else:
        reason = refusal(execution, at, machine_exists=machine_exists)
        fields["redriveStatus"] = "NOT_REDRIVABLE" if reason else "REDRIVABLE"
    if reason:
        fields["redriveStatusReason"] = reason
    return fields
