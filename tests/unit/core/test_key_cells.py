"""The cell of a key has the rules of its type, is never blank, and fits a key."""

import base64
from typing import Any

import pytest

from csvdynamo.rules.cell_refusals import CellRefusedError
from csvdynamo.rules.cells import compile_key
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import Column, ColumnType
from csvdynamo.rules.keys import PARTITION
from csvdynamo.rules.transforms import Prefix, Trim


def key(text: str, **rules: Any) -> Any:
    return compile_key(Column("C", **rules), PARTITION)(text)


def refused(text: str, **rules: Any) -> tuple[RejectCode, str]:
    with pytest.raises(CellRefusedError) as caught:
        key(text, **rules)
    return caught.value.refusal.code, caught.value.refusal.message


def test_a_key_is_of_the_type_of_its_column() -> None:
    assert key(" a ", transform=(Trim(), Prefix("A_"))) == {"S": "A_a"}
    assert key(" 007.0 ", type=ColumnType.NUMBER) == key("7", type=ColumnType.NUMBER) == {"N": "7"}
    assert key("1,234", type=ColumnType.NUMBER, thousands=",") == {"N": "1234"}
    assert key("QUI=", type=ColumnType.BINARY) == {"B": b"AB"}


@pytest.mark.parametrize("kind", [ColumnType.TEXT, ColumnType.NUMBER, ColumnType.BINARY])
@pytest.mark.parametrize("text", ["", " ", "NA"])
def test_a_key_of_any_type_is_never_blank(kind: ColumnType, text: str) -> None:
    assert refused(text, type=kind, blank=frozenset({"NA"}))[0] is RejectCode.MISSING_KEY


def test_a_key_that_is_not_of_its_type_is_refused() -> None:
    assert refused("x", type=ColumnType.NUMBER)[0] is RejectCode.BAD_TYPE
    assert refused("x", type=ColumnType.BINARY)[0] is RejectCode.BAD_TYPE


def test_a_key_has_at_most_2048_bytes_as_dynamodb_counts_them() -> None:
    for most, more, kind in (("é" * 1024, "é" * 1024 + "x", "text"), (b"x" * 2048, b"x" * 2049, "binary")):
        fits, large = (one if isinstance(one, str) else base64.b64encode(one).decode() for one in (most, more))
        assert key(fits, type=ColumnType(kind)) in ({"S": most}, {"B": most})
        code, message = refused(large, type=ColumnType(kind))
        assert code is RejectCode.TOO_LARGE
        assert "is 2,049 bytes; a partition key has at most 2,048" in message
