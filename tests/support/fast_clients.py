"""AWS clients that are cheap to make in the forks of a process."""

import functools
from typing import Any

import botocore.hooks
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from botocore.hooks import EventAliaser
from botocore.loaders import Loader

SERVICES = ("cloudformation", "dynamodb", "s3", "sns", "stepfunctions")
"""What the DAGs' tasks have clients of."""


def make_clients_faster() -> None:
    """Keep what each AWS client looks up anew and finds the same: half of a task's CPU, which makes four or five.

    They are the descriptions of the services, the signatures and the other names of botocore's handlers, and for the
    user agent the name of the operator that asks, for which the hook looks at every module for each frame of the stack.
    """
    make, parsed = Loader.__init__, dict[Any, Any]()
    other_name, other_names = EventAliaser._alias_event_name, dict[str, str]()

    def make_with_what_is_parsed(loader: Loader, *rest: Any, **more: Any) -> None:
        make(loader, *rest, **more)
        loader._cache = parsed

    def find_other_name(aliaser: EventAliaser, name: str) -> str:
        if name not in other_names:
            other_names[name] = other_name(aliaser, name)
        return other_names[name]

    Loader.__init__ = make_with_what_is_parsed
    EventAliaser._alias_event_name = find_other_name
    botocore.hooks.accepts_kwargs = functools.cache(botocore.hooks.accepts_kwargs)
    AwsBaseHook._get_caller = lambda hook: "Unknown"
