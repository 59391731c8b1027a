"""The Firehose stream that takes rejects to ``migration_errors/``, one folder for each execution.

https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
"""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from csvdynamo.folders import ERRORS_PREFIX, FIREHOSE_ERRORS_PREFIX, error_prefix
from csvdynamo_stack.encryption import DataEncryption
from csvdynamo_stack.policies import allow, service_role

BUFFER_SECONDS = 60
# The least that dynamic partitioning allows, in MiB.
_BUFFER_MIB = 64


class ErrorStream(Construct):
    """The delivery stream of rejects, partitioned by ``execution_name``."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: s3.IBucket,
        encryption: DataEncryption,
        account: str,
        retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = logs.LogGroup(
            self, "Log", retention=retention, removal_policy=RemovalPolicy.DESTROY, encryption_key=encryption.key
        )
        log_stream = logs.LogStream(self, "DeliveryLog", log_group=log_group, removal_policy=RemovalPolicy.DESTROY)
        self.role = self._role(bucket, encryption, account, log_group)
        self.stream = firehose.CfnDeliveryStream(
            self,
            "Stream",
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input=(
                firehose.CfnDeliveryStream.DeliveryStreamEncryptionConfigurationInputProperty(
                    key_type="CUSTOMER_MANAGED_CMK" if encryption.key else "AWS_OWNED_CMK", key_arn=encryption.key_arn
                )
            ),
            extended_s3_destination_configuration=self._destination(bucket, log_group, log_stream),
        )

    @property
    def name(self) -> str:
        """The stream's name."""
        return self.stream.ref

    @property
    def arn(self) -> str:
        """The stream's ARN."""
        return self.stream.attr_arn

    def _role(
        self, bucket: s3.IBucket, encryption: DataEncryption, account: str, log_group: logs.ILogGroup
    ) -> iam.Role:
        prefixes = [f"{ERRORS_PREFIX}*", f"{FIREHOSE_ERRORS_PREFIX}*"]
        return service_role(
            self,
            "Role",
            service="firehose.amazonaws.com",
            account=account,
            description="Firehose delivers rejects to the data set's bucket",
            statements={
                "deliver": [
                    allow(
                        ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
                        [bucket.arn_for_objects(prefix) for prefix in prefixes],
                    ),
                    allow(["s3:ListBucket"], [bucket.bucket_arn], {"StringLike": {"s3:prefix": prefixes}}),
                    allow(["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"], [bucket.bucket_arn]),
                    *encryption.to_write_objects(bucket),
                ],
                "log": [allow(["logs:PutLogEvents"], [log_group.log_group_arn])],
            },
        )

    def _destination(
        self, bucket: s3.IBucket, log_group: logs.ILogGroup, log_stream: logs.ILogStream
    ) -> firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty:
        cfn = firehose.CfnDeliveryStream
        return cfn.ExtendedS3DestinationConfigurationProperty(
            bucket_arn=bucket.bucket_arn,
            role_arn=self.role.role_arn,
            prefix=error_prefix("!{partitionKeyFromQuery:execution_name}"),
            error_output_prefix=f"{FIREHOSE_ERRORS_PREFIX}!{{firehose:error-output-type}}/",
            file_extension=".jsonl",
            # Records end with a newline of their own, and readers open the files as they are.
            compression_format="UNCOMPRESSED",
            buffering_hints=cfn.BufferingHintsProperty(interval_in_seconds=BUFFER_SECONDS, size_in_m_bs=_BUFFER_MIB),
            dynamic_partitioning_configuration=cfn.DynamicPartitioningConfigurationProperty(enabled=True),
            processing_configuration=cfn.ProcessingConfigurationProperty(
                enabled=True,
                processors=[
                    cfn.ProcessorProperty(
                        type="MetadataExtraction",
                        parameters=[
                            cfn.ProcessorParameterProperty(
                                parameter_name="MetadataExtractionQuery",
                                parameter_value="{execution_name:.execution_name}",
                            ),
                            cfn.ProcessorParameterProperty(
                                parameter_name="JsonParsingEngine", parameter_value="JQ-1.6"
                            ),
                        ],
                    )
                ],
            ),
            cloud_watch_logging_options=cfn.CloudWatchLoggingOptionsProperty(
                enabled=True, log_group_name=log_group.log_group_name, log_stream_name=log_stream.log_stream_name
            ),
        )
