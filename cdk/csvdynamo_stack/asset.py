"""Stages what a Lambda function's zip file holds: the code of ``lambdas/`` and one data set file."""

from __future__ import annotations

import shutil
from pathlib import Path

_IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


def stage(code: Path, dataset_file: Path, target: Path) -> None:
    """Copy the Lambda code and the data set file into a folder.

    Two stagings of the same sources hold the same bytes under the same names, so the CDK gives them the same
    asset hash and a deploy without changes uploads nothing.

    Args:
        code: The folder with the handlers and the core (``lambdas/``).
        dataset_file: The one data set file that the functions read.
        target: An existing, empty folder; afterwards the root of the zip file.

    Raises:
        FileNotFoundError: The code folder or the data set file is not there.
    """
    shutil.copytree(code, target, ignore=_IGNORED, dirs_exist_ok=True)
    datasets = target / "datasets"
    datasets.mkdir()
    shutil.copyfile(dataset_file, datasets / dataset_file.name)
