"""What Lambda does under a function's role outside its code: it takes the role on, and writes the function's log.

Without the permission to write the log, a function runs all the same and leaves none:
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
"""

import functools
import logging
from typing import Any

from local_aws.access.policies import refusal_to_role
from local_aws.access.principals import Role
from local_aws.ministack_internals import account_and_region, lambda_functions

SERVICE = "lambda.amazonaws.com"

_logger = logging.getLogger("local_aws.access")


def install() -> None:
    """Write no log that the function's role does not allow."""
    lambda_functions.replace("emit_lambda_logs", _checked)


def _checked(emit: Any) -> Any:
    @functools.wraps(emit)
    def emit_if_allowed(function: dict[str, Any], *arguments: Any, **more: Any) -> None:
        refusal = refusal_to_log(function.get("config") or function)
        if refusal is None:
            emit(function, *arguments, **more)
        else:
            _logger.warning("Lambda's log: %s", refusal)

    return emit_if_allowed


def function_role(config: dict[str, Any]) -> Role:
    """The role that Lambda takes on for a function."""
    return Role(config["Role"], SERVICE, config["FunctionArn"], config["FunctionName"])


def refusal_to_log(config: dict[str, Any]) -> str | None:
    """Why Lambda may not write a function's log; None if it may."""
    account, region = account_and_region()
    name = config["FunctionName"]
    group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
    role = function_role(config)
    stream = f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:{name}"
    return refusal_to_role(role, "logs:CreateLogStream", stream) or refusal_to_role(role, "logs:PutLogEvents", stream)
