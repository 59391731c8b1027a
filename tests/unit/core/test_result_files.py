import json
from typing import Any

import pytest

from csvdynamo.errors import ResultFileError
from csvdynamo.records.result_files import (
    BatchResult,
    Manifest,
    ResultFile,
    UnfinishedBatch,
    batch_results,
    read_manifest,
    unfinished_batches,
)

ANSWER = {"NUMBER_OF_ITEMS_WRITTEN": 3, "NUMBER_OF_ITEMS_IN_ERROR": 2, "REJECT_IDS": ["a", "b"], "RULES": "0c"}
ROWS = [{"_row": "1", "A": "x"}, {"_row": "2", "A": "y"}]
FAILED = {
    "ExecutionArn": "arn:aws:states:us-east-1:123456789012:express:machine/Map:id:1",
    "Input": json.dumps({"BatchInput": {"execution_name": "run-1"}, "Items": ROWS}),
    "InputDetails": {"Included": True},
    "Status": "FAILED",
    "Error": "WriteDeadlineExceeded",
    "Cause": "no time left",
}


def lines(*values: Any) -> list[bytes]:
    return ["".join(json.dumps(value) + "\n" for value in values).encode()]


def array(*values: Any) -> list[bytes]:
    return [json.dumps(values).encode()]


@pytest.mark.parametrize("states", [("SUCCEEDED", "SUCCEEDED"), ("SUCCEEDED", "FAILED"), ("PENDING", "FAILED")])
def test_a_manifest_that_names_a_file_twice_is_an_error(states: tuple[str, str]) -> None:
    files: dict[str, list[dict[str, Any]]] = {}
    for state in states:
        files.setdefault(state, []).append({"Key": "r/0.json", "Size": 9})

    with pytest.raises(ResultFileError, match="names a result file twice"):
        read_manifest(json.dumps({"ResultFiles": files}))


def test_a_manifest_names_the_files_of_each_state() -> None:
    text = json.dumps(
        {
            "DestinationBucket": "bucket",
            "MapRunArn": "arn:map-run",
            "ResultFiles": {
                "FAILED": [{"Key": "results/FAILED_0.json", "Size": 7}],
                "PENDING": [],
                "SUCCEEDED": [
                    {"Key": "results/SUCCEEDED_0.json", "Size": 9},
                    {"Key": "results/SUCCEEDED_1.json", "Size": 1},
                ],
            },
        }
    )

    assert read_manifest(text) == Manifest(
        succeeded=(ResultFile("results/SUCCEEDED_0.json", 9), ResultFile("results/SUCCEEDED_1.json", 1)),
        failed=(ResultFile("results/FAILED_0.json", 7),),
    )


@pytest.mark.parametrize("rows", [[{"id": None}], [{"_row": 7}], [{"id": {}}], ["id"], {"id": "x"}])
def test_rows_of_an_unfinished_batch_that_are_no_texts_are_an_error(rows: Any) -> None:
    child = {**FAILED, "Input": json.dumps({"Items": rows})}

    with pytest.raises(ResultFileError, match="f entry 1's Input: Items must be an array of rows"):
        list(unfinished_batches(lines(child), "f"))


def test_a_count_of_which_no_sum_can_be_written_is_an_error() -> None:
    with pytest.raises(ResultFileError, match="NUMBER_OF_ITEMS_WRITTEN must be a whole number from 0 to 1,000,000,000"):
        list(batch_results(lines({**ANSWER, "NUMBER_OF_ITEMS_WRITTEN": 10**4000}), "f"))


def test_a_manifest_without_files_is_a_map_run_without_items() -> None:
    assert read_manifest(b'{"ResultFiles": {}}') == Manifest()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "manifest is not JSON"),
        ("[]", "manifest must be a JSON object"),
        ("{}", "ResultFiles is missing"),
        ('{"ResultFiles": []}', "ResultFiles must be a JSON object"),
        ('{"ResultFiles": {"SUCCEEDED": {}}}', "SUCCEEDED must be an array"),
        ('{"ResultFiles": {"FAILED": ["x"]}}', "FAILED must be a JSON object"),
        ('{"ResultFiles": {"PENDING": [{"Size": 1}]}}', "PENDING: Key is missing"),
        ('{"ResultFiles": {"PENDING": [{"Key": "", "Size": 1}]}}', "Key must be a text"),
        ('{"ResultFiles": {"PENDING": [{"Key": "k", "Size": "1"}]}}', "Size must be a whole number"),
    ],
)
def test_what_is_not_a_manifest_is_an_error_and_never_zero(text: str, words: str) -> None:
    with pytest.raises(ResultFileError, match=words):
        read_manifest(text)


