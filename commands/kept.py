"""What a command makes once and later ones find again: synthesized stacks, an account, an empty database of Airflow."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path

from filelock import FileLock

from commands.project import BUILD

KEPT = "CSVDYNAMO_KEPT"
"""Variable that names another folder to keep them in."""


def kept_folder() -> Path:
    """Give the folder that they are kept in. The name of what is kept says all that went into it."""
    return Path(os.environ.get(KEPT) or BUILD)


def make_once(kind: str, name: str, make: Callable[[Path], object]) -> Path:
    """Give a folder that is kept; have it made unless it is there. Who needs one that another is making waits for it.

    Args:
        kind: The folder for those of its kind.
        name: Its name, with a digest of all that goes into it, so that one that is found is the right one.
        make: Writes into an empty folder what it is to hold.
    """
    kept = kept_folder() / kind
    kept.mkdir(parents=True, exist_ok=True)
    with FileLock(kept.with_suffix(".lock")):
        if not (kept / name).exists():
            unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=kept))
            try:
                make(unfinished)
                unfinished.rename(kept / name)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    return kept / name


def digest_of(told: object, packages: Iterable[str], files: Iterable[Path], root: Path) -> str:
    """Digest what goes into something that is kept: what its repr tells, packages' versions, and files below a root."""
    digest = hashlib.sha256(repr(told).encode())
    for package in packages:
        digest.update(f"{package} {metadata.version(package)}\n".encode())
    for path in files:
        digest.update(f"{path.relative_to(root)}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:20]


def files_below(folder: Path) -> Iterator[Path]:
    """Give the files of a folder, without what Python and the CDK leave there."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not {"__pycache__", "cdk.out"} & set(path.parts):
            yield path
