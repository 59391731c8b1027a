"""What EventBridge announces to the topic, as itself: the policies of the topic and of its key decide, and no role."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

from tests.e2e.least_privilege.service_witnesses import Services, until

EVENTBRIDGE = {"Service": "events.amazonaws.com"}
_QUEUE = "announcements"


@dataclass(frozen=True)
class Announcements:
    """The topic, with a queue that is subscribed to it.

    Attributes:
        services: The deployed stack.
        queue: The queue's URL.
    """

    services: Services
    queue: str

    @classmethod
    @contextmanager
    def subscribed(cls, services: Services) -> Iterator[Self]:
        """Subscribe a queue to the topic for a while."""
        sqs, sns = services.deployed.client("sqs"), services.deployed.client("sns")
        queue = sqs.create_queue(QueueName=_QUEUE)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        allowed = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": arn}]}
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
        subscribed = sns.subscribe(TopicArn=_topic(services), Protocol="sqs", Endpoint=arn)
        try:
            yield cls(services, queue)
        finally:
            sns.unsubscribe(SubscriptionArn=subscribed["SubscriptionArn"])
            sqs.delete_queue(QueueUrl=queue)

    def of_a_failure(self) -> str:
        """Let an execution fail; return its announcement, or why the server says that there is none."""
        with self.services.said() as said:
            name = self._fail()
            found: str = until(lambda: self._received(name) or [line for line in said() if "EventBridge" in line])[0]
        return found

    @contextmanager
    def topic_without(self, sid: str) -> Iterator[None]:
        """Take a statement out of the topic's policy for a while."""
        sns, topic = self.services.deployed.client("sns"), _topic(self.services)
        whole = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
        policy = json.loads(whole)
        left = [one for one in policy["Statement"] if one["Sid"] != sid]
        assert len(left) == len(policy["Statement"]) - 1
        changed = json.dumps({**policy, "Statement": left})
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=changed)
        try:
            yield
        finally:
            sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=whole)

    @contextmanager
    def key_without(self, action: str) -> Iterator[None]:
        """Take one of EventBridge's actions out of the policy of the topic's key for a while."""
        sns, kms = self.services.deployed.client("sns"), self.services.deployed.client("kms")
        key = sns.get_topic_attributes(TopicArn=_topic(self.services))["Attributes"]["KmsMasterKeyId"]
        whole = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
        policy: dict[str, Any] = json.loads(whole)
        [statement] = [one for one in policy["Statement"] if one["Principal"] == EVENTBRIDGE]
        statement["Action"].remove(action)
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
        try:
            yield
        finally:
            kms.put_key_policy(KeyId=key, PolicyName="default", Policy=whole)

    def _fail(self) -> str:
        told = json.dumps({"bucket_name": self.services.bucket, "file_key": "no-such-file.csv"})
        machine = self.services.deployed.outputs["MigrationWorkflowStateMachine"]
        states = self.services.deployed.client("stepfunctions")
        execution = states.start_execution(stateMachineArn=machine, input=told)["executionArn"]
        return str(self.services.ended(execution)["name"])

    def _received(self, name: str) -> list[str]:
        received = self.services.deployed.client("sqs").receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return [message["Body"] for message in received.get("Messages", []) if name in message["Body"]]


def _topic(services: Services) -> str:
    return services.deployed.outputs["PublishMigrationResultsTopic"]
