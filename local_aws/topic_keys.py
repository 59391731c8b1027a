"""A topic of a CloudFormation stack is encrypted with the key that its template names.

MiniStack leaves the property out, so that nobody who publishes would need the key:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html
"""

import functools
from collections.abc import Mapping
from typing import Any

from local_aws.ministack_internals import replace_provisioner, sns

_PROPERTY = "KmsMasterKeyId"


def install() -> None:
    """Set the key when a stack makes or changes a topic."""
    replace_provisioner("AWS::SNS::Topic", "create", functools.partial(_with_key, properties_at=1))
    replace_provisioner("AWS::SNS::Topic", "update", functools.partial(_with_key, properties_at=2))


def _with_key(provision: Any, *, properties_at: int) -> Any:
    @functools.wraps(provision)
    def provision_with_key(*arguments: Any, **more: Any) -> Any:
        provisioned = provision(*arguments, **more)
        _set_key(provisioned, arguments[properties_at])
        return provisioned

    return provision_with_key


def _set_key(provisioned: Any, properties: Mapping[str, Any]) -> None:
    arn = provisioned[0] if isinstance(provisioned, tuple) else provisioned
    attributes = sns.topics[arn]["attributes"]
    if properties.get(_PROPERTY):
        attributes[_PROPERTY] = properties[_PROPERTY]
    else:
        attributes.pop(_PROPERTY, None)
