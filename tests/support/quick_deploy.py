"""A synthesized stack deployed and destroyed as the CDK CLI does it, without its process: four seconds of CPU each.

What is about the CLI deploys with it.
"""

import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from commands.cdk_cli import Assembly
from commands.embedded import Deployed

_SECONDS, _PAUSE_SECONDS = 60.0, 0.05


def deploy(assembly: Assembly, stack: str, deployed: Deployed) -> None:
    """Deploy a stack, taking back the bucket and the table that an earlier `destroy` left."""
    _publish(assembly, stack, deployed)
    formation, change_set = deployed.client("cloudformation"), f"change-{uuid4().hex}"
    named = {"StackName": stack, "ChangeSetName": change_set}
    formation.create_change_set(
        **named,
        ChangeSetType="UPDATE" if _status(formation, stack) else "CREATE",
        TemplateBody=(assembly.folder / f"{stack}.template.json").read_text(encoding="utf-8"),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        ImportExistingResources=True,
    )
    _await(lambda: formation.describe_change_set(**named)["Status"], "CREATE_COMPLETE")
    formation.execute_change_set(**named)
    _await(lambda: _status(formation, stack), "CREATE_COMPLETE", "UPDATE_COMPLETE")


def destroy(stack: str, deployed: Deployed) -> None:
    """Remove a stack; its bucket and its table stay."""
    formation = deployed.client("cloudformation")
    formation.delete_stack(StackName=stack)
    _await(lambda: _status(formation, stack), None)


def _publish(assembly: Assembly, stack: str, deployed: Deployed) -> None:
    assets = json.loads((assembly.folder / f"{stack}.assets.json").read_text(encoding="utf-8"))
    for asset in assets["files"].values():
        source = assembly.folder / asset["source"]["path"]
        body = _zipped(source) if asset["source"]["packaging"] == "zip" else source.read_bytes()
        for place in asset["destinations"].values():
            deployed.client("s3").put_object(Bucket=place["bucketName"], Key=place["objectKey"], Body=body)


def _zipped(folder: Path) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return written.getvalue()


def _status(formation: Any, stack: str) -> str | None:
    try:
        [found] = formation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return None
    return str(found["StackStatus"])


def _await(status: Callable[[], str | None], *wanted: str | None) -> None:
    deadline = time.monotonic() + _SECONDS
    while (now := status()) not in wanted:
        assert time.monotonic() < deadline, f"it is {now}"
        assert not (now or "").endswith(("_FAILED", "ROLLBACK_COMPLETE")), f"it is {now}"
        time.sleep(_PAUSE_SECONDS)
