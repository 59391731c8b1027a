"""Asks OSV (https://osv.dev) for known vulnerabilities of every pinned package, with PyPA's pip-audit.

A service that cannot be reached is no finding: who works without a network can still run ``make lint``, and is told.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from commands.audit_allowances import Allowances

OSV_URL = "CSVDYNAMO_OSV_URL"
"""Environment variable: the address of another OSV API, such as a company's mirror."""

_DEFAULT_OSV_URL = "https://api.osv.dev/v1/query"
_TIMEOUT_SECONDS = 10
_LONGEST_REASON = 120


class PinsError(ValueError):
    """The requirements cannot be audited at all."""


@dataclass(frozen=True)
class Finding:
    """A known vulnerability of a pinned package.

    Attributes:
        package: ``name version``.
        ids: All names that the vulnerability has.
        fixed_in: The versions that are free of it.
    """

    package: str
    ids: tuple[str, ...]
    fixed_in: tuple[str, ...]

    def sentence(self) -> str:
        """Say which pin is concerned and what mends it."""
        remedy = f"pin {' or '.join(self.fixed_in)}" if self.fixed_in else "no version is free of it yet"
        return f"{self.package} is vulnerable: {', '.join(self.ids)}; {remedy}"


@dataclass(frozen=True)
class Audited:
    """What an audit came to.

    Attributes:
        packages: How many pins were looked up.
        findings: Their vulnerabilities, those that are let pass left out.
        unused: Ids that ``audit.toml`` lets pass and no pin has.
        unreachable: Why the service could not be asked; None: it answered.
    """

    packages: int = 0
    findings: tuple[Finding, ...] = ()
    unused: tuple[str, ...] = ()
    unreachable: str | None = None


def audit_pins(requirements: Sequence[Path], allowances: Allowances) -> Audited:
    """Look up the pins.

    Args:
        requirements: Files of pinned requirements.
        allowances: What is let pass.

    Raises:
        PinsError: pip-audit cannot read the files.
    """
    files = [part for path in requirements for part in ("--requirement", str(path))]
    with tempfile.TemporaryDirectory(prefix="csvdynamo-audit-") as folder:
        output = Path(folder) / "audit.json"
        osv = os.environ.get(OSV_URL) or _DEFAULT_OSV_URL
        asked = _pip_audit(*files, "--vulnerability-service", "osv", "--osv-url", osv, "--output", str(output))
        # The file is written last, whatever was found: without it the service did not answer for every pin.
        if not output.exists():
            _refuse_unreadable(files)
            return Audited(unreachable=f"{osv}: {_last_line(asked.stderr)}")
        dependencies = json.loads(output.read_text(encoding="utf-8"))["dependencies"]
    found = [
        Finding(
            f"{pin['name']} {pin['version']}", (known["id"], *sorted(known["aliases"])), tuple(known["fix_versions"])
        )
        for pin in dependencies
        for known in pin.get("vulns", ())
    ]
    allowed = {entry.id for entry in allowances.vulnerabilities}
    return Audited(
        packages=len(dependencies),
        findings=tuple(finding for finding in found if allowed.isdisjoint(finding.ids)),
        unused=tuple(sorted(allowed - {name for finding in found for name in finding.ids})),
    )


def _refuse_unreadable(files: Sequence[str]) -> None:
    read = _pip_audit(*files, "--dry-run")
    if read.returncode:
        raise PinsError(f"pip-audit cannot read the requirements:\n{read.stderr}")


def _pip_audit(*arguments: str) -> subprocess.CompletedProcess[str]:
    # The files hold every package already, so that nothing needs to be resolved or built.
    options = ["--no-deps", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    command = [sys.executable, "-m", "pip_audit", *options, "--timeout", str(_TIMEOUT_SECONDS), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def _last_line(text: str) -> str:
    line = next((line for line in reversed(text.splitlines()) if line.strip()), "no answer")
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
