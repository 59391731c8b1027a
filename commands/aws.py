"""``make aws``: the embedded AWS with the stack deployed, in the foreground."""

import argparse
import json
import shlex
import signal
import threading
from types import FrameType

from commands.embedded import Deployed, embedded_aws
from commands.project import DEFAULT_DATASET, find_dataset, make_build_folder, say
from csvdynamo.dataset import Dataset


def main() -> None:
    """Serve the embedded AWS with the stack deployed until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make aws", description=main.__doc__)
    parser.add_argument("--dataset", default=DEFAULT_DATASET, help="which file of datasets/ (default: %(default)s)")
    parser.add_argument("--secure", action="store_true", help="let the embedded AWS enforce IAM and serve TLS")
    arguments = parser.parse_args()
    dataset = find_dataset(arguments.dataset)
    make_build_folder()
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    with embedded_aws(dataset, secure=arguments.secure) as deployed:
        say(usage(deployed, dataset))
        stopped.wait()


def usage(deployed: Deployed, dataset: Dataset) -> str:
    """Write what a person needs to use the plain ``aws`` CLI on it."""
    outputs = deployed.outputs
    width = max(map(len, outputs))
    bucket, machine = outputs["SourceBucket"], outputs["MigrationWorkflowStateMachine"]
    started = {"bucket_name": bucket, "file_key": "my.csv"}
    return "\n".join(
        [
            "",
            f"Ready. Outputs of the stack {dataset.stack_name}:",
            *(f"  {name:<{width}}  {value}" for name, value in sorted(outputs.items())),
            "",
            "In another shell:",
            *(f"  export {name}={shlex.quote(value)}" for name, value in deployed.aws.environment.items()),
            f"  aws s3 cp my.csv s3://{bucket}/my.csv",
            f"  aws stepfunctions start-execution --state-machine-arn {machine} --name by-hand-1 \\",
            f"    --input {shlex.quote(json.dumps(started))}",
            "  aws stepfunctions describe-execution \\",
            f"    --execution-arn {machine.replace(':stateMachine:', ':execution:')}:by-hand-1",
            "",
            "Ctrl-C stops it and removes everything in it.",
        ]
    )


if __name__ == "__main__":
    main()
