"""By what a source is read and rewritten beside its rules: the data set's settings, and the code."""

import hashlib
from functools import cache
from importlib import import_module
from pathlib import Path

from csvdynamo.datasets.dataset import Dataset

_CODE = ("csvdynamo", "csvdynamo_airflow.preparation", "csvdynamo_airflow.reading")


def made_by(dataset: Dataset) -> str:
    """Digest it, in hexadecimal: of the same source, the same digest makes the same prepared file.

    Sections are taken whole, and the code as it lies there: a digest that is another one for nothing costs a run that
    reads its source.

    Args:
        dataset: The data set.
    """
    sections = (dataset.rules.digest, dataset.source, dataset.policies, dataset.gates, dataset.write, dataset.limits)
    return hashlib.sha256(repr((_code_digest(), *sections)).encode()).hexdigest()


@cache
def _code_digest() -> str:
    digest = hashlib.sha256()
    for package in _CODE:
        folder = Path(str(import_module(package).__file__)).parent
        for path in sorted(folder.rglob("*.py")):
            digest.update(f"{package}/{path.relative_to(folder)}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
