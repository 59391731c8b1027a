"""The real CDK CLI: bootstrap, deploy and destroy a data set's stack, on the embedded AWS or a real account."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from commands.project import CDK, ROOT, fail
from csvdynamo.dataset import Dataset

_BIN = Path(sys.executable).parent


def deploy(dataset: Dataset, environment: Mapping[str, str], *, options: tuple[str, ...] = ()) -> dict[str, str]:
    """Deploy a data set's stack, taking back the bucket and the table that an earlier ``destroy`` left.

    Args:
        dataset: The data set.
        environment: Variables for the CLI: credentials, region and, for the embedded AWS, its endpoint.
        options: More options for ``cdk deploy``, such as ``--parameters SendCompletionEmailTo=…``.

    Returns:
        The stack's outputs by name.
    """
    with tempfile.TemporaryDirectory(prefix="csvdynamo-outputs-") as folder:
        outputs = Path(folder) / "outputs.json"
        _cdk(
            dataset,
            environment,
            "deploy",
            dataset.stack_name,
            "--require-approval",
            "never",
            "--import-existing-resources",
            "--outputs-file",
            str(outputs),
            *options,
        )
        told: dict[str, str] = json.loads(outputs.read_text())[dataset.stack_name]
        return told


def bootstrap(dataset: Dataset, environment: Mapping[str, str]) -> None:
    """Prepare an account and region for the CDK; once is enough, twice does no harm."""
    _cdk(dataset, environment, "bootstrap")


def destroy(dataset: Dataset, environment: Mapping[str, str]) -> None:
    """Remove a data set's stack; its bucket and its table stay, with all that is in them."""
    _cdk(dataset, environment, "destroy", dataset.stack_name, "--force")


def synthesize(dataset: Dataset, folder: Path) -> Path:
    """Write a data set's template to a folder, without credentials, if cdk-nag finds nothing; return its path."""
    nobody = {"CDK_DEFAULT_ACCOUNT": "123456789012", "CDK_DEFAULT_REGION": "us-east-1"}
    _cdk(dataset, nobody, "synth", "--quiet", "--context", "nag=true", assembly=folder)
    return folder / f"{dataset.stack_name}.template.json"


def _cdk(dataset: Dataset, environment: Mapping[str, str], *arguments: str, assembly: Path | None = None) -> None:
    """Run the CDK CLI in ``cdk/``; its output is shown when it fails."""
    with tempfile.TemporaryDirectory(prefix="csvdynamo-cdk-") as folder:
        command = [
            str(ROOT / "node_modules" / ".bin" / "cdk"),
            *arguments,
            "--context",
            f"dataset={dataset.name}",
            "--output",
            str(assembly or folder),
            "--no-notices",
            "--ci",
        ]
        done = subprocess.run(
            command,
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
    # The CLI and jsii must find the Node of the virtual environment, whatever the machine has.
    return {
        **os.environ,
        **environment,
        "PATH": f"{_BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHON": sys.executable,
        "JSII_NODE": str(_BIN / "node"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
    }
