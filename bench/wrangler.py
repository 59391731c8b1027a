"""An environment of its own for AWS SDK for pandas, which wants another botocore than the project has."""

import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from commands.project import BUILD, fail, say

PINS = Path(__file__).with_name("requirements-awswrangler.txt")
_READY = ".ready"


def pinned_versions() -> dict[str, str]:
    """Give the version of each of its packages."""
    pins = (line.partition(";")[0].strip() for line in PINS.read_text(encoding="utf-8").splitlines())
    return dict(pin.split("==") for pin in pins if pin and not pin.startswith("#"))


def wrangler_python() -> str:
    """Give the Python that has it. Its environment is made the first time, and anew with other pins."""
    digest = hashlib.sha256(PINS.read_bytes() + platform.python_version().encode()).hexdigest()
    folder = BUILD / "bench" / "awswrangler"
    python, ready = folder / "bin" / "python", folder / _READY
    if ready.is_file() and ready.read_text(encoding="utf-8") == digest:
        return str(python)
    say("Installing AWS SDK for pandas in an environment of its own …")
    shutil.rmtree(folder, ignore_errors=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", str(PINS)]
        subprocess.run([str(python), *install], check=True)
    except subprocess.CalledProcessError as error:
        fail(f"AWS SDK for pandas could not be installed, see above (exit status {error.returncode}).")
    ready.write_text(digest, encoding="utf-8")
    return str(python)
