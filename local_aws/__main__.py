"""``python -m local_aws``: the embedded AWS in the foreground."""

import argparse
import asyncio
import json
import os
import shutil
import socket
import sys
import tempfile
import traceback
from pathlib import Path

from local_aws.access_key import ID_VARIABLE, SECRET_VARIABLE, AccessKey
from local_aws.certificate import HOST, Certificate
from local_aws.environment import endpoint, server_environment
from local_aws.private_files import write_private


def main() -> None:
    """Serve until stopped, then remove everything that was written."""
    arguments = _arguments()
    try:
        named = AccessKey.named(os.environ)
        listener = _bind(arguments.port)
        home = _home(arguments.home)
    except (OSError, ValueError) as error:
        sys.exit(f"python -m local_aws: {error}")
    try:
        _serve(home, listener, arguments, named)
        status = 0
    except BaseException:
        traceback.print_exc()
        status = 1
    shutil.rmtree(home, ignore_errors=True)
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of unfinished executions would hold the interpreter back, and nothing that they do can matter now.
    os._exit(status)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local_aws",
        description="The embedded AWS: MiniStack with the Step Functions and Firehose parts that it lacks. "
        f"It listens on {HOST} only, and removes everything it wrote when it is stopped (SIGTERM, SIGINT).",
        epilog="Environment: LOCAL_AWS_MAP_WORKERS (default 2), how many child executions of a Distributed Map run at "
        "once, each at the cost of a Lambda process; LOCAL_AWS_FIREHOSE_DELAY_SECONDS (default 2), how long "
        "Firehose buffers records before it writes them to S3; LOCAL_AWS_TABLE_WRITE_UNITS (default: any number), the "
        "write units a second that a new table on demand takes of BatchWriteItem, and tables throttle what is beyond "
        "theirs, and LOCAL_AWS_TABLE_GROWTH_SECONDS (default 1800), after how long it takes twice its peak; "
        f"{ID_VARIABLE} and {SECRET_VARIABLE} (default: drawn at "
        "each start), the access key that every call must be signed with.",
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--home", type=Path, help="new or empty folder for all it writes (default: a temporary one)")
    parser.add_argument(
        "--ready-file", type=Path, help="write endpoint, process id, port and access key there once it answers"
    )
    parser.add_argument(
        "--secure",
        action="store_true",
        help="enforce IAM, and serve TLS with a certificate of its own (clients trust HOME/tls/authority.pem)",
    )
    parser.add_argument(
        "--begin-with", type=Path, metavar="FOLDER", help="begin with what another one left there (default: empty)"
    )
    parser.add_argument(
        "--leave-state",
        type=Path,
        metavar="FOLDER",
        help="when stopped, write what the services hold there, all but the objects in S3's buckets",
    )
    parser.add_argument("--stop-with-parent", type=int, metavar="PID", help="stop when the process of this id ends")
    return parser.parse_args()


def _home(asked: Path | None) -> Path:
    if asked is None:
        return Path(tempfile.mkdtemp(prefix="local-aws-"))
    asked.mkdir(parents=True, exist_ok=True)
    if any(asked.iterdir()):
        raise ValueError(f"--home {asked} is not empty, and would be removed at the end: name a new folder.")
    return asked.resolve()


def _bind(port: int) -> socket.socket:
    # Bound here and handed to the server as it is, so that no other process can take a chosen port in between.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {HOST}:{port} ({error.strerror}): leave --port out for a free one") from error
    return listener


def _serve(home: Path, listener: socket.socket, arguments: argparse.Namespace, named: AccessKey | None) -> None:
    key = named or AccessKey.drawn()
    port = listener.getsockname()[1]
    certificate = Certificate.in_home(home) if arguments.secure else None
    if certificate is not None:
        certificate.write()
    variables = server_environment(os.environ, home=home, port=port, key=key, certificate=certificate)
    os.environ.clear()
    os.environ.update(variables)
    Path(variables["TMPDIR"]).mkdir()
    tempfile.tempdir = variables["TMPDIR"]

    # A module that is None is one that is not installed. MiniStack looks for these to run containers and Athena's
    # queries, which nobody asks for here; to import them takes a fifth of a start.
    for unused in ("docker", "duckdb"):
        sys.modules[unused] = None  # type: ignore[assignment]
    # MiniStack reads its settings when it is imported.
    from local_aws import serving  # noqa: PLC0415

    url = endpoint(port, secure=arguments.secure)

    def announce() -> None:
        print(f"The embedded AWS is ready at {url} (process {os.getpid()}).", flush=True)
        if arguments.ready_file:
            ready = {"endpoint": url, "pid": os.getpid(), "port": port}
            told = {**ready, "access_key_id": key.id, "secret_access_key": key.secret}
            write_private(arguments.ready_file, json.dumps(told))
        elif named is None:
            # Nobody else knows it; where a file tells it, it has no business in a log.
            print(f"  export AWS_ACCESS_KEY_ID={key.id} AWS_SECRET_ACCESS_KEY={key.secret}", flush=True)

    # Not asyncio.run, whose end joins the threads of executions that still run.
    loop = asyncio.new_event_loop()
    loop.run_until_complete(
        serving.serve_until_stopped(
            listener,
            on_ready=announce,
            owner_pid=arguments.stop_with_parent,
            begin_with=arguments.begin_with,
        )
    )
    serving.stop_lambda_workers()
    if arguments.leave_state is not None:
        serving.leave_state(arguments.leave_state)


if __name__ == "__main__":
    main()
