"""The permissions of a stack, each of them alone: one action on one resource. Pure."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True)
class Grant:
    """One action on one resource.

    Attributes:
        holder: The role or managed policy, by its logical id without the digits that the CDK adds.
        policy: The name of the role's inline policy; "" for a managed policy.
        statement: The statement's place in the policy.
        action: Such as ``s3:GetObject``.
        resource: As the statement names it.
    """

    holder: str
    policy: str
    statement: int
    action: str
    resource: str

    def __str__(self) -> str:
        return f"{self.holder}: {self.action} on {self.resource}"


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def grants(holder: str, documents: Mapping[str, Document]) -> Iterator[Grant]:
    """List what a holder's policies grant."""
    for name, document in documents.items():
        for place, statement in enumerate(as_list(document["Statement"])):
            assert statement["Effect"] == "Allow", statement
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    yield Grant(holder, name, place, action, resource)


def without(document: Document, grant: Grant) -> Document:
    """The policy without one grant; what else its statement grants stays."""
    changed = copy.deepcopy(document)
    statements = as_list(changed["Statement"])
    statement = statements.pop(grant.statement)
    actions = [action for action in as_list(statement["Action"]) if action != grant.action]
    resources = [resource for resource in as_list(statement["Resource"]) if resource != grant.resource]
    if actions:
        statements.append({**statement, "Action": actions})
    if resources:
        statements.append({**statement, "Action": [grant.action], "Resource": resources})
    # IAM takes no policy without a statement.
    nothing = {"Effect": "Allow", "Action": "none:Nothing", "Resource": "*"}
    return {**changed, "Statement": statements or [nothing]}
