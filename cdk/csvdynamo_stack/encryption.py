"""Encryption at rest: the services' own keys, or one KMS key of the stack, and who may use it for what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from csvdynamo.datasets.protection import Encryption
from csvdynamo.datasets.table_rules import Table
from csvdynamo_stack.policies import allow


class DataEncryption(Construct):
    """Under whose keys a stack's data lies.

    A stack that was destroyed leaves its bucket and table, and so its key. The next deploy makes another key, and what
    was written before stays under the first one. That is why roles may use whatever key of the account S3 or DynamoDB
    ask for, as long as it is for this bucket or this table, and not one key by its name. A table that was there before
    is under its owner's key, if the data set file names one, and under no other.
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """

    def __init__(self, scope: Construct, construct_id: str, encryption: Encryption, table: Table) -> None:
        super().__init__(scope, construct_id)
        self._table = table
        self.key: kms.Key | None = self._make_key() if encryption is Encryption.CUSTOMER_MANAGED else None

    @property
    def key_arn(self) -> str | None:
        """The key's ARN, None where the services' own keys are used."""
        return self.key.key_arn if self.key else None

    def to_read_objects(self, bucket: s3.IBucket) -> list[iam.PolicyStatement]:
        """Allow what reading the bucket's objects takes."""
        return self._objects(["kms:Decrypt"], bucket)

    def to_write_objects(self, bucket: s3.IBucket) -> list[iam.PolicyStatement]:
        """Allow what writing the bucket's objects takes; the parts of an upload are read when it is completed."""
        return self._objects(["kms:Decrypt", "kms:GenerateDataKey"], bucket)

    def to_read_items(self, table: dynamodb.ITable) -> list[iam.PolicyStatement]:
        """Allow what reading the table's items takes."""
        return self._items(["kms:Decrypt"], table)

    def to_write_items(self, table: dynamodb.ITable) -> list[iam.PolicyStatement]:
        """Allow what writing the table's items takes."""
        return self._items(["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], table)

    def _make_key(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            description=f"Encrypts the data of {Stack.of(self).stack_name}",
            enable_key_rotation=True,
            # Kept like the bucket and the table: without it nobody can read them.
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        logs = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group"
        name = Stack.of(self).stack_name
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AllowLogs",
                principals=[iam.ServicePrincipal(f"logs.{Aws.REGION}.amazonaws.com")],
                actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
                resources=["*"],
                conditions={
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": [
                            f"{logs}:{name}-*",
                            f"{logs}:/aws/vendedlogs/states/{name}",
                        ]
                    }
                },
            )
        )
        return key

    def _objects(self, actions: Sequence[str], bucket: s3.IBucket) -> list[iam.PolicyStatement]:
        context = {"kms:EncryptionContext:aws:s3:arn": [bucket.bucket_arn, bucket.arn_for_objects("*")]}
        return self._through("s3", actions, {"StringLike": context})

    def _items(self, actions: Sequence[str], table: dynamodb.ITable) -> list[iam.PolicyStatement]:
        context = {"StringLike": {"kms:EncryptionContext:aws:dynamodb:tableName": table.table_name}}
        if self._table.managed:
            return self._through("dynamodb", actions, context)
        owners = self._table.kms_key
        return [] if owners is None else [_allow_through("dynamodb", actions, [owners], context)]

    def _through(self, service: str, actions: Sequence[str], context: Mapping[str, Any]) -> list[iam.PolicyStatement]:
        if self.key is None:
            return []
        keys = f"arn:{Aws.PARTITION}:kms:{Aws.REGION}:{Aws.ACCOUNT_ID}:key/*"
        return [_allow_through(service, actions, [keys], context)]


def _allow_through(
    service: str, actions: Sequence[str], keys: Sequence[str], context: Mapping[str, Any]
) -> iam.PolicyStatement:
    via = {"StringEquals": {"kms:ViaService": f"{service}.{Aws.REGION}.amazonaws.com"}}
    return allow(actions, keys, {**via, **context})