@pytest.mark.parametrize("form", [lines, array])
@pytest.mark.parametrize(
    "document",
    [ANSWER, json.dumps(ANSWER), {"Status": "SUCCEEDED", "Output": json.dumps(ANSWER)}],
    ids=["compact", "compact as text", "whole execution"],
)
def test_answers_are_read_in_each_form_that_step_functions_writes(form: Any, document: Any) -> None:
    assert list(batch_results(form(document, document), "S_0")) == [BatchResult(3, 2, ("a", "b"), "0c")] * 2


def test_an_answer_tells_what_its_attempt_cost_or_that_nobody_knows() -> None:
    told = {**ANSWER, "WRITE_UNITS": 7, "BEGAN": 1000.5, "SECONDS": 0.25}

    costs = [(one.write_units, one.began, one.seconds) for one in batch_results(lines(told, ANSWER), "S_0")]

    assert costs == [(7.0, 1000.5, 0.25), (None, None, None)]


def test_an_answer_tells_what_was_throttled_or_that_nobody_knows() -> None:
    told = {**ANSWER, "THROTTLED": {"TableWriteKeyRangeThroughputExceeded": 25}, "WAITED": 0.5}

    found = [(one.throttled, one.waited) for one in batch_results(lines(told, ANSWER), "S_0")]

    assert found == [({"TableWriteKeyRangeThroughputExceeded": 25}, 0.5), (None, None)]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (7, "must be a JSON object"),
        ({"Reason": -1}, "Reason must be a whole number"),
        ({"Reason": "1"}, "Reason must be a whole number"),
        ({"a=1, b": 1}, "by letters alone"),
        ({"": 1}, "by letters alone"),
        ({"x" * 101: 1}, "by letters alone"),
    ],
)
def test_throttling_that_does_not_count_reasons_is_an_error(value: Any, words: str) -> None:
    with pytest.raises(ResultFileError, match=f"S_0 entry 1.*{words}"):
        list(batch_results(lines({**ANSWER, "THROTTLED": value}), "S_0"))


@pytest.mark.parametrize("name", ["WRITE_UNITS", "BEGAN", "SECONDS", "WAITED"])
@pytest.mark.parametrize("value", [-1, "1", True, 10**16, float("nan"), float("inf")])
def test_a_cost_that_is_no_number_is_an_error(name: str, value: Any) -> None:
    with pytest.raises(ResultFileError, match=f"{name} must be a number from 0 to 1,000,000,000,000,000, or null"):
        list(batch_results(lines({**ANSWER, name: value}), "S_0"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"NUMBER_OF_ITEMS_WRITTEN": -1}, "NUMBER_OF_ITEMS_WRITTEN must be a whole number"),
        ({"NUMBER_OF_ITEMS_WRITTEN": "3"}, "NUMBER_OF_ITEMS_WRITTEN must be a whole number"),
        ({"NUMBER_OF_ITEMS_IN_ERROR": True}, "NUMBER_OF_ITEMS_IN_ERROR must be a whole number"),
        ({"REJECT_IDS": ["a"]}, "IN_ERROR is 2, and REJECT_IDS has 1"),
        ({"REJECT_IDS": "ab"}, "array of texts"),
        ({"RULES": 7}, "RULES must be a text"),
        ({"REJECT_IDS": ["a", 2]}, "array of texts"),
    ],
)
def test_an_answer_that_does_not_add_up_is_an_error_with_its_place(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ResultFileError, match=f"S_0 entry 2.*{words}"):
        list(batch_results(lines(ANSWER, {**ANSWER, **change}), "S_0"))


@pytest.mark.parametrize("document", [None, 7, [], {}, "text", {"Output": "{}"}, {"Payload": ANSWER}])
def test_what_is_not_an_answer_is_an_error_and_never_zero(document: Any) -> None:
    with pytest.raises(ResultFileError, match="S_0 entry 2"):
        list(batch_results(lines(ANSWER, document), "S_0"))


