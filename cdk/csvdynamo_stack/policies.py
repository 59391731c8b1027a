"""How this app writes IAM roles: by hand, inline, one readable statement for each thing that a service does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_iam as iam
from constructs import Construct


def allow(
    actions: Sequence[str], resources: Sequence[str], conditions: Mapping[str, Any] | None = None
) -> iam.PolicyStatement:
    """Write a statement that allows actions on resources."""
    return iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)


def service_role(
    scope: Construct,
    construct_id: str,
    *,
    service: str,
    account: str,
    description: str,
    statements: Mapping[str, Sequence[iam.PolicyStatement]],
) -> iam.Role:
    """Make a role that one AWS service takes on for resources of this account alone.

    The policies are inline, so that whatever names the role's ARN waits for its permissions too.

    Args:
        scope: The construct that owns the role.
        construct_id: The role's id in that construct.
        service: The service principal, such as ``states.amazonaws.com``.
        account: The AWS account, checked against ``aws:SourceAccount`` (the confused deputy problem:
            https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html); empty for AWS Lambda, which
            does not send it when it takes on an execution role.
        description: What the role is for.
        statements: The inline policies: names and statements.
    """
    conditions = {"StringEquals": {"aws:SourceAccount": account}} if account else {}
    return iam.Role(
        scope,
        construct_id,
        assumed_by=iam.ServicePrincipal(service, conditions=conditions),
        description=description,
        inline_policies={name: iam.PolicyDocument(statements=list(listed)) for name, listed in statements.items()},
    )
