"""``build/aws.json``: where the embedded AWS is and with which key it is called, for whoever wants to look into it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from commands.embedded import Deployed
from commands.project import BUILD
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
