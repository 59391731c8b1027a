"""What a trigger does beside Airflow's cancellations: it hears their word, and ends what it has begun."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

_Result = TypeVar("_Result")

_going_on: set[asyncio.Future[Any]] = set()


async def up_to_cancellation(awaited: Awaitable[_Result]) -> _Result:
    """Await something, up to a cancellation, which then has the message that it was made with.

    Airflow calls a trigger's ``on_kill`` only where the cancellation has a message of its own, and `sync_to_async` ends
    with another cancellation, without one. While ``on_kill`` goes on, Airflow cancels it again every second.

    Args:
        awaited: What is awaited. A cancellation leaves it alone: it goes on to its end.
    """
    future = asyncio.ensure_future(awaited)
    _going_on.add(future)  # a loop keeps no task alive by itself
    future.add_done_callback(_going_on.discard)
    return await asyncio.shield(future)
