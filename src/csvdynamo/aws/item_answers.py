"""Answers of Scan and BatchGetItem, their items taken from the JSON as they are.

botocore walks its model for every value of every item, which costs several times what reading the JSON does. An item
whose values are texts, numbers, booleans and nulls comes out of that walk as it went in: only binary values are
decoded, and only lists, maps and sets hold further values.
"""

import json
from collections.abc import Callable, Mapping, MutableMapping
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel

_PLAIN = frozenset({"S", "N", "BOOL", "NULL"})


def take_items_as_they_are(client: "BaseClient") -> None:
    """Let a boto3 DynamoDB client do without that walk wherever it would change nothing.

    Whatever else looks at an answer before it is parsed, such as `csvdynamo.aws.answer_checksum`, still sees it whole.
    """
    client.meta.events.register_last("before-parse.dynamodb", _take)


def _take(
    operation_model: "OperationModel",
    response_dict: MutableMapping[str, Any],
    customized_response_dict: MutableMapping[str, Any],
    **_: Any,
) -> None:
    """Take the items out of the body that botocore will parse, and hand them on: botocore's ``before-parse`` event."""
    if operation_model.name not in _ITEMS or response_dict["status_code"] != 200:
        return
    member, are_plain = _ITEMS[operation_model.name]
    try:
        document = json.loads(response_dict["body"].decode())
    except ValueError:
        return  # botocore says what is wrong with it
    if isinstance(document, dict) and are_plain(found := document.get(member)):
        del document[member]
        response_dict["body"] = json.dumps(document).encode()
        customized_response_dict[member] = found


def _are_plain(items: object) -> bool:
    """Say whether botocore would give the items back unchanged. It leaves out what is null."""
    if not isinstance(items, list):
        return False
    try:
        values = list(chain.from_iterable(map(dict.values, items)))
        return _PLAIN.issuperset(chain.from_iterable(values)) and None not in chain.from_iterable(
            map(dict.values, values)
        )
    except TypeError:
        return False


def _are_plain_by_table(tables: object) -> bool:
    return isinstance(tables, dict) and all(map(_are_plain, tables.values()))


_ITEMS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "Scan": ("Items", _are_plain),
    "BatchGetItem": ("Responses", _are_plain_by_table),
}
"""Where the answer of an operation has its items, and what says whether they are plain."""
