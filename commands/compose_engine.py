"""A Docker engine for ``make test-compose``: the one that runs, or one started for it and stopped at its end."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from commands.debian import InstallError, install
from commands.project import BUILD, say

ENGINE_DATA = BUILD / "compose-engine"
ENGINE_LOG = BUILD / "compose-engine.log"
PACKAGES = {"dockerd": "docker.io", "docker-compose": "docker-compose", "debootstrap": "debootstrap"}
_START_SECONDS = 60.0
_STOP_SECONDS = 60.0
_BRIDGE = Path("/sys/class/net/docker0")


class NoEngineError(Exception):
    """Nothing here can run containers; the message says what is missing. It is no verdict on the containers."""


@dataclass(frozen=True)
class Engine:
    """A Docker engine that answers.

    Attributes:
        environment: The variables with which ``docker`` and ``docker-compose`` find it.
        compose: The command that is docker-compose here.
        started: Whether it was started for this command alone.
    """

    environment: Mapping[str, str]
    compose: tuple[str, ...]
    started: bool

    def run(
        self, *command: str, check: bool = True, seconds: float | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command against this engine, and return what it printed.

        Raises:
            CommandError: It failed, and ``check`` was asked for.
        """
        done = subprocess.run(
            command, check=False, env=self.environment, capture_output=True, text=True, timeout=seconds
        )
        if check and done.returncode:
            raise CommandError(command, done.stderr or done.stdout)
        return done

    def docker(self, *arguments: str) -> str:
        """Run ``docker`` and return what it printed."""
        return self.run("docker", *arguments).stdout.strip()


class CommandError(Exception):
    """A command failed: which, and the end of what it said."""

    def __init__(self, command: Sequence[str], output: str) -> None:
        super().__init__(f"{' '.join(command)} failed:\n" + "\n".join(output.strip().splitlines()[-30:]))


def missing_packages(
    *, engine_runs: bool, compose: bool, which: Callable[[str], str | None] = shutil.which
) -> tuple[str, ...]:
    """Name Debian's packages without which this command can do nothing, or could not build stand-ins.

    Args:
        engine_runs: Whether an engine answers already, so that none has to be started.
        compose: Whether docker-compose was found, as a program or as Docker's plugin.
        which: Finds a program.
    """
    needed = {"dockerd": not engine_runs, "docker-compose": not compose, "debootstrap": True}
    return tuple(PACKAGES[name] for name, wanted in needed.items() if wanted and which(name) is None)


def find_compose(succeeds: Callable[[Sequence[str]], bool]) -> tuple[str, ...] | None:
    """Choose docker-compose: Docker's plugin where there is one, or the program.

    Args:
        succeeds: Whether a command runs and ends with status 0.
    """
    candidates = (("docker", "compose"), ("docker-compose",))
    return next((command for command in candidates if succeeds((*command, "version"))), None)


@contextmanager
def engine(*, may_install: bool) -> Iterator[Engine]:
    """Give a Docker engine; at the end, stop it if it was started here.

    Args:
        may_install: Install the Debian packages that are missing.

    Raises:
        NoEngineError: There is none, and none can be started.
    """
    runs = _succeeds(("docker", "info", "--format", "{{.ServerVersion}}"))
    missing = missing_packages(engine_runs=runs, compose=find_compose(_succeeds) is not None)
    if missing and may_install:
        try:
            install(missing)
        except InstallError as error:
            raise NoEngineError(str(error)) from error
        missing = missing_packages(engine_runs=runs, compose=find_compose(_succeeds) is not None)
    compose = find_compose(_succeeds)
    # Without debootstrap alone, the real images may still be had.
    if compose is None or (not runs and shutil.which("dockerd") is None):
        raise NoEngineError(
            f"missing: {', '.join(missing)}. On Debian: apt-get install {' '.join(missing)}, "
            "or let this command do it: make test-compose INSTALL=1"
        )
    if runs:
        yield Engine(dict(os.environ), compose, started=False)
        return
    with _started() as host:
        yield Engine({**os.environ, "DOCKER_HOST": host}, compose, started=True)


def _succeeds(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(command, check=False, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    # `docker info` without an engine ends with status 0 in some versions, and says nothing on its output.
    return done.returncode == 0 and bool(done.stdout.strip())


@contextmanager
def _started() -> Iterator[str]:
    """Run an engine of its own: its data in the build folder, its socket and state in a temporary one."""
    if os.geteuid():
        raise NoEngineError("no Docker engine answers, and only root can start one: start yours, or run this as root.")
    had_bridge = _BRIDGE.exists()
    folder = Path(tempfile.mkdtemp(prefix="csvdynamo-engine-"))
    host = f"unix://{folder / 'docker.sock'}"
    ENGINE_LOG.parent.mkdir(parents=True, exist_ok=True)
    with ENGINE_LOG.open("wb") as log:
        process = subprocess.Popen(
            engine_command(folder),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        _await_engine(host, process)
        say(f"Started a Docker engine (process {process.pid}, log {ENGINE_LOG}, data {ENGINE_DATA}).")
        yield host
    finally:
        _stop(process)
        _remove(folder)
        if not had_bridge and _BRIDGE.exists():
            subprocess.run(["ip", "link", "delete", _BRIDGE.name], check=False, capture_output=True)
        say("Stopped the Docker engine that was started.")


def engine_command(folder: Path) -> list[str]:
    """Write the command of an engine that shares nothing with another one but the kernel."""
    return [
        "dockerd",
        f"--host=unix://{folder / 'docker.sock'}",
        f"--exec-root={folder / 'exec'}",
        f"--pidfile={folder / 'docker.pid'}",
        f"--data-root={ENGINE_DATA}",
    ]


def _await_engine(host: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _succeeds(("docker", "--host", host, "info", "--format", "{{.ServerVersion}}")):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(ENGINE_LOG.read_text(errors="replace").splitlines()[-5:])
            raise NoEngineError(f"dockerd does not start here; its log, {ENGINE_LOG}, ends:\n{tail}")
        time.sleep(0.5)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        say("The Docker engine takes its time to stop; ending its processes.")
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def mounts_below(folder: Path, mounts: str) -> list[str]:
    """List what is mounted below a folder, the innermost first.

    Args:
        folder: The folder.
        mounts: The text of ``/proc/self/mounts``.
    """
    points = [line.split()[1] for line in mounts.splitlines() if line]
    return sorted((point for point in points if point.startswith(f"{folder}/")), key=len, reverse=True)


def _remove(folder: Path) -> None:
    # A network namespace of an engine stays mounted where it was.
    for point in mounts_below(folder, Path("/proc/self/mounts").read_text(encoding="utf-8")):
        subprocess.run(["umount", "--lazy", point], check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
