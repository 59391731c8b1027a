import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.errors import RejectError
from csvdynamo.records.rejects import MAX_RECORD_BYTES, Reject, reject_id, unnumbered_reject_id
from csvdynamo.rules.codes import RejectCode, Stage

REJECT = Reject(
    execution_name="ev-1",
    dataset="ev_population",
    row=7,
    stage=Stage.VALIDATE,
    code=RejectCode.BAD_TYPE,
    column="Model Year",
    message='Model Year: "x" is not a number',
    item={"Model Year": "x", "Make": "ŠKODA"},
    reject_id="abc",
)


def test_a_record_is_one_line_with_the_contracts_keys() -> None:
    line = REJECT.to_json()

    assert json.loads(line) == {
        "execution_name": "ev-1",
        "dataset": "ev_population",
        "row": 7,
        "stage": "validate",
        "code": "BAD_TYPE",
        "column": "Model Year",
        "message": 'Model Year: "x" is not a number',
        "item": {"Model Year": "x", "Make": "ŠKODA"},
        "reject_id": "abc",
    }
    assert "ŠKODA" in line, "text outside ASCII is not escaped, or a record might outgrow Firehose's limit"


_TEXTS = st.text(st.characters(), max_size=20)


@given(_TEXTS, st.none() | st.integers(1, 10**18 - 1), st.none() | _TEXTS, st.dictionaries(_TEXTS, _TEXTS, max_size=4))
def test_any_record_comes_back_from_one_line(
    message: str, row: int | None, column: str | None, item: dict[str, str]
) -> None:
    reject = Reject("e", "d", row, Stage.WRITE, "SOME_CODE", column, message, item, "id")

    line = reject.to_json()

    assert len(line.splitlines()) == 1
    assert Reject.from_json(line) == reject
    assert Reject.from_json(line.encode()) == reject


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"row": 0}, "row must be"),
        ({"row": True}, "row must be"),
        ({"row": 10**4000}, "row must be"),
        ({"row": "7"}, "row must be"),
        ({"stage": "later"}, "stage must be one of prepare, validate, write"),
        ({"code": None}, "code must be a text"),
        ({"column": 3}, "column must be a text"),
        ({"item": {"a": 1}}, "item must be an object of texts"),
        ({"item": []}, "item must be an object of texts"),
    ],
)
def test_a_wrong_value_is_named_but_not_shown(change: dict[str, object], words: str) -> None:
    line = json.dumps({**json.loads(REJECT.to_json()), **change})

    with pytest.raises(RejectError, match=words):
        Reject.from_json(line)


@pytest.mark.parametrize("key", ["execution_name", "dataset", "row", "stage", "code", "column", "message", "item"])
def test_a_missing_key_is_named(key: str) -> None:
    record = json.loads(REJECT.to_json())
    del record[key]

    with pytest.raises(RejectError, match=f"{key} is missing"):
        Reject.from_json(json.dumps(record))


@pytest.mark.parametrize("line", ["", "{", "[]", "7", '{"a":1}{"b":2}', b"\xff", "[" * 100_000])
def test_what_is_not_one_object_is_a_reject_error(line: str | bytes) -> None:
    with pytest.raises(RejectError):
        Reject.from_json(line)


def test_keys_of_a_later_version_are_left_aside() -> None:
    line = json.dumps({**json.loads(REJECT.to_json()), "severity": "high"})

    assert Reject.from_json(line) == REJECT


def test_ids_differ_by_execution_row_batch_and_position() -> None:
    ids = {
        reject_id("e1", 1),
        reject_id("e1", 2),
        reject_id("e2", 1),
        unnumbered_reject_id("e1", "batch1", 1),
        unnumbered_reject_id("e1", "batch1", 2),
        unnumbered_reject_id("e1", "batch2", 1),
        unnumbered_reject_id("e2", "batch1", 1),
    }

    assert len(ids) == 7
    assert all(len(identity) == 24 for identity in ids)


def test_ids_stay_the_same_between_versions() -> None:
    assert reject_id("execution", 42) == "09731020eed3962211dfbfbc"


def test_a_record_that_firehose_would_not_take_leaves_out_the_cells_that_are_empty() -> None:
    """Below a very long header most of a record are names; a cell that is not there is read as an empty one."""
    names = [f"{number:03}" + "x" * 10_000 for number in range(110)]
    whole = replace(REJECT, item=dict.fromkeys(names[:90], "") | {names[-1]: "é"})
    large = replace(REJECT, item=dict.fromkeys(names, "") | {names[-1]: "é", names[0]: " "})

    assert Reject.from_json(whole.to_line()) == whole
    assert len(large.to_json()) > MAX_RECORD_BYTES > len(large.to_line())
    assert Reject.from_json(large.to_line()) == replace(large, item={names[0]: " ", names[-1]: "é"})
    assert large.to_line().endswith(b"}\n")
