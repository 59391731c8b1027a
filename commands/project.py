"""Where things are in a checkout."""

import os
import shlex
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_datasets
from csvdynamo.errors import DatasetError
from csvdynamo.shown import shown_lines

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("CSVDYNAMO_BUILD") or ROOT / "build").resolve()
SAMPLES = BUILD / "sample"
DATASETS = Path(os.environ.get("CSVDYNAMO_DATASETS") or ROOT / "datasets").resolve()
CDK = ROOT / "cdk"
PYTHON_PATH = [ROOT / "src", ROOT / "plugins"]
DEFAULT_DATASET = "ev_population"
NOT_HERE = 3
"""The exit status of a trial that could not be made here, for lack of an engine or a browser: it is no pass."""


def find_dataset(name: str) -> Dataset:
    """Read a data set by its name, or end the command with a sentence that lists the names there are."""
    try:
        datasets = load_datasets(DATASETS)
    except DatasetError as error:
        fail(str(error))
    if name not in datasets:
        fail(f"DATASET={name}: there is no {DATASETS.name}/{name}.toml. There are: {', '.join(sorted(datasets))}.")
    return datasets[name]


def make_build_folder() -> None:
    """Make the folder for what the commands write, or end the command with a sentence."""
    try:
        BUILD.mkdir(parents=True, exist_ok=True)
        writable = os.access(BUILD, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        fail(f"{BUILD} is no folder that can be written to. Name another one in the variable CSVDYNAMO_BUILD.")


def make_command(target: str, **variables: str) -> str:
    """Write a make command that can be typed as it is printed.

    Args:
        target: What to make.
        variables: Its variables; an empty one and the default of ``DATASET`` are left out.
    """
    told = {name: value for name, value in variables.items() if value and (name, value) != ("DATASET", DEFAULT_DATASET)}
    # The shell takes the quotes off, make halves the dollars.
    words = [f"{name}={shlex.quote(value.replace('$', '$$'))}" for name, value in told.items()]
    return " ".join(["make", target, *words])


def say(text: str) -> None:
    """Tell the person at the terminal something, at once."""
    print(shown_lines(text), flush=True)


def stop_like_ctrl_c() -> None:
    """Make SIGTERM end this command as Ctrl-C does: through its clean-up, with every process of its own stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def free_port() -> int:
    """Find a port of 127.0.0.1 that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fail(text: str) -> NoReturn:
    """End the command with a message and exit status 1."""
    sys.exit(shown_lines(text))
