"""What a state machine does under its role.

The permissions of the states: https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html#connect-lambda-permissions,
https://docs.aws.amazon.com/step-functions/latest/dg/connect-sns.html and
https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from local_aws.access.policies import refusal_to_role
from local_aws.access.principals import Role
from local_aws.ministack_internals import evaluator, execution_error, stepfunctions

SERVICE = "states.amazonaws.com"

acting: ContextVar[Role | None] = ContextVar("acting_role", default=None)
"""The role of the state machine whose execution the current thread works for."""

_enforced = False


def enforce() -> None:
    """Let `require` ask for permissions; without this it asks for none."""
    global _enforced  # noqa: PLW0603 (as AUTH is: of the whole server)
    _enforced = True


@contextmanager
def acting_for(execution: Mapping[str, Any]) -> Iterator[Role]:
    """Work for an execution, or for a child of its Map Run, under the role of its state machine."""
    machine_arn = execution["stateMachineArn"].partition("/")[0]
    machine = stepfunctions.state_machines[machine_arn]
    role = Role(machine["roleArn"], SERVICE, machine_arn, execution["name"])
    token = acting.set(role)
    try:
        # Step Functions calls the other services over TLS, whatever the request that started the execution came by.
        evaluator.pin_request_origin("127.0.0.1", True)
        yield role
    finally:
        acting.reset(token)


def require(action: str, resource: str, *, error: str) -> None:
    """Fail the state unless the machine's role may do what comes next.

    Args:
        action: such as ``s3:GetObject``.
        resource: the ARN of what it is done to.
        error: the name of the error that the state fails with.

    Raises:
        RuntimeError: nobody knows for which execution this is; a check must never pass for that reason.
    """
    if not _enforced:
        return
    role = acting.get()
    if role is None:
        raise RuntimeError(f"{action} on {resource}: it is not known for which execution, so its role cannot be asked.")
    refusal = refusal_to_role(role, action, resource)
    if refusal is not None:
        raise execution_error(error, refusal)
