"""The waits of tasks, triggers and their AWS clients, a fraction as long: what is waited for is local."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import aiobotocore.endpoint
import botocore.endpoint

from csvdynamo_airflow.workflow import execution_trigger

POLL_SECONDS = 0.05
"""Seconds between two looks at the error files."""

_FACTOR = 0.02


class _Hurried:
    """A module whose ``sleep`` sleeps a fraction of what it is asked for."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def sleep(self, seconds: float, *rest: Any) -> Any:
        return self._module.sleep(seconds * _FACTOR, *rest)


@contextmanager
def short_waits() -> Iterator[None]:
    """Let the tasks and their AWS clients wait a fraction: they look and try as often as ever."""
    with (
        patch.object(execution_trigger, "MAP_RUN_SECONDS", 0.1),
        patch.object(execution_trigger, "_FIRST_PAUSE_SECONDS", 0.05),
        patch.object(botocore.endpoint, "time", _Hurried(time)),
        patch.object(aiobotocore.endpoint, "asyncio", _Hurried(asyncio)),
    ):
        yield
