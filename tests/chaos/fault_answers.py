"""Answers some requests with the faults of a plan."""

import asyncio
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from multidict import CIMultiDict

from tests.chaos.faults import FaultKind, FaultPlan
from tests.support.aws_messages import NO_ANSWER, Answer, Request, json_answer, refusal
from tests.support.aws_proxy import Onward

_OF_ANOTHER_BODY = ("Content-Length", "x-amz-crc32")
_LONGEST_SLOWNESS_SECONDS = 0.1  # enough for the requests of others to come first
_STATUS = {FaultKind.INTERNAL_ERROR: 500, FaultKind.UNAVAILABLE: 503, FaultKind.SLOW_DOWN: 503}
_CODES = {
    FaultKind.INTERNAL_ERROR: "InternalFailure",
    FaultKind.UNAVAILABLE: "ServiceUnavailable",
    FaultKind.REFUSED: "AccessDeniedException",
}


class FaultAnswers:
    """Hands requests on, or answers as a plan says; an interceptor.

    Args:
        kill_a_lambda: Kills a process that works off a batch, for `FaultKind.KILLED`; its dice choose.
        variables: Of the AWS, whose access key signs what of a request is let through.

    Attributes:
        plan: Decides the faults; None for none.
    """

    def __init__(self, kill_a_lambda: Callable[[random.Random], None], variables: Mapping[str, str]) -> None:
        self.plan: FaultPlan | None = None
        self._kill_a_lambda = kill_a_lambda
        self._variables = variables

    async def __call__(self, request: Request, onward: Onward) -> Answer:
        """Answer a request as the plan says."""
        fault, dice = self.plan.decide(request) if self.plan is not None else (None, random.Random(0))
        match fault:
            case FaultKind.CUT_BEFORE:
                return NO_ANSWER
            case FaultKind.CUT_AFTER:
                answer = await onward(request)
                begun = request.method == "GET" and len(answer.body) > 1
                return replace(answer, told=len(answer.body) // 2) if begun else NO_ANSWER
            case FaultKind.UNPROCESSED:
                return await self._partly(request, onward, dice, _split_batch, _merge_batch)
            case FaultKind.FAILED_PUT:
                return await self._partly(request, onward, dice, _split_records, _merge_records)
            case FaultKind.HOLLOW:
                return _hollow(request, dice)
            case FaultKind.STALE:
                return _as_it_was(await onward(request))
            case FaultKind.SLOW:
                await asyncio.sleep(dice.uniform(0, _LONGEST_SLOWNESS_SECONDS))
            case FaultKind.KILLED:
                await asyncio.to_thread(self._kill_a_lambda, dice)
            case FaultKind():
                return refusal(request, _CODES.get(fault, fault.value), _STATUS.get(fault, 400))
        return await onward(request)

    async def _partly(self, request: Request, onward: Onward, dice: random.Random, split: Any, merge: Any) -> Answer:
        """Let a part of a batch take effect, and say of the rest that it did not."""
        taken, left = split(json.loads(request.body), dice)
        answer = json_answer(request, 200, {})
        if taken is not None:
            answer = await onward(request.with_body(json.dumps(taken).encode(), self._variables))
        if answer.status != 200:
            return answer
        headers = CIMultiDict(answer.headers)
        for name in _OF_ANOTHER_BODY:
            headers.popall(name, None)
        return replace(answer, headers=headers, body=json.dumps(merge(json.loads(answer.body), left)).encode())


def _hollow(request: Request, dice: random.Random) -> Answer:
    """Say HTTP 200 to a request that never took effect, with a body that does not say that it did."""
    body = dice.choice((b"{}", b"", b"<html><body>Welcome</body></html>", b'{"UnprocessedItems": ', b'{"ok": true}'))
    kind = request.headers.get("Content-Type", "application/x-amz-json-1.0")
    return Answer(200, CIMultiDict({"Content-Type": kind}), body)


def _as_it_was(answer: Answer) -> Answer:
    """Describe an execution that has ended as it was while it ran."""
    if answer.status != 200:
        return answer
    document = json.loads(answer.body)
    if document.get("status") == "RUNNING":
        return answer
    gone = {"stopDate", "output", "outputDetails", "error", "cause"}
    before = {name: value for name, value in document.items() if name not in gone} | {"status": "RUNNING"}
    headers = CIMultiDict(answer.headers)
    for name in _OF_ANOTHER_BODY:
        headers.popall(name, None)
    return replace(answer, headers=headers, body=json.dumps(before).encode())


def _split_batch(asked: dict[str, Any], dice: random.Random) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Split BatchWriteItem's or BatchGetItem's request in what is done and what is left unprocessed."""
    [(table, wanted)] = asked["RequestItems"].items()
    if isinstance(wanted, list):
        done, left = _split(wanted, dice)
        return ({**asked, "RequestItems": {table: done}} if done else None), {"UnprocessedItems": {table: left}}
    done, left = _split(wanted["Keys"], dice)
    unprocessed = {"UnprocessedKeys": {table: {**wanted, "Keys": left}}}
    return ({**asked, "RequestItems": {table: {**wanted, "Keys": done}}} if done else None), unprocessed


def _merge_batch(answer: dict[str, Any], left: dict[str, Any]) -> dict[str, Any]:
    return {"Responses": {}, **answer, **left}


def _split_records(asked: dict[str, Any], dice: random.Random) -> tuple[dict[str, Any] | None, list[bool]]:
    """Split PutRecordBatch's records; of the second, whether each record was taken."""
    taken = [dice.random() < 0.5 for _ in asked["Records"]]
    taken[dice.randrange(len(taken))] = False
    records = [record for record, is_taken in zip(asked["Records"], taken, strict=True) if is_taken]
    return ({**asked, "Records": records} if records else None), taken


def _merge_records(answer: dict[str, Any], taken: list[bool]) -> dict[str, Any]:
    answers = iter(answer.get("RequestResponses", []))
    refused = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}
    responses = [next(answers) if is_taken else refused for is_taken in taken]
    failed = sum("ErrorCode" in response for response in responses)
    return {"Encrypted": False, **answer, "FailedPutCount": failed, "RequestResponses": responses}


def _split(entries: list[Any], dice: random.Random) -> tuple[list[Any], list[Any]]:
    shuffled = dice.sample(entries, len(entries))
    cut = dice.randrange(len(entries))
    return shuffled[:cut], shuffled[cut:]
