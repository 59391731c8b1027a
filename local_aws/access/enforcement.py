"""Turns the checks of this package on in a server with ``AUTH``."""

from typing import Any

from local_aws.access import (
    deliveries,
    events,
    execution_logs,
    executions,
    function_logs,
    requests,
    state_machine,
    topics,
)
from local_aws.ministack_internals import is_iam_enforced


def install() -> None:
    """Ask for the permissions of AWS services where MiniStack asks for those of its callers; else change nothing."""
    if not is_iam_enforced():
        return
    executions.enforce()
    state_machine.install()
    deliveries.install()
    events.install()
    topics.install()
    function_logs.install()
    execution_logs.install()
    requests.install()


def acting(execute: Any) -> Any:
    """Put the role of its machine behind what runs a state, where permissions are asked for."""
    return state_machine.acting_as_machine(execute) if is_iam_enforced() else execute


def checked_machine(create: Any) -> Any:
    """Refuse a stack a machine that may not write its log, where permissions are asked for."""
    return execution_logs.checked_resource(create) if is_iam_enforced() else create
