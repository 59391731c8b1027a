"""Which data sets get a stack, and in which account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SelectionError(ValueError):
    """What was asked for on the command line or in the environment cannot be deployed."""


@dataclass(frozen=True)
class Target:
    """An AWS account (twelve digits) and Region."""

    account: str
    region: str


def chosen_files(folder: Path, dataset: str | None) -> list[Path]:
    """List the data set files that get a stack.

    Args:
        folder: The folder ``datasets/``.
        dataset: One data set's name, or None for all.

    Raises:
        SelectionError: There is no data set file, or none of that name.
    """
    files = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if not files:
        raise SelectionError(f"{folder}: there is no data set file: add one, such as my_data.toml")
    if dataset is None:
        return list(files.values())
    if dataset not in files:
        raise SelectionError(f"there is no data set {dataset!r} in {folder}: choose one of {', '.join(files)}")
    return [files[dataset]]


def target(environment: Mapping[str, str]) -> Target:
    """Read the account and the Region that the CDK command line found from the AWS credentials.

    Args:
        environment: The process's environment; the command line sets ``CDK_DEFAULT_ACCOUNT`` and
            ``CDK_DEFAULT_REGION`` (https://docs.aws.amazon.com/cdk/v2/guide/configure-env.html).

    Raises:
        SelectionError: One of them is not known.
    """
    account = environment.get("CDK_DEFAULT_ACCOUNT", "")
    region = environment.get("CDK_DEFAULT_REGION", "")
    if not account or not region:
        raise SelectionError(
            "the AWS account or Region is not known: give AWS credentials and a Region (AWS_PROFILE, AWS_REGION), "
            "or set CDK_DEFAULT_ACCOUNT and CDK_DEFAULT_REGION to synthesize without credentials"
        )
    return Target(account, region)
