"""How a task comes from its attempt to its end."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.attempts import to_its_end

DEFERRED = {"deferred": {"path": "module.Trigger", "fields": {"arn": "a"}, "method": "done", "kwargs": {}}}
RESUMED = {"method": "done", "kwargs": {}, "told": {"event": "ended"}}
TRIGGER = {"path": "module.Trigger", "fields": {"arn": "a"}}
EARLY = {"rescheduled": 0.0}
RETURNED = {"returned": None}


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([RETURNED], [("attempt", {})]),
        ([EARLY, RETURNED], [("attempt", {}), ("attempt", {})]),
        ([DEFERRED, {"event": "ended"}, RETURNED], [("attempt", {}), ("trigger", TRIGGER), ("resume", RESUMED)]),
    ],
    ids=["at once", "after waiting for its turn", "after a deferral"],
)
def test_a_task_is_attempted_until_it_has_ended(
    answers: list[dict[str, Any]], asked: list[tuple[str, dict[str, Any]]]
) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []

    def do(kind: str, more: Mapping[str, Any]) -> dict[str, Any]:
        seen.append((kind, dict(more)))
        return answers[len(seen) - 1]

    assert to_its_end("start", do) == answers[-1]
    assert seen == asked
