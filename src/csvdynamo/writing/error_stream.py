"""Hands reject records to Amazon Data Firehose, each on a line of its own.

Rests on "PutRecordBatch" of the Firehose API reference: 500 records and 4 MiB a call, 1,000 KiB a record; HTTP 200 may
carry failed records, in the request's order. Delivery is at least once: a reader tells repeats by `reject_id`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Unpack

from csvdynamo.aws.backoff import Backoff, raise_lasting
from csvdynamo.errors import DeliveryDeadlineExceeded, RejectError, UnconfirmedAnswerError, UnexpectedAnswerError
from csvdynamo.records.rejects import MAX_RECORD_BYTES, Reject

if TYPE_CHECKING:
    from mypy_boto3_firehose.type_defs import PutRecordBatchInputTypeDef, PutRecordBatchOutputTypeDef, RecordTypeDef

MAX_RECORDS = 500
MAX_REQUEST_BYTES = 4 * 1024 * 1024


class FirehoseClient(Protocol):
    """The part of boto3's Firehose client that is used here."""

    def put_record_batch(self, **asked: "Unpack[PutRecordBatchInputTypeDef]") -> "PutRecordBatchOutputTypeDef":
        """Send up to 500 records."""


@dataclass(frozen=True)
class ErrorStream:
    """Sends to one delivery stream."""

    client: FirehoseClient
    stream_name: str
    backoff: Backoff

    def send(self, rejects: Sequence[Reject]) -> None:
        """Hand over all the rejects; with none, make no call.

        Raises:
            RejectError: A record is larger than Firehose takes. None was sent.
            DeliveryDeadlineExceeded: The time ran out. Some records may have been sent.
            botocore.exceptions.ClientError: The service refused the call for good (no such stream, access denied).
        """
        records = [_record(reject) for reject in rejects]
        for call in _cut(records):
            self._deliver(call)

    def _deliver(self, records: list[bytes]) -> None:
        for _ in self.backoff.attempts():
            if not self.backoff.has_time():
                break
            try:
                records = self._put(records)
            except Exception as error:
                raise_lasting(error)
            if not records:
                return
        raise self._out_of_time(records)

    def _put(self, records: list[bytes]) -> list[bytes]:
        """Make one call, and return the records that Firehose did not take.

        Raises:
            UnconfirmedAnswerError: The answer does not say which.
            UnexpectedAnswerError: It has not one entry for each record, or counts other failures than it names.
        """
        data: list[RecordTypeDef] = [{"Data": record} for record in records]
        response = self.client.put_record_batch(DeliveryStreamName=self.stream_name, Records=data)
        outcomes, count = response.get("RequestResponses"), response.get("FailedPutCount")
        if not isinstance(outcomes, list) or not isinstance(count, int):
            raise UnconfirmedAnswerError("Firehose answered without saying which records it took")
        if len(outcomes) != len(records):
            raise UnexpectedAnswerError(f"Firehose answered for {len(outcomes)} records of {len(records)}")
        failed = [record for record, outcome in zip(records, outcomes, strict=True) if not outcome.get("RecordId")]
        if len(failed) != count:
            raise UnexpectedAnswerError(f"Firehose counts {count} failures and names {len(failed)}")
        return failed

    def _out_of_time(self, records: list[bytes]) -> DeliveryDeadlineExceeded:
        return DeliveryDeadlineExceeded(
            f"no time left to hand {len(records)} reject records to the delivery stream {self.stream_name}"
        )


def _record(reject: Reject) -> bytes:
    record = reject.to_line()
    if len(record) > MAX_RECORD_BYTES:
        raise RejectError(
            f"the reject {reject.reject_id} (row {reject.row}) is {len(record):,} bytes; a Firehose record has at most "
            f"{MAX_RECORD_BYTES:,}: the batch fails so that its input stays in the Map Run's results"
        )
    return record


def _cut(records: Sequence[bytes]) -> Iterator[list[bytes]]:
    call: list[bytes] = []
    call_bytes = 0
    for record in records:
        if call and (len(call) == MAX_RECORDS or call_bytes + len(record) > MAX_REQUEST_BYTES):
            yield call
            call, call_bytes = [], 0
        call.append(record)
        call_bytes += len(record)
    if call:
        yield call
