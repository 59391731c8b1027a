"""The containers of ``docker-compose.yaml`` under a project of their own: built, started, looked at, taken down."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands.compose_engine import CommandError, Engine
from commands.compose_images import POSTGRES_IMAGE, PYTHON_IMAGE
from commands.project import ROOT, say

IMAGES = {"airflow": "csvdynamo-airflow:trial", "embedded-aws": "csvdynamo-embedded-aws:trial"}
AIRFLOW_USER = "50000"
LASTING = ("postgres", "aws", "api-server", "scheduler", "dag-processor", "triggerer")
_TARGETS = {
    "aws": "embedded-aws",
    "deploy": "embedded-aws",
    **dict.fromkeys(("migrate", "api-server", "scheduler", "dag-processor", "triggerer"), "airflow"),
}
_HEALTHY_SECONDS = 300.0


class TrialError(Exception):
    """The containers did not do what they must."""


def override(bases: Mapping[str, str]) -> dict[str, Any]:
    """Write what this trial changes of the compose file: names of images, so that nobody's are replaced.

    Args:
        bases: The image to use for each base image that the project names.
    """
    arguments = {"PYTHON_IMAGE": bases[PYTHON_IMAGE]}
    services: dict[str, Any] = {
        service: {"image": IMAGES[target], "build": {"args": arguments}} for service, target in _TARGETS.items()
    }
    services["postgres"] = {"image": bases[POSTGRES_IMAGE]}
    return {"services": services}


@dataclass(frozen=True)
class Stack:
    """The project's containers on an engine.

    Attributes:
        engine: The engine.
        name: The compose project, which no other one has.
        override: The file that changes the compose file.
        settings: Secrets and port.
    """

    engine: Engine
    name: str
    override: Path
    settings: Mapping[str, str]

    def compose(self, *arguments: str, detached: bool = False) -> str:
        """Run docker-compose on the project; return what it printed.

        Args:
            arguments: Its arguments.
            detached: Keep Ctrl-C from it.
        """
        files = ["--file", str(ROOT / "docker-compose.yaml"), "--file", str(self.override)]
        command = [
            *self.engine.compose,
            "--project-name",
            self.name,
            "--project-directory",
            str(ROOT),
            *files,
            *arguments,
        ]
        done = subprocess.run(
            command,
            check=False,
            env={**self.engine.environment, **self.settings},
            capture_output=True,
            text=True,
            start_new_session=detached,
        )
        if done.returncode:
            raise CommandError(command[: len(self.engine.compose)] + list(arguments), done.stdout + done.stderr)
        return done.stdout

    def container(self, service: str) -> str:
        """Find the id of a service's container."""
        labels = (f"com.docker.compose.project={self.name}", f"com.docker.compose.service={service}")
        filters = [part for label in labels for part in ("--filter", f"label={label}")]
        found = self.engine.docker("ps", "--all", "--quiet", *filters).split()
        if len(found) != 1:
            raise TrialError(f"the service {service} has {len(found)} containers")
        return found[0]

    def inspect(self, service: str, what: str) -> str:
        """Ask Docker for a property of a service's container, as a Go template."""
        return self.engine.docker("inspect", "--format", what, self.container(service))

    def execute(self, service: str, *command: str, user: str | None = None) -> str:
        """Run a command in a service's container; return what it printed."""
        return self.engine.docker("exec", *(["--user", user] if user else []), self.container(service), *command)

    def await_healthy(self, *services: str) -> None:
        """Wait until services are healthy.

        Raises:
            TrialError: One is not, in time.
        """
        deadline = time.monotonic() + _HEALTHY_SECONDS
        while True:
            health = {service: self.inspect(service, "{{.State.Health.Status}}") for service in services}
            if set(health.values()) == {"healthy"}:
                return
            if time.monotonic() > deadline:
                raise TrialError(f"not healthy after {_HEALTHY_SECONDS:.0f} s: {health}\n{self.logs()}")
            time.sleep(1)

    def logs(self) -> str:
        """The end of every container's log."""
        return self.compose("logs", "--no-color", "--tail", "15")


@contextmanager
def stack(engine: Engine, bases: Mapping[str, str], settings: Mapping[str, str]) -> Iterator[Stack]:
    """Give the project's containers, not yet built; at the end, remove containers, networks and volumes.

    Args:
        engine: The engine.
        bases: The image to use for each base image that the project names.
        settings: Secrets and port for the compose file.
    """
    with tempfile.TemporaryDirectory(prefix="csvdynamo-compose-") as folder:
        path = Path(folder) / "override.yaml"
        path.write_text(json.dumps(override(bases)), encoding="utf-8")  # JSON is YAML
        made = Stack(engine, f"csvdynamo-trial-{os.getpid()}", path, settings)
        try:
            yield made
        finally:
            # A second Ctrl-C must not leave half of it behind.
            before = signal.signal(signal.SIGINT, signal.SIG_IGN)
            try:
                made.compose("down", "--volumes", "--remove-orphans", "--timeout", "20", detached=True)
                say(f"Removed the containers, networks and volumes of {made.name}.")
            finally:
                signal.signal(signal.SIGINT, before)
