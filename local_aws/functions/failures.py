"""The names of errors with which a Lambda function's invocation fails.

The names: https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html for what a handler raises, and
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html for what Step Functions makes of them.
"""

import re
from collections.abc import Mapping
from typing import Any

EXITED = "Runtime.ExitError"
TIMED_OUT = "Sandbox.Timedout"
THROTTLED = "Lambda.TooManyRequestsException"

_TIMED_OUT = re.compile(r"Task timed out after \d+\.\d\d seconds")
_RAISED = re.compile(r"^([A-Za-z_][\w.]*)(?::|$)")


def error_type(response: Mapping[str, Any]) -> str:
    """The ``errorType`` of a worker process's answer to an invocation that failed.

    Args:
        response: the answer: ``error``, a message, and the ``trace`` of what the handler raised, if it raised.

    Returns:
        The class of what was raised, without its module; else whether the process ended or its time was up.
    """
    if response.get("trace"):
        return _raised(str(response["trace"]), str(response.get("error") or ""))
    if _TIMED_OUT.fullmatch(str(response.get("error"))):
        return TIMED_OUT
    return EXITED


def _raised(trace: str, message: str) -> str:
    # The last line names the class, unless the message has several lines of its own.
    text = trace.rstrip("\n").removesuffix(message.rstrip("\n"))
    for line in reversed(text.split("\n")):
        if found := _RAISED.match(line):
            return found[1].rsplit(".", 1)[-1]
    return "Exception"
