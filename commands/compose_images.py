"""The images of ``make test-compose``: real bases, or stand-ins from Debian's packages where no registry answers."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from commands.compose_engine import CommandError, Engine, NoEngineError
from commands.project import ROOT, say

STAND_INS = ROOT / "commands" / "stand_ins"
PYTHON_IMAGE = "python:3.11-slim-bookworm"
POSTGRES_IMAGE = "postgres:17-bookworm"
DEBIAN = "csvdynamo-stand-in-debian:bookworm"
SUITE = "bookworm"
_PULL_SECONDS = 600.0
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_PIP_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "timeout", "default-timeout", "retries")


@dataclass(frozen=True)
class StandIn:
    """An image built here in place of one that cannot be pulled.

    Attributes:
        real: The image that it stands in for.
        image: Its own name: never the real one's, which would deceive whoever uses this engine next.
        dockerfile: What it is built from, in ``commands/stand_ins``.
        version: The command in it that tells what it holds.
    """

    real: str
    image: str
    dockerfile: str
    version: tuple[str, ...]


STAND_IN_OF = {
    PYTHON_IMAGE: StandIn(PYTHON_IMAGE, "csvdynamo-stand-in-python:3.11", "python.Dockerfile", ("python", "--version")),
    POSTGRES_IMAGE: StandIn(
        POSTGRES_IMAGE, "csvdynamo-stand-in-postgres:15", "postgres.Dockerfile", ("postgres", "--version")
    ),
}


def base_image(engine: Engine, real: str) -> str:
    """Get a base image: the one that is here, the one that a registry has, or a stand-in.

    Returns:
        The name of the image to use.

    Raises:
        NoEngineError: It can be neither pulled nor built.
    """
    if engine.run("docker", "image", "inspect", real, check=False).returncode == 0:
        say(f"{real}: is here.")
        return real
    try:
        pulled = engine.run("docker", "pull", "--quiet", real, check=False, seconds=_PULL_SECONDS)
        refusal = pulled.stderr.strip()
    except subprocess.TimeoutExpired:
        pulled, refusal = None, f"no image within {_PULL_SECONDS:.0f} s"
    if pulled is not None and pulled.returncode == 0:
        say(f"{real}: pulled.")
        return real
    say(f"{real} cannot be pulled: {refusal.splitlines()[-1] if refusal else 'no reason was given'}")
    return _build_stand_in(engine, STAND_IN_OF[real])


def _build_stand_in(engine: Engine, stand_in: StandIn) -> str:
    begun = time.monotonic()
    if engine.run("docker", "image", "inspect", DEBIAN, check=False).returncode:
        _build_debian(engine)
    with tempfile.TemporaryDirectory(prefix="csvdynamo-stand-in-") as name:
        context = Path(name)
        for path in STAND_INS.iterdir():
            shutil.copy(path, context)
        shutil.copy(_CERTIFICATES, context)
        (context / "pip.conf").write_text(pip_conf(_pip_listing()), encoding="utf-8")
        dockerfile = str(context / stand_in.dockerfile)
        engine.docker("build", "--quiet", "--tag", stand_in.image, "--file", dockerfile, str(context))
    version = engine.docker("run", "--rm", "--entrypoint", stand_in.version[0], stand_in.image, *stand_in.version[1:])
    say(f"  A STAND-IN takes its place, {stand_in.image}: {version} ({time.monotonic() - begun:.0f} s)")
    return stand_in.image


def _build_debian(engine: Engine) -> None:
    """Make an image of a bare Debian, from the mirror that this host itself uses."""
    if os.geteuid() or shutil.which("debootstrap") is None:
        raise NoEngineError(
            "no base image can be pulled; to build stand-ins takes root and debootstrap: make test-compose INSTALL=1"
        )
    folder = Path(tempfile.mkdtemp(prefix="csvdynamo-debian-"))
    try:
        mirror = debian_mirror(_apt_sources())
        root = folder / "root"
        engine.run("debootstrap", "--variant=minbase", SUITE, str(root), *([mirror] if mirror else []))
        for waste in (root / "var/cache/apt/archives").glob("*.deb"):
            waste.unlink()
        archive = folder / "root.tar"
        engine.run("tar", "--create", "--file", str(archive), "--directory", str(root), "--numeric-owner", ".")
        engine.docker("import", str(archive), DEBIAN)
    except CommandError as error:
        raise NoEngineError(f"no stand-in can be built: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _apt_sources() -> list[str]:
    folder = Path("/etc/apt")
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*.list"))]
    files += sorted((folder / "sources.list.d").glob("*.sources"))
    return [path.read_text(encoding="utf-8") for path in files if path.is_file()]


def debian_mirror(sources: Iterable[str]) -> str | None:
    """Find the mirror of Debian in the host's sources for apt.

    Args:
        sources: The texts of its ``.list`` and ``.sources`` files.

    Returns:
        The first address that has the suite; None if none has, and debootstrap must use its own.
    """
    for text in sources:
        for uri, suites in (*_lines_of(text), *_stanzas_of(text)):
            if SUITE in suites and uri.startswith(("http://", "https://")):
                return uri
    return None


def _lines_of(text: str) -> list[tuple[str, list[str]]]:
    return [
        (found[1], [found[2]]) for found in re.finditer(r"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)", text, re.MULTILINE)
    ]


def _stanzas_of(text: str) -> list[tuple[str, list[str]]]:
    found = []
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE))
        if "deb" in fields.get("Types", "").split() and fields.get("Enabled", "yes") != "no":
            found += [(uri, fields.get("Suites", "").split()) for uri in fields.get("URIs", "").split()]
    return found


def _pip_listing() -> str:
    command = [sys.executable, "-m", "pip", "config", "list"]
    return subprocess.run(command, check=False, capture_output=True, text=True).stdout


def pip_conf(listing: str) -> str:
    """Make the settings of pip that a container needs from those of the host.

    Args:
        listing: What ``pip config list`` prints on the host. Where packages come from is taken over, if a container can
            reach it; files and folders of the host are not.
    """
    lines = ["[global]", f"cert = {_CERTIFICATES}"]
    for name, quoted in re.findall(r"^(?:global|install|:env:)\.([a-z-]+)=(.*)$", listing, re.MULTILINE):
        values = [value for value in str(ast.literal_eval(quoted)).split() if not value.startswith(("file:", "/"))]
        if name in _PIP_SETTINGS and values:
            lines.append(f"{name} = {' '.join(values)}")
    return "\n".join(dict.fromkeys(lines)) + "\n"
