"""The roles and the managed policy of the deployed stack, whose permissions can be taken away and given back."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol
from urllib.parse import unquote

from commands.embedded import Deployed
from tests.e2e.least_privilege.grants import Document, Grant, as_list, grants, without

_DIGEST = re.compile(r"[0-9A-F]{8}$")
_OTHER_PERMISSIONS = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "AWS::IAM::Group")


class Holder(Protocol):
    """Who has permissions."""

    def read(self) -> dict[str, Document]:
        """Its policies by name."""

    def write(self, policy: str, document: Document) -> None:
        """Replace one of them."""


class Role:
    """A role with inline policies."""

    def __init__(self, iam: Any, name: str) -> None:
        self._iam, self._name = iam, name

    def read(self) -> dict[str, Document]:
        assert self._iam.list_attached_role_policies(RoleName=self._name)["AttachedPolicies"] == []
        names = self._iam.list_role_policies(RoleName=self._name)["PolicyNames"]
        found = (self._iam.get_role_policy(RoleName=self._name, PolicyName=name) for name in names)
        return {one["PolicyName"]: _document(one["PolicyDocument"]) for one in found}

    def write(self, policy: str, document: Document) -> None:
        self._iam.put_role_policy(RoleName=self._name, PolicyName=policy, PolicyDocument=json.dumps(document))


class ManagedPolicy:
    """A managed policy, whose default version counts."""

    def __init__(self, iam: Any, arn: str) -> None:
        self._iam, self._arn = iam, arn

    def read(self) -> dict[str, Document]:
        version = self._iam.get_policy(PolicyArn=self._arn)["Policy"]["DefaultVersionId"]
        found = self._iam.get_policy_version(PolicyArn=self._arn, VersionId=version)["PolicyVersion"]
        return {"": _document(found["Document"])}

    def write(self, policy: str, document: Document) -> None:
        before = self._iam.get_policy(PolicyArn=self._arn)["Policy"]["DefaultVersionId"]
        self._iam.create_policy_version(PolicyArn=self._arn, PolicyDocument=json.dumps(document), SetAsDefault=True)
        # A policy has five versions at most.
        self._iam.delete_policy_version(PolicyArn=self._arn, VersionId=before)


class Permissions:
    """Every permission of the deployed stack.

    Attributes:
        in_template: The actions that each role and policy of the template grants, each as often as a statement has it.
    """

    def __init__(self, deployed: Deployed, stack_name: str) -> None:
        cloudformation, iam = deployed.client("cloudformation"), deployed.client("iam")
        resources = cloudformation.get_template(StackName=stack_name)["TemplateBody"]["Resources"]
        described = cloudformation.describe_stack_resources(StackName=stack_name)["StackResources"]
        physical = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in described}
        assert not [name for name, one in resources.items() if one["Type"] in _OTHER_PERMISSIONS]
        self.in_template = {
            _DIGEST.sub("", name): _template_actions(one["Properties"])
            for name, one in resources.items()
            if one["Type"].startswith("AWS::IAM::")
        }
        kinds = {"AWS::IAM::Role": Role, "AWS::IAM::ManagedPolicy": ManagedPolicy}
        self._holders: dict[str, Holder] = {
            _DIGEST.sub("", name): kinds[one["Type"]](iam, physical[name])
            for name, one in resources.items()
            if one["Type"] in kinds
        }

    @property
    def holders(self) -> list[str]:
        return list(self._holders)

    def actions(self, holder: str) -> Counter[str]:
        """The actions that a holder has now, each as often as a statement has it."""
        return actions(self._holders[holder].read().values())

    def of(self, holder: str) -> list[Grant]:
        return list(grants(holder, self._holders[holder].read()))

    @contextmanager
    def without(self, grant: Grant) -> Iterator[None]:
        """Take one grant away for a while."""
        holder = self._holders[grant.holder]
        document = holder.read()[grant.policy]
        holder.write(grant.policy, without(document, grant))
        try:
            yield
        finally:
            holder.write(grant.policy, document)

    @contextmanager
    def without_action(self, holder: str, action: str) -> Iterator[None]:
        """Take an action away for a while, on whatever resource."""
        with ExitStack() as taken:
            while found := [grant for grant in self.of(holder) if grant.action == action]:
                taken.enter_context(self.without(found[0]))
            yield


def _template_actions(properties: Mapping[str, Any]) -> Counter[str]:
    documents = [
        one["PolicyDocument"] for one in (*properties.get("Policies", ()), properties) if "PolicyDocument" in one
    ]
    return actions(documents)


def actions(documents: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """The actions of some policies, each as often as a statement has it."""
    return Counter(
        action
        for document in documents
        for statement in as_list(document["Statement"])
        for action in as_list(statement["Action"])
    )


def _document(told: str | Mapping[str, Any]) -> Document:
    document: Document = json.loads(unquote(told)) if isinstance(told, str) else dict(told)
    return document
