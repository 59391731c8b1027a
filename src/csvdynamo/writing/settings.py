"""What the stack tells a Lambda function: environment variables, and the data set file beside its code."""

import os
from pathlib import Path

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.errors import CsvDynamoError, DatasetError


class SettingError(CsvDynamoError):
    """The Lambda function lacks a setting."""


def setting(name: str) -> str:
    """Return an environment variable.

    Raises:
        SettingError: It is not set, or empty.
    """
    value = os.environ.get(name)
    if not value:
        raise SettingError(f"the environment variable {name} is not set: deploy the stack again")
    return value


def staged_dataset(function_folder: Path) -> Dataset:
    """Load the one data set file that the CDK staged under `datasets/` beside the handlers.

    Raises:
        DatasetError: There is not exactly one, or it is wrong.
    """
    folder = function_folder / "datasets"
    paths = sorted(folder.glob("*.toml"))
    if len(paths) != 1:
        raise DatasetError(f"{folder}: must hold exactly one data set file, found {len(paths)}: deploy the stack again")
    return load_dataset(paths[0])
