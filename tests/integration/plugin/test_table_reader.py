"""The table read back: by key and whole, throttled or not."""

import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from botocore.exceptions import ClientError

from csvdynamo.rules.keys import KeyAttribute, TableKey
from csvdynamo_airflow.table import table_reader
from csvdynamo_airflow.table.table_reader import TableBusyError, TableReader
from tests.integration.plugin.moto_table import TABLE, put_items, table


def item(number: int) -> dict[str, Any]:
    return {"id": {"S": f"A_{number}"}, "value": {"N": str(number)}}


@pytest.fixture(scope="module")
def dynamodb(client: Any) -> Iterator[Any]:
    """A table of 250 items."""
    with table() as dynamodb:
        put_items(dynamodb, map(item, range(250)))
        yield dynamodb


class Answers:
    """DynamoDB, but for what a test puts in its way."""

    def __init__(self, dynamodb: Any) -> None:
        self.dynamodb = dynamodb
        self.asked: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self.unprocessed = 0

    def batch_get_item(self, **asked: Any) -> Any:
        self._take_down(asked)
        keys = asked["RequestItems"][TABLE]["Keys"]
        left, self.unprocessed = keys[len(keys) - self.unprocessed :] if self.unprocessed else [], self.unprocessed // 2
        read = [key for key in keys if key not in left]
        answer = {"Responses": {TABLE: []}}
        if read:
            answer = self.dynamodb.batch_get_item(RequestItems={TABLE: {"Keys": read}})
        return {**answer, "UnprocessedKeys": {TABLE: {"Keys": left}} if left else {}}

    def scan(self, **asked: Any) -> Any:
        self._take_down(asked)
        return self.dynamodb.scan(**asked, Limit=7)

    def _take_down(self, asked: dict[str, Any]) -> None:
        self.asked.append(asked)
        if self.errors:
            raise ClientError({"Error": {"Code": self.errors.pop()}}, "operation")


@pytest.fixture
def answers(dynamodb: Any) -> Answers:
    return Answers(dynamodb)


@pytest.fixture
def reader(answers: Answers) -> TableReader:
    return TableReader(answers, TABLE, TableKey(KeyAttribute("id")), sleep=lambda _: None)


def test_items_are_read_by_key_a_hundred_a_call_and_consistently(reader: TableReader, answers: Answers) -> None:
    keys = [f"A_{number}" for number in range(240, 460)]

    found = reader.get(keys)

    assert found == {f"A_{number}": item(number) for number in range(240, 250)}
    assert sorted(len(asked["RequestItems"][TABLE]["Keys"]) for asked in answers.asked) == [20, 100, 100]
    assert all(asked["RequestItems"][TABLE]["ConsistentRead"] for asked in answers.asked)


def test_items_are_read_by_calls_that_overlap(answers: Answers) -> None:
    all_there = Barrier(3)

    class Overlapping(Answers):
        def batch_get_item(self, **asked: Any) -> Any:
            all_there.wait(30)
            return super().batch_get_item(**asked)

    reader = TableReader(Overlapping(answers.dynamodb), TABLE, TableKey(KeyAttribute("id")))
    keys = [f"A_{number}" for number in range(250)]

    assert reader.get(keys) == {key: item(number) for number, key in enumerate(keys)}


def test_no_key_is_no_call(reader: TableReader, answers: Answers) -> None:
    assert reader.get([]) == {}
    assert answers.asked == []


def test_keys_left_unread_are_asked_for_again(reader: TableReader, answers: Answers) -> None:
    answers.unprocessed = 50

    found = reader.get([f"A_{number}" for number in range(100)])

    assert found == {f"A_{number}": item(number) for number in range(100)}
    assert [len(asked["RequestItems"][TABLE]["Keys"]) for asked in answers.asked] == [100, 50, 25, 12, 6, 3, 1]


def test_keys_left_unread_for_too_long_are_left_to_a_later_attempt(answers: Answers) -> None:
    class Never(Answers):
        def batch_get_item(self, **asked: Any) -> Any:
            return {"Responses": {}, "UnprocessedKeys": asked["RequestItems"]}

    reader = TableReader(Never(answers.dynamodb), TABLE, TableKey(KeyAttribute("id")), patience_seconds=0.0)

    with pytest.raises(TableBusyError, match="2 of 2 keys of the table tb_cars"):
        reader.get(["A_1", "A_2"])


@pytest.mark.parametrize("segments", [1, 4])
def test_a_scan_reads_every_item_once_over_pages_and_segments(
    reader: TableReader, answers: Answers, segments: int
) -> None:
    read = Counter(found["id"]["S"] for found in reader.scan(segments))

    assert read == Counter(f"A_{number}" for number in range(250))
    assert {asked["Segment"] for asked in answers.asked} == set(range(segments))
    assert all(asked["ConsistentRead"] and asked["TotalSegments"] == segments for asked in answers.asked)
    assert len(answers.asked) >= 250 // 7


