"""The engine of the trial of the containers: chosen, started, and stopped only if it was started."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from commands import compose_engine
from commands.compose_engine import (
    Engine,
    NoEngineError,
    engine,
    engine_command,
    find_compose,
    missing_packages,
    mounts_below,
)
from commands.project import PYTHON_PATH, ROOT

DOCKER = """#!/bin/sh
case "$*" in
  "compose version") exit 1;;
  *info*) test -e "$ENGINE_RUNS" && echo 28;;
esac
"""
DOCKERD = """#!/bin/sh
trap 'rm "$ENGINE_RUNS"; exit 0' TERM
touch "$ENGINE_RUNS"
while :; do sleep 0.1; done
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Puts programs in place of the real ones; returns the file that is there while the engine runs."""
    folder, runs = tmp_path / "bin", tmp_path / "engine-runs"
    folder.mkdir()
    for tool in ("touch", "rm", "sleep"):
        (folder / tool).symlink_to(str(shutil.which(tool)))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("ENGINE_RUNS", str(runs))
    monkeypatch.setattr(compose_engine, "ENGINE_LOG", tmp_path / "engine.log")
    monkeypatch.setattr(compose_engine, "_BRIDGE", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 0)

    def put(**texts: str) -> Path:
        for name, text in texts.items():
            path = folder / name.replace("_", "-")
            path.write_text(text, encoding="utf-8")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return runs

    return put


def test_an_engine_that_runs_is_used_and_left_running(programs: Callable[..., Path]) -> None:
    runs = programs(docker=DOCKER, docker_compose="#!/bin/sh\necho v1\n", dockerd="#!/bin/sh\nexit 1\n")
    runs.touch()

    with engine(may_install=False) as found:
        assert (found.started, found.compose) == (False, ("docker-compose",))

    assert runs.exists()


def test_an_engine_that_was_started_is_stopped_also_after_ctrl_c(programs: Callable[..., Path]) -> None:
    runs = programs(docker=DOCKER, docker_compose="#!/bin/sh\necho v1\n", dockerd=DOCKERD)

    seen: list[Engine] = []

    def use() -> None:
        with engine(may_install=False) as found:
            seen.append(found)
            assert runs.exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        use()

    [found] = seen
    socket = Path(found.environment["DOCKER_HOST"].removeprefix("unix://"))
    assert found.started
    assert not runs.exists()
    assert not socket.parent.exists()


def test_an_engine_that_does_not_start_is_told_with_its_log(programs: Callable[..., Path]) -> None:
    programs(docker=DOCKER, docker_compose="#!/bin/sh\necho v1\n", dockerd="#!/bin/sh\necho no cgroups here\nexit 1\n")

    with pytest.raises(NoEngineError, match="no cgroups here"), engine(may_install=False):
        pass


def test_only_root_starts_an_engine(programs: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    runs = programs(docker=DOCKER, docker_compose="#!/bin/sh\necho v1\n", dockerd=DOCKERD)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(NoEngineError, match="only root"), engine(may_install=False):
        pass

    assert not runs.exists()


def test_nothing_is_installed_unless_it_was_asked_for(
    programs: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    programs(docker=DOCKER)
    asked: list[Sequence[str]] = []
    monkeypatch.setattr(compose_engine, "install", asked.append)

    with (
        pytest.raises(NoEngineError, match=r"apt-get install docker\.io docker-compose debootstrap.*INSTALL=1"),
        engine(may_install=False),
    ):
        pass
    assert asked == []

    with pytest.raises(NoEngineError), engine(may_install=True):
        pass
    assert asked == [("docker.io", "docker-compose", "debootstrap")]


def test_only_what_is_needed_and_not_there_is_missing() -> None:
    def nothing(_: str) -> None:
        return None

    assert missing_packages(engine_runs=True, compose=True, which=nothing) == ("debootstrap",)
    assert missing_packages(engine_runs=False, compose=True, which=nothing) == ("docker.io", "debootstrap")
    assert missing_packages(engine_runs=False, compose=False, which=lambda name: f"/usr/bin/{name}") == ()


def test_dockers_plugin_goes_before_the_program() -> None:
    assert find_compose(lambda _: True) == ("docker", "compose")
    assert find_compose(lambda command: command[0] == "docker-compose") == ("docker-compose",)
    assert find_compose(lambda _: False) is None


def test_an_engine_of_its_own_shares_no_socket_state_or_data(tmp_path: Path) -> None:
    options = dict(option.split("=", 1) for option in engine_command(tmp_path)[1:])

    assert options.pop("--data-root") == str(compose_engine.ENGINE_DATA)
    assert set(options) == {"--host", "--exec-root", "--pidfile"}
    assert all(str(tmp_path) in value for value in options.values())


def test_only_mounts_below_the_folder_are_undone_the_innermost_first() -> None:
    mounts = "a / ext4 rw\nb /tmp/e/x tmpfs rw\nc /tmp/e/x/ns nsfs rw\nd /tmp/engine tmpfs rw\n"

    assert mounts_below(Path("/tmp/e"), mounts) == ["/tmp/e/x/ns", "/tmp/e/x"]


def test_without_an_engine_the_command_says_so_and_ends_with_3(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "commands.compose_trial"],
        env={
            **os.environ,
            "PATH": str(tmp_path),
            "PYTHONPATH": os.pathsep.join(map(str, PYTHON_PATH)),
            "DOCKER_HOST": f"unix://{tmp_path}/none.sock",
        },
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 3, done.stderr
    assert "no pass" in done.stdout
    assert "apt-get install docker.io docker-compose debootstrap" in done.stdout
