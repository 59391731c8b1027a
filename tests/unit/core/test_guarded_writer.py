"""Rows that may take the place of some items alone: what is there otherwise is never written over, whatever happens."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from csvdynamo.aws.backoff import Backoff
from csvdynamo.errors import BatchError, WriteDeadlineExceeded
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.guards import NO_ITEM, Guard
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo.rules.wire_items import WireItem, value_text
from csvdynamo.writing.cost import CostMeter
from csvdynamo.writing.guarded_writer import GuardedWriter
from csvdynamo.writing.table_items import MOST_CONDITIONS, TableItems
from tests.support.fake_dynamodb import FULL, TABLE, FakeDynamoDb, client_error, throttled

KEY = TableKey(KeyAttribute("id"))
LEFT = RejectCode.LEFT_ALONE


def item(key: str, city: str = "Kent", **more: Any) -> Item:
    return {"id": {"S": key}, "city": {"S": city}, **more}


def wire(made: Item) -> WireItem:
    text = ", ".join(f'"{name}": {value_text(value)}' for name, value in made.items())
    return WireItem(KEY.of(made), "{" + text + "}")


def guard(key: str, *over: Item | None) -> dict[str, Guard]:
    return {key: Guard(key, tuple(NO_ITEM if one is None else item_digest(one) for one in over))}


def writer(
    client: FakeDynamoDb, backoff: Backoff, guards: Mapping[str, Guard] | None = None, meter: CostMeter | None = None
) -> GuardedWriter:
    table: Any = client
    return GuardedWriter(TableItems(table, table, TABLE, KEY, meter or CostMeter()), backoff, guards)


def test_where_nothing_may_be_replaced_only_new_keys_are_written(clock: Any) -> None:
    client = FakeDynamoDb(item("b", "theirs"))

    refused = writer(client, clock.backoff()).write([wire(item(key)) for key in "abc"])

    assert [(one.index, one.code) for one in refused] == [(1, LEFT)]
    assert refused[0].message == 'the table has an item under the key "b", which is left as it is'
    assert client.items == {"a": item("a"), "b": item("b", "theirs"), "c": item("c")}
    assert sorted(client.puts) == ["a", "c"]


def test_an_item_that_is_there_as_it_is_to_be_counts_as_written_and_is_not_put(clock: Any) -> None:
    there = item("a", size={"N": "7.50"})
    client = FakeDynamoDb(there)

    assert writer(client, clock.backoff()).write([wire(item("a", size={"N": "7.5"}))]) == []
    assert client.puts == []
    assert client.items == {"a": there}


def test_a_guard_says_which_items_may_be_replaced(clock: Any) -> None:
    client = FakeDynamoDb(item("a", "old"), item("b", "older"), item("c", "theirs"), item("d", "old"))
    guards = guard("a", item("a", "old")) | guard("b", item("b", "old"), item("b", "older"))
    guards |= (
        guard("c", item("c", "old")) | guard("d", None) | guard("e", item("e")) | guard("f", None, item("f", "old"))
    )

    refused = writer(client, clock.backoff(), guards).write([wire(item(key, "new")) for key in "abcdef"])

    assert [(one.index, one.code) for one in refused] == [(2, LEFT), (3, LEFT), (4, LEFT)]
    assert [one.message.partition(";")[0].partition(",")[0] for one in refused] == [
        'the table has another item under the key "c" than the row was to replace',
        'the table has another item under the key "d" than the row was to replace',
        'the table has no item under the key "e" any more',
    ]
    assert {key: one["city"]["S"] for key, one in client.items.items()} == {
        "a": "new",
        "b": "new",
        "c": "theirs",
        "d": "old",
        "f": "new",
    }


def test_a_row_whose_guard_is_of_another_key_ends_the_batch_before_a_call(clock: Any) -> None:
    client = FakeDynamoDb()

    with pytest.raises(BatchError, match="another key"):
        writer(client, clock.backoff(), guard("a", None)).write([wire(item("a")), wire(item("b"))])

    assert (client.reads, client.puts) == ([], [])


@pytest.mark.parametrize("attributes", [0, 1, MOST_CONDITIONS, MOST_CONDITIONS + 1])
def test_an_item_of_any_number_of_attributes_is_replaced(clock: Any, attributes: int) -> None:
    there: Item = {"id": {"S": "a"}, **{f"c{number}": {"N": str(number)} for number in range(attributes)}}
    client = FakeDynamoDb(there)

    assert writer(client, clock.backoff(), guard("a", there)).write([wire(item("a"))]) == []
    assert client.items == {"a": item("a")}


def test_values_of_every_kind_are_put_as_they_are(clock: Any) -> None:
    made = item(
        "a",
        data={"B": b"\x00\xff"},
        B={"S": "x"},
        size={"N": "7"},
        kinds={"L": [{"B": b"a"}, {"M": {"B": {"B": b"b"}, "y": {"NULL": True}}}, {"BOOL": False}]},
        words={"SS": ["é", "B"]},
    )
    client = FakeDynamoDb()

    assert writer(client, clock.backoff()).write([wire(made)]) == []
    assert client.items == {"a": made}


# what happens between the read and the put


@pytest.mark.parametrize("there", [None, item("a", "old")])
def test_an_item_that_comes_or_changes_after_the_read_is_left_alone(clock: Any, there: Item | None) -> None:
    client = FakeDynamoDb(*([there] if there else []))
    client.at_puts = [lambda: client.items.update(a=item("a", "theirs"))]

    [refused] = writer(client, clock.backoff(), guard("a", there)).write([wire(item("a"))])

    assert refused.code is LEFT
    assert client.items == {"a": item("a", "theirs")}


def test_a_put_whose_answer_is_lost_was_made(clock: Any) -> None:
    client = FakeDynamoDb(item("a", "old"))
    client.lost_answers = 1

    assert writer(client, clock.backoff(), guard("a", item("a", "old"))).write([wire(item("a"))]) == []
    assert client.puts == ["a"]
    assert client.reads == [["a"], ["a"]]


def test_what_an_attempt_that_broke_off_has_noted_is_looked_at_again(clock: Any) -> None:
    client = FakeDynamoDb(item("a", "theirs"))
    client.at_puts = [throttled()]
    client.at_reads = [None, lambda: client.items.pop("a") and None]

    assert writer(client, clock.backoff()).write([wire(item("a")), wire(item("b"))]) == []
    assert sorted(client.items) == ["a", "b"]


# what DynamoDB turns away


def test_a_throttled_put_is_made_again_and_those_beside_it_are_not(clock: Any) -> None:
    client, meter = FakeDynamoDb(), CostMeter()
    client.at_puts = [None, throttled()]

    assert writer(client, clock.backoff(), meter=meter).write([wire(item(key)) for key in "abc"]) == []
    assert len(client.puts) == 4
    assert meter.read().throttled == {FULL: 1}
    assert meter.read().write_units == 3.0
    assert clock.sleeps == [0.05]


def test_an_item_that_dynamodb_refuses_is_a_reject_with_its_words(clock: Any) -> None:
    client = FakeDynamoDb()
    client.at_puts = [client_error("ValidationException")]

    [refused] = writer(client, clock.backoff()).write([wire(item("a"))])

    assert (refused.code, refused.message) == (RejectCode.DYNAMODB_REFUSED, "message")


def test_keys_that_are_left_unread_are_asked_for_again(clock: Any) -> None:
    client = FakeDynamoDb(item("b", "theirs"))
    unread: Any = {TABLE: {"Keys": [{"id": {"S": "b"}}]}}
    client.at_reads = [{"Responses": {TABLE: []}, "UnprocessedKeys": unread}]

    refused = writer(client, clock.backoff()).write([wire(item("a")), wire(item("b"))])

    assert [one.index for one in refused] == [1]
    assert client.items == {"a": item("a"), "b": item("b", "theirs")}


@pytest.mark.parametrize("at", ["at_reads", "at_puts"])
@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_a_call_that_is_refused_for_good_ends_the_batch(clock: Any, at: str, code: str) -> None:
    client = FakeDynamoDb()
    setattr(client, at, [client_error(code)])

    with pytest.raises(ClientError, match=code):
        writer(client, clock.backoff()).write([wire(item("a"))])

    assert clock.sleeps == []


def test_a_table_that_stays_full_ends_the_batch_before_its_time_does(clock: Any) -> None:
    client = FakeDynamoDb()
    client.at_puts = [throttled() for _ in range(10_000)]

    with pytest.raises(WriteDeadlineExceeded, match=r"no time left to write 1 of .* to cars") as raised:
        writer(client, clock.backoff()).write([wire(item("a"))])

    assert isinstance(raised.value.__cause__, ClientError)
    assert clock.remaining > 5.0


# all of that at once

CITIES = ("Kent", "old", "theirs")
STATES = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(CITIES))
FAULTS: tuple[Callable[[], Exception], ...] = (
    throttled,
    lambda: EndpointConnectionError(endpoint_url="https://dynamodb"),
)
STEPS = st.lists(st.none() | st.sampled_from(FAULTS) | STATES, max_size=6)


@given(STATES, STEPS, STEPS, st.sets(st.sampled_from(("", *CITIES))), st.integers(0, 2))
@settings(deadline=None, max_examples=150)
def test_no_item_is_lost_that_the_guard_does_not_name(
    before: dict[str, str], reads: Any, puts: Any, allowed: set[str], lost: int
) -> None:
    """Whatever others do meanwhile, and however often calls are made again."""
    client = FakeDynamoDb(*(item(key, city) for key, city in before.items()))

    def met(step: Any) -> Any:
        if step is None or callable(step):
            return step and step()
        return lambda: client.items.update({key: item(key, city) for key, city in step.items()})

    client.at_reads, client.at_puts, client.lost_answers = list(map(met, reads)), list(map(met, puts)), lost
    guards = {key: Guard(key, tuple(_of_key(key, one) for one in sorted(allowed)) or ("none",)) for key in "abcd"}
    refused = writer(client, Backoff(sleep=lambda _: None), guards).write([wire(item(key)) for key in "abcd"])

    assert {one.code for one in refused} <= {LEFT}
    assert all(guards[key].allows(old) for key, old in client.replaced)
    left = {"abcd"[one.index] for one in refused}
    put = {key for key, _ in client.replaced}
    assert left.isdisjoint({key for key in put if client.items[key] == item(key)})


def _of_key(key: str, city: str) -> str:
    return item_digest(item(key, city)) if city else NO_ITEM
