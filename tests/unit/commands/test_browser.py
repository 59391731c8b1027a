"""The browser of `make test-browser`: found, installed only when asked for, and no pass without one."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from commands import browser as module
from commands.browser import NoBrowserError, browser, find_browser
from commands.debian import InstallError, install
from commands.project import PYTHON_PATH, ROOT


def test_debians_name_goes_before_others() -> None:
    there = {"google-chrome": "/opt/google-chrome", "chromium": "/usr/bin/chromium"}

    assert find_browser(there.get) == "/usr/bin/chromium"
    assert find_browser({"google-chrome": "/opt/google-chrome"}.get) == "/opt/google-chrome"
    assert find_browser({}.get) is None


def test_a_browser_is_installed_only_when_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    there: list[str] = []

    def put(packages: Sequence[str]) -> None:
        there.extend(packages)

    monkeypatch.setattr(module, "find_browser", lambda: "/usr/bin/chromium" if there else None)
    monkeypatch.setattr(module, "install", put)

    with pytest.raises(NoBrowserError, match=r"apt-get install chromium.*make pictures INSTALL=1"):
        browser("pictures", may_install=False)
    assert there == []
    assert browser("pictures", may_install=True) == "/usr/bin/chromium"
    assert there == ["chromium"]


def test_one_that_cannot_be_installed_is_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Sequence[str]) -> None:
        raise InstallError("apt-get update -q failed: no network")

    monkeypatch.setattr(module, "find_browser", lambda: None)
    monkeypatch.setattr(module, "install", fail)

    with pytest.raises(NoBrowserError, match="no network"):
        browser("test-browser", may_install=True)


@pytest.mark.parametrize(
    ("script", "error"), [(None, "cannot be run"), ("#!/bin/sh\necho no network >&2; exit 1\n", "no network")]
)
def test_what_apt_get_says_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, error: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if script:
        (tmp_path / "apt-get").write_text(script)
        (tmp_path / "apt-get").chmod(0o755)

    with pytest.raises(InstallError, match=error):
        install(["chromium"])


@pytest.mark.parametrize(("asked", "target"), [([], "test-browser"), (["--pictures"], "pictures")])
def test_without_a_browser_the_command_says_so_and_ends_with_3(tmp_path: Path, asked: list[str], target: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "commands.browser_trial", *asked],
        env={**os.environ, "PATH": str(tmp_path), "PYTHONPATH": os.pathsep.join(map(str, PYTHON_PATH))},
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 3, done.stderr
    assert "no pass" in done.stdout
    assert f"make {target} INSTALL=1" in done.stdout
