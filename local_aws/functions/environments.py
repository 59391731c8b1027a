"""Keeps the execution environment of a function whose handler raised, in MiniStack's terms.

Lambda resets an environment whose process ended or whose time was up; what a handler raises is an answer like another,
and the environment serves the next invocation
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html). MiniStack ends the process after each
error, at the cost of a cold start.
"""

import functools
from contextvars import ContextVar
from typing import Any

from local_aws.functions import naming
from local_aws.ministack_internals import keep_process, lambda_workers

_withheld: ContextVar[list[Any] | None] = ContextVar("processes_to_end", default=None)
"""The processes that MiniStack wanted to end in the invocation that the current thread makes."""


def install() -> None:
    """Let the end of a worker's process wait until its answer is known, which naming errors needs too."""
    end = lambda_workers.signal
    lambda_workers.replace("signal", _withholding)
    lambda_workers.replace("collect", _unless_withheld)
    lambda_workers.replace("Worker.invoke", lambda invoke: naming.remembering(_deciding(invoke, end)))


def _withholding(end: Any) -> Any:
    def withhold(process: Any) -> None:
        withheld = _withheld.get()
        end(process) if withheld is None else withheld.append(process)

    return withhold


def _unless_withheld(collect: Any) -> Any:
    def collect_unless_withheld(process: Any, deadline: float) -> None:
        if _withheld.get() is None:
            collect(process, deadline)

    return collect_unless_withheld


def _deciding(invoke: Any, end: Any) -> Any:
    @functools.wraps(invoke)
    def invoke_worker(worker: Any, *arguments: Any, **more: Any) -> dict[str, Any]:
        token = _withheld.set([])
        try:
            answer: dict[str, Any] = invoke(worker, *arguments, **more)
            withheld = _withheld.get() or []
        finally:
            _withheld.reset(token)
        for process in withheld:
            # Only a process that goes on can tell the trace of what its handler raised.
            if answer.get("trace") and process.poll() is None:
                keep_process(worker, process)
            else:
                end(process)
                process.kill()
                process.wait()
        return answer

    return invoke_worker
