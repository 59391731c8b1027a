"""``make aws``: the embedded AWS with the stack deployed, in the foreground."""

import argparse
import json
import shlex
import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from commands.airflow_file import AIRFLOW_FILE, told_in_airflow_file
from commands.airflow_home import airflow_home
from commands.aws_file import told_in_aws_file
from commands.beforehand import refuse_settings
from commands.build_lock import alone_in_build
from commands.embedded import Deployed, embedded_aws
from commands.local_source import source_to_try
from commands.project import DEFAULT_DATASET, find_dataset, say
from commands.shell import leave_shell
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.stack_outputs import StackOutput


def main() -> None:
    """Serve the embedded AWS with the stack deployed until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make aws", description=main.__doc__)
    parser.add_argument("--dataset", default=DEFAULT_DATASET, help="which file of datasets/ (default: %(default)s)")
    parser.add_argument("--secure", action="store_true", help="let the embedded AWS enforce IAM and serve TLS")
    arguments = parser.parse_args()
    leave_shell()
    dataset = find_dataset(arguments.dataset)
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    with alone_in_build("make aws"), ExitStack() as ended:
        refuse_settings()
        source = source_to_try(dataset)
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        home = ended.enter_context(airflow_home())
        deployed = ended.enter_context(embedded_aws(dataset, secure=arguments.secure))
        ended.enter_context(told_in_aws_file(deployed))
        ended.enter_context(told_in_airflow_file(deployed, home.result()))
        say(usage(deployed, dataset, source))
        stopped.wait()


def usage(deployed: Deployed, dataset: Dataset, source: Path) -> str:
    """Write what a person needs to use ``airflow`` and the plain ``aws`` CLI on it.

    Args:
        deployed: The embedded AWS with the stack.
        dataset: The data set.
        source: The path of a file to try.
    """
    outputs = deployed.outputs
    width = max(map(len, outputs))
    bucket, machine = outputs[StackOutput.SOURCE_BUCKET], outputs[StackOutput.MACHINE]
    started = {"bucket_name": bucket, "file_key": "my.csv"}
    conf = {"source_url": str(source)}
    key, secret = (deployed.aws.environment[f"AWS_{name}"] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
    return "\n".join(
        [
            "",
            f"Ready at {deployed.aws.endpoint}, access key {key}, secret {secret}.",
            f"Outputs of the stack {dataset.stack_name}:",
            *(f"  {name:<{width}}  {value}" for name, value in sorted(outputs.items())),
            "",
            "In another shell:",
            f"  . {shlex.quote(str(AIRFLOW_FILE))}",
            f"  airflow dags test csvdynamo_{dataset.name} --conf {shlex.quote(json.dumps(conf, ensure_ascii=False))}",
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
