"""The part of ``make lint`` that reads the synthesized stacks: cdk-nag, cfn-lint, the state machines' validators."""

import subprocess
import sys
import tempfile
from pathlib import Path

from commands.cdk_cli import synthesize
from commands.project import CDK, DATASETS, fail, find_dataset, say
from commands.shell import leave_shell
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import dataset_paths

_NOBODY = {"CDK_DEFAULT_ACCOUNT": "123456789012", "CDK_DEFAULT_REGION": "us-east-1"}


def main() -> None:
    """Synthesize the stack of every data set and check it; the exit status is 0 only if nothing is wrong."""
    leave_shell()
    with tempfile.TemporaryDirectory(prefix="csvdynamo-synth-") as folder:
        templates = [_template(find_dataset(path.stem), Path(folder) / path.stem) for path in dataset_paths(DATASETS)]
        checks = [
            [str(Path(sys.executable).parent / "cfn-lint"), "--non-zero-exit-code", "error", "--"],
            [sys.executable, str(CDK / "workflow_lint.py")],
        ]
        failed = [check for check in checks if subprocess.run([*check, *map(str, templates)], check=False).returncode]
    if failed:
        fail("The stack has errors: see above.")
    say(f"{len(templates)} stack(s): cdk-nag, cfn-lint and the state machine's validators found nothing wrong.")


def _template(dataset: Dataset, folder: Path) -> Path:
    """Write a data set's template to a folder, without credentials, if cdk-nag finds nothing; return its path."""
    synthesize(folder, _NOBODY, dataset=dataset.name, nag=True)
    return folder / f"{dataset.stack_name}.template.json"


if __name__ == "__main__":
    main()
