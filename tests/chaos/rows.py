"""The source of one run, and what must become of each of its rows: told by its author, not by the code under test."""

import csv
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commands.sample import HARD_VALUES

FEWEST, MOST = 120, 280
_FAULTY = 0.06
_FAULTS = ("MISSING_KEY", "BAD_TYPE", "BAD_WIDTH", "DUPLICATE_KEY")

Item = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Source:
    """A generated CSV.

    Attributes:
        path: The file.
        rows: Records after its header.
        items: What the table must hold of it in the end, by partition key.
        rejects: Row number and code of every row that must be refused.
        kept: What the table must keep beside these: items of an earlier version under the keys of refused rows.
        unchanged: Keys of rows that need not be written, as the version before has them.
        deleted: Items of the version before whose keys no row has any more.
    """

    path: Path
    rows: int
    items: dict[str, Item]
    rejects: frozenset[tuple[int, str]]
    kept: Mapping[str, Item] = field(default_factory=dict)
    unchanged: frozenset[str] = frozenset()
    deleted: int = 0


_LATER = 10**6


def write_source(path: Path, seed: str, *, later: bool = False) -> Source:
    """Write the source of a seed: the same seed gives the same rows, and no two seeds share a key.

    Args:
        path: The file to write.
        seed: The seed.
        later: The same rows as they are a month later, with another number each.
    """
    dice = random.Random(f"rows {seed}")
    count = dice.randint(FEWEST, MOST)
    winners: dict[str, tuple[int, Item]] = {}
    rejects: set[tuple[int, str]] = set()
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["Key", "Text", "Number"])
        for row in range(1, count + 1):
            key, text = f"{seed}-{row}", dice.choice(HARD_VALUES)
            number = str(dice.randrange(_LATER) + later * _LATER)
            fault = dice.choice(_FAULTS) if dice.random() < _FAULTY else ""
            match fault:
                case "MISSING_KEY":
                    key = dice.choice(("", " "))
                case "BAD_TYPE":
                    number = "many"
                case "BAD_WIDTH":
                    table.writerow([key, text, number, "one too many"])
                    rejects.add((row, fault))
                    continue
                case "DUPLICATE_KEY" if winners:
                    key = dice.choice(list(winners)).removeprefix("K-")
                    rejects.add((winners[f"K-{key}"][0], fault))
            table.writerow([key, text, number])
            if fault in {"MISSING_KEY", "BAD_TYPE"}:
                rejects.add((row, fault))
                continue
            stored = {"key": {"S": f"K-{key}"}, "text": {"S": text}, "number": {"N": number}}
            winners[f"K-{key}"] = (row, stored)
    return Source(path, count, {key: item for key, (_, item) in winners.items()}, frozenset(rejects))
