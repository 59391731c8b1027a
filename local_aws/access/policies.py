"""Asks MiniStack's policy evaluator, in the order in which AWS decides.

The order: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from typing import Any

from local_aws.access.principals import Decision, Role, refused, untrusted
from local_aws.ministack_internals import account_and_region, evaluator, iam


def refusal_to_role(role: Role, action: str, resource: str) -> str | None:
    """Why a service may not do something under a role; None if it may.

    Args:
        role: the role, whose trust policy is asked first.
        action: such as ``s3:PutObject``.
        resource: the ARN of what it is done to.
    """
    unassumable = refusal_to_assume(role)
    if unassumable is not None:
        return unassumable
    policies = evaluator.gather_role_policies(role.name, role.account)
    limits = evaluator.permissions_boundary(iam.roles, role.name, role.account)
    context = _context(role.principal, action, resource, kind="AssumedRole", account=role.account)
    return _refusal(context, policies, limits)


def refusal_to_assume(role: Role) -> str | None:
    """Why a service may not take a role on; None if it may."""
    record = iam.roles.get_scoped(role.account, None, role.name)
    if record is None:
        return f"The role {role.arn} does not exist."
    trusted = _trusts(record["AssumeRolePolicyDocument"], role)
    return None if trusted else untrusted(role.service, role.arn)


def refusal_to_caller(principal: str, action: str, resource: str) -> str | None:
    """Why the user or the role's session that sent a request may not do something; None if it may.

    Args:
        principal: its ARN; an account's root may do everything.
        action: such as ``kms:Decrypt``.
        resource: the ARN of what it is done to.
    """
    _, _, _, _, account, name = principal.split(":", 5)
    if name == "root":
        return None
    if name.startswith("user/"):
        user = name.rpartition("/")[2]
        policies = evaluator.gather_user_policies(user, account)
        limits = evaluator.permissions_boundary(iam.users, user, account)
        return _refusal(_context(principal, action, resource, kind="User", account=account), policies, limits)
    role = name.split("/")[1]
    policies = evaluator.gather_role_policies(role, account)
    limits = evaluator.permissions_boundary(iam.roles, role, account)
    return _refusal(_context(principal, action, resource, kind="AssumedRole", account=account), policies, limits)


def refusal_to_service(service: str, action: str, resource: str, source_arn: str | None = None) -> str | None:
    """Why a service may not do something as itself, which the resource's own policy alone decides; None if it may.

    Args:
        service: the service's principal, such as ``events.amazonaws.com``.
        action: such as ``sns:Publish``.
        resource: the ARN of what it is done to.
        source_arn: for which resource it works, where the service says so.
    """
    account, _ = account_and_region()
    keys = {} if source_arn is None else {"aws:sourcearn": source_arn, "aws:sourceaccount": account}
    context = _context(service, action, resource, kind="Service", keys=keys)
    policy, _ = evaluator.resource_policy(action.partition(":")[0], resource) or (None, None)
    result = evaluator.evaluate_resource_policy(policy, context, service=service)
    return _sentence(context, Decision(result.decision == "Allow", result.decision == "Deny", by_resource=True))


def _trusts(document: Any, role: Role) -> bool:
    keys = {"aws:sourcearn": role.source_arn, "aws:sourceaccount": role.account}
    # Lambda sends neither key when it takes on a function's role.
    keys = {} if role.service == "lambda.amazonaws.com" else keys
    context = _context(role.service, "sts:AssumeRole", role.arn, kind="Service", keys=keys)
    decision = evaluator.evaluate_resource_policy(document, context, service=role.service).decision
    return bool(decision == "Allow")


def _refusal(context: Any, policies: Any, limits: Any) -> str | None:
    service = context.action.partition(":")[0]
    result = evaluator.evaluate(context, policies, *limits)
    own = evaluator.resource_policy(service, context.resource_arn)
    if own is not None:
        required = service in evaluator.POLICY_REQUIRED
        result = evaluator.combine_resource_policy(result, context, *own, required=required, limits=limits)
    denied = result.decision == "Deny"
    return _sentence(context, Decision(result.decision == "Allow", denied, bool(result.resource_policy_arn)))


def _sentence(context: Any, decision: Decision) -> str | None:
    if decision.allowed:
        return None
    return refused(context.principal_arn, context.action, context.resource_arn, decision)


def _context(
    principal: str, action: str, resource: str, *, kind: str, account: str = "", keys: dict[str, str] | None = None
) -> Any:
    _, region = account_and_region()
    return evaluator.EvalContext(
        principal_arn=principal,
        principal_type=kind,
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=region,
        # AWS services call one another over TLS.
        secure_transport=True,
        service_context=keys or {},
    )
