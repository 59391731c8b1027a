"""Files that hold a secret: their owner's alone, and whole or not there."""

import os
import tempfile
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody but its owner may read or write, in place of what may be there.

    Args:
        path: The file; its folder exists.
        text: What it is to hold.
    """
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # with mode 0600
    try:
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(text)
        os.replace(unfinished, path)  # noqa: PTH105 - mkstemp names it by a string
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise
