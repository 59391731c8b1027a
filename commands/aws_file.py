"""``build/aws.json``: where the embedded AWS is and with which key it is called, for whoever wants to look into it."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from commands.embedded import Deployed
from commands.project import BUILD
from local_aws.owner import is_running
from local_aws.private_files import write_private

AWS_FILE = BUILD / "aws.json"


def write_aws_file(deployed: Deployed) -> None:
    """Write the file, its owner's alone: it holds the access key, which is good until that embedded AWS stops.

    Args:
        deployed: The embedded AWS with the stack.
    """
    variables = deployed.aws.environment
    told = {
        "endpoint": deployed.aws.endpoint,
        "pid": deployed.aws.pid,
        "access_key_id": variables["AWS_ACCESS_KEY_ID"],
        "secret_access_key": variables["AWS_SECRET_ACCESS_KEY"],
        "outputs": deployed.outputs,
    }
    if deployed.aws.authority:
        told["ca_bundle"] = str(deployed.aws.authority)
    write_private(AWS_FILE, json.dumps(told, indent=2) + "\n")


@contextmanager
def told_in_aws_file(deployed: Deployed) -> Iterator[None]:
    """Have the file there for as long as the embedded AWS is."""
    write_aws_file(deployed)
    try:
        yield
    finally:
        AWS_FILE.unlink(missing_ok=True)


def kept_aws() -> int | None:
    """Give the process id of the embedded AWS that the file tells of; None if there is none, or it does not run."""
    try:
        told = json.loads(AWS_FILE.read_text(encoding="utf-8"))
        pid, at = int(told["pid"]), urlsplit(str(told["endpoint"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    # Another process may have its id by now, but not its port, too.
    if not is_running(pid):
        return None
    with socket.socket() as probe:
        return pid if probe.connect_ex((at.hostname or "", at.port or 0)) == 0 else None
