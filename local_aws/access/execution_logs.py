"""A state machine that writes a log needs a role that may make log deliveries, or it is not taken.

The eight actions: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-iam-policy
"""

import functools
from collections.abc import Mapping
from typing import Any

from local_aws.access.executions import SERVICE
from local_aws.access.policies import refusal_to_role
from local_aws.access.principals import Role
from local_aws.ministack_internals import Response, error_response, stepfunctions

_ACTIONS = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)


def install() -> None:
    """Refuse a machine with a log whose role lacks one of the actions, by request."""
    stepfunctions.replace("create_state_machine", _checked_request)
    stepfunctions.replace("update_state_machine", _checked_request)


def refusal_to_log(role_arn: str, name: str, level: str | None) -> str | None:
    """Why a state machine may not write its log; None if it may, or has none."""
    if level in {None, "OFF"} or not role_arn:  # without a role MiniStack refuses the machine itself
        return None
    role = Role(role_arn, SERVICE, name, name)
    refusals = (refusal_to_role(role, action, "*") for action in _ACTIONS)
    refusal = next((found for found in refusals if found), None)
    return refusal and f"The state machine IAM Role is not authorized to access the Log Destination. {refusal}"


def _checked_request(change: Any) -> Any:
    @functools.wraps(change)
    def change_if_allowed(request: dict[str, Any]) -> Response:
        machine: Mapping[str, Any] = stepfunctions.state_machines.get(request.get("stateMachineArn")) or {}
        role_arn = request.get("roleArn") or machine.get("roleArn") or ""
        logging = request.get("loggingConfiguration") or machine.get("loggingConfiguration") or {}
        name = str(request.get("name") or machine.get("name"))
        refusal = refusal_to_log(role_arn, name, logging.get("level") or logging.get("Level"))
        response: Response = change(request) if refusal is None else error_response("AccessDeniedException", refusal)
        return response

    return change_if_allowed


def checked_resource(create: Any) -> Any:
    """Refuse a stack a machine with a log whose role lacks one of the actions."""

    @functools.wraps(create)
    def create_if_allowed(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> Any:
        logging = properties.get("LoggingConfiguration") or {}
        refusal = refusal_to_log(properties.get("RoleArn", ""), logical_id, logging.get("Level"))
        if refusal is not None:
            raise ValueError(refusal)
        return create(logical_id, properties, stack_name)

    return create_if_allowed
