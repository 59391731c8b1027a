"""Gives failed invocations the error names that AWS gives them, in MiniStack's terms.

MiniStack calls whatever a handler raised, and a process that died, Runtime.HandlerError, and an invocation that was
throttled Lambda.Unknown: a Retry or Catch by name would not find its error.
"""

import functools
import json
from contextvars import ContextVar
from typing import Any

from local_aws.functions import failures
from local_aws.ministack_internals import execution_error, lambda_functions, stepfunctions

_answer: ContextVar[dict[str, Any] | None] = ContextVar("worker_answer", default=None)
"""What the worker process said to the invocation that the current thread makes."""


def install() -> None:
    """Name errors in what Lambda answers, and in what Step Functions makes of it."""
    lambda_functions.replace("execute_function_warm", _named)
    stepfunctions.replace("call_lambda", _naming_throttles)


def remembering(invoke: Any) -> Any:
    """Let an invocation of a worker process leave what it said."""

    @functools.wraps(invoke)
    def invoke_worker(*arguments: Any, **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = invoke(*arguments, **more)
        _answer.set(answer)
        return answer

    return invoke_worker


def _named(execute: Any) -> Any:
    @functools.wraps(execute)
    def execute_function(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        _answer.set(None)
        result: dict[str, Any] = execute(function, event, request_id)
        answer = _answer.get()
        if answer is None or answer.get("status") != "error":
            return result
        kind = failures.error_type(answer)
        message = result["body"]["errorMessage"]
        if kind == failures.EXITED:
            message = f"RequestId: {request_id} Error: Runtime exited without providing a reason"
        return result | {"body": {**result["body"], "errorType": kind, "errorMessage": message}}

    return execute_function


def _naming_throttles(call: Any) -> Any:
    @functools.wraps(call)
    def call_lambda(function: str, event: Any) -> Any:
        try:
            return call(function, event)
        except stepfunctions.ExecutionError as error:
            if error.error == "Lambda.Unknown" and '"TooManyRequestsException"' in error.cause:
                raise execution_error(failures.THROTTLED, json.loads(error.cause)["message"]) from error
            raise

    return call_lambda
