"""Items are deleted only while they are those that runs put there, whatever happens on the way."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from csvdynamo.aws.backoff import Backoff
from csvdynamo.errors import UnconfirmedAnswerError, WriteDeadlineExceeded
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.deletions import Deletion
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo.writing.batch import Deleted
from csvdynamo.writing.batch_writer import PARALLEL_CALLS
from csvdynamo.writing.cost import CostMeter
from csvdynamo.writing.deleter import Deleter
from csvdynamo.writing.table_items import MOST_CONDITIONS, TableItems
from tests.support.fake_dynamodb import FULL, TABLE, FakeDynamoDb, client_error, throttled

KEY = TableKey(KeyAttribute("id"))

Step = Callable[[], None]


def item(key: str, city: str = "Kent", **more: Any) -> Item:
    return {"id": {"S": key}, "city": {"S": city}, **more}


def deletion(number: int, *items: Item) -> Deletion:
    """Delete one of these, which all have the same key."""
    return Deletion(number, items[0]["id"]["S"], tuple(map(item_digest, items)))


def deleter(client: Any, clock: Any, meter: CostMeter | None = None) -> Deleter:
    return Deleter(TableItems(client, client, TABLE, KEY, meter or CostMeter()), clock.backoff())


def test_items_that_runs_put_there_are_deleted_and_others_are_left_alone(clock: Any) -> None:
    client = FakeDynamoDb(item("a"), item("b", "Fife"), item("c", "theirs"), item("e", "not named"))
    named = [
        deletion(1, item("a")),
        deletion(2, item("b", "York"), item("b", "Fife")),
        deletion(3, item("c")),
        deletion(4, item("d")),
    ]

    assert deleter(client, clock).delete(named) == Deleted(3, (3,))
    assert sorted(client.items) == ["c", "e"]
    assert client.deletions == ["a", "b"]
    assert clock.sleeps == []


def test_a_batch_that_is_repeated_gives_the_same_answer(clock: Any) -> None:
    client = FakeDynamoDb(item("a"), item("b"), item("c", "theirs"))
    named = [deletion(1, item("a")), deletion(2, item("b")), deletion(3, item("c"))]

    first = deleter(client, clock).delete(named)

    assert deleter(client, clock).delete(named) == first == Deleted(2, (3,))


def test_an_item_with_one_attribute_more_or_less_is_anothers(clock: Any) -> None:
    client = FakeDynamoDb(item("a", note={"S": "mine"}), {"id": {"S": "b"}})

    assert deleter(client, clock).delete([deletion(1, item("a")), deletion(2, item("b"))]) == Deleted(0, (1, 2))
    assert sorted(client.items) == ["a", "b"]


def test_as_many_items_are_read_in_a_call_as_dynamodb_takes(clock: Any) -> None:
    items = [item(str(number)) for number in range(250)]
    client = FakeDynamoDb(*items)

    deleted = deleter(client, clock).delete([deletion(number, one) for number, one in enumerate(items, 1)])

    assert deleted == Deleted(250, ())
    assert [len(keys) for keys in client.reads] == [100, 100, 50]
    assert client.items == {}


@pytest.mark.parametrize("attributes", [0, 1, MOST_CONDITIONS, MOST_CONDITIONS + 1, 300])
def test_an_item_of_any_number_of_attributes_is_deleted(clock: Any, attributes: int) -> None:
    whole: Item = {"id": {"S": "a"}, **{f"c{number}": {"N": str(number)} for number in range(attributes)}}
    client = FakeDynamoDb(whole)

    assert deleter(client, clock).delete([deletion(1, whole)]) == Deleted(1, ())
    assert client.items == {}


# what happens between the read and the deletion


def put(client: FakeDynamoDb, other: Item) -> Step:
    return lambda: client.items.update({other["id"]["S"]: other})


def test_an_item_that_changes_after_it_was_read_is_left_alone(clock: Any) -> None:
    client = FakeDynamoDb(item("a"), item("b"))
    client.at_deletions = [put(client, item("a", "changed"))]

    deleted = deleter(client, clock).delete([deletion(1, item("a")), deletion(2, item("b"))])

    assert deleted == Deleted(1, (1,))
    assert client.items == {"a": item("a", "changed")}
    assert client.reads == [["a", "b"], ["a"]]


def test_an_item_that_loses_an_attribute_after_it_was_read_is_left_alone(clock: Any) -> None:
    client = FakeDynamoDb(item("a"))
    client.at_deletions = [put(client, {"id": {"S": "a"}})]

    assert deleter(client, clock).delete([deletion(1, item("a"))]) == Deleted(0, (1,))
    assert client.items == {"a": {"id": {"S": "a"}}}


def test_an_item_that_a_run_put_there_in_another_form_meanwhile_is_deleted_all_the_same(clock: Any) -> None:
    client = FakeDynamoDb(item("a"))
    client.at_deletions = [put(client, item("a", "Fife"))]

    assert deleter(client, clock).delete([deletion(1, item("a"), item("a", "Fife"))]) == Deleted(1, ())
    assert client.items == {}


@pytest.mark.parametrize("whole", [item("a"), {"id": {"S": "a"}}])
def test_an_item_that_goes_after_it_was_read_is_gone(clock: Any, whole: Item) -> None:
    client = FakeDynamoDb(whole)
    client.at_deletions = [client.items.clear]

    assert deleter(client, clock).delete([deletion(1, whole)]) == Deleted(1, ())


def test_a_deletion_whose_answer_is_lost_has_been_made(clock: Any) -> None:
    client = FakeDynamoDb(item("a"), item("b"))
    client.lost_answers = 1

    assert deleter(client, clock).delete([deletion(1, item("a")), deletion(2, item("b"))]) == Deleted(2, ())
    assert client.deletions == ["a", "b"]


def test_a_deletion_whose_answer_does_not_say_what_it_took_is_looked_at_again(clock: Any) -> None:
    client = FakeDynamoDb(item("a"))
    client.capacity = None

    assert deleter(client, clock).delete([deletion(1, item("a"))]) == Deleted(1, ())
    assert client.reads == [["a"], ["a"]]


def test_what_an_attempt_that_broke_off_has_noted_is_looked_at_again(clock: Any) -> None:
    client = FakeDynamoDb(item("a", "theirs"), item("b"))
    client.at_deletions = [throttled()]
    client.at_reads = [None, lambda: client.items.pop("a") and None]

    assert deleter(client, clock).delete([deletion(1, item("a")), deletion(2, item("b"))]) == Deleted(2, ())


def test_what_was_left_alone_stays_so_while_others_are_tried_again(clock: Any) -> None:
    client = FakeDynamoDb(item("a", "theirs"), item("b"))
    client.at_deletions = [put(client, item("b", "theirs"))]

    assert deleter(client, clock).delete([deletion(1, item("a")), deletion(2, item("b"))]) == Deleted(0, (1, 2))
    assert client.reads == [["a", "b"], ["b"]]


# what DynamoDB turns away


def test_a_throttled_deletion_is_made_again_and_counted_alone(clock: Any) -> None:
    items = [item(key) for key in "abc"]
    client, meter = FakeDynamoDb(*items), CostMeter()
    client.at_deletions = [None, throttled()]

    deleted = deleter(client, clock, meter).delete([deletion(number, one) for number, one in enumerate(items, 1)])

    assert deleted == Deleted(3, ())
    assert client.deletions == ["a", "b", "c", "b"]
    assert meter.read().throttled == {FULL: 1}
    assert clock.sleeps == [0.05]


def test_a_throttled_read_is_made_again_and_counts_all_that_it_asked_for(clock: Any) -> None:
    client, meter = FakeDynamoDb(item("a"), item("b")), CostMeter()
    client.at_reads = [throttled()]

    deleted = deleter(client, clock, meter).delete([deletion(1, item("a")), deletion(2, item("b"))])

    assert deleted == Deleted(2, ())
    assert meter.read().throttled == {FULL: 2}


def test_one_call_that_fails_is_made_again_and_not_those_beside_it(clock: Any) -> None:
    items = [item(str(number)) for number in range(150)]
    client = FakeDynamoDb(*items)
    client.at_reads = [EndpointConnectionError(endpoint_url="https://dynamodb")]

    deleted = deleter(client, clock).delete([deletion(number, one) for number, one in enumerate(items, 1)])

    assert deleted == Deleted(150, ())
    assert [len(keys) for keys in client.reads] == [100, 50, 100]


def test_keys_that_are_left_unread_are_asked_for_again(clock: Any) -> None:
    client, meter = FakeDynamoDb(item("a"), item("b", "theirs"), item("c")), CostMeter()
    unread = {TABLE: {"Keys": [{"id": {"S": "b"}}, {"id": {"S": "c"}}]}}
    client.at_reads = [{"Responses": {TABLE: [item("a")]}, "UnprocessedKeys": unread}]

    deleted = deleter(client, clock, meter).delete([deletion(n, item(key)) for n, key in enumerate("abc", 1)])

    assert deleted == Deleted(2, (2,))
    assert client.reads == [["a", "b", "c"], ["b", "c"]]
    assert meter.read().throttled == {"UnprocessedItems": 2}


def test_keys_of_which_none_is_read_are_asked_for_again(clock: Any) -> None:
    client = FakeDynamoDb(item("a", "theirs"))
    client.at_reads = [{"Responses": {}, "UnprocessedKeys": {TABLE: {"Keys": [{"id": {"S": "a"}}]}}}]

    assert deleter(client, clock).delete([deletion(1, item("a"))]) == Deleted(0, (1,))


@pytest.mark.parametrize("at", ["at_reads", "at_deletions"])
@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"])
def test_a_call_that_is_refused_for_good_is_made_once_and_none_begun_behind_it(clock: Any, at: str, code: str) -> None:
    items = [item(str(number)) for number in range(50)]
    client = FakeDynamoDb(*items)
    setattr(client, at, [client_error(code) for _ in items])

    with pytest.raises(ClientError, match=code):
        deleter(client, clock).delete([deletion(number, one) for number, one in enumerate(items, 1)])

    assert (len(client.reads), clock.sleeps, len(client.items)) == (1, [], 50)
    assert len(client.deletions) == (PARALLEL_CALLS if at == "at_deletions" else 0)


def test_a_call_that_is_refused_for_good_amid_throttled_ones_ends_the_batch(clock: Any) -> None:
    items = [item(key) for key in "abcd"]
    client = FakeDynamoDb(*items)
    client.at_deletions = [throttled(), client_error("AccessDeniedException")]

    with pytest.raises(ClientError, match="AccessDenied"):
        deleter(client, clock).delete([deletion(number, one) for number, one in enumerate(items, 1)])

    assert (len(client.reads), clock.sleeps) == (1, [])


def test_a_table_that_stays_full_ends_the_batch_before_its_time_does(clock: Any) -> None:
    client = FakeDynamoDb(item("a"), item("b"), item("c", "theirs"))
    client.at_deletions = [None, *(throttled() for _ in range(10_000))]

    with pytest.raises(WriteDeadlineExceeded, match=r"no time left to delete 3 of .* from cars") as raised:
        deleter(client, clock).delete([deletion(n, item(key)) for n, key in enumerate("abc", 1)])

    assert isinstance(raised.value.__cause__, ClientError)
    assert clock.remaining > 5.0
    assert sorted(client.items) == ["b", "c"]


def test_without_time_nothing_is_asked(clock: Any) -> None:
    client = FakeDynamoDb(item("a"))
    clock.remaining = 5.0

    with pytest.raises(WriteDeadlineExceeded, match="delete 1 of"):
        deleter(client, clock).delete([deletion(1, item("a"))])

    assert client.reads == []


def test_no_deletion_is_begun_once_the_time_is_over(clock: Any) -> None:
    items = [item(str(number)) for number in range(50)]
    client = FakeDynamoDb(*items)
    client.at_deletions = [lambda: setattr(clock, "remaining", 5.0)]

    with pytest.raises(WriteDeadlineExceeded, match=r"delete \d+ of"):
        deleter(client, clock).delete([deletion(number, one) for number, one in enumerate(items, 1)])

    assert len(client.deletions) == PARALLEL_CALLS


# calls that overlap


def test_deletions_overlap_and_each_answer_is_that_of_its_own_call(clock: Any) -> None:
    items = [item(f"{number:02}") for number in range(25)]
    client, meter = FakeDynamoDb(*items), CostMeter()
    client.at_deletions = [None, throttled(), put(client, item("02", "theirs")), throttled(), *[None] * 8, throttled()]

    deleted = deleter(client, clock, meter).delete([deletion(number, one) for number, one in enumerate(items, 1)])

    assert deleted == Deleted(24, (3,))
    assert client.deletions == [*(one["id"]["S"] for one in items), "01", "03", "12"]
    assert client.at_once == [PARALLEL_CALLS, PARALLEL_CALLS, 5, 3]
    assert client.items == {"02": item("02", "theirs")}
    assert meter.read().throttled == {FULL: 3}
    assert meter.read().write_units == 24.0


CITIES = ("Kent", "old", "theirs")
STATES = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(CITIES))
FAULTS: tuple[Callable[[], Exception], ...] = (
    throttled,
    lambda: EndpointConnectionError(endpoint_url="https://dynamodb"),
)
STEPS = st.lists(st.none() | st.sampled_from(FAULTS) | STATES, max_size=6)


@given(STATES, STEPS, STEPS, st.sets(st.sampled_from(CITIES)), st.integers(0, 2))
@settings(deadline=None, max_examples=100)
def test_no_item_is_deleted_that_no_run_put_there_and_none_of_a_run_stays(
    before: dict[str, str], reads: Any, deletions: Any, ours: set[str], lost: int
) -> None:
    """Whatever others do meanwhile, and however often calls are made again."""
    client = FakeDynamoDb(*(item(key, city) for key, city in before.items()))

    def met(step: Any) -> Any:
        if step is None or callable(step):
            return step and step()
        return lambda: client.items.update({key: item(key, city) for key, city in step.items()})

    client.at_reads, client.at_deletions = list(map(met, reads)), list(map(met, deletions))
    client.lost_answers = lost
    named = [
        Deletion(number, key, tuple(item_digest(item(key, city)) for city in sorted(ours)) or ("none",))
        for number, key in enumerate("abcd", 1)
    ]
    backoff = Backoff(sleep=lambda _: None)
    deleted = Deleter(TableItems(client, client, TABLE, KEY), backoff).delete(named)  # type: ignore[arg-type]

    assert {one["city"]["S"] for _, one in client.replaced if one} <= ours
    assert deleted.gone + len(deleted.left) == 4
    assert {"abcd"[number - 1] for number in deleted.left} <= {*client.items}
    if not any(isinstance(step, dict) for step in [*reads, *deletions]):
        assert {key for key, one in client.items.items() if one["city"]["S"] in ours} == set()


# answers that say nothing

HOLLOW: Sequence[Any] = [
    {},
    {"Responses": {TABLE: []}},
    {"UnprocessedKeys": {}},
    {"Responses": None, "UnprocessedKeys": {}},
    {"Responses": {}, "UnprocessedKeys": {}},
    {"Responses": {"tb_others": []}, "UnprocessedKeys": {}},
    {"Responses": {TABLE: [], "tb_others": []}, "UnprocessedKeys": {}},
    {"Responses": {TABLE: []}, "UnprocessedKeys": {TABLE: {}}},
    {"Responses": {TABLE: []}, "UnprocessedKeys": {"tb_others": {"Keys": []}}},
    {"Responses": {TABLE: [item("of another call")]}, "UnprocessedKeys": {}},
    {"Responses": {TABLE: []}, "UnprocessedKeys": {TABLE: {"Keys": [{"id": {"S": "of another call"}}]}}},
]


@pytest.mark.parametrize("hollow", HOLLOW)
def test_no_item_counts_as_gone_because_an_answer_says_nothing_of_it(clock: Any, hollow: Any) -> None:
    client = FakeDynamoDb(item("a", "theirs"), item("b"))
    client.at_reads = [hollow]

    assert deleter(client, clock).delete([deletion(1, item("a")), deletion(2, item("b"))]) == Deleted(1, (1,))
    assert client.reads == [["a", "b"]] * 2


def test_answers_that_say_nothing_end_the_batch(clock: Any) -> None:
    client = FakeDynamoDb(item("a"))
    client.at_reads = [{}] * 10_000

    with pytest.raises(WriteDeadlineExceeded) as raised:
        deleter(client, clock).delete([deletion(1, item("a"))])

    assert isinstance(raised.value.__cause__, UnconfirmedAnswerError)


# what it costs


@pytest.mark.parametrize(("told", "units"), [(2.5, 5.0), (None, None)])
def test_the_write_units_are_those_that_dynamodb_says(clock: Any, told: Any, units: float | None) -> None:
    client, meter = FakeDynamoDb(item("a"), item("b")), CostMeter()
    client.capacity = {"TableName": TABLE, "CapacityUnits": told}

    deleter(client, clock, meter).delete([deletion(1, item("a")), deletion(2, item("b"))])

    assert meter.read().write_units == units
