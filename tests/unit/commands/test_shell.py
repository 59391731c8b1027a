"""A local command leaves the shell that it was typed in."""

import ast
import os
from pathlib import Path

import pytest

from commands.project import ROOT
from commands.shell import leave_shell, worth_telling
from local_aws.access_key import SECRET_VARIABLE, AccessKey

# What starts an embedded AWS, an Airflow or a synthesis without an account; the tests have it from their plugin.
LOCAL_COMMANDS = [
    "commands/aws.py",
    "commands/demo.py",
    "commands/describe.py",
    "commands/lint_stack.py",
    "commands/plan.py",
    "commands/replay.py",
    "commands/rollback.py",
    "commands/ui.py",
    "bench/__main__.py",
    "tests/chaos/__main__.py",
    "tests/support/own_shell.py",
]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The variables of this process, which are as they were after the test."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    return monkeypatch


def test_only_what_is_meant_for_it_is_left_and_modules_are_found_wherever_it_works(
    shell: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    os.environ |= {"AWS_PROFILE": "production", "PYTHONPATH": "/elsewhere", "LANG": "de_DE.UTF-8"}
    os.environ |= {"CSVDYNAMO_RETRY_SECONDS": "5"}

    leave_shell()

    assert "CSVDYNAMO_RETRY_SECONDS" in capsys.readouterr().out

    assert "AWS_PROFILE" not in os.environ
    assert os.environ["LANG"] == "de_DE.UTF-8"
    assert os.environ["PYTHONPATH"].split(os.pathsep) == [str(ROOT / name) for name in ("", "src", "plugins")]


def test_nothing_that_changes_the_command_is_taken_over_in_silence() -> None:
    inherited = {
        "CSVDYNAMO_DATASETS": "/elsewhere",
        SECRET_VARIABLE: AccessKey.drawn().secret,
        "CSVDYNAMO_RETRY_SECONDS": "",
        "CSVDYNAMO_LOCAL_FOLDER": "/data",
        "ALL_PROXY": "socks5://proxy.example",
    }

    told = list(worth_telling(inherited))

    assert told == [
        "Taken over from the shell: CSVDYNAMO_DATASETS, LOCAL_AWS_SECRET_ACCESS_KEY.",
        "ALL_PROXY names a SOCKS proxy, which no download of this project can use: it is left aside.",
    ]
    assert list(worth_telling({"PATH": "/bin", "HTTPS_PROXY": "http://proxy.example"})) == []


def test_every_local_command_leaves_it_before_it_looks_at_anything() -> None:
    using = {
        file.relative_to(ROOT).as_posix()
        for folder in ("commands", "bench", "tests/chaos", "tests/support")
        for file in (ROOT / folder).rglob("*.py")
        if "leave_shell()" in file.read_text(encoding="utf-8") and file.name != "shell.py"
    }

    assert using == set(LOCAL_COMMANDS)
    for name in LOCAL_COMMANDS:
        called = calls_in_order(ROOT / name)
        assert not {"find_dataset", "embedded_aws", "LocalAws"} & set(called[: called.index("leave_shell")]), name


def calls_in_order(file: Path) -> list[str]:
    """The functions that the function which leaves the shell calls, in the order of its lines."""
    [main] = [
        function
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef) and "leave_shell()" in ast.unparse(function)
    ]
    calls = [node for node in ast.walk(main) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return [call.func.id for call in sorted(calls, key=lambda call: call.lineno) if isinstance(call.func, ast.Name)]
