"""Every stack that the end-to-end tests use, deployed once; and an embedded AWS that begins with all of them.

The deploy is the real one, by the CDK CLI, once for all processes of a test run. What it left is copied for each
embedded AWS that a test needs for itself, which then starts in a second.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from commands.embedded import Deployed
from commands.embedded_account import bootstrapped_account
from commands.embedded_assembly import embedded_assembly
from commands.project import ROOT
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset, load_datasets
from local_aws.server import LocalAws
from tests.hostile.datasets import write_datasets

_FILES = (
    ROOT / "datasets" / "ev_population.toml",
    *sorted((ROOT / "tests" / "e2e" / "datasets").glob("*.toml")),
    *sorted((ROOT / "tests" / "chaos" / "datasets").glob("*.toml")),
)


@dataclass(frozen=True)
class Stacks:
    """The deployed stacks.

    Attributes:
        folder: Where their data set files, outputs and state are.
        outputs: Each stack's outputs by name, by the data set's name.
    """

    folder: Path
    outputs: Mapping[str, Mapping[str, str]]

    @classmethod
    def deployed(cls, folder: Path) -> "Stacks":
        """Deploy them, unless another process of this test run has.

        Args:
            folder: A folder that the processes share.
        """
        with FileLock(folder.with_suffix(".lock")):
            told = folder / "outputs.json"
            if not told.exists():
                told.write_text(json.dumps(_deploy(folder)), encoding="utf-8")
        return cls(folder, json.loads(told.read_text(encoding="utf-8")))

    @property
    def all_datasets_folder(self) -> Path:
        """The folder of all data set files, for ``CSVDYNAMO_DATASETS``."""
        return self.folder / "together"

    def datasets_folder(self, name: str) -> Path:
        """A folder that holds one data set file alone, for ``CSVDYNAMO_DATASETS``: other DAGs cost a run time."""
        return self.folder / "alone" / name

    def dataset(self, name: str) -> Dataset:
        """Read a data set."""
        return load_dataset(self.datasets_folder(name) / f"{name}.toml")

    @property
    def state(self) -> Path:
        """What the embedded AWS left on which they were deployed."""
        return self.folder / "state"

    @contextmanager
    def copy(self, *, log: Path, settings: Mapping[str, str], secure: bool = False) -> Iterator[LocalAws]:
        """Start an embedded AWS that has them.

        Args:
            log: File for its output.
            settings: More variables for it.
            secure: Let it enforce IAM and serve TLS.
        """
        with LocalAws(begin_with=self.state, log=log, settings=settings, secure=secure) as aws:
            yield aws

    def on(self, aws: LocalAws, name: str) -> Deployed:
        """A data set's stack on one of the copies."""
        return Deployed(aws, dict(self.outputs[name]))


def _deploy(folder: Path) -> dict[str, dict[str, str]]:
    """Write the data set files, deploy their stacks and leave what the embedded AWS then holds; return the outputs."""
    together = folder / "together"
    together.mkdir(parents=True)
    write_datasets(together)
    for file in _FILES:
        shutil.copy(file, together)
    datasets = load_datasets(together)
    for name in datasets:
        alone = folder / "alone" / name
        alone.mkdir(parents=True)
        shutil.copy(together / f"{name}.toml", alone)
    assembly = embedded_assembly(*datasets.values(), folder=together)
    account = bootstrapped_account(assembly)
    with LocalAws(log=folder / "local-aws.log", begin_with=account, leave_state=folder / "state") as aws:
        return assembly.deploy_all(list(datasets.values()), aws.environment)
