import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csvdynamo.aws.backoff import Backoff
from csvdynamo.errors import UnconfirmedAnswerError, UnexpectedAnswerError, WriteDeadlineExceeded
from csvdynamo.rules.attribute_values import MAX_ITEM_BYTES, Item, item_size
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo.rules.refusals import RefusedItem
from csvdynamo.rules.wire_items import WireItem
from csvdynamo.writing.batch_writer import BatchWriter
from csvdynamo.writing.cost import CostMeter
from tests.support.write_door import Door, on_the_wire

Fault = Callable[[list[dict[str, Any]]], dict[str, Any] | None]


def item(number: int, text: str = "x") -> Item:
    return {"id": {"S": str(number)}, "text": {"S": text}}


def client_error(code: str, status: int = 400, message: str = "message") -> ClientError:
    metadata = {"HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, "BatchWriteItem")


class FakeDynamoDb:
    """Stores items, meets each call with the next fault, and refuses what BatchWriteItem refuses."""

    def __init__(self, *faults: Fault | Exception, poison: Sequence[str] = (), table: str = "cars") -> None:
        self.faults = list(faults)
        self.poison = set(poison)
        self.table = table
        self.items: dict[str, Item] = {}
        self.calls: list[list[str]] = []
        self.lock = threading.Lock()

    def batch_write_item(self, *, RequestItems: dict[str, list[dict[str, Any]]], **_: Any) -> dict[str, Any]:  # noqa: N803
        with self.lock:
            assert list(RequestItems) == [self.table]
            requests = RequestItems[self.table]
            keys = [request["PutRequest"]["Item"]["id"]["S"] for request in requests]
            self.calls.append(keys)
            fault = self.faults.pop(0) if self.faults else None
            if isinstance(fault, Exception):
                raise fault
            if not 1 <= len(requests) <= 25 or len(set(keys)) < len(keys) or self.poison & set(keys):
                raise client_error("ValidationException", message="One or more parameter values were invalid")
            left = fault(requests) if fault else None
            unprocessed = (left or {}).get("UnprocessedItems", {}).get(self.table, [])
            for request in requests:
                if request not in unprocessed:
                    self.items[request["PutRequest"]["Item"]["id"]["S"]] = request["PutRequest"]["Item"]
            return left or {"UnprocessedItems": {}}


def leave(count: int) -> Fault:
    """DynamoDB leaves the last items of the call unprocessed, in another order."""
    return lambda requests: {"UnprocessedItems": {"cars": list(reversed(requests[-count:]))}}


KEY = TableKey(KeyAttribute("id"))


class Writer:
    """Writes items of dictionaries."""

    def __init__(self, client: Any, backoff: Backoff, parallel_calls: int) -> None:
        self._writer = BatchWriter(Door(client), "cars", KEY, backoff, parallel_calls)

    def write(self, items: Sequence[Item]) -> list[RefusedItem]:
        return self._writer.write([on_the_wire(one, KEY) for one in items])


def writer(client: Any, backoff: Backoff, parallel_calls: int = 1) -> Writer:
    return Writer(client, backoff, parallel_calls)


def test_all_items_are_stored_in_calls_of_at_most_25(clock: Any) -> None:
    client = FakeDynamoDb()

    refused = writer(client, clock.backoff()).write([item(number) for number in range(60)])

    assert refused == []
    assert client.items == {str(number): item(number) for number in range(60)}
    assert [len(call) for call in client.calls] == [25, 25, 10]
    assert clock.sleeps == []


def test_nothing_to_write_is_no_call(clock: Any) -> None:
    client = FakeDynamoDb()

    assert writer(client, clock.backoff()).write([]) == []
    assert client.calls == []


def test_large_items_share_a_call_only_up_to_its_bytes(clock: Any) -> None:
    client = FakeDynamoDb()

    # On the wire each of these is an escape: three times its bytes.
    writer(client, clock.backoff()).write([item(number, "é" * 200_000) for number in range(25)])

    assert len(client.items) == 25
    assert max(map(len, client.calls)) * 400_000 * 3 <= 16_000_000


@pytest.mark.parametrize(
    "value",
    [
        {"L": [{"BOOL": True}] * 190_000},
        {"L": [{"L": []}] * 95_000},
        {"M": {str(number): {"NULL": True} for number in range(50_000)}},
        {"NS": [str(number) for number in range(100_000, 200_000)]},
        {"SS": [chr(number) for number in range(0x4E00, 0x9F00)]},
    ],
)
def test_items_of_many_members_share_a_call_only_up_to_its_bytes(clock: Any, value: Any) -> None:
    many: Item = {**item(0), "many": value}
    assert item_size(many) <= MAX_ITEM_BYTES
    text = on_the_wire(many, KEY).text
    count = min(25, 16_000_000 // len(_put_request(text)) + 1)  # as many as no one call may take
    items = [WireItem(str(number), text.replace('"0"', f'"{number}"', 1)) for number in range(count)]
    door = _TakesAll()

    BatchWriter(door, "cars", KEY, clock.backoff(), 1).write(items)

    assert sorted(text for call in door.calls for text in call) == sorted(one.text for one in items)
    assert max(sum(len(_put_request(text)) for text in call) for call in door.calls) <= 16_000_000


class _TakesAll:
    """A door that takes every item, and reads none of them: a call's megabytes are a million values."""

    def __init__(self) -> None:
        self.calls: list[Sequence[str]] = []

    def put(self, table: str, calls: Sequence[Sequence[str]]) -> list[Mapping[str, Any] | Exception]:
        self.calls += calls
        return [{"UnprocessedItems": {}} for _ in calls]


def _put_request(text: str) -> str:
    return f'{{"PutRequest": {{"Item": {text}}}}}'


def test_unprocessed_items_alone_are_sent_again_after_a_growing_wait(clock: Any) -> None:
    client = FakeDynamoDb(leave(3), leave(2))

    refused = writer(client, clock.backoff()).write([item(number) for number in range(10)])

    assert refused == []
    assert len(client.items) == 10
    assert [sorted(call) for call in client.calls[1:]] == [["7", "8", "9"], ["7", "8"]]
    assert clock.sleeps == [0.05, 0.1]


def test_what_was_turned_away_is_measured_with_and_without_a_reason(clock: Any) -> None:
    slow = client_error("ProvisionedThroughputExceededException")
    slow.response["ThrottlingReasons"] = [{"reason": "TableWriteKeyRangeThroughputExceeded"}]  # type: ignore[typeddict-unknown-key]
    client, meter = FakeDynamoDb(leave(3), slow, EndpointConnectionError(endpoint_url="x")), CostMeter()
    backoff = clock.backoff()
    writer = BatchWriter(Door(client), "cars", KEY, backoff, 1, meter)

    assert writer.write([on_the_wire(item(number), KEY) for number in range(10)]) == []

    assert meter.read().throttled == {"TableWriteKeyRangeThroughputExceeded": 3, "UnprocessedItems": 3}


@pytest.mark.parametrize(
    "fault",
    [
        client_error("ProvisionedThroughputExceededException"),
        client_error("ThrottlingException"),
        client_error("RequestLimitExceeded"),
        client_error("InternalServerError", 500),
        client_error("SomethingNew", 503),
        EndpointConnectionError(endpoint_url="https://dynamodb"),
        ReadTimeoutError(endpoint_url="https://dynamodb"),
    ],
)
def test_a_passing_fault_is_met_with_the_same_call_again(clock: Any, fault: Exception) -> None:
    client = FakeDynamoDb(fault, fault)

    writer(client, clock.backoff()).write([item(1), item(2)])

    assert client.calls == [["1", "2"]] * 3
    assert len(clock.sleeps) == 2


def test_a_fault_after_the_effect_stores_nothing_else(clock: Any) -> None:
    class LosesItsAnswer(FakeDynamoDb):
        def batch_write_item(self, *, RequestItems: dict[str, list[dict[str, Any]]], **_: Any) -> dict[str, Any]:  # noqa: N803
            answer = super().batch_write_item(RequestItems=RequestItems)
            if len(self.calls) == 1:
                raise ReadTimeoutError(endpoint_url="https://dynamodb")
            return answer

    client = LosesItsAnswer()

    assert writer(client, clock.backoff()).write([item(1), item(2)]) == []
    assert client.items == {"1": item(1), "2": item(2)}


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException", "SerializationException"])
def test_a_lasting_fault_is_raised_at_once(clock: Any, code: str) -> None:
    client = FakeDynamoDb(client_error(code))

    with pytest.raises(ClientError, match=code):
        writer(client, clock.backoff()).write([item(1)])

    assert len(client.calls) == 1


def test_one_bad_item_is_found_and_the_rest_is_stored(clock: Any) -> None:
    client = FakeDynamoDb(poison=["0", "13", "30"])

    refused = writer(client, clock.backoff()).write([item(number) for number in range(40)])

    assert [(one.index, one.message) for one in refused] == [
        (index, "One or more parameter values were invalid") for index in (0, 13, 30)
    ]
    assert client.items.keys() == {str(number) for number in range(40)} - {"0", "13", "30"}
    assert clock.sleeps == [], "halving is no reason to wait"


def test_a_full_table_never_recovering_ends_at_the_deadline_with_the_number_left(clock: Any) -> None:
    clock.remaining = 20.0
    client = FakeDynamoDb(*[leave(2)] * 1000)

    with pytest.raises(WriteDeadlineExceeded, match="write 2 of the batch's items to cars"):
        writer(client, clock.backoff()).write([item(number) for number in range(10)])

    assert clock.remaining > 5.0, "the margin is left for the rejects"
    assert len(client.items) == 8


def test_without_time_no_call_is_made(clock: Any) -> None:
    clock.remaining = 4.0
    client = FakeDynamoDb()

    with pytest.raises(WriteDeadlineExceeded, match="write 1 of"):
        writer(client, clock.backoff()).write([item(1)])

    assert client.calls == []


def test_an_unprocessed_item_that_was_not_sent_is_not_believed(clock: Any) -> None:
    client = FakeDynamoDb(lambda _: {"UnprocessedItems": {"cars": [{"PutRequest": {"Item": item(99)}}]}})

    with pytest.raises(UnexpectedAnswerError):
        writer(client, clock.backoff()).write([item(1)])


@pytest.mark.parametrize(
    "answer", [{}, {"message": "<html>"}, {"UnprocessedItems": None}, {"UnprocessedItems": []}, {"Items": []}], ids=str
)
def test_an_answer_that_does_not_say_what_was_left_counts_as_nothing_stored(clock: Any, answer: dict[str, Any]) -> None:
    class Hollow(FakeDynamoDb):
        def batch_write_item(self, *, RequestItems: dict[str, list[dict[str, Any]]], **_: Any) -> dict[str, Any]:  # noqa: N803
            if len(self.calls) < 2:
                self.calls.append([])
                return answer
            return super().batch_write_item(RequestItems=RequestItems)

    client = Hollow()

    assert writer(client, clock.backoff()).write([item(1), item(2)]) == []
    assert set(client.items) == {"1", "2"}
    assert client.calls == [[], [], ["1", "2"]]


def test_a_table_whose_answers_never_say_so_ends_at_the_deadline_with_the_cause(clock: Any) -> None:
    class Hollow(FakeDynamoDb):
        def batch_write_item(self, **_: Any) -> dict[str, Any]:
            return {}

    with pytest.raises(WriteDeadlineExceeded) as raised:
        writer(Hollow(), clock.backoff()).write([item(1)])
    assert isinstance(raised.value.__cause__, UnconfirmedAnswerError)


def test_parallel_calls_store_the_same_and_report_in_order(clock: Any) -> None:
    client = FakeDynamoDb(leave(5), client_error("ThrottlingException"), poison=["77", "3", "120"])

    refused = writer(client, clock.backoff(), parallel_calls=4).write([item(number) for number in range(250)])

    assert [one.index for one in refused] == [3, 77, 120]
    assert len(client.items) == 247


def test_a_failure_of_one_parallel_call_is_raised_after_all_have_ended(clock: Any) -> None:
    client = FakeDynamoDb(client_error("AccessDeniedException"))
    before = set(threading.enumerate())

    with pytest.raises(ClientError, match="AccessDenied"):
        writer(client, clock.backoff(), parallel_calls=4).write([item(number) for number in range(250)])

    assert len(client.calls) == 10
    assert set(threading.enumerate()) <= before


_FAULTS = st.lists(st.sampled_from(["none", "throttle", "timeout", "leave1", "leave7", "leave25"]), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_FAULTS, st.integers(0, 70), st.sets(st.integers(0, 69), max_size=5))
def test_whatever_passes_each_item_is_either_stored_or_refused(names: list[str], count: int, poison: set[int]) -> None:
    faults: dict[str, Fault | Exception] = {
        "none": lambda _: None,
        "throttle": client_error("ThrottlingException"),
        "timeout": ReadTimeoutError(endpoint_url="https://dynamodb"),
        "leave1": leave(1),
        "leave7": leave(7),
        "leave25": leave(25),
    }
    client = FakeDynamoDb(*[faults[name] for name in names], poison=[str(number) for number in poison])
    backoff = Backoff(remaining_seconds=lambda: 60.0, sleep=lambda _: None)

    refused = writer(client, backoff).write([item(number) for number in range(count)])

    assert {one.index for one in refused} == {number for number in poison if number < count}
    assert client.items.keys() == {str(number) for number in range(count)} - {str(number) for number in poison}
