"""AWS clients of Airflow's hook that are cheap to make in the forks of a process."""

import os
from typing import Any

from aiobotocore.httpsession import AIOHTTPSession
from airflow.providers.amazon.aws.hooks import base_aws
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from botocore.loaders import Loader

from tests.support.cheap_clients import make_clients_cheap

SERVICES = ("cloudformation", "dynamodb", "s3", "sns", "stepfunctions")
"""What the DAGs' tasks have clients of."""


def make_clients_faster() -> None:
    """Make them cheap, and name no operator in the user agent: to find it, the hook searches the whole stack."""
    make_clients_cheap()
    # The triggers' clients have one of the hook's own, of before: each fork would read every service's folder with it.
    base_aws._loader = Loader()
    AwsBaseHook._get_caller = lambda hook: "Unknown"
    _keep_connections()
    _keep_certificates()


def _keep_certificates() -> None:
    """Read the authorities that a trigger's client believes once, though it asks the embedded AWS without TLS."""
    read, kept = AIOHTTPSession._build_verify_context, dict[Any, Any]()

    def verify_context(session: Any) -> Any:
        if session._verify not in kept:
            kept[session._verify] = read(session)
        return kept[session._verify]

    AIOHTTPSession._build_verify_context = verify_context
    verify_context(AIOHTTPSession())


def _keep_connections() -> None:
    """Make what a hook knows of its connection once of each text: a task's every use of a client asks for it."""
    read, kept = AwsBaseHook.conn_config.func, dict[tuple[str | None, ...], Any]()

    def conn_config(hook: Any) -> Any:
        told = os.environ.get(f"AIRFLOW_CONN_{str(hook.aws_conn_id).upper()}")
        if told is None:
            return read(hook)
        asked = hook.aws_conn_id, hook.client_type, told
        if asked not in kept:
            kept[asked] = read(hook)
        return kept[asked]

    AwsBaseHook.conn_config = property(conn_config)


def read_pages(client: Any) -> None:
    """Read which of a service's answers come in pages: botocore does at the first that does, in 30 ms of CPU."""
    client.can_paginate(next(iter(client.meta.method_to_api_mapping)))
