"""What a measurement leaves in ``build/bench``: each of its runs as it was, with machine, date and what it was asked.

Medians and ratios are computed where they are shown, from these alone.
"""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.machine import Machine, this_machine
from commands.project import BUILD

FOLDER = BUILD / "bench"


@dataclass(frozen=True)
class Measured:
    """A measurement.

    Attributes:
        at: When it began, in UTC to the minute.
        load: The machine's load average of the minute before, None where the system tells none.
        machine: What it was made on.
        asked: What it was asked to measure: rows, bytes, runs.
        runs: Each run's figures, in the order in which they were made.
    """

    at: str
    load: float | None
    machine: Machine
    asked: Mapping[str, Any]
    runs: Sequence[Mapping[str, Any]]


@dataclass
class Measuring:
    """A measurement under way.

    Attributes:
        folder: For its files; it is removed at the end.
        runs: Each run's figures, as dataclasses.
    """

    folder: Path
    runs: list[Any] = field(default_factory=list)


@contextmanager
def measuring(name: str, **asked: object) -> Iterator[Measuring]:
    """Measure something, and leave what was measured if nothing failed; what an earlier measurement left is removed.

    Args:
        name: Of the file.
        asked: What is to be measured.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.unlink(missing_ok=True)
    at, load = datetime.now(UTC).isoformat(" ", "minutes")[:16], _load()
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=FOLDER) as folder:
        under_way = Measuring(Path(folder))
        yield under_way
    measured = Measured(at, load, this_machine(), asked, [asdict(run) for run in under_way.runs])
    path.write_text(json.dumps(asdict(measured), indent=1) + "\n", encoding="utf-8")


def read_measured(name: str) -> Measured | None:
    """Read what a measurement left; None if it was not made, or did not come to its end."""
    try:
        document = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Measured(**{**document, "machine": Machine(**document["machine"])})


def _load() -> float | None:
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None
