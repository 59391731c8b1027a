"""Adds to MiniStack, in the running process, what it lacks."""

from importlib import metadata

from local_aws import kept_resources, resource_imports, scan_pages, topic_keys
from local_aws.access import enforcement
from local_aws.distributed_map import state, width
from local_aws.executions import (
    error_names,
    history,
    lifecycle,
    listing,
    redrive,
    requests,
    retries,
    run,
    sleeping,
    start,
    status_events,
    task_timeouts,
)
from local_aws.firehose import delivery
from local_aws.functions import environments, keys, naming
from local_aws.ministack_internals import missing_names
from local_aws.throttling import writes

MINISTACK_VERSION = "1.5.33"
"""The version whose insides the additions replace."""

# In no order: each replaces names that no other one does.
_ADDITIONS = (
    *(
        delivery,
        enforcement,
        environments,
        error_names,
        history,
        keys,
        lifecycle,
        listing,
        naming,
        redrive,
        requests,
        resource_imports,
    ),
    *(retries, run, scan_pages, sleeping, start, status_events, topic_keys, width, writes),
)


class MinistackVersionError(RuntimeError):
    """MiniStack is installed in a version that the additions were not written for, or without what they rest on."""


def apply() -> None:
    """Replace MiniStack's functions by those of this package.

    Raises:
        MinistackVersionError: another version of MiniStack is installed, or one without a name that they rest on.
    """
    installed = metadata.version("ministack")
    if installed != MINISTACK_VERSION:
        raise MinistackVersionError(
            f"local_aws adds to MiniStack {MINISTACK_VERSION}, but {installed} is installed: install the pinned one, "
            "or run tests/integration/local_aws against the new one, then change MINISTACK_VERSION in additions.py."
        )
    if missing := missing_names():
        raise MinistackVersionError(f"The installed MiniStack has no {', '.join(missing)}.")
    for addition in _ADDITIONS:
        addition.install()
    task_timeouts.install(enforcement.acting)
    state.install(enforcement.acting)
    kept_resources.install(enforcement.checked_machine)
