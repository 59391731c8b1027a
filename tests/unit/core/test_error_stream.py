from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from csvdynamo.errors import DeliveryDeadlineExceeded, RejectError, UnexpectedAnswerError
from csvdynamo.records.rejects import Reject
from csvdynamo.rules.codes import Stage
from csvdynamo.writing.error_stream import ErrorStream

Fails = Callable[[int], bool]


def reject(number: int, text: str = "") -> Reject:
    return Reject("run-1", "cars", number, Stage.VALIDATE, "BAD_TYPE", "A", "no", {"A": text}, f"id-{number}")


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "message"}}, "PutRecordBatch")


class FakeFirehose:
    """Takes records; in each call it meets the next fault, a rule of which records fail or an error."""

    def __init__(self, *faults: Fails | Exception) -> None:
        self.faults = list(faults)
        self.calls: list[list[bytes]] = []
        self.taken: list[bytes] = []

    def put_record_batch(self, *, DeliveryStreamName: str, Records: list[dict[str, bytes]]) -> dict[str, Any]:  # noqa: N803
        assert DeliveryStreamName == "errors"
        data = [record["Data"] for record in Records]
        assert 1 <= len(data) <= 500
        assert sum(map(len, data)) <= 4 * 1024 * 1024
        self.calls.append(data)
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, Exception):
            raise fault
        responses: list[dict[str, str]] = []
        for index, record in enumerate(data):
            if fault and fault(index):
                responses.append({"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."})
            else:
                self.taken.append(record)
                responses.append({"RecordId": str(len(self.taken))})
        return {"FailedPutCount": sum("ErrorCode" in one for one in responses), "RequestResponses": responses}


def ids(records: list[bytes]) -> list[str]:
    return [Reject.from_json(record).reject_id for record in records]


def test_each_reject_is_one_line_of_its_own(clock: Any) -> None:
    client = FakeFirehose()

    ErrorStream(client, "errors", clock.backoff()).send([reject(1, "a\nb"), reject(2)])

    lines = b"".join(client.taken).decode().splitlines(keepends=True)
    assert [Reject.from_json(line) for line in lines] == [reject(1, "a\nb"), reject(2)]
    assert all(line.endswith("\n") for line in lines)


def test_without_rejects_there_is_no_call(clock: Any) -> None:
    client = FakeFirehose()

    ErrorStream(client, "errors", clock.backoff()).send([])

    assert client.calls == []


def test_many_rejects_go_in_calls_of_500(clock: Any) -> None:
    client = FakeFirehose()

    ErrorStream(client, "errors", clock.backoff()).send([reject(number) for number in range(1, 1202)])

    assert [len(call) for call in client.calls] == [500, 500, 201]
    assert ids(client.taken) == [f"id-{number}" for number in range(1, 1202)]


def test_large_rejects_go_in_calls_of_4_mib(clock: Any) -> None:
    client = FakeFirehose()

    ErrorStream(client, "errors", clock.backoff()).send([reject(number, "x" * 900_000) for number in range(1, 11)])

    assert [len(call) for call in client.calls] == [4, 4, 2]


def test_only_the_failed_records_are_sent_again(clock: Any) -> None:
    client = FakeFirehose(lambda index: index in (1, 3), lambda index: index == 0)

    ErrorStream(client, "errors", clock.backoff()).send([reject(number) for number in range(1, 6)])

    assert [ids(call) for call in client.calls[1:]] == [["id-2", "id-4"], ["id-2"]]
    assert sorted(ids(client.taken)) == [f"id-{number}" for number in range(1, 6)]
    assert clock.sleeps == [0.05, 0.1]


@pytest.mark.parametrize(
    "fault", [client_error("ServiceUnavailableException"), ReadTimeoutError(endpoint_url="https://f")]
)
def test_a_passing_fault_sends_the_whole_call_again(clock: Any, fault: Exception) -> None:
    client = FakeFirehose(fault)

    ErrorStream(client, "errors", clock.backoff()).send([reject(1), reject(2)])

    assert client.calls[0] == client.calls[1]
    assert ids(client.taken) == ["id-1", "id-2"]


def test_a_lasting_fault_is_raised_at_once(clock: Any) -> None:
    client = FakeFirehose(client_error("ResourceNotFoundException"))

    with pytest.raises(ClientError, match="ResourceNotFound"):
        ErrorStream(client, "errors", clock.backoff()).send([reject(1)])

    assert len(client.calls) == 1


def test_records_that_are_never_taken_are_an_error_at_the_deadline(clock: Any) -> None:
    clock.remaining = 20.0
    client = FakeFirehose(lambda index: index > 0, *[lambda _: True] * 1000)

    with pytest.raises(DeliveryDeadlineExceeded, match="hand 1 reject records to the delivery stream errors"):
        ErrorStream(client, "errors", clock.backoff()).send([reject(1), reject(2)])

    assert clock.remaining > 0


def test_without_time_no_call_is_made(clock: Any) -> None:
    clock.remaining = 4.0
    client = FakeFirehose()

    with pytest.raises(DeliveryDeadlineExceeded, match="hand 1 reject records"):
        ErrorStream(client, "errors", clock.backoff()).send([reject(1)])

    assert client.calls == []


def test_a_record_that_firehose_cannot_take_fails_before_anything_is_sent(clock: Any) -> None:
    client = FakeFirehose()
    secret = "s3cret" * 200_000

    with pytest.raises(RejectError, match="row 2") as caught:
        ErrorStream(client, "errors", clock.backoff()).send([reject(1), reject(2, secret)])

    assert client.calls == []
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        {"FailedPutCount": 1, "RequestResponses": [{"ErrorCode": "x"}]},
        {"FailedPutCount": 1, "RequestResponses": [{"RecordId": "1"}, {"RecordId": "2"}]},
        {"FailedPutCount": 0, "RequestResponses": []},
        {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "1"}]},
        {"FailedPutCount": 0, "RequestResponses": [{"RecordId": "1"}, {}]},
    ],
)
def test_an_answer_that_names_no_failed_record_is_not_believed(clock: Any, answer: dict[str, Any]) -> None:
    class Contradicts(FakeFirehose):
        def put_record_batch(self, **_: Any) -> dict[str, Any]:
            return answer

    with pytest.raises(UnexpectedAnswerError):
        ErrorStream(Contradicts(), "errors", clock.backoff()).send([reject(1), reject(2)])


@pytest.mark.parametrize(
    "answer", [{}, {"message": "<html>"}, {"FailedPutCount": 0}, {"RequestResponses": []}], ids=str
)
def test_an_answer_that_says_nothing_of_the_records_counts_as_none_taken(clock: Any, answer: dict[str, Any]) -> None:
    class Hollow(FakeFirehose):
        def put_record_batch(self, **asked: Any) -> dict[str, Any]:
            self.hollow = not getattr(self, "hollow", False)
            return answer if self.hollow else super().put_record_batch(**asked)

    client = Hollow()

    ErrorStream(client, "errors", clock.backoff()).send([reject(1), reject(2)])

    assert len(client.taken) == 2
