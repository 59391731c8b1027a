"""What Amazon MWAA is to install, held against the packages of its image as they are kept: no network."""

import re
import sys
from collections.abc import Iterable
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from commands import mwaa
from commands.mwaa_requirements import (
    IMAGES,
    Image,
    UnknownImageError,
    kept_versions,
    mwaa_requirements,
    requirements_in,
)
from commands.project import ROOT

NEEDED = list(requirements_in((ROOT / "requirements.in").read_text()))
PINNED = list(requirements_in((ROOT / "requirements.txt").read_text()))
each_image = pytest.mark.parametrize("version", kept_versions())


def told(version: str) -> list[str]:
    return mwaa_requirements(Image.of(version), NEEDED, PINNED).splitlines()


def dependencies(requirement: Requirement, image: Image, extras: Iterable[str] = ("",)) -> list[Requirement]:
    """What a package needs on the image's Python, as the metadata of the installed one says."""
    python = {
        "python_version": image.python.rpartition(".")[0],
        "python_full_version": image.python,
        "sys_platform": "linux",
        "platform_system": "Linux",
    }
    all_of_them = map(Requirement, requires(requirement.name) or [])
    return [
        one
        for one in all_of_them
        if one.marker is None or any(one.marker.evaluate({**python, "extra": extra}) for extra in extras)
    ]


def refuses(image: Image, requirement: Requirement) -> bool:
    pin = image.pins.get(canonicalize_name(requirement.name))
    return pin is not None and not requirement.specifier.contains(pin, prereleases=True)


def collisions(requirements: Iterable[Requirement], image: Image) -> list[Requirement]:
    """What of some requirements, and of all that those need which the image has not, its pins do not satisfy."""
    found, waiting, seen = [], list(requirements), set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if refuses(image, requirement):
            found.append(requirement)
        if name not in image.names and name not in seen:
            seen.add(name)
            waiting += dependencies(requirement, image)
    return found


@each_image
def test_the_file_is_a_constraint_line_and_what_the_image_has_not(version: str) -> None:
    constraint, *packages = told(version)

    assert re.fullmatch(
        rf'--constraint "https://raw\.githubusercontent\.com/apache/airflow/constraints-{version}/'
        rf'constraints-3\.\d+\.txt"',
        constraint,
    )
    assert packages == ["backports-zstd==1.8.0", "duckdb==2.0.0"]


@each_image
def test_what_is_installed_there_fits_the_pins_of_the_image(version: str) -> None:
    image = Image.of(version)

    assert collisions(requirements_in("\n".join(told(version))), image) == []
    # The file of the project's own workers is the one that an image of another version cannot take.
    assert any(refuses(image, one) for one in PINNED)


@each_image
def test_what_is_left_out_is_in_the_image_with_what_its_extras_need(version: str) -> None:
    image = Image.of(version)
    packages = {canonicalize_name(one.name) for one in requirements_in("\n".join(told(version)))}
    left_out = [one for one in NEEDED if canonicalize_name(one.name) not in packages]

    assert {one.name for one in left_out} >= {"apache-airflow", "apache-airflow-providers-amazon", "requests"}
    of_extras = [
        needed
        for one in left_out
        if one.extras
        for needed in dependencies(one, image, one.extras)
        if needed.marker is not None and "extra" in str(needed.marker)
    ]
    assert {one.name for one in of_extras} == {"aiobotocore"}
    assert {canonicalize_name(one.name) for one in [*left_out, *of_extras]} <= image.names
    assert collisions(of_extras, image) == []


def test_a_new_requirement_is_pinned_as_for_the_images_python() -> None:
    image = Image("3.9.1", "3.12.4", {"requests": "2.0"}, frozenset({"requests", "pycurl"}))
    needed = requirements_in("# what a worker needs\nPyCurl\nRequests>=1 # a comment\nnew_one\nduckdb==2.0.0\n")
    pinned = requirements_in(
        "--hash-free\nduckdb==2.0.0\nnew-one==1.5 ; python_full_version >= '3.12'\n"
        "new-one==1.0 ; python_full_version < '3.12'\nrequests==3.0\n"
    )

    assert mwaa_requirements(image, needed, pinned).splitlines() == [
        '--constraint "https://raw.githubusercontent.com/apache/airflow/constraints-3.9.1/constraints-3.12.txt"',
        "duckdb==2.0.0",
        "new-one==1.5",
    ]


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("3.3", "give a version of Airflow, such as 3.3.1"),
        ("latest", "give a version of Airflow"),
        ("../../audit", "give a version of Airflow"),
        ("3.3.1\n", "give a version of Airflow"),
        ("3.0.6", "is not kept in commands/mwaa_images. There is: 3.3.1."),
    ],
)
def test_a_version_without_an_image_is_told_and_nothing_is_built(
    version: str, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["mwaa", "--version", version])
    monkeypatch.setattr(mwaa, "MWAA", tmp_path / "mwaa")

    with pytest.raises(UnknownImageError, match=re.escape(words)):
        Image.of(version)
    with pytest.raises(SystemExit, match=re.escape(words)):
        mwaa.main()
    assert not (tmp_path / "mwaa").exists()


def test_the_newest_image_is_the_last_by_its_numbers(tmp_path: Path) -> None:
    for version in ("3.10.0", "3.9.1", "3.9.12"):
        (tmp_path / f"{version}.toml").touch()

    assert kept_versions(tmp_path) == ["3.9.1", "3.9.12", "3.10.0"]


@each_image
def test_an_image_says_where_it_was_read_and_when(version: str) -> None:
    text = (IMAGES / f"{version}.toml").read_text()

    assert re.search(
        r"^source = \"https://\S+\"\ncommit = \"[0-9a-f]{40}\"\nread = \d{4}-\d\d-\d\d$", text, re.MULTILINE
    )
    assert Image.of(version).airflow == version


def test_the_default_that_the_pages_name_is_the_newest_image() -> None:
    named = {re.search(r"VERSION=(\d[\d.]+\d)", (ROOT / name).read_text())[1] for name in ("Makefile", "README.md")}  # type: ignore[index]

    assert named == {kept_versions()[-1]}
