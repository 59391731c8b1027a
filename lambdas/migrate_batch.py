"""Lambda function: writes one batch of a Map Run to DynamoDB, and hands its rejects to Firehose."""

import json
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from csvdynamo.aws.answer_checksum import check_answers
from csvdynamo.aws.backoff import Backoff
from csvdynamo.aws.clients import batch_write, client
from csvdynamo.aws.item_answers import take_items_as_they_are
from csvdynamo.errors import OtherRulesError
from csvdynamo.records.result_files import BatchAnswer
from csvdynamo.rules.deletions import Deletion
from csvdynamo.rules.file_header import untold_rules
from csvdynamo.rules.guards import Guard
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.rules.rows import RowConverter
from csvdynamo.writing.batch import Batch, Deleted, answer
from csvdynamo.writing.batch_writer import BatchWriter, WriteDoor
from csvdynamo.writing.cost import CostMeter
from csvdynamo.writing.error_stream import ErrorStream, FirehoseClient
from csvdynamo.writing.fence import Fence
from csvdynamo.writing.migration import Outcome, WriteItems, migrate
from csvdynamo.writing.names import Names
from csvdynamo.writing.settings import setting, staged_rules

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from csvdynamo.writing.table_items import TableItems

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

_WRITE_MARGIN_SECONDS = 5.0  # left for the rejects once all writes have settled
_DELIVERY_MARGIN_SECONDS = 1.0


class LambdaContext(Protocol):
    """The part of Lambda's context object that is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds before the function times out."""


@dataclass(frozen=True)
class Environment:
    """What stays the same between the invocations of one execution environment."""

    converter: RowConverter
    door: WriteDoor
    table_name: str
    firehose: FirehoseClient
    stream_name: str
    fence: Fence
    names: Names


@cache
def environment() -> Environment:
    """Read the settings and make the clients, once."""
    rules, s3, bucket = staged_rules(Path(__file__).resolve().parent), client("s3"), setting("SOURCE_BUCKET_NAME")
    return Environment(
        converter=RowConverter(rules),
        door=batch_write(),
        table_name=setting("DESTINATION_TABLE_NAME"),
        firehose=client("firehose", attempts=1),
        stream_name=setting("ERROR_DELIVERY_STREAM_NAME"),
        fence=Fence(s3, bucket, setting("TURN_KEY")),
        names=Names(s3, bucket, rules.dataset),
    )


def handler(event: object, context: LambdaContext) -> BatchAnswer:
    """Migrate one batch: write its rows, then delete what its deletions name (`rules.deletions`).

    A row that has a guard (`rules.guards`), or any where the rules insert, takes the place of no other item than that
    allows.

    One without rows only tells whether its execution may migrate.

    Args:
        event: `{"BatchInput": {"execution_name": …, "rules": …}, "Items": [{header: text}, …]}`, as ItemBatcher makes
            it. The rules are what `FileHeader.told_rules` tells of those that the file was prepared by, "" if a person
            started the execution. The headers are the source's, or the short names that prepare wrote for them.
        context: Lambda's context.

    Returns:
        `NUMBER_OF_ITEMS_WRITTEN`, `NUMBER_OF_ITEMS_IN_ERROR` (rows; together all of the batch), `REJECT_IDS`,
        `RULES`, the digest of the rules that were applied, and what this attempt cost: `WRITE_UNITS` (DynamoDB's, null
        if it did not say), `BEGAN` (seconds since the epoch), `SECONDS`, `THROTTLED` (items that DynamoDB turned away,
        by its reason) and `WAITED` (seconds of these that it waited for the table).

    Raises:
        OtherRulesError: The rows were prepared by other rules than the function has. Nothing was written.
        TurnLostError: It is not the turn of the batch's execution. Nothing was written.
        BatchError: The batch cannot be migrated at all, such as one whose short names nothing stands for.
        CsvDynamoError: A row could neither be written nor handed to Firehose. The batch is safe to run again.
        botocore.exceptions.ClientError: An AWS service refused a call for good.
    """
    backoff = Backoff(remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000)
    return migrate_batch(event, environment(), backoff)


def migrate_batch(event: object, env: Environment, backoff: Backoff) -> BatchAnswer:
    """Do the handler's work with the given clients and clock."""
    meter = CostMeter()
    batch = Batch.from_event(event)
    rules = env.converter.rules
    _refuse_other_rules(batch, rules)
    env.fence.check(batch.execution_name, of_a_run=bool(batch.rules))
    batch, guards = batch.unguarded()
    batch, deletions = env.names.turn_back(batch).parted()
    within = replace(backoff.with_margin(_WRITE_MARGIN_SECONDS), sleep=meter.waiting(backoff.sleep))
    outcome = migrate(batch, env.converter, _writer(env, guards, within, meter))
    deleted = _delete(deletions, env, within, meter) if deletions else None
    stream = ErrorStream(env.firehose, env.stream_name, backoff.with_margin(_DELIVERY_MARGIN_SECONDS))
    stream.send(outcome.rejects)
    _log(batch, outcome, deleted)
    return answer(outcome.written, outcome.rejects, rules.digest, meter.read(), deleted)


def _writer(env: Environment, guards: Mapping[str, Guard] | None, within: Backoff, meter: CostMeter) -> WriteItems:
    """Choose what writes: one call for many items, or one each where an item must not take the place of any other."""
    rules = env.converter.rules
    if guards is None and not rules.inserts:
        return BatchWriter(env.door, env.table_name, rules.key, within, meter=meter).write
    from csvdynamo.writing.guarded_writer import GuardedWriter  # noqa: PLC0415 - few need it: not at a cold start

    return GuardedWriter(_items(env, meter), within, guards).write


def _delete(deletions: list[Deletion], env: Environment, within: Backoff, meter: CostMeter) -> Deleted:
    from csvdynamo.writing.deleter import Deleter  # noqa: PLC0415 - most functions never delete: not at a cold start

    return Deleter(_items(env, meter), within).delete(deletions)


def _items(env: Environment, meter: CostMeter) -> "TableItems":
    from csvdynamo.writing.table_items import TableItems  # noqa: PLC0415 - likewise

    return TableItems(dynamodb(), env.door, env.table_name, env.converter.rules.key, meter)


@cache
def dynamodb() -> "DynamoDBClient":
    """Make the client that reads items by their keys, once, when the first batch needs it.

    An answer that was cut on its way may read as one of items that are gone.
    """
    made = client("dynamodb", attempts=1)
    check_answers(made)
    take_items_as_they_are(made)
    return made


def _refuse_other_rules(batch: Batch, rules: RowRules) -> None:
    told = untold_rules(batch.rules)
    if batch.rules and told != rules.digest:
        raise OtherRulesError(
            f"the rows were prepared by other rules ({told[:12]}) than the function has "
            f"({rules.digest[:12]}): clear the task prepare, which makes the file anew"
        )


def _log(batch: Batch, outcome: Outcome, deleted: Deleted | None) -> None:
    """Log numbers and codes only: rows may hold what does not belong in a log."""
    codes = Counter(reject.code for reject in outcome.rejects)
    logger.info(
        json.dumps(
            {
                "message": "batch migrated",
                "execution_name": batch.execution_name,
                "rows": len(batch.rows),
                "written": outcome.written,
                "rejected_by_code": dict(sorted(codes.items())),
                **({"deleted": deleted.gone, "left": len(deleted.left)} if deleted else {}),
            }
        )
    )
