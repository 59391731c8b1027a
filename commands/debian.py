"""Debian's packages, which a command installs when a person asks for it."""

import os
import subprocess
from collections.abc import Sequence

from commands.project import say


class InstallError(Exception):
    """Packages could not be installed; the message says why."""


def install(packages: Sequence[str]) -> None:
    """Install packages, which a person asked for.

    Args:
        packages: Their names.

    Raises:
        InstallError: They could not be installed.
    """
    say(f"Installing {' '.join(packages)} with apt-get …")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-q"], ["install", "-q", "--yes", "--no-install-recommends", *packages]):
        try:
            done = subprocess.run(["apt-get", *arguments], check=False, env=quiet, capture_output=True, text=True)
        except OSError as error:
            raise InstallError(f"apt-get cannot be run: {error}") from error
        if done.returncode:
            raise InstallError(f"apt-get {' '.join(arguments)} failed:\n{done.stderr.strip()[-2000:]}")
