import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.distributed_map.item_batcher import (
    PAYLOAD_LIMIT_BYTES,
    Batching,
    ChildInput,
    ItemTooLargeError,
    batches,
    single,
)

JSON_ITEMS = st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3), max_size=40)


def sizes(inputs: list[ChildInput]) -> list[int]:
    return [child.items for child in inputs]


def test_batches_are_filled_in_order() -> None:
    made = list(batches(range(5), Batching(max_items=2)))

    assert [child.body for child in made] == [b'{"Items":[0,1]}', b'{"Items":[2,3]}', b'{"Items":[4]}']
    assert sizes(made) == [2, 2, 1]


def test_every_batch_carries_the_batch_input() -> None:
    (made,) = batches(["a"], Batching(batch_input={"name": "é"}))

    assert json.loads(made.body) == {"BatchInput": {"name": "é"}, "Items": ["a"]}


def test_the_byte_limit_is_met_exactly() -> None:
    exact = len(b'{"Items":["a","b"]}')

    assert sizes(list(batches("ab", Batching(max_bytes=exact)))) == [2]
    assert sizes(list(batches("ab", Batching(max_bytes=exact - 1)))) == [1, 1]


def test_bytes_are_counted_in_utf_8() -> None:
    assert sizes(list(batches(["é", "é"], Batching(max_bytes=len('{"Items":["é","é"]}'))))) == [1, 1]


def test_no_setting_lifts_the_limit_of_an_execution_s_input() -> None:
    half = "x" * (PAYLOAD_LIMIT_BYTES // 2)

    assert sizes(list(batches([half, half], Batching(max_bytes=PAYLOAD_LIMIT_BYTES * 9)))) == [1, 1]


def test_an_item_larger_than_a_batch_is_refused_by_its_number() -> None:
    with pytest.raises(ItemTooLargeError, match="Item 1 "):
        list(batches(["a", "b" * 100], Batching(max_bytes=50)))


def test_without_batches_an_item_is_a_child_s_whole_input() -> None:
    assert list(single([{"a": 1}, 2])) == [ChildInput(b'{"a":1}', 1), ChildInput(b"2", 1)]


def test_without_batches_an_item_past_the_limit_is_refused() -> None:
    with pytest.raises(ItemTooLargeError, match="Item 0 "):
        list(single(["x" * PAYLOAD_LIMIT_BYTES]))


def test_no_items_make_no_batch() -> None:
    assert list(batches([], Batching(max_items=3))) == []


@given(items=JSON_ITEMS, max_items=st.none() | st.integers(1, 9), max_bytes=st.none() | st.integers(200, 400))
def test_batches_hold_every_item_once_within_the_limits(
    items: list[Any], max_items: int | None, max_bytes: int | None
) -> None:
    batching = Batching(max_items, max_bytes, batch_input={"n": 1})

    made = list(batches(items, batching))

    unpacked = [json.loads(child.body) for child in made]
    assert [item for batch in unpacked for item in batch["Items"]] == items
    assert [len(batch["Items"]) for batch in unpacked] == sizes(made)
    assert all(len(child.body) <= batching.limit_bytes for child in made)
    assert all(child.items <= (max_items or len(items)) for child in made)


@given(items=JSON_ITEMS, max_bytes=st.integers(200, 400))
def test_no_batch_ends_before_it_must(items: list[Any], max_bytes: int) -> None:
    made = list(batches(items, Batching(max_bytes=max_bytes)))

    for child, following in itertools.pairwise(made):
        first = json.dumps(json.loads(following.body)["Items"][0], ensure_ascii=False, separators=(",", ":"))
        assert len(child.body) + 1 + len(first.encode()) > max_bytes
