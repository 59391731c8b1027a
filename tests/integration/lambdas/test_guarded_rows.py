"""Rows that may take the place of some items alone, by the handler, into a table that takes conditions."""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import boto3
import pytest

from csvdynamo.aws.backoff import Backoff
from csvdynamo.errors import BatchError
from csvdynamo.folders import names_key
from csvdynamo.rules.file_header import DELETIONS, GUARDED, SHORT_NAMES, FileHeader
from csvdynamo.rules.guards import GUARD_HEADER, NO_ITEM, Guard
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.rows import RowConverter
from tests.integration.lambdas.test_deletions import named
from tests.integration.lambdas.test_migrate_batch import (
    RULES,
    TABLE,
    TURN_BUCKET,
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


def guarded(row: dict[str, str], *digests: str) -> dict[str, str]:
    return {**row, GUARD_HEADER: Guard(f"A_{row['DOL Vehicle ID']}", digests).cell()}


def without_key(row: dict[str, str]) -> dict[str, str]:
    return {**row, GUARD_HEADER: Guard("A_none", (NO_ITEM,)).cell()}


def put_theirs(key: str) -> None:
    item: Any = {"dol_vehicle_id": {"S": key}, "note": {"S": "theirs"}}
    boto3.client("dynamodb").put_item(TableName=TABLE, Item=item)


def years() -> dict[str, str]:
    return {key: item.get("model_year", {"N": "theirs"})["N"] for key, item in stored().items()}


def test_guarded_rows_are_written_beside_rejects_and_deletions(handler: Any, context: Any) -> None:
    give_turn("run-1")
    handler(of_a_run(*(vehicle(number, str(number)) for number in (1, 3, 4, 6))), context)
    before = {key: item_digest(item) for key, item in stored().items()}
    put_theirs("A_2")
    put_theirs("A_5")
    rows = [
        guarded(vehicle(1, "1", year="2021"), before["A_1"]),
        guarded(vehicle(2, "2", year="2021"), before["A_1"], NO_ITEM),
        guarded(vehicle(3, "3", year="2021"), NO_ITEM),
        guarded(vehicle(4, "4")),
        guarded(vehicle(7, "7", year="2021"), NO_ITEM),
        without_key(vehicle(8, "")),
    ]
    rows[3][GUARD_HEADER] = Guard("A_4", ("none",)).cell()  # it is there already
    deletion = {**named(9, stored()["A_6"]), GUARD_HEADER: ""}
    batch = of_a_run(*rows, deletion, rules=GUARDED + DELETIONS + RULES)

    answer = handler(batch, context)

    rejects = delivered()
    assert cost_of(answer)[0] == 3  # two put, one deleted
    assert answer == {
        "NUMBER_OF_ITEMS_WRITTEN": 3,
        "NUMBER_OF_ITEMS_IN_ERROR": 3,
        "REJECT_IDS": [reject.reject_id for reject in rejects],
        "RULES": RULES,
        "NUMBER_OF_ITEMS_DELETED": 1,
        "DELETIONS_LEFT": [],
    }
    assert [(one.row, one.stage, one.code) for one in rejects] == [
        (2, "write", "LEFT_ALONE"),
        (3, "write", "LEFT_ALONE"),
        (8, "validate", "MISSING_KEY"),
    ]
    assert all(GUARD_HEADER not in one.item for one in rejects)
    told = {"A_1": "2021", "A_2": "theirs", "A_3": "2020", "A_4": "2020", "A_5": "theirs", "A_7": "2021"}
    assert years() == told
    again = handler(batch, context)
    cost_of(again)
    assert again == answer
    assert years() == told


def test_a_guard_stands_beside_short_names(handler: Any, context: Any) -> None:
    give_turn("run-1")
    names = (*(f"{number:04}" * 20 for number in range(200)), "DOL Vehicle ID")
    header = FileHeader(names, guarded=True)
    boto3.client("s3").put_object(
        Bucket=TURN_BUCKET, Key=names_key("ev_population", header.digest), Body=header.document
    )
    put_theirs("A_2")
    cells = [["1", *[""] * 200, "1"], ["2", *[""] * 200, "2"]]
    guards = [Guard(f"A_{number}", (NO_ITEM,)).cell() for number in (1, 2)]
    rows = [dict(zip(header.line, (*row, guard), strict=True)) for row, guard in zip(cells, guards, strict=True)]

    answer = handler(of_a_run(*rows, rules=GUARDED + SHORT_NAMES + RULES), context)

    assert (answer["NUMBER_OF_ITEMS_WRITTEN"], answer["NUMBER_OF_ITEMS_IN_ERROR"]) == (1, 1)
    assert {*delivered()[0].item} == {*names}
    assert stored()["A_1"] == {"dol_vehicle_id": {"S": "A_1"}}


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([vehicle(1, "1")], "does not say"),
        ([{**vehicle(1, "1"), GUARD_HEADER: ""}], "does not say"),
        ([{**vehicle(1, "1"), GUARD_HEADER: '{"key":"A_1","digests":[]}'}], "does not say"),
        ([guarded(vehicle(1, "1"), NO_ITEM), guarded(vehicle(2, "1"), NO_ITEM)], "guard of one key"),
        ([{**vehicle(1, "1"), GUARD_HEADER: Guard("A_2", (NO_ITEM,)).cell()}], "another key"),
    ],
)
def test_nothing_is_written_of_a_batch_whose_guards_say_nothing(
    handler: Any, context: Any, rows: Any, problem: str
) -> None:
    give_turn("run-1")

    with pytest.raises(BatchError, match=problem):
        handler(of_a_run(*rows, rules=GUARDED + RULES), context)
    assert stored() == {}


