"""What Amazon MWAA is to install: the requirements that its image for a version of Airflow does not hold already.

MWAA installs a ``requirements.txt`` without a constraint line under its image's own pins
(``mwaa/utils/user_requirements.py`` of https://github.com/aws/amazon-mwaa-docker-images), so that a file with other
ones cannot be installed. What an image holds is kept in ``commands/mwaa_images``, one file a version.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

IMAGES = Path(__file__).with_name("mwaa_images")
CONSTRAINTS = "https://raw.githubusercontent.com/apache/airflow/constraints-{airflow}/constraints-{python}.txt"
_VERSION = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}", re.ASCII)


class UnknownImageError(Exception):
    """There is no image for that version of Airflow, or what it holds is not kept."""


@dataclass(frozen=True)
class Image:
    """An image of Amazon MWAA.

    Attributes:
        airflow: Its version of Airflow.
        python: Its version of Python.
        pins: The packages that it holds in a version that its constraints say, by canonical name.
        names: The canonical name of every package that it holds.
    """

    airflow: str
    python: str
    pins: dict[str, str]
    names: frozenset[str]

    @classmethod
    def of(cls, version: str, folder: Path = IMAGES) -> Self:
        """Read what the image for a version of Airflow holds.

        Args:
            version: Such as ``3.3.1``.
            folder: Where that is kept.

        Raises:
            UnknownImageError: It is no version, or not kept.
        """
        kept = kept_versions(folder)
        if not _VERSION.fullmatch(version):
            raise UnknownImageError(f"VERSION={version}: give a version of Airflow, such as {kept[-1]}.")
        if version not in kept:
            raise UnknownImageError(
                f"VERSION={version}: what Amazon MWAA's image for it holds is not kept in commands/{folder.name}. "
                f"There is: {', '.join(kept)}."
            )
        told = tomllib.loads((folder / f"{version}.toml").read_text(encoding="utf-8"))
        return cls(told["airflow"], told["python"], told["pins"], frozenset({*told["pins"], *told["unconstrained"]}))


def kept_versions(folder: Path = IMAGES) -> list[str]:
    """List the versions of Airflow whose image is known, the oldest first."""
    return sorted((path.stem for path in folder.glob("*.toml")), key=Version)


def requirements_in(text: str) -> Iterator[Requirement]:
    """Read the requirements of a file, its comments, options and blank lines left out."""
    for line in text.splitlines():
        told = line.partition(" #")[0].strip()
        if told and not told.startswith(("#", "-")):
            yield Requirement(told)


def mwaa_requirements(image: Image, needed: Iterable[Requirement], pinned: Iterable[Requirement]) -> str:
    """Write the ``requirements.txt`` for an image.

    Args:
        image: The image.
        needed: What a worker needs: ``requirements.in``.
        pinned: Every version of a worker: ``requirements.txt``.

    Returns:
        The constraint line of the image's Airflow, and a pin for each needed package that the image does not hold.
    """
    python = ".".join(image.python.split(".")[:2])
    environment = {"python_version": python, "python_full_version": image.python}
    missing = {canonicalize_name(one.name) for one in needed} - image.names
    pins = {
        canonicalize_name(one.name): f"{one.name}{one.specifier}"
        for one in pinned
        if one.marker is None or one.marker.evaluate(environment)
    }
    constraints = CONSTRAINTS.format(airflow=image.airflow, python=python)
    return "\n".join([f'--constraint "{constraints}"', *(pins[name] for name in sorted(missing)), ""])
