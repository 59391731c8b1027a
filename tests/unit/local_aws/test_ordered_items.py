"""A table's items, whose keys stay in order whatever comes and goes."""

import copy
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_aws.ordered_items import OrderedItems

KEYS = st.text(max_size=2)
ACTIONS: dict[str, Any] = {
    "set": lambda items, key: items.__setitem__(key, {}),
    "set default": lambda items, key: items.setdefault(key, {}),
    "read": lambda items, key: items[key],
    "delete": lambda items, key: items.__delitem__(key) if key in items else None,
    "pop": lambda items, key: items.pop(key, None),
    "pop any": lambda items, _: items.popitem() if items else None,
    "clear": lambda items, _: items.clear(),
    "update": lambda items, key: items.update({key: {}}),
    "update in place": lambda items, key: items.__ior__({key: {}}),
}


@settings(deadline=None)
@given(
    before=st.sets(KEYS),
    actions=st.lists(st.tuples(st.sampled_from(sorted(ACTIONS)), KEYS)),
    count=st.integers(1, 3),
)
def test_segments_hold_each_key_once_and_in_order_after_every_action(
    before: set[str], actions: list[tuple[str, str]], count: int
) -> None:
    items = OrderedItems(dict, {key: {} for key in before})
    plain = defaultdict(dict, {key: {} for key in before})
    for name, key in actions:
        items.segments(count)
        ACTIONS[name](items, key)
        ACTIONS[name](plain, key)

        segments = items.segments(count)

        assert items == plain
        assert sorted(key for segment in segments for key in segment) == sorted(plain)
        assert all(segment == sorted(segment) for segment in segments)


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_what_leaves_the_keys_as_they_are_leaves_their_order(name: str) -> None:
    items = OrderedItems(dict, {"a": {}})
    segments = items.segments(1)

    ACTIONS[name](items, "a")

    assert (items.segments(1) is segments) == ("a" in items)


def test_a_copy_has_an_order_of_its_own() -> None:
    items = OrderedItems(dict, {"a": {}})
    items.segments(1)

    twin = copy.deepcopy(items)
    twin["b"]["sort"] = {}

    assert type(twin) is OrderedItems
    assert (items.segments(1), twin.segments(1)) == ([["a"]], [["a", "b"]])
