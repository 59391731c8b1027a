"""The real CDK CLI: synthesizes data sets' stacks once, then bootstraps, deploys and destroys what was synthesized."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from commands.project import CDK, ROOT, fail
from csvdynamo.dataset import Dataset

_BIN = Path(sys.executable).parent
_NO_CREDENTIALS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class Assembly:
    """Stacks as the CDK synthesized them, ready for the account and Region that they were synthesized for.

    Attributes:
        folder: The cloud assembly: templates and assets
            (https://docs.aws.amazon.com/cdk/v2/guide/deploy.html).
    """

    folder: Path

    def bootstrap(self, environment: Mapping[str, str]) -> None:
        """Prepare the account and Region for the CDK; once is enough, twice does no harm.

        Args:
            environment: Variables for the CLI: credentials, Region and, for the embedded AWS, its endpoint.
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
        environment: Variables for the CLI: credentials and Region.
    """
    with tempfile.TemporaryDirectory(prefix="csvdynamo-cdk-") as folder:
        yield synthesize(Path(folder), environment, dataset=dataset.name)


def synthesize(
    folder: Path, environment: Mapping[str, str], *, dataset: str | None = None, nag: bool = False
) -> Assembly:
    """Synthesize into a folder.

    Args:
        folder: A new or empty folder.
        environment: Variables for the CLI: credentials and Region, or, to need none, ``CDK_DEFAULT_ACCOUNT`` and
            ``CDK_DEFAULT_REGION``.
        dataset: The data set whose stack it is; None for all of them.
        nag: Hold the stacks against cdk-nag's rules, and fail on a finding.
    """
    chosen = () if dataset is None else ("--context", f"dataset={dataset}")
    checks = ("--context", "nag=true") if nag else ()
    run_cdk(environment, "synth", "--quiet", "--output", str(folder), *chosen, *checks)
    return Assembly(folder)


def run_cdk(environment: Mapping[str, str], *arguments: str) -> None:
    """Run the CDK CLI in ``cdk/``; its output is shown when it fails."""
    done = subprocess.run(
        [str(ROOT / "node_modules" / ".bin" / "cdk"), *arguments, "--no-notices", "--ci"],
        check=False,
        cwd=CDK,
        env=_tools(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        fail(f"cdk {' '.join(arguments)} failed:\n{done.stdout}")


def _tools(environment: Mapping[str, str]) -> dict[str, str]:
    # An account that is named needs no credentials, and those of the shell would name another one.
    named = "CDK_DEFAULT_ACCOUNT" in environment
    inherited = {name: value for name, value in os.environ.items() if not (named and name.startswith("AWS_"))}
    # The CLI and jsii must find the Node of the virtual environment, whatever the machine has.
    return {
        **inherited,
        **(_NO_CREDENTIALS if named else {}),
        **environment,
        "PATH": f"{_BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHON": sys.executable,
        "JSII_NODE": str(_BIN / "node"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }
