"""The real CDK CLI: synthesizes data sets' stacks once, then bootstraps, deploys and destroys what was synthesized."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from commands.project import CDK, ROOT, fail
from csvdynamo.datasets.dataset import Dataset
from local_aws.inherited import from_shell

_BIN = Path(sys.executable).parent
# Of Linux and macOS, below the home: jsii keeps the CDK's library there, and would unpack it again.
_CACHES = (".cache", "Library/Caches")
# The CLI has no status of its own for it. It looks by the roles that the bootstrap stack gave, so that these words come
# only from where there is none: whoever may not look has another error.
_NOT_BOOTSTRAPPED = "Has the environment been bootstrapped?"
# It is too old, or may not be looked at, as where there is none and with it no role to look by.
_BOOTSTRAP_UNFIT = "requires bootstrap stack version"
_RENEW = "The CDK's own stack in this account and Region is made and renewed by make bootstrap, by someone who may."


class NotBootstrappedError(Exception):
    """The account and Region have no bootstrap stack (https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping.html)."""


@dataclass(frozen=True)
class Assembly:
    """Stacks as the CDK synthesized them, ready for the account and Region that they were synthesized for.

    Attributes:
        folder: The cloud assembly: templates and assets
            (https://docs.aws.amazon.com/cdk/v2/guide/deploy.html).
    """

    folder: Path

    def bootstrap(self, environment: Mapping[str, str]) -> None:
        """Prepare the account and Region for the CDK; once is enough, twice does no harm but needs rights of its own.

        Args:
            environment: Variables for the CLI: endpoint, credentials and Region of the embedded AWS. None at all: it
                has those of the shell, to work in the account that they name.
        """
        self._cdk(environment, "bootstrap")

    def deploy(
        self, dataset: Dataset, environment: Mapping[str, str], *, options: tuple[str, ...] = ()
    ) -> dict[str, str]:
        """Deploy a data set's stack, taking back the bucket and the table that an earlier ``destroy`` left.

        Args:
            dataset: The data set, one of those that were synthesized.
            environment: As for `bootstrap`.
            options: More options for ``cdk deploy``, such as ``--parameters SendCompletionEmailTo=…``.

        Returns:
            The stack's outputs by name.

        Raises:
            NotBootstrappedError: The account and Region were never prepared for the CDK.
        """
        return self.deploy_all([dataset], environment, options=options)[dataset.name]

    def deploy_all(
        self, datasets: list[Dataset], environment: Mapping[str, str], *, options: tuple[str, ...] = ()
    ) -> dict[str, dict[str, str]]:
        """Deploy the stacks of several data sets side by side; see `deploy`.

        Returns:
            Each stack's outputs by name, by the data set's name.
        """
        stacks = [dataset.stack_name for dataset in datasets]
        always = ("--require-approval", "never", "--import-existing-resources", "--concurrency", str(len(stacks)))
        with tempfile.TemporaryDirectory(prefix="csvdynamo-outputs-") as folder:
            outputs = Path(folder) / "outputs.json"
            self._cdk(environment, "deploy", *stacks, *always, "--outputs-file", str(outputs), *options)
            told: dict[str, dict[str, str]] = json.loads(outputs.read_text())
        return {dataset.name: told[dataset.stack_name] for dataset in datasets}

    def destroy(self, dataset: Dataset, environment: Mapping[str, str]) -> None:
        """Remove a data set's stack; its bucket and its table stay, with all that is in them."""
        self._cdk(environment, "destroy", dataset.stack_name, "--force")

    def _cdk(self, environment: Mapping[str, str], *arguments: str) -> None:
        run_cdk(environment, *arguments, "--app", str(self.folder))


@contextmanager
def synthesized(dataset: Dataset, environment: Mapping[str, str]) -> Iterator[Assembly]:
    """Synthesize a data set's stack for the account and Region that the environment's credentials name.

    Args:
        dataset: The data set.
        environment: As for `Assembly.bootstrap`.
    """
    with tempfile.TemporaryDirectory(prefix="csvdynamo-cdk-") as folder:
        yield synthesize(Path(folder), environment, dataset=dataset.name)


def synthesize(
    folder: Path, environment: Mapping[str, str], *, dataset: str | None = None, nag: bool = False
) -> Assembly:
    """Synthesize into a folder.

    Args:
        folder: A new or empty folder.
        environment: As for `Assembly.bootstrap`; or, to need no credentials, ``CDK_DEFAULT_ACCOUNT`` and
            ``CDK_DEFAULT_REGION``.
        dataset: The data set whose stack it is; None for all of them.
        nag: Hold the stacks against cdk-nag's rules, and fail on a finding.
    """
    chosen = () if dataset is None else ("--context", f"dataset={dataset}")
    checks = ("--context", "nag=true") if nag else ()
    run_cdk(environment, "synth", "--quiet", "--output", str(folder), *chosen, *checks)
    return Assembly(folder)


def run_cdk(environment: Mapping[str, str], *arguments: str) -> None:
    """Run the CDK CLI in ``cdk/``; its output is shown when it fails.

    Raises:
        NotBootstrappedError: It failed because the account and Region were never prepared for it.
    """
    own_home: AbstractContextManager[dict[str, str]] = _home() if environment else nullcontext({})
    with own_home as home:
        done = subprocess.run(
            [str(ROOT / "node_modules" / ".bin" / "cdk"), *arguments, "--no-notices", "--ci"],
            check=False,
            cwd=CDK,
            env=_tools(environment) | home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    if not done.returncode:
        return
    told = f"cdk {' '.join(arguments)} failed:\n{done.stdout}"
    if _NOT_BOOTSTRAPPED in done.stdout:
        raise NotBootstrappedError(told)
    fail(f"{told}\n{_RENEW}" if _BOOTSTRAP_UNFIT in done.stdout else told)


@contextmanager
def _home() -> Iterator[dict[str, str]]:
    """Give the variable for a home without the person's ``~/.cdk.json``, whose profile would count more than a key."""
    with tempfile.TemporaryDirectory(prefix="csvdynamo-home-") as folder:
        for cache in _CACHES:
            with suppress(OSError):
                kept, linked = Path.home() / cache, Path(folder) / cache
                kept.mkdir(exist_ok=True)
                linked.parent.mkdir(parents=True, exist_ok=True)
                linked.symlink_to(kept)
        yield {"HOME": folder}


def _tools(environment: Mapping[str, str]) -> dict[str, str]:
    # Where an account is named, be it the embedded AWS's, the shell's settings and credentials would name another one.
    inherited = from_shell(os.environ) if environment else os.environ
    # The CLI and jsii must find the Node of the virtual environment, whatever the machine has.
    return {
        **inherited,
        **environment,
        "PATH": f"{_BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHON": sys.executable,
        "JSII_NODE": str(_BIN / "node"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }
