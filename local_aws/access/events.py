"""What EventBridge does as itself, without a role: it publishes to a topic whose policy, and whose key's, let it.

The permissions: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
"""

import functools
import logging
from typing import Any

from local_aws.access import topics
from local_aws.access.policies import refusal_to_service
from local_aws.ministack_internals import eventbridge

SERVICE = "events.amazonaws.com"

_logger = logging.getLogger("local_aws.access")


def install() -> None:
    """Drop an event whose target refuses EventBridge, as a failed invocation."""
    eventbridge.replace("invoke_target", _checked)


def _checked(invoke: Any) -> Any:
    @functools.wraps(invoke)
    def invoke_if_allowed(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
        arn = target.get("Arn", "")
        refusal = refusal_to_publish(arn, rule["Arn"]) if ":sns:" in arn else None
        if refusal is None:
            invoke(target, event, rule, view)
        else:
            _logger.warning("EventBridge: the invocation failed: %s", refusal)

    return invoke_if_allowed


def refusal_to_publish(topic: str, rule: str) -> str | None:
    """Why EventBridge may not publish to a topic for a rule; None if it may.

    For an encrypted topic it sends KMS neither ``aws:SourceArn`` nor ``aws:SourceAccount``:
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    return refusal_to_service(SERVICE, "sns:Publish", topic, rule) or topics.refusal_to_use_key(
        topic, functools.partial(refusal_to_service, SERVICE)
    )
