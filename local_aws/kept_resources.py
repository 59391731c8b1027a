"""A stack takes no resource that exists for a new one of its own, and deletes no table that is protected.

CloudFormation creates the successor of a replaced resource under its new name; where something has that name already,
the creation fails, and with it the update, which is rolled back. MiniStack would put an empty one in its place.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from local_aws.ministack_internals import (
    account_and_region,
    cloudwatch_logs,
    dynamodb,
    replace_provisioner,
    stepfunctions,
)

_PROTECTED = (
    "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first."
)


def install(checked_machine: Callable[[Any], Any]) -> None:
    """Let stacks create tables, log groups and state machines only under names that nothing has.

    Args:
        checked_machine: lets what creates state machines ask for permissions, where IAM is enforced.
    """
    table, group, machine = "AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::StepFunctions::StateMachine"
    create_table = _creating(table, "TableName", lambda name: name in dynamodb.tables)
    create_group = _creating(group, "LogGroupName", lambda name: name in cloudwatch_logs.log_groups)
    create_machine = _creating(machine, "StateMachineName", _is_state_machine)
    replace_provisioner(table, "create", create_table, "ddb_create")
    replace_provisioner(table, "delete", _sparing_protected, "ddb_delete")
    replace_provisioner(group, "create", create_group, "cwlogs_create")
    replace_provisioner(
        machine, "create", lambda create: checked_machine(create_machine(create)), "sfn_state_machine_create"
    )


def _is_state_machine(name: str) -> bool:
    account, region = account_and_region()
    return f"arn:aws:states:{region}:{account}:stateMachine:{name}" in stepfunctions.state_machines


def _creating(kind: str, name_property: str, exists: Callable[[str], bool]) -> Callable[[Any], Any]:
    def guarded(create: Any) -> Any:
        @functools.wraps(create)
        def create_anew(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> Any:
            name = properties.get(name_property)
            if name and exists(name):
                raise ValueError(f"Resource of type '{kind}' with identifier '{name}' already exists.")
            return create(logical_id, properties, stack_name)

        return create_anew

    return guarded


def _sparing_protected(delete: Any) -> Any:
    @functools.wraps(delete)
    def delete_unprotected(physical_id: str, properties: Mapping[str, Any]) -> Any:
        if dynamodb.tables.get(physical_id, {}).get("DeletionProtectionEnabled"):
            raise ValueError(_PROTECTED)
        return delete(physical_id, properties)

    return delete_unprotected
