"""The CDK app: a stack for each file in ``datasets/``, or for one (``-c dataset=<name>``).

``-c nag=true`` holds them against cdk-nag's rules.
``CSVDYNAMO_DATASETS`` names another folder of data set files, as it does for the commands and for Airflow.
"""

from __future__ import annotations

import os
from pathlib import Path

from aws_cdk import App

from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.errors import DatasetError
from csvdynamo_stack import nag
from csvdynamo_stack.names import NameTooLongError
from csvdynamo_stack.selection import SelectionError, chosen_files, target
from csvdynamo_stack.stack import CsvDynamoStack

ROOT = Path(__file__).resolve().parent.parent
DATASETS = Path(os.environ.get("CSVDYNAMO_DATASETS") or ROOT / "datasets").resolve()


def add_stacks(app: App) -> None:
    """Add a stack to the app for each data set chosen.

    Raises:
        SelectionError: The data set, the account or the Region is not known.
        DatasetError: A data set file is wrong.
        NameTooLongError: A data set's name is too long for the AWS names made from it.
    """
    place = target(os.environ)
    stacks = [
        CsvDynamoStack(
            app,
            load_dataset(path),
            code=ROOT / "lambdas",
            account=place.account,
            region=place.region,
        )
        for path in chosen_files(DATASETS, app.node.try_get_context("dataset"))
    ]
    if app.node.try_get_context("nag"):
        nag.check(app, stacks)


def main() -> None:
    """Synthesize the app into the folder that the CDK command line names."""
    app = App()
    try:
        add_stacks(app)
    except (SelectionError, DatasetError, NameTooLongError) as error:
        raise SystemExit(f"csvdynamo: {error}") from error
    app.synth()


if __name__ == "__main__":
    main()
