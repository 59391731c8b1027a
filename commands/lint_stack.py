"""The part of ``make lint`` that reads the synthesized stacks: cdk-nag, cfn-lint, the state machines' validators."""

import subprocess
import sys
import tempfile
from pathlib import Path

from commands.cdk_cli import synthesize
from commands.project import CDK, DATASETS, fail, find_dataset, say
from csvdynamo.dataset_file import dataset_paths


def main() -> None:
    """Synthesize the stack of every data set and check it; the exit status is 0 only if nothing is wrong."""
    with tempfile.TemporaryDirectory(prefix="csvdynamo-synth-") as folder:
        templates = [synthesize(find_dataset(path.stem), Path(folder) / path.stem) for path in dataset_paths(DATASETS)]
        checks = [
            [str(Path(sys.executable).parent / "cfn-lint"), "--non-zero-exit-code", "error", "--"],
            [sys.executable, str(CDK / "workflow_lint.py")],
        ]
        failed = [check for check in checks if subprocess.run([*check, *map(str, templates)], check=False).returncode]
    if failed:
        fail("The stack has errors: see above.")
    say(f"{len(templates)} stack(s): cdk-nag, cfn-lint and the state machine's validators found nothing wrong.")


if __name__ == "__main__":
    main()
