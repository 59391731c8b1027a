"""A checkout whose path a shell would take apart: make and the CDK still find what is in it."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from commands.project import CDK, ROOT
from tests.support.hostile_shell import OF_PYTHON
from tests.unit.commands.printed import recorder

# Those whose recipe is one call of Python.
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)) - {
    *("clean", "help", "lint", "pins")
}


NOTHING_TO_SET_UP = ("READY=", "VENV=.", "PAGE=", "PAGE_READY=")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "my work" / "ü $HOME 'x'"
    path.mkdir(parents=True)
    return path


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_make_starts_python_with_this_checkouts_modules_and_without_the_shells_settings(
    folder: Path, target: str
) -> None:
    shutil.copy(ROOT / "Makefile", folder)
    for made in ("requirements.txt", "requirements-dev.txt", "pyproject.toml", ".ready"):
        (folder / made).touch()
    python = recorder(folder / "my bin", "python")

    done = subprocess.run(
        ["make", target, f"PY={shlex.quote(str(python)).replace('$', '$$')}", *NOTHING_TO_SET_UP, "PYTHON=$(PY)"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **OF_PYTHON},
        input="",
        capture_output=True,
        text=True,
        check=True,
    )

    words, variables = json.loads(done.stdout.splitlines()[-1])
    assert words[0] == "-m"
    assert variables["PYTHONUTF8"] == "1"
    assert not set(OF_PYTHON) & set(variables)


def test_the_cdks_app_is_started_by_a_python_of_such_a_path(folder: Path) -> None:
    python = recorder(folder, "python")
    app = json.loads((CDK / "cdk.json").read_text(encoding="utf-8"))["app"]
    variables = {"PATH": os.environ["PATH"], "PYTHON": str(python)}

    done = subprocess.run(["sh", "-c", app], env=variables, capture_output=True, text=True, check=True)

    assert json.loads(done.stdout)[0] == ["app.py"]
