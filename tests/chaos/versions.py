"""The versions of a source, one after another, and what each must make of the table: told by their author."""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from commands.sample import HARD_VALUES
from tests.chaos.rows import Item, Source

_FEWEST, _MOST = 60, 120
_GONE, _CHANGED, _NEW, _FAULTY = 0.06, 0.1, 0.06, 0.06
_FAULTS = ("MISSING_KEY", "BAD_TYPE", "BAD_WIDTH")


@dataclass
class _Row:
    key: str
    text: str
    number: str
    fault: str = ""

    @property
    def item(self) -> Item:
        return {"key": {"S": f"K-{self.key}"}, "text": {"S": self.text}, "number": {"N": self.number}}


def write_versions(path: Path, seed: str, versions: int) -> Iterator[Source]:
    """Write the versions of a seed, each over the one before: rows go, come, change, move, and are faulty for once.

    Args:
        path: The file to write.
        seed: The seed: the same gives the same versions, and no two share a key.
        versions: How many.
    """
    dice = random.Random(f"versions {seed}")
    rows = [_drawn(dice, f"{seed}-{number}") for number in range(dice.randint(_FEWEST, _MOST))]
    table: dict[str, Item] = {}
    for version in range(versions):
        if version:
            rows = _edited(rows, dice, f"{seed}-{version}")
        for row in rows:
            row.fault = dice.choice(_FAULTS) if dice.random() < _FAULTY else ""
        source = _written(path, rows, table)
        yield source
        table = {**source.items, **source.kept}


def _drawn(dice: random.Random, key: str) -> _Row:
    return _Row(key, dice.choice(HARD_VALUES), str(dice.randrange(10**6)))


def _edited(rows: list[_Row], dice: random.Random, name: str) -> list[_Row]:
    kept = [row for row in rows if dice.random() > _GONE]
    for row in kept:
        if dice.random() < _CHANGED:
            row.number = str(dice.randrange(10**6))
    kept += [_drawn(dice, f"{name}-{number}") for number in range(int(len(rows) * _NEW))]
    dice.shuffle(kept)
    return kept


def _written(path: Path, rows: list[_Row], table: dict[str, Item]) -> Source:
    """Write a version; say what the table must be of it, beside what it was."""
    items: dict[str, Item] = {}
    kept: dict[str, Item] = {}
    rejects = set()
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["Key", "Text", "Number"])
        for number, row in enumerate(rows, 1):
            name = f"K-{row.key}"
            if row.fault:
                rejects.add((number, row.fault))
            match row.fault:
                case "MISSING_KEY":
                    lines.writerow(["", row.text, row.number])
                case "BAD_WIDTH":
                    lines.writerow([row.key, row.text, row.number, "one too many"])
                case "BAD_TYPE":
                    lines.writerow([row.key, row.text, "many"])
                    kept |= {name: table[name]} if name in table else {}
                case _:
                    lines.writerow([row.key, row.text, row.number])
                    items[name] = row.item
    unchanged = frozenset(name for name, item in items.items() if table.get(name) == item)
    deleted = len(table.keys() - items.keys() - kept.keys())
    return Source(path, len(rows), items, frozenset(rejects), kept, unchanged, deleted)
