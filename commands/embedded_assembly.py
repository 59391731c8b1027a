"""The stacks synthesized for the embedded AWS, and kept: the same sources are synthesized once.

The CDK's own check of the templates, four fifths of a synthesis, is left to make lint and to a deploy to an account.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from commands.cdk_cli import Assembly, synthesize
from commands.kept import digest_of, files_below, make_once
from commands.project import CDK, DATASETS, ROOT
from csvdynamo.datasets.dataset import Dataset
from local_aws.environment import ACCOUNT, REGION

_PLACE = {"CDK_DEFAULT_ACCOUNT": ACCOUNT, "CDK_DEFAULT_REGION": REGION}
_UNCHECKED = {"CDK_VALIDATION": "false"}
_PACKAGES = ("aws-cdk-lib", "constructs", "jsii")


def embedded_assembly(*datasets: Dataset, folder: Path = DATASETS) -> Assembly:
    """Give the assembly of one data set, or of all that there are; synthesize it unless it is kept already.

    Args:
        datasets: One data set, or all that there are in the folder.
        folder: The folder of data set files.
    """
    name = datasets[0].name if len(datasets) == 1 else None
    environment = {**_PLACE, **_UNCHECKED, "CSVDYNAMO_DATASETS": str(folder)}
    kept = make_once(
        "cdk", f"{name or 'all'}-{_digest(datasets)}", lambda made: synthesize(made, environment, dataset=name)
    )
    return Assembly(kept)


def _digest(datasets: Iterable[Dataset]) -> str:
    """Digest what goes into an assembly: rules and settings, app, functions, the CDK itself, account and Region."""
    told = sorted((one.rules.digest, one.settings_digest) for one in datasets)
    return digest_of([told, ACCOUNT, REGION], _PACKAGES, _sources(), ROOT)


def _sources() -> Iterator[Path]:
    yield ROOT / "package-lock.json"
    for folder in (CDK, ROOT / "lambdas", ROOT / "src"):
        yield from files_below(folder)
