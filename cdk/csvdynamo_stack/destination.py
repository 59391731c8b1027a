"""The destination table: made as the data set file says, or, where that says so, the one that is there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from csvdynamo.datasets.table_rules import Billing, Stream, Table, TableClass
from csvdynamo.rules.keys import KeyAttribute, KeyType
from csvdynamo.rules.row_rules import RowRules

# CloudFormation's RetainExceptOnCreate: a first deploy that fails leaves no bucket behind, a destroy leaves the data.
# The table, which is protected, stays in either case.
KEPT = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE

_TYPES: Mapping[KeyType, dynamodb.AttributeType] = {
    "S": dynamodb.AttributeType.STRING,
    "N": dynamodb.AttributeType.NUMBER,
    "B": dynamodb.AttributeType.BINARY,
}
_STREAMS: Mapping[Stream, dynamodb.StreamViewType] = {
    Stream.KEYS: dynamodb.StreamViewType.KEYS_ONLY,
    Stream.NEW: dynamodb.StreamViewType.NEW_IMAGE,
    Stream.OLD: dynamodb.StreamViewType.OLD_IMAGE,
    Stream.BOTH: dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
}
_CLASSES: Mapping[TableClass, dynamodb.TableClass] = {
    TableClass.INFREQUENT_ACCESS: dynamodb.TableClass.STANDARD_INFREQUENT_ACCESS,
}
_BILLING: Mapping[Billing, dynamodb.BillingMode] = {
    Billing.ON_DEMAND: dynamodb.BillingMode.PAY_PER_REQUEST,
    Billing.PROVISIONED: dynamodb.BillingMode.PROVISIONED,
}


def destination(
    scope: Construct, construct_id: str, table: Table, rules: RowRules, key: kms.IKey | None
) -> dynamodb.ITable:
    """Give the table that the rows go to.

    What is declared by nobody is left out of the template, so that a stack without it stays as it is.

    Args:
        scope: The construct that has it.
        construct_id: Its id.
        table: What the data set file says of it.
        rules: The data set's rules, which know the types of keys.
        key: The stack's own key, None where DynamoDB's keys are used.
    """
    if not table.managed:
        return dynamodb.Table.from_table_name(scope, construct_id, table.name)
    units = _units(table)
    made = dynamodb.Table(
        scope,
        construct_id,
        table_name=table.name,
        partition_key=_attribute(rules.key.partition),
        sort_key=None if rules.key.sort is None else _attribute(rules.key.sort),
        encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED if key else None,
        encryption_key=key,
        billing_mode=_BILLING[table.billing],
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        # Also guards a table that was taken back against the rollback of the deploy that took it.
        deletion_protection=True,
        removal_policy=KEPT,
        time_to_live_attribute=table.ttl,
        stream=_STREAMS.get(table.stream),
        table_class=_CLASSES.get(table.table_class),
        **units,
    )
    for index in table.indexes:
        index_key, projection = rules.key_of(index), table.index[index.name].projection
        made.add_global_secondary_index(
            index_name=index.name,
            partition_key=_attribute(index_key.partition),
            sort_key=None if index_key.sort is None else _attribute(index_key.sort),
            projection_type=_projection_type(projection),
            non_key_attributes=None if isinstance(projection, str) else list(projection),
            # An index that takes fewer writes than its table holds the table's up.
            **units,
        )
    return made


def _units(table: Table) -> dict[str, Any]:
    warm = None
    if table.warm_read_units is not None or table.warm_write_units is not None:
        warm = dynamodb.WarmThroughput(
            read_units_per_second=table.warm_read_units, write_units_per_second=table.warm_write_units
        )
    return {
        "read_capacity": table.read_units,
        "write_capacity": table.write_units,
        "max_read_request_units": table.max_read_units,
        "max_write_request_units": table.max_write_units,
        "warm_throughput": warm,
    }


def _projection_type(projection: str | tuple[str, ...]) -> dynamodb.ProjectionType:
    if not isinstance(projection, str):
        return dynamodb.ProjectionType.INCLUDE
    return dynamodb.ProjectionType.ALL if projection == "all" else dynamodb.ProjectionType.KEYS_ONLY


def _attribute(part: KeyAttribute) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=part.name, type=_TYPES[part.type])
