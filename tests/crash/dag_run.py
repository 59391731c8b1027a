"""A DAG run whose tasks are attempted one after another, each attempt in a process that can be killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import IO, Any

import psutil

TASKS = ("download", "prepare", "start", "wait", "fetch_error_files", "verify", "reconcile", "report", "accounted")

_HOST = Path(__file__).with_name("task_host.py")
_ATTEMPT_SECONDS = 90.0


@dataclass(frozen=True)
class Attempt:
    """A process that attempts a task, or runs its trigger.

    Attributes:
        pid: Its id.
        outcome: The file that it writes when it has ended by itself.
        held: The file that it writes when it has done its work and goes no further.
        log: The file of its output.
    """

    pid: int
    outcome: Path
    held: Path
    log: Path

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return not psutil.pid_exists(self.pid)

    def kill(self) -> None:
        """End it with SIGKILL, and wait until it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        _await(lambda: self.ended, self)

    def kill_at_end(self) -> None:
        """Kill it once it has done everything but say so."""
        _await(self.held.exists, self)
        self.kill()

    def wait(self) -> dict[str, Any]:
        """Wait for its end; return what became of it."""
        _await(lambda: self.ended, self)
        assert self.outcome.exists(), f"the attempt ended without an outcome:\n{self.log.read_text()[-3000:]}"
        told: dict[str, Any] = json.loads(self.outcome.read_text())
        return told


def _await(true: Any, attempt: Attempt) -> None:
    deadline = time.monotonic() + _ATTEMPT_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"the attempt goes on:\n{attempt.log.read_text()[-3000:]}"
        assert not (attempt.ended and not true()), f"the attempt ended early:\n{attempt.log.read_text()[-3000:]}"
        time.sleep(0.005)


@dataclass(frozen=True)
class TaskHost:
    """The process that forks the attempts.

    Attributes:
        requests: Where it reads what to fork.
        answers: Where it tells the process ids.
        temporary: The temporary folder of its children.
    """

    requests: IO[str]
    answers: IO[str]
    temporary: Path

    def fork(self, request: Mapping[str, Any]) -> int:
        """Start an attempt; return its process id."""
        self.requests.write(json.dumps(request) + "\n")
        self.requests.flush()
        return self.answer()

    def answer(self) -> int:
        """Read a process id, the host's own at first."""
        line = self.answers.readline()
        assert line, "the task host has ended: see its output"
        return int(line)


@contextmanager
def task_host(environment: Mapping[str, str], temporary: Path) -> Iterator[TaskHost]:
    """Start a task host with the variables of an Airflow worker."""
    temporary.mkdir()
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, str(_HOST), str(writing)],
        env={**environment, "TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        text=True,
        pass_fds=(writing,),
    )
    os.close(writing)
    assert process.stdin is not None
    with process, process.stdin, os.fdopen(reading, encoding="utf-8") as answers:
        host = TaskHost(process.stdin, answers, temporary)
        host.answer()
        yield host
        process.stdin.close()


@dataclass
class DagRun:
    """One run of a data set's DAG.

    Attributes:
        host: What forks its attempts.
        folder: The folder of what its tasks tell each other.
        dag_id: The DAG.
        run_id: The run.
        params: The run's parameters.
        ended: The state of each task that has ended.
    """

    host: TaskHost
    folder: Path
    dag_id: str
    run_id: str
    params: Mapping[str, Any]
    ended: dict[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)

    def attempt(self, task_id: str, *, held_at_end: bool = False) -> Attempt:
        """Start an attempt of a task: what an earlier one told is forgotten, as Airflow does."""
        for told in self.folder.glob(f"xcom-{task_id}-*.json"):
            told.unlink()
        return self._fork(task_id, held_at_end, {})

    def wait_for(self, task_id: str, deferred: Mapping[str, Any], *, held_at_end: bool = False) -> Attempt:
        """Start the trigger of a deferred task."""
        return self._fork(task_id, held_at_end, {"path": deferred["path"], "fields": deferred["fields"]})

    def resume(self, task_id: str, method: str, event: Any, *, held_at_end: bool = False) -> Attempt:
        """Start the rest of a deferred task."""
        return self._fork(task_id, held_at_end, {"method": method, "event": event})

    def run(self, task_id: str) -> dict[str, Any]:
        """Attempt a task to its end, its deferral among it; return what it ended with."""
        told = self.attempt(task_id).wait()
        if deferred := told.get("deferred"):
            event = self.wait_for(task_id, deferred).wait()["event"]
            told = self.resume(task_id, deferred["method"], event).wait()
        state = {"returned": "success", "skipped": "skipped", "failed": "failed"}
        self.ended[task_id] = state[next(iter(told))]
        return told

    def run_all(self, *tasks: str) -> None:
        """Attempt tasks one after another; each must end well."""
        for task_id in tasks:
            told = self.run(task_id)
            assert "returned" in told, f"{task_id} ended otherwise: {told}"

    def told(self, task_id: str) -> Any:
        """What a task returned."""
        return json.loads((self.folder / f"xcom-{task_id}-return_value.json").read_text())

    def _fork(self, task_id: str, held_at_end: bool, more: Mapping[str, Any]) -> Attempt:
        number = next(self._numbers)
        outcome, held = self.folder / f"{number}-{task_id}.outcome", self.folder / f"{number}-{task_id}.held"
        log = self.folder / f"{number}-{task_id}.log"
        pid = self.host.fork(
            {
                "folder": str(self.folder),
                "dag_id": self.dag_id,
                "run_id": self.run_id,
                "task_id": task_id,
                "params": dict(self.params),
                "ended": self.ended,
                "held_at_end": held_at_end,
                "outcome": str(outcome),
                "held": str(held),
                "log": str(log),
                **more,
            }
        )
        return Attempt(pid, outcome, held, log)
