"""``make deploy`` and ``make destroy``: the stack in a real AWS account, with the real CDK CLI."""

import argparse
import os
import re

from commands.cdk_cli import synthesized
from commands.project import DEFAULT_DATASET, fail, find_dataset, make_command, say


def main() -> None:
    """Deploy a data set's stack to the account that the environment's AWS credentials name, or remove it."""
    parser = argparse.ArgumentParser(
        prog="make deploy",
        description=main.__doc__,
        epilog="Credentials and region come from the environment, as for the aws CLI: AWS_PROFILE or "
        "AWS_ACCESS_KEY_ID, AWS_REGION.",
    )
    parser.add_argument("action", choices=["deploy", "destroy"])
    parser.add_argument("--dataset", default=DEFAULT_DATASET, help="which file of datasets/ (default: %(default)s)")
    parser.add_argument("--email", default="", help="address that results are mailed to (default: none)")
    arguments = parser.parse_args()
    dataset = find_dataset(arguments.dataset)
    if arguments.email and not re.fullmatch(r"[^@\s]+@[^@\s]+", arguments.email):
        fail(f"EMAIL={arguments.email}: give one address, as you@example.com.")
    environment = dict(os.environ)
    with synthesized(dataset, environment) as assembly:
        if arguments.action == "destroy":
            assembly.destroy(dataset, environment)
        else:
            email = ("--parameters", f"{dataset.stack_name}:SendCompletionEmailTo={arguments.email}")
            assembly.bootstrap(environment)
            outputs = assembly.deploy(dataset, environment, options=email if arguments.email else ())
    if arguments.action == "destroy":
        say(
            f"Stack {dataset.stack_name} is gone. Its bucket and the table {dataset.table.name} stay, with their data; "
            f"this takes them back: {make_command('deploy', DATASET=dataset.name)}"
        )
        return
    for name, value in sorted(outputs.items()):
        say(f"{name}  {value}")


if __name__ == "__main__":
    main()
