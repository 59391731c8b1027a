"""Publishing to an SNS topic, which takes the topic's key as well where it is encrypted.

The permissions: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
"""

import functools
from collections.abc import Callable
from typing import Any

from local_aws.access import executions
from local_aws.access.policies import refusal_to_caller
from local_aws.ministack_internals import Response, evaluator, kms, sns

Judge = Callable[[str, str], str | None]
"""Says for an action and a resource why it is refused; None if it is not."""


def install() -> None:
    """Let a request over HTTP to publish need the topic's key; MiniStack checks the rest of it."""
    sns.replace("publish", _checked)
    sns.replace("publish_batch", _checked)


def key_of(topic_arn: str) -> str | None:
    """The ARN of the key that a topic is encrypted with; None without one."""
    topic = sns.topic_by_arn_any_scope(topic_arn)
    key = kms.resolve_key((topic or {}).get("attributes", {}).get("KmsMasterKeyId"))
    return key and str(key["Arn"])


def refusal_to_use_key(topic_arn: str, judge: Judge) -> str | None:
    """Why somebody may not publish to a topic because of its key; None if its key does not stand against it."""
    key = key_of(topic_arn)
    if key is None:
        return None
    return judge("kms:GenerateDataKey", key) or judge("kms:Decrypt", key)


def _checked(publish: Any) -> Any:
    @functools.wraps(publish)
    def publish_with_key(params: dict[str, Any]) -> Response:
        topic = sns.normalize_arn(sns.p(params, "TopicArn") or sns.p(params, "TargetArn"))
        # A state machine's own publishing has been judged by its role.
        if executions.acting.get() is None:
            caller = evaluator.caller_arn()
            refusal = refusal_to_use_key(topic, lambda action, key: refusal_to_caller(caller, action, key))
            if refusal is not None:
                response: Response = sns.error("KMSAccessDenied", refusal, 400)
                return response
        published: Response = publish(params)
        return published

    return publish_with_key
