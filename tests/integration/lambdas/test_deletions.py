"""Items of keys that vanished are deleted: of a table that takes conditions of every type, and by the handler."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import boto3
import pytest

from csvdynamo.aws.backoff import Backoff
from csvdynamo.aws.clients import batch_write
from csvdynamo.errors import BatchError, OtherRulesError, TurnLostError
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.deletions import Deletion
from csvdynamo.rules.file_header import DELETIONS, SHORT_NAMES
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo.writing.batch import Deleted
from csvdynamo.writing.deleter import Deleter
from csvdynamo.writing.table_items import TableItems
from tests.integration.lambdas.test_migrate_batch import (
    RULES,
    cost_of,
    delivered,
    event,
    give_turn,
    handler,
    of_a_run,
    resources,
    stored,
    vehicle,
)

__all__ = ["handler", "resources"]  # the fixtures of the function's own tests

LoadHandler = Callable[[str], ModuleType]
TABLE = "tb_keys"

KEYS = [
    TableKey(KeyAttribute("id")),
    TableKey(KeyAttribute("size", "N")),
    TableKey(KeyAttribute("id", "B")),
    TableKey(KeyAttribute("name"), KeyAttribute("#year", "N")),
    TableKey(KeyAttribute("a.b", "B"), KeyAttribute("status")),
]
KEY_VALUES: dict[str, Any] = {"S": {"S": 'é, "a"'}, "N": {"N": "7.5"}, "B": {"B": b"\x00\xff="}}

VALUES: list[tuple[Any, Any]] = [
    ({"S": ""}, {"S": " "}),
    ({"N": "1"}, {"N": "2"}),
    ({"N": "1"}, {"S": "1"}),
    ({"B": b"\x00\xff"}, {"B": b"\x00"}),
    ({"BOOL": False}, {"BOOL": True}),
    ({"NULL": True}, {"S": "x"}),
    ({"SS": ["a", "é"]}, {"SS": ["a"]}),
    ({"NS": ["1", "2.5"]}, {"NS": ["1", "2.6"]}),
    ({"BS": [b"a", b"\xff"]}, {"BS": [b"a", b"\xfe"]}),
    ({"L": [{"S": "a"}, {"N": "1"}]}, {"L": [{"N": "1"}, {"S": "a"}]}),
    ({"L": []}, {"M": {}}),
    (
        {"M": {"x": {"L": [{"M": {"y": {"B": b"\xff"}, "z": {"NULL": True}}}]}}},
        {"M": {"x": {"L": [{"M": {"y": {"B": b"\xfe"}, "z": {"NULL": True}}}]}}},
    ),
]
NAMES = ("name", "#value", ":v", "a b", "SELECT", "é", "x.y[0]", "size", "0")


def make_table(key: TableKey) -> Any:
    dynamodb = boto3.client("dynamodb")
    types: Any = [{"AttributeName": one.name, "AttributeType": one.type} for one in key.attributes]
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[
            {"AttributeName": one.name, "KeyType": kind}  # type: ignore[typeddict-item]
            for one, kind in zip(key.attributes, ("HASH", "RANGE"), strict=False)
        ],
        AttributeDefinitions=types,
        BillingMode="PAY_PER_REQUEST",
    )
    return dynamodb


def key_item(key: TableKey) -> Item:
    return {one.name: KEY_VALUES[one.type] for one in key.attributes}


def deleter(dynamodb: Any, key: TableKey) -> Deleter:
    return Deleter(TableItems(dynamodb, batch_write(), TABLE, key), Backoff(sleep=lambda _: None, tries=5))


def held(dynamodb: Any) -> list[Any]:
    return list(dynamodb.scan(TableName=TABLE)["Items"])


@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("alone", [True, False])
def test_an_item_is_found_and_deleted_by_a_key_of_any_type_and_name(aws: None, key: TableKey, alone: bool) -> None:
    dynamodb = make_table(key)
    item: Item = key_item(key) if alone else {**key_item(key), "note": {"S": "x"}}
    dynamodb.put_item(TableName=TABLE, Item=item)
    named = [Deletion(1, key.of(item), (item_digest(item),))]

    others = [Deletion(1, key.of(item), (item_digest({**item, "more": {"S": "x"}}),))]
    assert deleter(dynamodb, key).delete(others) == Deleted(0, (1,))
    assert len(held(dynamodb)) == 1

    assert deleter(dynamodb, key).delete(named) == Deleted(1, ())
    assert held(dynamodb) == []
    assert deleter(dynamodb, key).delete(named) == Deleted(1, ())


def test_an_item_of_every_type_is_deleted_as_it_was_read(aws: None) -> None:
    key = KEYS[3]
    dynamodb = make_table(key)
    item = {**key_item(key), **{f"{name} {at}": value for at, (value, _) in enumerate(VALUES) for name in NAMES}}
    many: Item = {f"c{number}": {"N": str(number)} for number in range(200)}
    dynamodb.put_item(TableName=TABLE, Item={**item, **many})

    named = Deletion(1, key.of(item), (item_digest({**item, **many}),))
    assert deleter(dynamodb, key).delete([named]) == Deleted(1, ())
    assert held(dynamodb) == []


def test_a_number_is_the_same_in_every_form(aws: None) -> None:
    key = KEYS[1]
    dynamodb = make_table(key)
    dynamodb.put_item(TableName=TABLE, Item={"size": {"N": "100"}, "n": {"N": "2.50"}, "s": {"NS": ["1E1", "2"]}})
    made: Item = {"size": {"N": "1E2"}, "n": {"N": "2.5"}, "s": {"NS": ["2.0", "10"]}}

    assert deleter(dynamodb, key).delete([Deletion(1, key.of(made), (item_digest(made),))]) == Deleted(1, ())
    assert held(dynamodb) == []


class Between:
    """A client for which somebody does something between each read and what follows."""

    def __init__(self, client: Any, act: Callable[[], Any]) -> None:
        self._client, self._act = client, act

    def batch_get_item(self, **asked: Any) -> Any:
        answer = self._client.batch_get_item(**asked)
        self._act()
        return answer


@pytest.mark.parametrize(("value", "other"), VALUES, ids=[next(iter(value)) for value, _ in VALUES])
def test_an_item_whose_value_of_any_type_changes_after_it_was_read_is_left_alone(
    aws: None, value: Any, other: Any
) -> None:
    key = KEYS[0]
    dynamodb = make_table(key)
    item = {**key_item(key), "name": value}
    changed = {**item, "name": other}
    dynamodb.put_item(TableName=TABLE, Item=item)
    client = Between(dynamodb, lambda: dynamodb.put_item(TableName=TABLE, Item=changed))

    assert deleter(client, key).delete([Deletion(1, key.of(item), (item_digest(item),))]) == Deleted(0, (1,))
    [found] = held(dynamodb)
    assert item_digest(found) == item_digest(changed)


# by the handler


def named(number: int, *items: Item, key: str = "") -> dict[str, str]:
    """A deletion beside rows of `vehicle`."""
    made = Deletion(number, key or items[0]["dol_vehicle_id"]["S"], tuple(map(item_digest, items)) or ("0a",))
    return {**dict.fromkeys(vehicle(1, ""), ""), "_row": str(-number), "DOL Vehicle ID": str(made.fields(1)[1])}


def test_rows_are_written_and_items_deleted_in_one_batch(
    handler: Any, context: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="staged_migrate_batch")
    give_turn("run-1")
    handler(of_a_run(*(vehicle(number, str(number)) for number in range(1, 5))), context)
    before = stored()
    boto3.client("dynamodb").update_item(
        TableName="tb_ev_vehicle_data",
        Key={"dol_vehicle_id": {"S": "A_3"}},
        UpdateExpression="SET note = :mine",
        ExpressionAttributeValues={":mine": {"S": "mine"}},
    )
    rows = [vehicle(1, "1", year="2021"), vehicle(2, "")]
    deletions = [named(7, before["A_2"]), named(8, before["A_3"]), named(9, key="A_9")]
    batch = of_a_run(*rows, *deletions, rules=DELETIONS + RULES)

    answer = handler(batch, context)

    [rejected] = delivered()
    assert cost_of(answer)[0] == 2  # one written, one deleted
    assert answer == {
        "NUMBER_OF_ITEMS_WRITTEN": 1,
        "NUMBER_OF_ITEMS_IN_ERROR": 1,
        "REJECT_IDS": [rejected.reject_id],
        "RULES": RULES,
        "NUMBER_OF_ITEMS_DELETED": 2,
        "DELETIONS_LEFT": [8],
    }
    assert rejected.row == 2
    years = {key: item["model_year"]["N"] for key, item in stored().items()}
    assert years == {"A_1": "2021", "A_3": "2020", "A_4": "2020"}
    told = json.loads(caplog.records[-1].getMessage())
    assert {name: told[name] for name in ("rows", "written", "deleted", "left")} == {
        "rows": 2,
        "written": 1,
        "deleted": 2,
        "left": 1,
    }
    again = handler(batch, context)
    cost_of(again)
    assert again == answer


def test_a_batch_of_deletions_alone_writes_nothing(handler: Any, context: Any) -> None:
    give_turn("run-1")
    handler(of_a_run(vehicle(1, "1")), context)

    answer = handler(of_a_run(named(1, stored()["A_1"]), rules=DELETIONS + RULES), context)

    assert (answer["NUMBER_OF_ITEMS_WRITTEN"], answer["NUMBER_OF_ITEMS_DELETED"]) == (0, 1)
    assert answer["DELETIONS_LEFT"] == []
    assert stored() == {}


def test_a_batch_without_deletions_is_answered_and_logged_as_ever(
    handler: Any, context: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="staged_migrate_batch")
    give_turn("run-1")

    answer = handler(of_a_run(vehicle(1, "1"), rules=DELETIONS + RULES), context)

    cost_of(answer)
    assert answer == {"NUMBER_OF_ITEMS_WRITTEN": 1, "NUMBER_OF_ITEMS_IN_ERROR": 0, "REJECT_IDS": [], "RULES": RULES}
    assert {"deleted", "left"}.isdisjoint(json.loads(caplog.records[-1].getMessage()))


@pytest.mark.parametrize("rules", [RULES, SHORT_NAMES + RULES])
def test_nothing_is_written_or_deleted_of_a_batch_whose_deletions_nobody_told_of(
    handler: Any, context: Any, rules: str
) -> None:
    give_turn("run-1")
    handler(of_a_run(vehicle(1, "1")), context)
    before = stored()

    with pytest.raises(BatchError, match="nobody told its execution of any"):
        handler(of_a_run(vehicle(2, "2"), named(1, before["A_1"]), rules=rules), context)
    assert stored() == before


def test_nor_of_one_that_somebody_started_by_hand(handler: Any, context: Any) -> None:
    handler(event(vehicle(1, "1")), context)
    before = stored()

    with pytest.raises(BatchError, match="nobody told its execution of any"):
        handler(event(named(1, before["A_1"])), context)
    assert stored() == before


@pytest.mark.parametrize(("rules", "error"), [("0a" * 32, OtherRulesError), (RULES, TurnLostError)])
def test_nothing_is_deleted_by_other_rules_or_out_of_turn(handler: Any, context: Any, rules: str, error: Any) -> None:
    boto3.client("dynamodb").put_item(TableName="tb_ev_vehicle_data", Item={"dol_vehicle_id": {"S": "A_1"}})
    before = stored()
    give_turn("run-2" if error is TurnLostError else "run-1")

    with pytest.raises(error):
        handler(of_a_run(named(1, before["A_1"]), rules=DELETIONS + rules), context)
    assert stored() == before


def test_the_client_that_deletes_is_made_once_and_only_where_something_is_deleted(
    resources: None, load_handler: LoadHandler, context: Any
) -> None:
    module = load_handler("migrate_batch")
    give_turn("run-1")

    module.handler(of_a_run(vehicle(1, "1"), rules=DELETIONS + RULES), context)
    assert module.dynamodb.cache_info().currsize == 0
    for _ in range(2):
        module.handler(of_a_run(named(1, key="A_9"), rules=DELETIONS + RULES), context)
    assert module.dynamodb.cache_info()[:2] == (1, 1)  # found once, made once


def test_rejects_of_a_batch_whose_deletions_fail_wait_for_the_next_attempt(
    resources: None, load_handler: LoadHandler
) -> None:
    module = load_handler("migrate_batch")
    give_turn("run-1")
    env = replace(module.environment(), table_name="tb_of_nobody")

    with pytest.raises(Exception, match="not found"):
        module.migrate_batch(
            of_a_run(vehicle(2, ""), named(1, key="A_1"), rules=DELETIONS + RULES), env, Backoff(tries=1)
        )
    assert delivered() == []