def test_no_function_of_other_rules_takes_guarded_rows_for_plain_ones(handler: Any, context: Any) -> None:
    """One of a version that knows of no guards compares what it is told with its own digest."""
    assert FileHeader(("a",), guarded=True).told_rules(RULES) != RULES


# where the rules insert


def inserting(load_handler: LoadHandler) -> tuple[ModuleType, Any]:
    module = load_handler("migrate_batch")
    env = module.environment()
    rules = replace(env.converter.rules, inserts=True)
    return module, replace(env, converter=RowConverter(rules))


@pytest.mark.parametrize("by_hand", [True, False])
def test_rows_of_keys_that_the_table_has_are_rejects_whoever_began(
    resources: None, load_handler: LoadHandler, by_hand: bool
) -> None:
    module, env = inserting(load_handler)
    put_theirs("A_2")
    give_turn("run-1", given_back=by_hand)
    rows = [vehicle(number, str(number)) for number in (1, 2, 3)]
    batch = event(*rows) if by_hand else of_a_run(*rows, rules=env.converter.rules.digest)

    answers = [module.migrate_batch(batch, env, Backoff(tries=2)) for _ in range(2)]

    for answer in answers:
        assert (answer["NUMBER_OF_ITEMS_WRITTEN"], answer["NUMBER_OF_ITEMS_IN_ERROR"]) == (2, 1)
    assert [answer["WRITE_UNITS"] for answer in answers] == [2, 0]
    assert {(one.row, one.code) for one in delivered()} == {(2, "LEFT_ALONE")}
    assert years() == {"A_1": "2020", "A_2": "theirs", "A_3": "2020"}


def test_of_rows_of_one_key_none_takes_the_place_of_what_is_there(resources: None, load_handler: LoadHandler) -> None:
    module, env = inserting(load_handler)
    put_theirs("A_1")

    answer = module.migrate_batch(event(vehicle(1, "1"), vehicle(2, "1", year="2021")), env, Backoff(tries=2))

    assert answer["NUMBER_OF_ITEMS_IN_ERROR"] == 2
    assert years() == {"A_1": "theirs"}
