"""The waits of tasks, triggers and their AWS clients, a fraction as long: what is waited for is local.

And a disk that a test can fill.
"""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiobotocore.endpoint
import botocore.endpoint

from csvdynamo.aws.stored_object import SIX_TRIES, object_chunks, read_versioned
from csvdynamo_airflow.source.download import download
from csvdynamo_airflow.storage import workspace
from csvdynamo_airflow.tasks import execution_trigger
from csvdynamo_airflow.workflow import other_executions

POLL_SECONDS = 0.05
"""Seconds between two looks at the error files."""

FULL_DISK = "CSVDYNAMO_TESTS_FULL_DISK"
"""Variable that may name a file: as long as it is there, the workers' disk has no room."""

_FACTOR = 0.02
# Of an execution: most end later than that, and each look is two requests.
_FIRST_PAUSE_SECONDS, _PAUSE_GROWTH, _MAP_RUN_SECONDS = 0.15, 1.3, 0.3


class _Hurried:
    """A module whose ``sleep`` sleeps a fraction of what it is asked for."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def sleep(self, seconds: float, *rest: Any) -> Any:
        return self._module.sleep(seconds * _FACTOR, *rest)


def _defaults(function: Callable[..., Any]) -> dict[str, Any]:
    defaults: dict[str, Any] = function.__kwdefaults__
    return defaults


def _disk_is_full() -> bool:
    marker = os.environ.get(FULL_DISK)
    return marker is not None and Path(marker).exists()


@contextmanager
def short_waits() -> Iterator[None]:
    """Let the tasks and their AWS clients wait a fraction: they look and try as often as ever."""
    hurried = _Hurried(time)
    patient = replace(SIX_TRIES, sleep=hurried.sleep)
    free_bytes = workspace.free_bytes
    with (
        patch.object(workspace, "free_bytes", lambda folder: 0 if _disk_is_full() else free_bytes(folder)),
        patch.dict(_defaults(download), sleep=lambda _: None),
        patch.object(execution_trigger, "MAP_RUN_SECONDS", _MAP_RUN_SECONDS),
        patch.object(execution_trigger, "_FIRST_PAUSE_SECONDS", _FIRST_PAUSE_SECONDS),
        patch.object(execution_trigger, "_PAUSE_GROWTH", _PAUSE_GROWTH),
        patch.object(other_executions, "STILL_WRITING_SECONDS", 5.0),
        patch.object(botocore.endpoint, "time", hurried),
        patch.object(aiobotocore.endpoint, "asyncio", _Hurried(asyncio)),
        patch.dict(_defaults(object_chunks), backoff=patient),
        patch.dict(_defaults(read_versioned), backoff=patient),
    ):
        yield
