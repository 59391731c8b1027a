"""Names that the stack fixes, because something outside it must know them beforehand.

CloudFormation takes a kept bucket or table back only when its name is written out in the template
(``cdk deploy --import-existing-resources``), and the state machine's role must name the machine that it
belongs to. Every other resource is named by CloudFormation.
"""

from __future__ import annotations

from dataclasses import dataclass

from csvdynamo.folders import (
    ERRORS_PREFIX,
    FIREHOSE_ERRORS_PREFIX,
    LANDING_PREFIX,
    REPORTS_PREFIX,
    RESULTS_PREFIX,
    SOURCE_PREFIX,
)

MAP_RUN_LABEL = "migrate-rows"
SERVICE_PREFIXES = (RESULTS_PREFIX, ERRORS_PREFIX, FIREHOSE_ERRORS_PREFIX)
"""Where AWS services write what a run reads."""

_LONGEST_BUCKET_NAME = 63
_LONGEST_MACHINE_NAME = 80


class NameTooLongError(ValueError):
    """A name made from the data set's name is longer than AWS allows."""


@dataclass(frozen=True)
class StackNames:
    """The fixed names of one data set's stack.

    Attributes:
        bucket: The S3 bucket's name, unique to stack, account and Region.
        machine: The state machine's name.
    """

    bucket: str
    machine: str


def airflow_prefixes(dataset: str) -> tuple[str, ...]:
    """Name the folders of the bucket that a data set's DAG reads and writes."""
    return tuple(f"{prefix}{dataset}/" for prefix in (LANDING_PREFIX, SOURCE_PREFIX, REPORTS_PREFIX))


def stack_names(stack_name: str, account: str, region: str) -> StackNames:
    """Make the fixed names of a stack.

    Args:
        stack_name: ``csvdynamo-<data set>``, hyphens for underscores.
        account: The twelve digits of the AWS account.
        region: The AWS Region, such as ``us-east-1``.

    Raises:
        NameTooLongError: The data set's name is too long for an S3 bucket (63 characters in all) or a state
            machine (80).
    """
    bucket = f"{stack_name}-{account}-{region}"
    for name, longest, what in (
        (bucket, _LONGEST_BUCKET_NAME, "bucket"),
        (stack_name, _LONGEST_MACHINE_NAME, "state machine"),
    ):
        if len(name) > longest:
            raise NameTooLongError(
                f"the {what} name {name!r} has {len(name)} characters and AWS allows {longest}: "
                f"shorten the data set's file name by {len(name) - longest}"
            )
    return StackNames(bucket=bucket, machine=stack_name)
