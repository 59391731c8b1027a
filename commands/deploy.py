"""``make deploy``, ``bootstrap`` and ``destroy``: the stack in a real AWS account, with the real CDK CLI."""

import argparse
import os
import re
from typing import TYPE_CHECKING

from commands.cdk_cli import Assembly, NotBootstrappedError, synthesized
from commands.project import DEFAULT_DATASET, fail, find_dataset, make_command, say
from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError
from csvdynamo_airflow.table.existing_table import (
    lifetime_of,
    refuse_index_changes,
    refuse_other_indexes,
    refuse_other_lifetime,
)
from csvdynamo_airflow.table.table_key import no_table, refuse_other_key

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

# No variables of its own: the CDK has those of the shell.
_SHELL: dict[str, str] = {}


def main() -> None:
    """Deploy a data set's stack to the account that the environment's AWS credentials name, or remove it."""
    parser = argparse.ArgumentParser(
        prog="make deploy",
        description=main.__doc__,
        epilog="Credentials and region come from the environment, as for the aws CLI: AWS_PROFILE or "
        "AWS_ACCESS_KEY_ID, AWS_REGION.",
    )
    parser.add_argument("action", choices=["deploy", "bootstrap", "destroy"])
    parser.add_argument("--dataset", default=DEFAULT_DATASET, help="which file of datasets/ (default: %(default)s)")
    parser.add_argument("--email", default="", help="address that results are mailed to (default: none)")
    arguments = parser.parse_args()
    dataset = find_dataset(arguments.dataset)
    if arguments.email and not re.fullmatch(r"[^@\s]+@[^@\s]+", arguments.email):
        fail(f"EMAIL={arguments.email}: give one address, as you@example.com.")
    if arguments.action == "deploy":
        refuse_unfit_table(dataset)
    with synthesized(dataset, _SHELL) as assembly:
        if arguments.action == "destroy":
            assembly.destroy(dataset, _SHELL)
            say(
                f"Stack {dataset.stack_name} is gone. Its bucket and the table {dataset.table.name} stay, with their "
                f"data; this takes them back: {make_command('deploy', DATASET=dataset.name)}"
            )
        elif arguments.action == "bootstrap":
            assembly.bootstrap(_SHELL)
        else:
            email = ("--parameters", f"{dataset.stack_name}:SendCompletionEmailTo={arguments.email}")
            try:
                outputs = deploy(assembly, dataset, email if arguments.email else ())
            except NotBootstrappedError as error:  # what was just made may not be seen yet
                fail(str(error))
            for name, value in sorted(outputs.items()):
                say(f"{name}  {value}")


def deploy(assembly: Assembly, dataset: Dataset, options: tuple[str, ...]) -> dict[str, str]:
    """Deploy a data set's stack; before, where nobody has done so, prepare the account and Region for the CDK.

    Whether it is prepared, the deploy itself finds out, by the roles that it works with: who deploys may have no right
    but to take these on, and preparing an account again needs many more.
    """
    try:
        return assembly.deploy(dataset, _SHELL, options=options)
    except NotBootstrappedError:
        say("This account and Region have no CDK bootstrap stack yet: making it …")
    assembly.bootstrap(_SHELL)
    return assembly.deploy(dataset, _SHELL, options=options)


def refuse_unfit_table(dataset: Dataset) -> None:
    """End the command if the account has a table of the data set's name that its rows, or its indexes, do not fit.

    A deploy takes an existing table into the stack by its name, whatever its key, or leaves it alone if it is not
    managed. Who deploys may have no right to look at it, since the CDK acts through roles of its own; then the first
    run looks.
    """
    import boto3  # noqa: PLC0415 - only what talks to AWS pays for it
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    name = dataset.table.name
    try:
        # The CDK heeds AWS_REGION, boto3 only AWS_DEFAULT_REGION and the profile.
        region = os.environ.get("AWS_REGION") or None
        dynamodb = boto3.client("dynamodb", region_name=region)
        table = dynamodb.describe_table(TableName=name)["Table"]
        refuse_other_key(table, dataset)
        if not dataset.table.managed:
            refuse_other_indexes(table, dataset)
            refuse_other_lifetime(lifetime_of(dynamodb, name), dataset)
        else:
            refuse_index_changes(table, dataset, lambda: _is_deployed(boto3.client("cloudformation", region), dataset))
    except (MigrationError, MigrationPostponedError) as error:
        fail(str(error))
    except (BotoCoreError, ClientError) as error:
        if "ResourceNotFoundException" not in str(error):
            say(f"Whether there is a table {name} with another key could not be seen: {error}")
        elif not dataset.table.managed:
            fail(no_table(name, dynamodb.meta.region_name, dataset))


def _is_deployed(cloudformation: "CloudFormationClient", dataset: Dataset) -> bool:
    """Say whether the data set's stack is there; one that nobody may look at counts as there."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - only what talks to AWS pays for it

    try:
        return bool(cloudformation.describe_stacks(StackName=dataset.stack_name)["Stacks"])
    except ClientError as error:
        return "does not exist" not in str(error)


if __name__ == "__main__":
    main()
