"""Serve MiniStack, with its additions, on a socket that is already bound, until asked to stop."""

import asyncio
import contextlib
import importlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from local_aws import owner
from local_aws.part import Part

_READY_POLL_SECONDS = 0.05
_LEAVE_SECONDS = 3.0


async def serve_until_stopped(
    listener: socket.socket, *, on_ready: Callable[[], None], owner_pid: int | None, begin_with: Path | None = None
) -> None:
    """Serve until SIGTERM, SIGINT or the end of the owner.

    Args:
        listener: a bound TCP socket.
        on_ready: called once, when the first connection is accepted.
        owner_pid: the process whose end stops the server; None for none.
        begin_with: the folder of a state that an earlier one left (`leave_state`); None for an empty account.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if owner_pid is not None:
        _stop_with_owner(owner_pid, loop, stop)
    announcing = loop.create_task(_announce(listener.getsockname(), on_ready))
    # Imported here, after the environment that MiniStack reads at import is in place.
    app: Any = importlib.import_module("local_aws.ministack_internals").server.app
    guarded = importlib.import_module("local_aws.door.guard").Guard(app, os.environ["AWS_ACCESS_KEY_ID"])
    importlib.import_module("local_aws.additions").apply()
    if begin_with is not None:
        importlib.import_module("local_aws.ministack_internals").take_state(begin_with)
    stopping = loop.create_task(stop.wait())
    serving = loop.create_task(serve(guarded, _configuration(listener), shutdown_trigger=stop.wait))
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        # A connection with TLS waits for its client to take leave, for half a minute: long after nobody is served.
        await asyncio.wait({serving}, timeout=_LEAVE_SECONDS)
        if serving.done():
            serving.result()
    finally:
        announcing.cancel()


def leave_state(folder: Path) -> None:
    """Write what the services hold to a folder, for another one to begin with; S3's objects are left out."""
    importlib.import_module("local_aws.ministack_internals").leave_state(folder)


def stop_lambda_workers() -> None:
    """End the Lambda worker processes, and let no new one start."""
    workers: Part = importlib.import_module("local_aws.ministack_internals").lambda_workers

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("The embedded AWS is stopping: no Lambda worker is started any more.")

    workers.replace("Worker.spawn", lambda _: refuse)
    workers.replace("ProvidedWorker.spawn", lambda _: refuse)
    workers.reset()


def _stop_with_owner(pid: int, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    def watch() -> None:
        owner.wait_for_exit(pid)
        with contextlib.suppress(RuntimeError):  # the loop has already ended
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=watch, name="owner-watch", daemon=True).start()


async def _announce(address: tuple[str, int], on_ready: Callable[[], None]) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(*address)
        except OSError:
            await asyncio.sleep(_READY_POLL_SECONDS)
            continue
        writer.close()
        on_ready()
        return


def _configuration(listener: socket.socket) -> Config:
    tls: Part = importlib.import_module("local_aws.ministack_internals").tls
    level = os.environ.get("LOG_LEVEL", "INFO").upper()
    logging.getLogger("hypercorn.access").setLevel(logging.WARNING)
    config = Config()
    # Hypercorn closes the descriptor that it is given; the listener keeps its own.
    config.bind = [f"fd://{os.dup(listener.fileno())}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.loglevel = level
    if tls.use_ssl_enabled():
        config.certfile, config.keyfile = tls.resolve_tls_material()
    return config
