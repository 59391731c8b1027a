"""``make aws``: the embedded AWS with the stack deployed, in the foreground."""

import argparse
import signal
import threading
from types import FrameType

from commands.embedded import Deployed, embedded_aws
from commands.project import find_dataset, say
from csvdynamo.dataset import Dataset


def main() -> None:
    """Serve the embedded AWS with the stack deployed until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make aws", description=main.__doc__)
    parser.add_argument("--dataset", default="ev_population", help="which file of datasets/ (default: %(default)s)")
    parser.add_argument("--secure", action="store_true", help="let the embedded AWS enforce IAM and serve TLS")
    arguments = parser.parse_args()
    dataset = find_dataset(arguments.dataset)
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
    variables = deployed.aws.environment
    outputs = deployed.outputs
    width = max(map(len, outputs))
    exports = [f"  export {name}={value}" for name, value in variables.items()]
    return "\n".join(
        [
            "",
            f"Ready. Outputs of the stack {dataset.stack_name}:",
            *(f"  {name:<{width}}  {value}" for name, value in sorted(outputs.items())),
            "",
            "In another shell:",
            *exports,
            f"  aws s3 cp my.csv s3://{outputs['SourceBucket']}/my.csv",
            f"  aws stepfunctions start-execution --state-machine-arn {outputs['MigrationWorkflowStateMachine']} \\",
            f"""    --input '{{"bucket_name": "{outputs["SourceBucket"]}", "file_key": "my.csv"}}'""",
            "  aws stepfunctions describe-execution --execution-arn …",
            "",
            "Ctrl-C stops it and removes everything in it.",
        ]
    )


if __name__ == "__main__":
    main()
