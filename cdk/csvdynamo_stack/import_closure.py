"""Which modules of a package some programs import, directly or by others."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path


def import_closure(programs: Iterable[Path], package: Path) -> list[Path]:
    """Find every file of a package without which some programs could not run, by reading the sources alone.

    Args:
        programs: Python files.
        package: The package's folder. What is imported from elsewhere is left out, be it in the same folder: an
            installed package lies among others.

    Returns:
        The package's files, sorted, the ``__init__.py`` of each package on the way among them.

    Raises:
        ValueError: A program imports relatively, which is not followed.
    """
    found: set[Path] = set()
    unread = list(programs)
    while unread:
        names = (name for name in _imported(unread.pop()) if name.partition(".")[0] == package.name)
        new = {file for name in names for file in _files(name, package.parent)} - found
        found |= new
        unread += new
    return sorted(found)


def _imported(program: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(program.read_bytes(), program)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                raise ValueError(f"{program}, line {node.lineno}: a relative import is not followed")
            # What is taken from a package may be one of its modules.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files(name: str, root: Path) -> Iterator[Path]:
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:length])
        yield from (file for file in (place / "__init__.py", place.with_suffix(".py")) if file.is_file())
