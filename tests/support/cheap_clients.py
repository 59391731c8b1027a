"""AWS clients without what botocore looks up anew for each and finds the same."""

import functools
from typing import Any

import botocore.hooks
import botocore.parsers
import botocore.useragent
from botocore.hooks import EventAliaser
from botocore.loaders import Loader


def make_clients_cheap() -> None:
    """Keep, for the rest of this process, what each AWS client looks up anew: most of the CPU that making one takes.

    They are the descriptions of the services, the signatures and the other names of botocore's handlers, and the user
    agent's parts, which each call checks character by character; and the times in answers, which are mostly the same
    ones. A session keeps the descriptions for its own clients already, so that nobody changes one.
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
    botocore.parsers.DEFAULT_TIMESTAMP_PARSER = functools.lru_cache(botocore.parsers.DEFAULT_TIMESTAMP_PARSER)
    botocore.hooks.accepts_kwargs = functools.cache(botocore.hooks.accepts_kwargs)
    botocore.useragent.sanitize_user_agent_string_component = functools.cache(
        botocore.useragent.sanitize_user_agent_string_component
    )


def pytest_configure() -> None:
    """As a plugin of pytest: do so in the tests' own processes."""
    make_clients_cheap()
