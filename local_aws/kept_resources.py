"""A stack takes no resource that exists for a new one of its own, and deletes no table that is protected.

CloudFormation creates the successor of a replaced resource under its new name; where something has that name already,
the creation fails, and with it the update, which is rolled back. MiniStack would put an empty one in its place.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from local_aws.ministack_internals import account_and_region, cloudwatch_logs, dynamodb, provisioners, stepfunctions

_PROTECTED = (
    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
)


def install() -> None:
    """Let stacks create tables, log groups and state machines only under names that nothing has."""
    _replace("AWS::DynamoDB::Table", "create", "_ddb_create", _creating("TableName", _is_table))
    _replace("AWS::DynamoDB::Table", "delete", "_ddb_delete", _sparing_protected)
    _replace("AWS::Logs::LogGroup", "create", "_cwlogs_create", _creating("LogGroupName", _is_log_group))
    machine = _creating("StateMachineName", _is_state_machine)
    _replace("AWS::StepFunctions::StateMachine", "create", "_sfn_state_machine_create", machine)


def _is_table(name: str) -> bool:
    return name in dynamodb._tables


def _is_log_group(name: str) -> bool:
    return name in cloudwatch_logs._log_groups


def _is_state_machine(name: str) -> bool:
    account, region = account_and_region()
    return f"arn:aws:states:{region}:{account}:stateMachine:{name}" in stepfunctions._state_machines


def _replace(kind: str, operation: str, name: str, guarded: Callable[[str, Any], Any]) -> None:
    """Replace one of MiniStack's provisioners, which its table of handlers and its updates both refer to."""
    guard = guarded(kind, getattr(provisioners, name))
    setattr(provisioners, name, guard)
    provisioners._RESOURCE_HANDLERS[kind][operation] = guard


def _creating(name_property: str, exists: Callable[[str], bool]) -> Callable[[str, Any], Any]:
    def guarded(kind: str, create: Any) -> Any:
        @functools.wraps(create)
        def create_anew(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> Any:
            name = properties.get(name_property)
            if name and exists(name):
                raise ValueError(f"Resource of type '{kind}' with identifier '{name}' already exists.")
            return create(logical_id, properties, stack_name)

        return create_anew

    return guarded


def _sparing_protected(_: str, delete: Any) -> Any:
    @functools.wraps(delete)
    def delete_unprotected(physical_id: str, properties: Mapping[str, Any]) -> Any:
        if dynamodb._tables.get(physical_id, {}).get("DeletionProtectionEnabled"):
            raise ValueError(_PROTECTED)
        return delete(physical_id, properties)

    return delete_unprotected
