"""The task host and its children, as the tests see them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import IO, Any

from commands.project import PYTHON_PATH, ROOT
from local_aws.owner import wait_for_exit
from tests.support.schedule import Task

HOST_LOG = "task-host.log"
_SECONDS = 90.0
_PAUSE_SHARE, _LONGEST_PAUSE_SECONDS = 0.05, 0.05


@dataclass(frozen=True)
class Forked:
    """A child of the task host.

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
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def kill(self) -> None:
        """End it with SIGKILL, and wait until it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        self._await_end(_SECONDS)

    def kill_at_end(self) -> None:
        """Kill it once it has done everything but say so."""
        self._await(self.held.exists)
        self.kill()

    def await_said(self, words: str) -> None:
        """Wait until its output has some words."""
        self._await(lambda: self.log.exists() and words in self._said())

    def wait(self, seconds: float = _SECONDS) -> Any:
        """Wait for its end; return what became of it."""
        self._await_end(seconds)
        assert self.outcome.exists(), f"it ended without an outcome:\n{self._end_of_log()}"
        return json.loads(self.outcome.read_text(encoding="utf-8"))

    def _await_end(self, seconds: float) -> None:
        assert wait_for_exit(self.pid, seconds), f"it goes on:\n{self._end_of_log()}"

    def _await(self, condition: Callable[[], bool]) -> None:
        began = time.monotonic()
        while not condition():
            waited = time.monotonic() - began
            assert waited < _SECONDS, f"it goes on:\n{self._end_of_log()}"
            assert not (self.ended and not condition()), f"it ended early:\n{self._end_of_log()}"
            # Each look takes CPU from what is waited for: the longer that takes, the more rarely it is looked at.
            time.sleep(min(0.002 + waited * _PAUSE_SHARE, _LONGEST_PAUSE_SECONDS))

    def _end_of_log(self) -> str:
        return self._said()[-3000:]

    def _said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


@dataclass
class TaskHost:
    """The process that forks the children.

    Attributes:
        requests: Where it reads what to fork.
        answers: Where it tells the process ids.
        temporary: The temporary folder of its children.
        folder: The folder of the outcomes and logs of those that have none in their request.
        home: The ``AIRFLOW_HOME`` of all.
    """

    requests: IO[str]
    answers: IO[str]
    temporary: Path
    folder: Path
    home: str
    _numbers: Iterator[int] = field(default_factory=count)
    _tasks: dict[str, tuple[Task, ...]] = field(default_factory=dict)

    def fork(self, kind: str, *, held_at_end: bool = False, **request: Any) -> Forked:
        """Start a child.

        Args:
            kind: What it is to do, one of the host's kinds.
            held_at_end: Whether it is to stay when it has done it, to be killed.
            request: What the kind asks for; its ``environment``, if it is not to have the host's.
        """
        place = (
            Path(request.get("folder", self.folder)) / f"{next(self._numbers)}-{request.get('task_id', kind)}-{kind}"
        )
        files = {name: place.with_suffix(f".{name}") for name in ("outcome", "held", "log")}
        document = {"kind": kind, "held_at_end": held_at_end, **{name: str(path) for name, path in files.items()}}
        self.requests.write(json.dumps({**document, **request}) + "\n")
        self.requests.flush()
        return Forked(self.answer(), **files)

    def answer(self) -> int:
        """Read a process id, the host's own at first."""
        line = self.answers.readline()
        assert line, f"the task host has ended:\n{(self.folder / HOST_LOG).read_text(encoding='utf-8')[-3000:]}"
        return int(line)

    def tasks(self, dag_id: str, environment: Mapping[str, str] | None = None) -> tuple[Task, ...]:
        """A DAG's tasks, as the DAG has them in an environment; None for the host's."""
        key = json.dumps([dag_id, environment])
        if key not in self._tasks:
            told = self.fork("tasks", dag_id=dag_id, environment=environment).wait()
            self._tasks[key] = tuple(Task.from_json(task) for task in told)
        return self._tasks[key]

    @contextmanager
    def another(self, environment: Mapping[str, str], folder: Path) -> Iterator["TaskHost"]:
        """Start a host whose children have another environment, in a child: it has imported everything already.

        Args:
            environment: The variables of an Airflow worker, whose ``AIRFLOW_HOME`` is this host's.
            folder: As of `task_host`.
        """
        temporary = _temporary(folder)
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(_SECONDS)
            child = self.fork(
                "host",
                environment={**environment, **_places(temporary)},
                port=server.getsockname()[1],
                folder=str(folder),
                log=str(folder / HOST_LOG),
            )
            asking, _ = server.accept()
        with asking, asking.makefile("w") as requests, asking.makefile() as answers:
            host = TaskHost(requests, answers, temporary, folder, self.home)
            host.answer()
            yield host
        child.wait()


def _temporary(folder: Path) -> Path:
    temporary = folder / "temporary"
    temporary.mkdir(parents=True)
    return temporary


def _places(temporary: Path) -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(map(str, [ROOT, *PYTHON_PATH])), "TMPDIR": str(temporary)}


@contextmanager
def task_host(environment: Mapping[str, str], folder: Path, *, command_line: bool = False) -> Iterator[TaskHost]:
    """Start a task host.

    Args:
        environment: The variables of an Airflow worker.
        folder: A folder for its children's temporary files, and for outcomes and logs (see `TaskHost`).
        command_line: Whether it will be asked for the `airflow` command, which it then prepares for.
    """
    temporary = _temporary(folder)
    reading, writing = os.pipe()
    with (folder / HOST_LOG).open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.support.task_host", str(writing)),
                *(["--command-line"] if command_line else []),
            ],
            env={**environment, **_places(temporary)},
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=(writing,),
        )
    os.close(writing)
    assert process.stdin is not None
    with process, process.stdin, os.fdopen(reading, encoding="utf-8") as answers:
        host = TaskHost(process.stdin, answers, temporary, folder, environment["AIRFLOW_HOME"])
        host.answer()
        yield host
        process.stdin.close()
