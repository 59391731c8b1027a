"""StartExecution that may be repeated.

The promise: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

import functools
import json
import re
import threading
from typing import Any

from local_aws.ministack_internals import Response, account_and_region, error_response, stepfunctions

_FORBIDDEN_IN_NAME = re.compile(r'[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]')
_LONGEST_NAME = 80
_starting = threading.Lock()


def install() -> None:
    """Check names, and answer a repeated StartExecution with the execution that already runs."""
    stepfunctions.replace("start_execution", _repeatable)


def is_valid_name(name: str) -> bool:
    """Whether an execution may have that name: 1 to 80 characters, none of those that AWS forbids."""
    return 1 <= len(name) <= _LONGEST_NAME and not _FORBIDDEN_IN_NAME.search(name)


def _repeatable(start: Any) -> Any:
    @functools.wraps(start)
    def start_execution(request: dict[str, Any]) -> Response:
        name = request.get("name")
        if name is not None and not is_valid_name(name):
            return error_response("InvalidName", f"Invalid Name: '{name}'")
        with _starting:
            running = _running(request, name) if name else None
            if running is None:
                response: Response = start(request)
                return response
        body = {"executionArn": running["executionArn"], "startDate": running["startDate"]}
        return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body).encode()

    return start_execution


def _running(request: dict[str, Any], name: str) -> dict[str, Any] | None:
    """The running execution of that name and input, if it is of a STANDARD state machine."""
    machine_arn = stepfunctions.resolve_state_machine_arn(request.get("stateMachineArn", "").split("#")[0])
    if machine_arn is None:
        return None
    machine = stepfunctions.state_machines[machine_arn]
    account, region = account_and_region()
    arn = f"arn:aws:states:{region}:{account}:execution:{machine['name']}:{name}"
    execution: dict[str, Any] | None = stepfunctions.executions.get(arn)
    if execution is None or machine.get("type", "STANDARD") != "STANDARD":
        return None
    same = execution["status"] == "RUNNING" and execution["input"] == request.get("input", "{}")
    return execution if same else None
