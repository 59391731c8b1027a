"""A change set with ImportExistingResources takes back a bucket that an earlier stack kept.

Rests on "Import AWS resources into a CloudFormation stack automatically" of the CloudFormation user guide. MiniStack
imports such a bucket, but its check for names that are taken does not know which ones it is about to import.
"""

from collections.abc import Awaitable, Mapping
from contextvars import ContextVar
from typing import Any

from local_aws.ministack_internals import change_sets, provisioners

_adopted: ContextVar[frozenset[str]] = ContextVar("adopted", default=frozenset())
"""Buckets that the deployment of the current task imports."""


def bucket_names(imports: Mapping[str, Mapping[str, str]] | None) -> frozenset[str]:
    """Read the buckets among the identifiers of the resources that a change set imports, by logical id."""
    return frozenset(found["BucketName"] for found in (imports or {}).values() if "BucketName" in found)


def install() -> None:
    """Let the check for taken names pass over the buckets that are being imported."""
    change_sets.replace("deploy_stack_async", _adopting)
    provisioners.replace("s3_bucket_name_conflict", _unless_adopted)


def _adopting(deploy: Any) -> Any:
    async def deploy_adopting(
        *arguments: Any, imports: Mapping[str, Mapping[str, str]] | None = None, **more: Any
    ) -> Any:
        _adopted.set(bucket_names(imports))
        deployed: Awaitable[Any] = deploy(*arguments, imports=imports, **more)
        return await deployed

    return deploy_adopting


def _unless_adopted(conflict: Any) -> Any:
    def conflict_unless_adopted(name: str) -> str | None:
        taken: str | None = None if name in _adopted.get() else conflict(name)
        return taken

    return conflict_unless_adopted
