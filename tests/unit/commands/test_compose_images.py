"""The images of the trial of the containers: real ones where they can be had, stand-ins where not."""

import subprocess
from typing import Any

import pytest

from commands import compose_images
from commands.compose_engine import NoEngineError
from commands.compose_images import PYTHON_IMAGE, STAND_IN_OF, STAND_INS, base_image, debian_mirror, pip_conf

STANZAS = """Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm

# a comment
Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm

Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
"""


class _Engine:
    """An engine that has some images and can pull others."""

    def __init__(self, here: set[str], to_pull: set[str]) -> None:
        self.here, self.to_pull = here, to_pull

    def run(self, *command: str, **_: Any) -> "subprocess.CompletedProcess[str]":
        known = self.here if command[:3] == ("docker", "image", "inspect") else self.to_pull
        return subprocess.CompletedProcess(command, 0 if command[-1] in known else 1, "", "no such host")


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images that stand-ins were built for."""
    asked: list[str] = []

    def build(_: object, stand_in: compose_images.StandIn) -> str:
        asked.append(stand_in.real)
        return stand_in.image

    monkeypatch.setattr(compose_images, "_build_stand_in", build)
    return asked


@pytest.mark.parametrize(("here", "to_pull"), [({PYTHON_IMAGE}, set()), (set(), {PYTHON_IMAGE})])
def test_a_real_image_is_used_where_it_can_be_had(here: set[str], to_pull: set[str], built: list[str]) -> None:
    engine: Any = _Engine(here, to_pull)

    assert base_image(engine, PYTHON_IMAGE) == PYTHON_IMAGE
    assert built == []


def test_a_stand_in_is_built_where_it_cannot_be_pulled_and_has_a_name_of_its_own(
    built: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    engine: Any = _Engine(set(), set())

    image = base_image(engine, PYTHON_IMAGE)

    assert built == [PYTHON_IMAGE]
    assert image.startswith("csvdynamo-stand-in-")
    assert "cannot be pulled: no such host" in capsys.readouterr().out


def test_without_debootstrap_no_stand_in_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    engine: Any = _Engine(set(), set())
    monkeypatch.setattr(compose_images.shutil, "which", lambda _: None)

    with pytest.raises(NoEngineError, match="debootstrap"):
        base_image(engine, PYTHON_IMAGE)


def test_every_stand_in_has_its_recipe() -> None:
    for stand_in in STAND_IN_OF.values():
        text = (STAND_INS / stand_in.dockerfile).read_text(encoding="utf-8")
        assert f"FROM {compose_images.DEBIAN}\n" in text
        assert f"# Stands in for {stand_in.real}" in text


@pytest.mark.parametrize(
    ("sources", "mirror"),
    [
        ([STANZAS], "http://mirror.example/debian"),
        (["deb [signed-by=/a/b.gpg] http://one.example/debian bookworm main\n"], "http://one.example/debian"),
        (["# deb http://off.example/debian bookworm main\ndeb http://up.example/debian bookworm-updates main\n"], None),
        (["deb file:/srv/debian bookworm main\n", STANZAS], "http://mirror.example/debian"),
        (["deb http://archive.example/ubuntu noble main\n"], None),
        ([], None),
    ],
)
def test_the_mirror_is_the_hosts_own_for_the_suite(sources: list[str], mirror: str | None) -> None:
    assert debian_mirror(sources) == mirror


def test_pip_in_a_container_asks_where_the_hosts_pip_asks() -> None:
    listing = (
        "global.index-url='https://pypi.example/simple'\n"
        "global.extra-index-url='file:///opt/pypi https://more.example/simple'\n"
        "global.constraint='/etc/constraints.txt'\n"
        "global.find-links='/opt/wheels'\n"
        "global.cert='/somewhere/else.crt'\n"
        ":env:.default-timeout='180'\n"
        ":env:.require-virtualenv='true'\n"
    )

    assert pip_conf(listing).splitlines() == [
        "[global]",
        "cert = /etc/ssl/certs/ca-certificates.crt",
        "index-url = https://pypi.example/simple",
        "extra-index-url = https://more.example/simple",
        "default-timeout = 180",
    ]
