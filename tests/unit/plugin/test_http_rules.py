"""What an HTTP answer means, and when to ask again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo_airflow.source.http.rules import (
    Answer,
    ContentRange,
    HttpPolicy,
    Version,
    count,
    judge,
    retry_after_seconds,
    wait_seconds,
)

NOW = datetime(2026, 11, 23, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, Answer.WHOLE),
        (202, Answer.LATER),
        (206, Answer.PART),
        (304, Answer.REFUSED),
        (404, Answer.REFUSED),
        (408, Answer.LATER),
        (416, Answer.RESTART),
        (429, Answer.LATER),
        (500, Answer.LATER),
        (501, Answer.REFUSED),
        (504, Answer.LATER),
    ],
)
def test_a_status_is_judged_by_whether_asking_again_helps(status: int, answer: Answer) -> None:
    assert judge(status) is answer


def test_waits_double_up_to_their_bound() -> None:
    policy = HttpPolicy(first_wait=2, longest_wait=60)

    waits = [wait_seconds(attempt, policy, jitter=lambda _low, high: high) for attempt in range(1, 8)]

    assert waits == [2, 4, 8, 16, 32, 60, 60]


def test_jitter_takes_away_at_most_half() -> None:
    assert wait_seconds(3, HttpPolicy(first_wait=2), jitter=lambda low, _high: low) == 4


@pytest.mark.parametrize(("asked", "waited"), [(None, 2), (1, 2), (90, 90), (86_400, 300)])
def test_retry_after_lengthens_a_wait_up_to_its_own_bound(asked: float | None, waited: float) -> None:
    policy = HttpPolicy(first_wait=2, longest_retry_after=300)

    assert wait_seconds(1, policy, asked, jitter=lambda _low, high: high) == waited


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("\u00b2", None),
        ("9" * 5000, None),
        ("Mon, 99999999999 Nov 2026 10:00:00 GMT", None),
        ("Mon, 23 Nov 2026 10:00:45 +99999999999999999999", None),
        ("-1", None),
        ("", None),
        ("soon", None),
        ("120", 120.0),
        ("Mon, 23 Nov 2026 10:00:45 GMT", 45.0),
        ("Mon, 23 Nov 2026 09:00:00 GMT", 0.0),
        ("Mon, 23 Nov 2026 10:00:45 -0000", 45.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9 :A-Za-z+-]{0,40}"))
def test_any_retry_after_is_read_or_left(value: str) -> None:
    seconds = retry_after_seconds(value, NOW)

    assert seconds is None or seconds >= 0


@given(st.text())
def test_any_content_range_and_length_is_read_or_left(value: str) -> None:
    assert ContentRange.from_header(value) is None
    assert count(value) is None or count(value) == int(value.strip())


@pytest.mark.parametrize(
    ("version", "validator"),
    [
        (Version('"a"', "yesterday"), '"a"'),
        (Version('W/"a"', "yesterday"), "yesterday"),
        (Version('W/"a"'), None),
        (Version(), None),
    ],
)
def test_only_a_strong_etag_or_a_date_can_be_resumed_by(version: Version, validator: str | None) -> None:
    assert version.if_range == validator


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Version('"a"', "monday"), Version('"a"', "tuesday"), True),
        (Version('"a"', "monday"), Version('"b"', "monday"), False),
        (Version(None, "monday"), Version('"b"', "tuesday"), False),
        (Version('"a"'), Version(), True),
    ],
)
def test_versions_differ_when_a_validator_that_both_have_differs(one: Version, other: Version, same: bool) -> None:
    assert one.same_as(other) is same


@pytest.mark.parametrize(
    ("header", "content_range"),
    [
        ("bytes 5-9/10", ContentRange(5, 9, 10)),
        ("bytes 5-9/*", ContentRange(5, 9, None)),
        ("bytes */10", None),
        ("pages 1-2/3", None),
        ("bytes 0-" + "9" * 5000 + "/*", None),
        ("bytes \u0661-\u0662/\u0663", None),
        (None, None),
    ],
)
def test_a_content_range_is_read_or_refused(header: str | None, content_range: ContentRange | None) -> None:
    assert ContentRange.from_header(header) == content_range
