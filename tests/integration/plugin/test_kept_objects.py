"""Objects that the page reads again and again."""

from typing import Any

import pytest

from csvdynamo_airflow.web import kept_objects
from csvdynamo_airflow.web.kept_objects import KeptObjects, TooLargeError
from tests.integration.plugin.migration_objects import BUCKET


def put(s3: Any, key: str, body: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)


@pytest.fixture
def sent(s3: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes of each answer with a body."""
    answered: list[int] = []
    get_object = s3.get_object

    def counted(**asked: Any) -> Any:
        answer = get_object(**asked)
        answered.append(answer["ContentLength"])
        return answer

    monkeypatch.setattr(s3, "get_object", counted)
    return answered


def test_an_object_that_is_what_it_was_is_not_sent_again(s3: Any, sent: list[int]) -> None:
    kept = KeptObjects()
    put(s3, "a", b"one")

    assert [kept.read(s3, BUCKET, "a").body for _ in range(3)] == [b"one"] * 3  # type: ignore[union-attr]
    assert sent == [3]


def test_a_changed_object_and_one_that_is_gone_are_noticed(s3: Any) -> None:
    kept = KeptObjects()
    assert kept.read(s3, BUCKET, "a") is None

    put(s3, "a", b"one")
    first = kept.read(s3, BUCKET, "a")
    put(s3, "a", b"other")
    second = kept.read(s3, BUCKET, "a")
    s3.delete_object(Bucket=BUCKET, Key="a")

    assert first is not None
    assert second is not None
    assert (first.body, second.body) == (b"one", b"other")
    assert kept.read(s3, BUCKET, "a") is None


def test_what_was_not_read_for_longest_is_forgotten(s3: Any, sent: list[int]) -> None:
    kept = KeptObjects(kept_bytes=10)
    for key in "abc":
        put(s3, key, b"12345")

    for key in "abcbca":
        kept.read(s3, BUCKET, key)

    assert len(sent) == 4, "a, b and c; then a alone again"


def test_an_object_larger_than_any_of_ours_is_not_read(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_objects, "LARGEST_BYTES", 4)
    put(s3, "a", b"12345")

    with pytest.raises(TooLargeError, match="5 bytes"):
        KeptObjects().read(s3, BUCKET, "a")
