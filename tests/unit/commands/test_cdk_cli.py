"""What the CDK CLI is given of the shell that a command was typed in."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from commands import cdk_cli


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the CLI was started with last."""
    told: dict[str, Any] = {}

    def run(command: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
        told.update(more["env"], command=command)
        return subprocess.CompletedProcess(command, 0, "")

    monkeypatch.setattr(cdk_cli.subprocess, "run", run)
    monkeypatch.setenv("AWS_PROFILE", "of-the-shell")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-shell")
    return told


def test_an_account_that_is_named_is_not_looked_up_by_the_shells_credentials(
    given: dict[str, Any], tmp_path: Path
) -> None:
    place = {"CDK_DEFAULT_ACCOUNT": "111122223333", "CDK_DEFAULT_REGION": "eu-west-1"}

    cdk_cli.synthesize(tmp_path, place, dataset="trees")

    assert {"AWS_PROFILE", "AWS_ACCESS_KEY_ID"}.isdisjoint(given)
    assert (given["CDK_DEFAULT_ACCOUNT"], given["AWS_SHARED_CREDENTIALS_FILE"]) == ("111122223333", "/dev/null")


def test_a_deploy_to_an_account_has_the_shells_credentials(given: dict[str, Any], tmp_path: Path) -> None:
    cdk_cli.Assembly(tmp_path).bootstrap({})

    assert given["AWS_PROFILE"] == "of-the-shell"
    assert given["command"][-4:] == ["--app", str(tmp_path), "--no-notices", "--ci"]
