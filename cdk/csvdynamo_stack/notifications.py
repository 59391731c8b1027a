"""The topic that announces results and failures, its key, its e-mail subscription and the failure rule."""

from __future__ import annotations

from aws_cdk import Aws, CfnCondition, CfnParameter, Fn, RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

_FAILED = ["FAILED", "TIMED_OUT", "ABORTED"]

# Says which execution and how to learn more. Never the event's input, error or cause: a cause may quote a row.
_FAILURE_MESSAGE = (
    '"csvdynamo {dataset}: execution <name> ended as <status>.\\n'
    "Batches that succeeded stay written. A redrive runs only those that did not:\\n"
    "aws stepfunctions describe-execution --execution-arn <arn>\\n"
    'aws stepfunctions redrive-execution --execution-arn <arn>"'
)


class Notifications(Construct):
    """The results topic, encrypted with a key that EventBridge may use."""

    def __init__(self, scope: Construct, construct_id: str, *, email: CfnParameter) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            description="Encrypts the migration results topic",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,
        )
        # EventBridge cannot publish under the AWS managed key, and for an encrypted topic it sends KMS neither
        # aws:SourceArn nor aws:SourceAccount, so no condition can be set here:
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowEventBridge",
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
            )
        )
        self.topic = sns.Topic(
            self, "Topic", master_key=self.key, enforce_ssl=True, display_name="csvdynamo migrations"
        )
        self._subscribe(email)

    def announce_failures(self, *, dataset: str, machine_arn: str) -> None:
        """Publish to the topic when an execution of the machine fails, times out or is aborted.

        Args:
            dataset: The data set's name, for the message.
            machine_arn: The state machine whose executions are watched.
        """
        rule = events.CfnRule(
            self,
            "FailureRule",
            description=f"Announces executions of {dataset} that did not succeed",
            event_pattern={
                "source": ["aws.states"],
                "detail-type": ["Step Functions Execution Status Change"],
                "detail": {"stateMachineArn": [machine_arn], "status": _FAILED},
            },
            targets=[
                events.CfnRule.TargetProperty(
                    id="topic",
                    arn=self.topic.topic_arn,
                    input_transformer=events.CfnRule.InputTransformerProperty(
                        input_paths_map={
                            "name": "$.detail.name",
                            "status": "$.detail.status",
                            "arn": "$.detail.executionArn",
                        },
                        input_template=_FAILURE_MESSAGE.replace("{dataset}", dataset),
                    ),
                )
            ],
        )
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowFailureRule",
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
            )
        )

    def _subscribe(self, email: CfnParameter) -> None:
        wanted = CfnCondition(
            self, "EmailWanted", expression=Fn.condition_not(Fn.condition_equals(email.value_as_string, ""))
        )
        subscription = sns.CfnSubscription(
            self,
            "EmailSubscription",
            topic_arn=self.topic.topic_arn,
            protocol="email",
            endpoint=email.value_as_string,
            region=Aws.REGION,
        )
        subscription.cfn_options.condition = wanted