@pytest.mark.parametrize("form", [lines, array])
def test_a_batch_that_did_not_succeed_is_read_with_its_rows_and_its_error(form: Any) -> None:
    pending = {key: FAILED[key] for key in ("ExecutionArn", "Input")} | {"Status": "PENDING"}

    assert list(unfinished_batches(form(FAILED, pending), "F_0")) == [
        UnfinishedBatch("FAILED", tuple(ROWS), "WriteDeadlineExceeded", "no time left"),
        UnfinishedBatch("PENDING", tuple(ROWS), None, None),
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Input": "{"}, "Input is not JSON"),
        ({"Input": "[]"}, "Input must be a JSON object"),
        ({"Input": None}, "Input must be a JSON object"),
        ({"Input": "{}"}, "Items is missing"),
        ({"Input": '{"Items": 3}'}, "Items must be an array of rows"),
        ({"Input": '{"Items": [3]}'}, "Items must be an array of rows"),
        ({"Status": 3}, "Status must be a text"),
    ],
)
def test_an_execution_without_its_input_is_an_error_and_never_zero_rows(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ResultFileError, match=f"F_0 entry 1.*{words}"):
        list(unfinished_batches(lines({**FAILED, **change}), "F_0"))


def test_an_execution_that_lacks_the_input_is_an_error() -> None:
    with pytest.raises(ResultFileError, match="Input is missing"):
        list(unfinished_batches(lines({"Status": "FAILED"}), "F_0"))


# deletions

DELETED = {**ANSWER, "NUMBER_OF_ITEMS_DELETED": 4, "DELETIONS_LEFT": [7, 9]}


@pytest.mark.parametrize("form", [lines, array])
def test_an_answer_tells_what_became_of_its_deletions_and_one_without_any_has_none(form: Any) -> None:
    told, none = batch_results(form(DELETED, ANSWER), "S_0")

    assert (told.deleted, told.left, told.items) == (4, (7, 9), 11)
    assert (none.deleted, none.left, none.items) == (0, (), 5)


@pytest.mark.parametrize("value", [None, 7, "7", {"7": 1}, [0], [-7], ["7"], [7.0], [True], [None], [10**15 + 1]])
def test_deletions_left_that_are_no_numbers_of_any_are_an_error(value: Any) -> None:
    with pytest.raises(ResultFileError, match="S_0 entry 1: DELETIONS_LEFT must be an array of numbers from 1"):
        list(batch_results(lines({**DELETED, "DELETIONS_LEFT": value}), "S_0"))


def test_a_deletion_that_is_left_twice_is_an_error() -> None:
    with pytest.raises(ResultFileError, match="S_0 entry 1: DELETIONS_LEFT has a number twice"):
        list(batch_results(lines({**DELETED, "DELETIONS_LEFT": [7, 9, 7]}), "S_0"))


@pytest.mark.parametrize("value", [None, -1, "4", True, 4.0, 10**16])
def test_a_count_of_deleted_items_that_is_no_number_is_an_error(value: Any) -> None:
    with pytest.raises(ResultFileError, match="NUMBER_OF_ITEMS_DELETED must be a whole number"):
        list(batch_results(lines({**DELETED, "NUMBER_OF_ITEMS_DELETED": value}), "S_0"))


@pytest.mark.parametrize("number", ["_row", "_row:" + "0a" * 32])
def test_the_deletions_of_a_batch_that_did_not_succeed_are_told_from_its_rows(number: str) -> None:
    rows = [{number: "3", "A": "-1"}, {number: "-1", "A": "x"}, {number: "4", "A": ""}, {number: "-2", "A": ""}]
    child = {**FAILED, "Input": json.dumps({"Items": rows})}

    [batch] = unfinished_batches(lines(child), "F_0")

    assert batch.rows == (rows[0], rows[2])
    assert batch.deletions == (rows[1], rows[3])


def test_rows_without_numbers_are_no_deletions_whatever_they_say() -> None:
    child = {**FAILED, "Input": json.dumps({"Items": [{"A": "-1", "_row:": "-1", "_ROW": "-1"}]})}

    [batch] = unfinished_batches(lines(child), "F_0")

    assert (len(batch.rows), batch.deletions) == (1, ())


def test_a_row_of_a_batch_that_did_not_succeed_is_told_without_its_guard() -> None:
    rows = [{"_row": "1", "id": "a", "_row:guard": '{"key":"a","digests":[""]}'}, {"_row": "-1", "id": "x"}]
    failed = {"Status": "FAILED", "Input": json.dumps({"Items": rows})}

    [batch] = unfinished_batches(lines(failed), "F_0")

    assert batch.rows == ({"_row": "1", "id": "a"},)
    assert batch.deletions == ({"_row": "-1", "id": "x"},)
