"""A key is one text: the same for items that DynamoDB takes for one, and back to what DynamoDB is asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.keys import KeyAttribute, TableKey

TEXT = TableKey(KeyAttribute("id"))
NUMBER = TableKey(KeyAttribute("id", "N"))
BINARY = TableKey(KeyAttribute("id", "B"))
PAIR = TableKey(KeyAttribute("id"), KeyAttribute("at", "N"))


def pair(first: str, second: str) -> Item:
    return {"id": {"S": first}, "at": {"N": second}, "more": {"S": "x"}}


@pytest.mark.parametrize(
    ("key", "item", "text", "shown"),
    [
        (TEXT, {"id": {"S": 'a"b'}}, 'a"b', '"a\\"b"'),
        (NUMBER, {"id": {"N": "1E+3"}}, "1000", '"1000"'),
        (NUMBER, {"id": {"N": "7.50"}}, "7.5", '"7.5"'),
        (BINARY, {"id": {"B": b"\x00\xff"}}, "AP8=", '"AP8="'),
        (PAIR, pair("Zürich", "2020"), '["Zürich","2020"]', '"Zürich", "2020"'),
    ],
)
def test_a_key_is_one_text_that_leads_back_to_its_attributes(key: TableKey, item: Item, text: str, shown: str) -> None:
    assert key.of(item) == text
    assert key.of(key.values(text)) == text
    assert key.values(text).keys() == {one.name for one in key.attributes}
    assert key.shown(text) == shown


TEXTS = st.text(st.sampled_from('ab",[]\\ 1'), max_size=4)


@given(TEXTS, st.integers(0, 12), TEXTS, st.integers(0, 12))
def test_keys_of_two_attributes_are_the_same_if_both_are(one: str, at: int, other: str, then: int) -> None:
    same = PAIR.of(pair(one, f"{at}.0")) == PAIR.of(pair(other, str(then)))

    assert same == ((one, at) == (other, then))


def test_an_item_of_another_type_has_no_such_key() -> None:
    with pytest.raises(KeyError):
        NUMBER.of({"id": {"S": "1"}})


@pytest.mark.parametrize(("attribute", "told", "most"), [("id", "partition key", 2048), ("at", "sort key", 1024)])
def test_each_part_has_its_name_and_its_limit(attribute: str, told: str, most: int) -> None:
    part = PAIR.part(attribute)

    assert part is not None
    assert (part.told, part.most_bytes) == (told, most)
    assert PAIR.part("more") is None
    assert TEXT.part("at") is None
