"""The history of an execution: its events, each with the one that it follows.

The fields: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from typing import Any

from local_aws.executions.stopping import current
from local_aws.ministack_internals import now, stepfunctions

_FOLLOWED = "_followedEvent"
"""Where MiniStack's record of an execution holds the id of the event that the next one follows."""


def install() -> None:
    """Let the engine write its histories here."""
    stepfunctions.replace("add_event", lambda _: add_event)


def add_event(
    execution: dict[str, Any], kind: str, details: dict[str, Any] | None = None, *, aside: bool = False
) -> dict[str, Any]:
    """Add an event to the history of an execution.

    Args:
        execution: MiniStack's record of it.
        kind: the event's type.
        details: the event's details, by the name of their field.
        aside: whether the next event follows the one that this one follows, as it does after MapStateSucceeded.

    Raises:
        ExecutionStoppedError: a task would begin, in an execution that has been told to stop.
    """
    signal = current.get()
    if signal is not None and kind == "TaskScheduled":
        signal.check()
    details = details or {}
    failed = details.get("taskFailedEventDetails")
    if failed and failed["error"] == "States.Timeout":
        kind, details = "TaskTimedOut", {"taskTimedOutEventDetails": failed}
    if kind == "ExecutionAborted":
        given = details["executionAbortedEventDetails"]
        details = {"executionAbortedEventDetails": {name: text for name, text in given.items() if text}}
    events = execution["events"]
    for started in events[:1]:
        started.setdefault("previousEventId", 0)  # MiniStack writes it itself
    event = {
        "id": len(events) + 1,
        # The first state is entered after event 0, not 1; whoever stops an execution follows none of its events.
        "previousEventId": 0 if kind == "ExecutionAborted" else execution.get(_FOLLOWED, 0),
        "type": kind,
        "timestamp": now(),
        **details,
    }
    events.append(event)
    if not aside:
        follow(execution, event["id"])
    return event


def follow(execution: dict[str, Any], event_id: int) -> None:
    """Let the next event follow an earlier one."""
    execution[_FOLLOWED] = event_id


def clear(execution: dict[str, Any]) -> None:
    """Forget the history, as an EXPRESS execution's is not kept."""
    execution["events"] = []
    execution.pop(_FOLLOWED, None)


def entered_at(execution: dict[str, Any], state: str) -> int:
    """The id of the event with which a state was entered last; 0 where the history does not have it."""
    for event in reversed(execution["events"]):
        if event.get("stateEnteredEventDetails", {}).get("name") == state:
            return int(event["id"])
    return 0
