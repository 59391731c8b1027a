"""The stacks synthesized for the embedded AWS, and kept: the same sources are synthesized once.

The CDK's own check of the templates, four fifths of a synthesis, is left to make lint and to a deploy to an account.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from filelock import FileLock

from commands.cdk_cli import Assembly, synthesize
from commands.kept import kept_folder
from commands.project import CDK, DATASETS, ROOT
from csvdynamo.datasets.dataset import Dataset
from local_aws.environment import ACCOUNT, REGION

_PLACE = {"CDK_DEFAULT_ACCOUNT": ACCOUNT, "CDK_DEFAULT_REGION": REGION}
_UNCHECKED = {"CDK_VALIDATION": "false"}
_PACKAGES = ("aws-cdk-lib", "constructs", "jsii")


def embedded_assembly(*datasets: Dataset, folder: Path = DATASETS) -> Assembly:
    """Give the assembly of one data set, or of all that there are; synthesize it unless it is kept already.

    Its folder is named after a digest of all that goes into it, so that one that is found is the right one. Who needs
    one that another command is synthesizing waits for it.

    Args:
        datasets: One data set, or all that there are in the folder.
        folder: The folder of data set files.
    """
    name = datasets[0].name if len(datasets) == 1 else None
    kept = kept_folder() / "cdk"
    assembly = kept / f"{name or 'all'}-{_digest(datasets)}"
    kept.mkdir(parents=True, exist_ok=True)
    with FileLock(kept.with_suffix(".lock")):
        if not assembly.exists():
            _keep_assembly(assembly, {**_PLACE, **_UNCHECKED, "CSVDYNAMO_DATASETS": str(folder)}, name)
    return Assembly(assembly)


def _keep_assembly(assembly: Path, environment: dict[str, str], name: str | None) -> None:
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=assembly.parent))
    try:
        synthesize(unfinished, environment, dataset=name)
        unfinished.rename(assembly)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _digest(datasets: Iterable[Dataset]) -> str:
    """Digest what goes into an assembly: rules and settings, app, functions, the CDK itself, account and Region."""
    told = sorted((one.rules.digest, one.settings_digest) for one in datasets)
    digest = hashlib.sha256(repr([told, ACCOUNT, REGION]).encode())
    for package in _PACKAGES:
        digest.update(f"{package} {metadata.version(package)}\n".encode())
    for path in _sources():
        digest.update(f"{path.relative_to(ROOT)}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:20]


def _sources() -> Iterator[Path]:
    yield ROOT / "package-lock.json"
    for folder in (CDK, ROOT / "lambdas", ROOT / "src"):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not {"__pycache__", "cdk.out"} & set(path.parts):
                yield path
