"""Airflow's API server with the page's routes, in a process of its own, and how much of the bucket's objects they read.

``python -m bench.page_server`` prints where it listens and a token of a user as a line of JSON, and answers until its
input ends. ``/bench/read`` tells how many bytes of each object were read since it was asked before.
"""

import json
import os
import socket
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

import uvicorn

READ = "/bench/read"


class Reads:
    """Counts the bytes of each object that a boto3 client hands on. Threads may share it."""

    def __init__(self) -> None:
        self._bytes: Counter[str] = Counter()
        self._lock = threading.Lock()

    def watch(self, s3: Any) -> None:
        """Count what a client reads from now on.

        Args:
            s3: A boto3 S3 client.
        """

        def begin(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
            context["csvdynamo_key"] = params["Key"]

        def answered(parsed: dict[str, Any], context: Mapping[str, Any], **_: Any) -> None:
            if (body := parsed.get("Body")) is not None:
                body._raw_stream = _Counted(body._raw_stream, self, context["csvdynamo_key"])

        s3.meta.events.register("provide-client-params.s3.GetObject", begin, unique_id="bench-begin")
        s3.meta.events.register("after-call.s3.GetObject", answered, unique_id="bench-answered")

    def add(self, key: str, size: int) -> None:
        """Count bytes of an object."""
        with self._lock:
            self._bytes[key] += size

    def taken(self) -> dict[str, int]:
        """Give what was counted, and begin anew."""
        with self._lock:
            counted, self._bytes = self._bytes, Counter()
        return dict(counted)


class _Counted:
    """A stream of an answer that tells how much of it is read."""

    def __init__(self, stream: Any, reads: Reads, key: str) -> None:
        self._stream, self._reads, self._key = stream, reads, key

    def read(self, *asked: Any, **more: Any) -> bytes:
        read: bytes = self._stream.read(*asked, **more)
        self._reads.add(self._key, len(read))
        return read

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def main() -> None:
    """Serve until the input ends."""
    from airflow.api_fastapi.app import create_app, get_auth_manager  # noqa: PLC0415 - as Airflow's own command does
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser  # noqa: PLC0415
    from fastapi.routing import APIRoute  # noqa: PLC0415

    from csvdynamo_airflow.tasks.connections import client  # noqa: PLC0415

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever Airflow prints
    reads = Reads()
    reads.watch(client("s3"))
    app = create_app(apps="core")
    # Before Airflow's own, the last of which takes every path.
    app.router.routes.insert(0, APIRoute(READ, reads.taken))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # whoever is told the address may come before the server is up
        token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="somebody", role="admin"))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, log_config=None))
        threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
        print(json.dumps({"url": url, "token": token}), file=answers, flush=True)
        server.run(sockets=[listening])
    os._exit(0)  # which spares taking all of Airflow apart


def _end_with_input(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    main()
