"""A process that answers each JSON line with one: for what can be started once a process, and is slow to start."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commands.project import ROOT

Talk = Callable[[Mapping[str, Any]], Any]
"""Sends a request, and returns its answer."""


@contextmanager
def talking(module: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[Talk]:
    """Start a process, and end it when its input ends.

    Args:
        module: The module that it runs.
        arguments: The module's arguments.
        environment: Its whole environment; the checkout is put on its path.
        log: The file of what it says beside its answers.
    """
    path = f"{environment['PYTHONPATH']}:{ROOT}"
    with (
        log.open("w") as said,
        subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env={**environment, "PYTHONPATH": path},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process,
    ):
        requests, answers = process.stdin, process.stdout
        assert requests is not None
        assert answers is not None

        def talk(request: Mapping[str, Any]) -> Any:
            print(json.dumps(request), file=requests, flush=True)
            return json.loads(answers.readline())

        try:
            yield talk
        finally:
            requests.close()
            process.wait(30)
