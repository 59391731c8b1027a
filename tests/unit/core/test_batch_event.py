import pytest

from csvdynamo.errors import BatchError
from csvdynamo.rules.codes import RejectCode, Stage
from csvdynamo.rules.refusals import Refusal
from csvdynamo.writing.batch import Batch

REFUSAL = Refusal(RejectCode.BAD_TYPE, "A", "A: no")


def event(*rows: object) -> dict[str, object]:
    return {"BatchInput": {"execution_name": "run-1"}, "Items": list(rows)}


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (None, "key BatchInput"),
        ([], "key BatchInput"),
        ({}, "key BatchInput"),
        ({"Items": []}, "key BatchInput"),
        ({"BatchInput": "x", "Items": []}, "key execution_name"),
        ({"BatchInput": {}, "Items": []}, "key execution_name"),
        ({"BatchInput": {"execution_name": ""}, "Items": []}, "not empty"),
        ({"BatchInput": {"execution_name": 7}, "Items": []}, "must be a text"),
        ({"BatchInput": {"execution_name": "e"}}, "key Items"),
        ({"BatchInput": {"execution_name": "e"}, "Items": {}}, "must be an array"),
        (event({"A": "1"}, "secret"), r"Items\[1\] must be an object"),
        (event({"A": "1", "B": 12345}), r'Items\[0\]\["B"\] must be a text, found int'),
        (event({"A": None}), "found NoneType"),
    ],
)
def test_a_wrong_event_is_named_without_its_values(bad: object, words: str) -> None:
    with pytest.raises(BatchError, match=words) as caught:
        Batch.from_event(bad)

    assert "secret" not in str(caught.value)
    assert "12345" not in str(caught.value)


def test_a_numbered_rows_id_depends_on_nothing_but_execution_and_row() -> None:
    first = Batch.from_event(event({"_row": "3", "A": "x"}))
    retried_in_another_batch = Batch.from_event(event({"_row": "2", "A": "q"}, {"_row": "3", "A": "x"}))
    other = Refusal(RejectCode.DYNAMODB_REFUSED, None, "other")

    one = first.reject("d", 0, Stage.VALIDATE, REFUSAL)
    two = retried_in_another_batch.reject("d", 1, Stage.WRITE, other)

    assert one.reject_id == two.reject_id
    assert (one.row, one.item) == (3, {"A": "x"})


def test_rows_without_a_number_are_told_apart_by_their_place_in_the_batch() -> None:
    batch = Batch.from_event(event({"A": "x"}, {"A": "x"}, {"_row": " ", "A": "x"}))
    again = Batch.from_event(event({"A": "x"}, {"A": "x"}, {"_row": " ", "A": "x"}))
    other = Batch.from_event(event({"A": "x"}, {"A": "y"}))

    rejects = [batch.reject("d", position, Stage.VALIDATE, REFUSAL) for position in range(3)]

    assert [reject.row for reject in rejects] == [None, None, None]
    assert len({reject.reject_id for reject in rejects}) == 3
    assert again.reject("d", 1, Stage.WRITE, REFUSAL).reject_id == rejects[1].reject_id
    assert other.reject("d", 0, Stage.WRITE, REFUSAL).reject_id != rejects[0].reject_id


def test_a_number_that_two_rows_share_identifies_neither() -> None:
    batch = Batch.from_event(event({"_row": "5", "A": "x"}, {"_row": "5", "A": "y"}, {"_row": "6", "A": "z"}))

    assert batch.row_numbers == (None, None, 6)
    assert (
        batch.reject("d", 0, Stage.VALIDATE, REFUSAL).reject_id
        != batch.reject("d", 1, Stage.VALIDATE, REFUSAL).reject_id
    )


def test_half_a_surrogate_pair_is_no_hindrance_to_a_reject() -> None:
    reject = Batch.from_event(event({"A": "\ud800"})).reject("d", 0, Stage.VALIDATE, REFUSAL)

    assert reject.to_json().encode()
