"""Requests to Step Functions: RedriveExecution, and what is said of an execution or a machine that is not there.

The answers are those that Step Functions was seen to give: tests/support/recorded/aws_answers.toml.
"""

import functools
import json
from collections.abc import Mapping
from typing import Any

from local_aws.executions.redrive import redrive_execution
from local_aws.ministack_internals import Response, error_response, stepfunctions

_OF_EXECUTION = frozenset(
    {
        "DescribeExecution",
        "DescribeStateMachineForExecution",
        "GetExecutionHistory",
        "ListMapRuns",
        "RedriveExecution",
        "StopExecution",
    }
)
_OF_MACHINE = frozenset({"DescribeStateMachine", "ListExecutions", "StartExecution"})


def install() -> None:
    """Look at the ARN of a request before MiniStack does, and answer RedriveExecution."""
    stepfunctions.replace("handle_request", _looked_at)


def _looked_at(handle: Any) -> Any:
    @functools.wraps(handle)
    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> Response:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        if operation in _OF_EXECUTION | _OF_MACHINE:
            request = json.loads(body or b"{}")
            answer = _refusal(operation, request)
            if answer is None and operation == "RedriveExecution":
                answer = redrive_execution(request)
            if answer is not None:
                finalized: Response = stepfunctions.finalize_response(answer)
                return finalized
        response: Response = await handle(method, path, headers, body, query_params)
        return response

    return handle_request


def _refusal(operation: str, request: Mapping[str, Any]) -> Response | None:
    arn = request.get("executionArn" if operation in _OF_EXECUTION else "stateMachineArn")
    if not arn:
        return None
    if not arn.startswith("arn:"):
        return error_response("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {arn}'")
    if operation in _OF_EXECUTION:
        if arn not in stepfunctions.executions:
            return error_response("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    elif stepfunctions.resolve_state_machine_arn(arn.partition("#")[0]) is None:
        return error_response("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
    return None
