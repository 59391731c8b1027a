"""What a measurement was made on."""

import os
import platform
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil

from bench.wrangler import pinned_versions

_PACKAGES = ("apache-airflow", "boto3", "botocore", "duckdb", "ministack")
_OF_WRANGLER = ("awswrangler", "pandas", "botocore")


@dataclass(frozen=True)
class Machine:
    """A machine, and what it ran.

    Attributes:
        cores: Its processors, as the operating system counts them.
        processor: Their model.
        memory_bytes: Its memory.
        system: Its operating system.
        versions: The version of each package; those of the environment of AWS SDK for pandas say so.
    """

    cores: int
    processor: str
    memory_bytes: int
    system: str
    versions: dict[str, str]

    def told(self) -> str:
        """Write it as a line of a page."""
        packages = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return (
            f"{self.cores} cores of {self.processor}, {self.memory_bytes / 2**30:,.1f} GiB of memory, {self.system}; "
            f"{packages}"
        )


def this_machine() -> Machine:
    """Look at the machine that this process runs on."""
    versions = {"Python": platform.python_version()} | {name: metadata.version(name) for name in _PACKAGES}
    pinned = pinned_versions()
    beside = {name if name not in versions else f"{name} beside it": pinned[name] for name in _OF_WRANGLER}
    return Machine(
        cores=os.cpu_count() or 1,
        processor=_processor(),
        memory_bytes=psutil.virtual_memory().total,
        system=f"{platform.system()} {platform.machine()}",
        versions=versions | beside,
    )


def _processor() -> str:
    """Name the processor's model: Linux tells it in a file alone."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "an unnamed processor"
