"""Ways in which a witness of a run is taken away, late, old or doubled, each as an interceptor or as a changed XCom."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from multidict import CIMultiDict

from tests.support.aws_messages import Answer, Request
from tests.support.aws_proxy import Onward

Change = Callable[[Request, Answer], Answer]
"""Makes of a request's answer what the task is told."""

_OF_ANOTHER_BODY = ("Content-Length", "x-amz-crc32", "ETag", "x-amz-checksum-sha256", "x-amz-checksum-crc32")
_LATE = 2


@dataclass(frozen=True)
class WitnessFault:
    """What is wrong with one witness.

    Attributes:
        name: Which, and what.
        matches: The requests whose answers are changed.
        change: How.
        times: How many answers are changed; None for all.
        documents: XComs that are changed once their task has ended: by task, what becomes of what it returned.
        unmade: Tasks that are taken for ended well without having run.
    """

    name: str
    matches: Callable[[Request], bool] = lambda _: False
    change: Change = lambda _, answer: answer
    times: int | None = None
    documents: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    unmade: tuple[str, ...] = ()


class WitnessFaults:
    """Changes answers as the faults say that are active; an interceptor."""

    def __init__(self) -> None:
        self._active: list[WitnessFault] = []
        self._struck: dict[str, int] = {}

    def activate(self, *faults: WitnessFault) -> None:
        """Let these faults strike from now on, and no other."""
        self._active, self._struck = list(faults), {}

    async def __call__(self, request: Request, onward: Onward) -> Answer:
        """Hand a request on, and tell its answer as the faults say."""
        answer = await onward(request)
        for fault in self._active:
            struck = self._struck.get(fault.name, 0)
            if fault.matches(request) and (fault.times is None or struck < fault.times):
                self._struck[fault.name] = struck + 1
                answer = fault.change(request, answer)
        return answer


def _operation(name: str) -> Callable[[Request], bool]:
    return lambda request: request.operation == name


def _object(pattern: str) -> Callable[[Request], bool]:
    found = re.compile(pattern)
    return lambda request: request.service == "s3" and request.method == "GET" and bool(found.search(request.key))


def _listing(prefix: str) -> Callable[[Request], bool]:
    return lambda request: request.service == "s3" and request.method == "GET" and f"prefix={prefix}" in request.query


def _with_body(answer: Answer, body: bytes, status: int = 200) -> Answer:
    headers = CIMultiDict(answer.headers)
    for name in _OF_ANOTHER_BODY:
        headers.popall(name, None)
    return replace(answer, status=status, headers=headers, body=body)


def _document(**changes: Any) -> Change:
    def change(_: Request, answer: Answer) -> Answer:
        document = {**json.loads(answer.body), **changes}
        return _with_body(answer, json.dumps({k: v for k, v in document.items() if v is not None}).encode())

    return change


def _body(make: Callable[[bytes], bytes]) -> Change:
    return lambda _, answer: _with_body(answer, make(answer.body))


def _error(code: str) -> Change:
    return lambda _, answer: _with_body(answer, json.dumps({"__type": code, "message": code}).encode(), 400)


def _no_such_key(_: Request, answer: Answer) -> Answer:
    return _with_body(answer, b"<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>", 404)


def _nothing_listed(_: Request, answer: Answer) -> Answer:
    return _with_body(answer, re.sub(rb"<Contents>.*</Contents>", b"", answer.body, flags=re.DOTALL))


def _map_run_before(_: Request, answer: Answer) -> Answer:
    document = json.loads(answer.body)
    counts = document["itemCounts"]
    before = {**counts, "running": counts["succeeded"], "succeeded": 0, "resultsWritten": 0}
    return _with_body(answer, json.dumps({**document, "status": "RUNNING", "itemCounts": before}).encode())


_RUNNING = _document(status="RUNNING", stopDate=None, output=None)

FAULTS = (
    WitnessFault("no execution is found", _operation("DescribeExecution"), _error("ExecutionDoesNotExist")),
    WitnessFault("the execution is told as running", _operation("DescribeExecution"), _RUNNING),
    WitnessFault("the execution is told as running for a while", _operation("DescribeExecution"), _RUNNING, _LATE),
    WitnessFault("the execution is told as failed", _operation("DescribeExecution"), _document(status="FAILED")),
    WitnessFault("no Map Run is listed", _operation("ListMapRuns"), _document(mapRuns=[])),
    WitnessFault("the Map Run is told as running", _operation("DescribeMapRun"), _map_run_before),
    WitnessFault("no execution is listed", _operation("ListExecutions"), _document(executions=[])),
    WitnessFault("no result file is listed", _listing("results"), _nothing_listed),
    WitnessFault("a result file is gone", _object("/SUCCEEDED_"), _no_such_key),
    WitnessFault("a result file is empty", _object("/SUCCEEDED_"), _body(lambda body: b"")),
    WitnessFault("a result file is doubled", _object("/SUCCEEDED_"), _body(lambda body: body * 2)),
    WitnessFault("no error file is listed", _listing("migration_errors"), _nothing_listed),
    WitnessFault("an error file is empty", _object("migration_errors/"), _body(lambda body: b"")),
    WitnessFault("an error file is doubled", _object("migration_errors/"), _body(lambda body: body * 2)),
    WitnessFault("prepare's rejects are empty", _object("/rejected_before_upload"), _body(lambda body: b"")),
    WitnessFault("prepare's rejects are gone", _object("/rejected_before_upload"), _no_such_key),
    WitnessFault("the merged rejects are empty", _object("/rejects.jsonl"), _body(lambda body: b"")),
    WitnessFault("the error CSV is gone", _object("/rejects.csv"), _no_such_key),
    WitnessFault("the prepared file is cut", _object("/source/"), _body(lambda body: body[: len(body) // 2])),
    WitnessFault("the scan says nothing for a while", _operation("Scan"), _body(lambda body: b"{}"), _LATE),
    WitnessFault("the table is told as empty", _operation("Scan"), _document(Items=[], Count=0, LastEvaluatedKey=None)),
    WitnessFault("wait is forgotten", documents={"wait": lambda told: None}),
    WitnessFault("wait saw another one", documents={"wait": lambda told: {**told, "redrives": told["redrives"] + 1}}),
    WitnessFault("fetch_error_files is forgotten", documents={"fetch_error_files": lambda told: None}),
    WitnessFault("the error files are older", documents={"fetch_error_files": lambda told: {**told, "redrives": -1}}),
    WitnessFault("verify is forgotten", documents={"verify": lambda told: None}),
    WitnessFault("the check is older", documents={"verify": lambda told: {**told, "at": 0.0, "missing": 0}}),
    WitnessFault("verify is not made", unmade=("verify",)),
    WitnessFault("reconcile is forgotten", documents={"reconcile": lambda told: None}),
    WitnessFault("reconcile is not made", unmade=("reconcile",)),
    WitnessFault("the report is forgotten", documents={"report": lambda told: None}),
    WitnessFault(
        "the report is older", documents={"report": lambda told: {**told, "problems": [], "made_of": "others"}}
    ),
    WitnessFault("fetch_error_files is not made", unmade=("fetch_error_files",)),
)
"""Each witness taken away, late, old or doubled."""
