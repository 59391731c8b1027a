"""The outputs of a data set's stack: what it tells an Airflow worker, and whoever works with it by hand."""

from enum import StrEnum


class StackOutput(StrEnum):
    """An output by its name in CloudFormation."""

    SOURCE_BUCKET = "SourceBucket"
    MACHINE = "MigrationWorkflowStateMachine"
    """The state machine's ARN."""
    TOPIC = "PublishMigrationResultsTopic"
    """The ARN of the topic that announces results."""
    TABLE = "DestinationTable"
    DELIVERY_STREAM = "ErrorDeliveryStream"
    ERROR_BUFFER_SECONDS = "ErrorBufferSeconds"
    """Firehose's buffer interval."""
    RULES_DIGEST = "DatasetHash"
    """`RowRules.digest`."""
    SETTINGS_DIGEST = "SettingsHash"
    """`Dataset.settings_digest`."""
    AIRFLOW_POLICY = "AirflowPolicy"
    """The ARN of the policy for the Airflow side."""
