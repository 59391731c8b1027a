"""Stages what a Lambda function's zip file holds: the handlers, what they import of the core, and one data set file."""

from __future__ import annotations

import shutil
from pathlib import Path

import csvdynamo
from csvdynamo_stack.import_closure import import_closure

_SOURCES = Path(csvdynamo.__file__).parents[1]


def stage(handlers: Path, dataset_file: Path, target: Path) -> None:
    """Copy the handlers, their import closure and the data set file into a folder.

    Two stagings of the same sources hold the same bytes under the same names, so the CDK gives them the same
    asset hash and a deploy without changes uploads nothing.

    Args:
        handlers: The folder with the handlers (``lambdas/``).
        dataset_file: The one data set file that the functions read.
        target: An existing, empty folder; afterwards the root of the zip file.

    Raises:
        FileNotFoundError: The data set file is not there.
    """
    programs = sorted(handlers.glob("*.py"))
    for program in programs:
        shutil.copyfile(program, target / program.name)
    for module in import_closure(programs, _SOURCES):
        copy = target / module.relative_to(_SOURCES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(module, copy)
    datasets = target / "datasets"
    datasets.mkdir()
    shutil.copyfile(dataset_file, datasets / dataset_file.name)
