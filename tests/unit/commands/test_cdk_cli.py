"""What the CDK CLI is given of the shell that a command was typed in."""

import os
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
    given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"CDK_DEFAULT_ACCOUNT": "111122223333", "CDK_DEFAULT_REGION": "eu-west-1"}
    monkeypatch.setenv("CDK_PROFILE", "of-the-shell")
    monkeypatch.setenv("NODE_OPTIONS", "--inspect-brk")

    cdk_cli.synthesize(tmp_path, place, dataset="trees")

    assert {"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "CDK_PROFILE", "NODE_OPTIONS"}.isdisjoint(given)
    assert given["HOME"] != os.environ["HOME"], "~/.cdk.json may name a profile"
    assert (given["CDK_DEFAULT_ACCOUNT"], given["AWS_SHARED_CREDENTIALS_FILE"]) == ("111122223333", "/dev/null")


def test_a_deploy_to_an_account_has_the_shells_credentials_and_settings(
    given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shells = {"AWS_CONFIG_FILE": "/my/config", "CDK_DEFAULT_ACCOUNT": "111122223333", "HTTPS_PROXY": "http://proxy:1"}
    for name, value in shells.items():
        monkeypatch.setenv(name, value)

    cdk_cli.Assembly(tmp_path).bootstrap({})

    assert (given["AWS_PROFILE"], given["HOME"]) == ("of-the-shell", os.environ["HOME"])
    assert shells.items() <= given.items()
    assert given["command"][-4:] == ["--app", str(tmp_path), "--no-notices", "--ci"]


@pytest.mark.parametrize("words", ["requires bootstrap stack version '6', found '4'", "no permission"])
def test_an_account_whose_bootstrap_stack_does_not_do_is_told_how_it_is_renewed(
    monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, words)

    monkeypatch.setattr(cdk_cli.subprocess, "run", run)

    with pytest.raises(SystemExit) as ended:
        cdk_cli.run_cdk({}, "deploy")

    assert words in str(ended.value)
    assert ("make bootstrap" in str(ended.value)) is (words != "no permission")
