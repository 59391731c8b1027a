"""Ctrl-C in the middle of a command that reads a long CSV."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from commands.project import ROOT


def stop_while_it_reads(
    module: str, lines: Iterable[str], folder: Path, *arguments: str, **variables: str
) -> list[Path]:
    """Stop a command while it reads, and hold it to say so; return what it left in its temporary folder.

    Args:
        module: The command's module.
        lines: The lines of the CSV that it is to read.
        folder: An empty folder.
        arguments: Its arguments beside the source.
        variables: Variables of its environment.
    """
    source, temporary = folder / "long.csv", folder / "temporary"
    temporary.mkdir()
    with source.open("w") as file:
        file.writelines(lines)
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--source", str(source), *arguments],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary), **variables},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    # Folders come and go meanwhile, at which os.walk takes no offence.
    while process.poll() is None and not any("draft" in files for _, _, files in os.walk(temporary)):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)

    assert (process.returncode, told.splitlines()[-1:]) == (1, ["Stopped. Nothing was written."])
    return list(temporary.glob("csvdynamo-*"))
