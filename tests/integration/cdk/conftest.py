from pathlib import Path

import pytest

from commands.cdk_cli import synthesize


@pytest.fixture(scope="session")
def cloud_assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the CDK command line itself synthesizes for every data set of the project, without credentials."""
    place = {"CDK_DEFAULT_ACCOUNT": "123456789012", "CDK_DEFAULT_REGION": "us-east-1"}
    return synthesize(tmp_path_factory.mktemp("cdk.out"), place).folder
