"""Turns the checks of this package on in a server with ``AUTH``."""

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
from local_aws.ministack_internals import is_iam_enforced, request_handlers


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
    requests.install(request_handlers())