def test_a_scan_holds_a_page_of_each_segment_and_the_one_that_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class AtOnce(ThreadPoolExecutor):
        """Answers before anyone waits, as DynamoDB does for a reader with much to do for each item."""

        def submit(self, call: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
            done: Future[Any] = Future()
            done.set_result(call(*given, **named))
            return done

    class Page(list[Any]):
        """A page that tells whether it is held."""

    class Pages:
        """A table of three pages a segment, two items a page."""

        def __init__(self) -> None:
            self.pages: list[weakref.ref[Page]] = []

        def scan(self, **asked: Any) -> Any:
            number = int(asked.get("ExclusiveStartKey", {"n": 0})["n"])
            page = Page(item(2 * number + one) for one in range(2))
            self.pages.append(weakref.ref(page))
            return {"Items": page} | ({"LastEvaluatedKey": {"n": number + 1}} if number < 2 else {})

    monkeypatch.setattr(table_reader, "ThreadPoolExecutor", AtOnce)
    pages, segments = Pages(), 4
    reader = TableReader(pages, TABLE, TableKey(KeyAttribute("id")))

    held = [sum(page() is not None for page in pages.pages) for _ in reader.scan(segments)]

    assert len(held) == segments * 3 * 2
    assert max(held) == segments + 1


def test_a_throttled_call_is_repeated(reader: TableReader, answers: Answers) -> None:
    answers.errors = ["ProvisionedThroughputExceededException", "ThrottlingException"]
    assert len(reader.get(["A_1"])) == 1

    answers.errors = ["InternalServerError"] * 3
    assert sum(1 for _ in reader.scan(2)) == 250


def test_a_call_that_is_throttled_for_too_long_is_given_up(answers: Answers) -> None:
    answers.errors = ["ThrottlingException"] * 10
    reader = TableReader(answers, TABLE, TableKey(KeyAttribute("id")), patience_seconds=0.0)

    with pytest.raises(ClientError, match="ThrottlingException"):
        reader.get(["A_1"])
    assert len(answers.errors) == 9


def test_an_error_that_will_not_pass_is_raised_at_once(reader: TableReader, answers: Answers) -> None:
    answers.errors = ["AccessDeniedException"] * 10

    with pytest.raises(ClientError, match="AccessDenied"):
        list(reader.scan(1))
    assert len(answers.errors) == 9


HOLLOW_PAGES: list[dict[str, Any]] = [{}, {"Count": 0}, {"Items": [], "Count": 1}, {"Items": [item(1)], "Count": 2}]
HOLLOW_ITEMS: list[dict[str, Any]] = [
    {},
    {"Responses": {TABLE: []}},
    {"UnprocessedKeys": {}},
    {"Responses": {"tb_other": []}, "UnprocessedKeys": {}},
    {"Responses": {}, "UnprocessedKeys": {"tb_other": {"Keys": []}}},
    {"Responses": {}, "UnprocessedKeys": {TABLE: {}}},
]
HOLLOW_DESCRIPTIONS: list[dict[str, Any]] = [{}, {"Table": {}}]
READ: dict[str, Callable[[TableReader], int]] = {
    "scan": lambda reader: sum(1 for _ in reader.scan(1)),
    "batch_get_item": lambda reader: len(reader.get([f"A_{number}" for number in range(250)])),
    "describe_table": lambda reader: reader.count_items(),
}
HOLLOW = [
    *(("scan", answer) for answer in HOLLOW_PAGES),
    *(("batch_get_item", answer) for answer in HOLLOW_ITEMS),
    *(("describe_table", answer) for answer in HOLLOW_DESCRIPTIONS),
]


class Hollow(Answers):
    """DynamoDB, some of whose answers say nothing: such answers have HTTP 200 as well."""

    def __init__(self, dynamodb: Any, operation: str, hollow: list[dict[str, Any]]) -> None:
        super().__init__(dynamodb)
        self.hollow = hollow
        real = getattr(self if hasattr(self, operation) else dynamodb, operation)
        setattr(self, operation, lambda **asked: self.hollow.pop() if self.hollow else real(**asked))

    def __getattr__(self, operation: str) -> Any:
        return getattr(self.dynamodb, operation)


@pytest.mark.parametrize(("operation", "hollow"), HOLLOW, ids=str)
def test_an_answer_that_does_not_say_what_was_read_is_asked_for_again(
    dynamodb: Any, operation: str, hollow: dict[str, Any]
) -> None:
    answers = Hollow(dynamodb, operation, [hollow] * 3)

    assert READ[operation](TableReader(answers, TABLE, TableKey(KeyAttribute("id")), sleep=lambda _: None)) == 250
    assert answers.hollow == []


@pytest.mark.parametrize(("operation", "hollow"), HOLLOW, ids=str)
def test_answers_that_never_say_what_was_read_are_told_in_a_sentence_and_left_to_a_later_attempt(
    dynamodb: Any, operation: str, hollow: dict[str, Any]
) -> None:
    reader = TableReader(
        Hollow(dynamodb, operation, [hollow] * 3), TABLE, TableKey(KeyAttribute("id")), patience_seconds=0.0
    )

    with pytest.raises(TableBusyError, match=r"^DynamoDB .*, of the table tb_cars, for 0 s\. .* clear this task\.$"):
        READ[operation](reader)


def test_a_scan_that_is_broken_off_asks_for_no_more_than_the_next_pages(reader: TableReader, answers: Answers) -> None:
    scan = reader.scan(2)
    next(scan)
    scan.close()

    assert len(answers.asked) <= 4
