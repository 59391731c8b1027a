"""Takes a printed command and runs it as a shell and make do, up to the program that it would start."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

from commands.project import ROOT

# What a person's shell does not have: this process may have been started by make itself.
_OF_MAKE = {"SOURCE", "DATASET", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES"}
_RECORDER = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"


def recorder(folder: Path, name: str) -> Path:
    """Write a program that prints the words and the variables that it was started with."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    # Not by naming Python in the first line, which may have no space in it.
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -c {shlex.quote(_RECORDER)} "$@"\n')
    program.chmod(0o755)
    return program


def make_runs(line: str, folder: Path) -> list[str]:
    """Run a make command with nothing to set up: what it starts Python with, ``-m`` and the module first."""
    program = recorder(folder / "programs", "python")
    inherited = {name: value for name, value in os.environ.items() if name not in _OF_MAKE}
    done = subprocess.run(
        ["bash", "-c", f"{line} PY={shlex.quote(shlex.quote(str(program)))} READY="],
        cwd=ROOT,
        env=inherited,
        check=True,
        capture_output=True,
        text=True,
    )
    words: list[str] = json.loads(done.stdout)[0]
    return words
