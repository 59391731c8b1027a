"""Adds to MiniStack, in the running process, what it lacks."""

from importlib import metadata

from local_aws import kept_resources, resource_imports, scan_pages, topic_keys
from local_aws.access import enforcement
from local_aws.distributed_map import state
from local_aws.executions import history, lifecycle, listing, redrive, retries, run, start, status_events, task_timeouts
from local_aws.firehose import delivery
from local_aws.functions import environments, keys, naming

MINISTACK_VERSION = "1.5.33"
"""The version whose insides the additions replace."""


class MinistackVersionError(RuntimeError):
    """MiniStack is installed in a version that the additions were not written for."""


def apply() -> None:
    """Replace MiniStack's functions by those of this package.

    Raises:
        MinistackVersionError: another version of MiniStack is installed.
    """
    installed = metadata.version("ministack")
    if installed != MINISTACK_VERSION:
        raise MinistackVersionError(
            f"local_aws adds to MiniStack {MINISTACK_VERSION}, but {installed} is installed: install the pinned one, "
            "or run tests/integration/local_aws against the new one, then change MINISTACK_VERSION in additions.py."
        )
    history.install()
    start.install()
    run.install()
    redrive.install()
    status_events.install()
    listing.install()
    lifecycle.install()
    retries.install()
    task_timeouts.install()
    environments.install()
    naming.install()
    keys.install()
    state.install()
    delivery.install()
    resource_imports.install()
    kept_resources.install()
    topic_keys.install()
    scan_pages.install()
    # Last, so that a check comes before whatever the others do.
    enforcement.install()
