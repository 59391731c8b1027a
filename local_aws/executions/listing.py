"""ListExecutions with what is to be known about redrives.

The promise: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
"""

from collections.abc import Iterator
from typing import Any

from local_aws.ministack_internals import Response, error_response, json_response, stepfunctions

_DEFAULT_RESULTS = 1000
"""MiniStack's; AWS gives 100 a page where nothing else is asked for."""


def install() -> None:
    """Answer ListExecutions here."""
    stepfunctions.replace("list_executions", lambda _: list_executions)


def list_executions(request: dict[str, Any]) -> Response:
    """List the executions of a state machine or the children of a Map Run, newest first."""
    if (refused := _refusal(request)) is not None:
        return refused
    cursor = None
    if request.get("nextToken"):
        cursor = stepfunctions.decode_execution_token(request["nextToken"])
        if cursor is None:
            return error_response("InvalidToken", "Invalid Token: 'Invalid token'")
    items = sorted(_items(request), key=stepfunctions.execution_sort_key, reverse=True)
    if cursor is not None:
        items = [item for item in items if stepfunctions.execution_sort_key(item) < cursor]
    most = int(request.get("maxResults") or _DEFAULT_RESULTS)
    page = items[:most]
    more = {"nextToken": stepfunctions.encode_execution_token(page[-1])} if len(items) > most else {}
    return json_response({"executions": page, **more})


def _refusal(request: dict[str, Any]) -> Response | None:
    map_run = request.get("mapRunArn")
    if map_run and map_run not in stepfunctions.map_runs:
        return error_response("ResourceNotFound", f"Map Run Does Not Exist: '{map_run}'")
    if not map_run and request.get("statusFilter") == "PENDING_REDRIVE":
        return error_response("ValidationException", "PENDING_REDRIVE lists the children of a Map Run: give mapRunArn")
    return None


def _items(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    machine, map_run = request.get("stateMachineArn"), request.get("mapRunArn")
    for execution in stepfunctions.executions.values():
        if machine and execution["stateMachineArn"] != machine:
            continue
        if map_run and execution.get("mapRunArn") != map_run:
            continue
        if request.get("statusFilter") not in (None, execution["status"]):
            continue
        redriven = "REDRIVEN" if execution.get("redriveCount", 0) else "NOT_REDRIVEN"
        if request.get("redriveFilter") not in (None, redriven):
            continue
        yield _item(execution)


def _item(execution: dict[str, Any]) -> dict[str, Any]:
    item = {name: execution[name] for name in ("executionArn", "stateMachineArn", "name", "status", "startDate")}
    item |= {"stopDate": execution.get("stopDate"), "redriveCount": execution.get("redriveCount", 0)}
    if "mapRunArn" in execution:
        item |= {"mapRunArn": execution["mapRunArn"], "itemCount": execution.get("_items", 1)}
    if execution.get("redriveDate"):
        item["redriveDate"] = execution["redriveDate"]
    return item
