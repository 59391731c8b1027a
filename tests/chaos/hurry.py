"""The tasks' AWS clients in a campaign, which take the way through the proxy; and their waits, a fraction as long."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import aiobotocore.endpoint
import aiobotocore.session
import boto3
import botocore.endpoint

from csvdynamo_airflow import steps, task_shell
from csvdynamo_airflow.rejects import error_files_operator, error_files_trigger
from csvdynamo_airflow.workflow import execution_trigger

_FACTOR = 0.02
_ACCESS = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}


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


@contextmanager
def clients_of(endpoint: str) -> Iterator[None]:
    """Give the tasks clients of an endpoint instead of the Airflow connection's."""

    @cache
    def client(service: str) -> Any:
        return boto3.client(service, endpoint_url=endpoint, **_ACCESS)

    session = aiobotocore.session.get_session()

    async def async_client(service: str) -> AbstractAsyncContextManager[Any]:
        made: AbstractAsyncContextManager[Any] = session.create_client(service, endpoint_url=endpoint, **_ACCESS)
        return made

    with (
        patch.object(steps, "client", client),
        patch.object(task_shell, "client", client),
        patch.object(error_files_operator, "client", client),
        patch.object(error_files_trigger, "client", client),
        patch.object(execution_trigger, "async_client", async_client),
    ):
        yield
