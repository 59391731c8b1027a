"""What a trigger awaits in a thread, so that Airflow's word with a cancellation is heard."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

_Result = TypeVar("_Result")


async def up_to_cancellation(awaited: Awaitable[_Result]) -> _Result:
    """Await something, up to a cancellation, which then has the message that it was made with.

    Airflow calls a trigger's ``on_kill`` only where the cancellation has a message of its own; `sync_to_async` ends
    with another cancellation, without one. What is awaited goes on to its end.

    Args:
        awaited: What is awaited.
    """
    return await asyncio.shield(asyncio.ensure_future(awaited))
