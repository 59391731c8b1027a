"""Files of every kind, described: with the data set file as it is, prepare and the core take every good row."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from commands.describing.dataset_text import dataset_text
from commands.describing.description import Description
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.rules.attribute_values import Item
from csvdynamo_airflow.preparation.prepare_file import SOURCE
from tests.unit.commands.describing.columns import table
from tests.unit.commands.describing.described import describe
from tests.unit.commands.describing.served_files import kinds_of, other_kinds
from tests.unit.commands.describing.served_tables import Kind, organogram, sensor, spending, towns
from tests.unit.commands.describing.taken import migrated

_TABLES = (spending(40), sensor(3), organogram(40), towns(3))
KINDS = [*(kind for base in _TABLES for kind in kinds_of(base)), *other_kinds()][3::6]
TABLES = 16


def taken(content: bytes, folder: Path) -> tuple[Description, Sequence[Item], dict[str, int]]:
    """Describe a file, and give the items that are made of it with the data set file, and the rejects by code."""
    found = describe(content)
    (folder / "cars.toml").write_text(dataset_text(found), encoding="utf-8")
    (folder / SOURCE).write_bytes(content)
    dataset = load_dataset(folder / "cars.toml")
    _, items, rejects = migrated(folder, dataset, "cars.csv")
    return found, items, rejects


def test_there_are_enough_of_them() -> None:
    assert len(KINDS) >= 40


@pytest.mark.parametrize("kind", [pytest.param(one, id=one.name) for one in KINDS])
def test_every_good_row_is_taken(kind: Kind, tmp_path: Path) -> None:
    found, items, rejects = taken(kind.content, tmp_path)

    assert (len(items), sum(rejects.values())) == (len(kind.rows), kind.rejects)
    texts = [one.header for one in found.columns if one not in found.declared]
    assert [{name: item[name]["S"] for name in texts if name in item} for item in items] == [
        {name: cell for name, cell in row.items() if name in texts} for row in kind.items
    ]
    keys = {(str(item[found.key.partition]), str(item.get(found.key.sort or ""))) for item in items}
    assert len(keys) == len(items)


@pytest.mark.parametrize("seed", range(TABLES))
def test_no_type_and_no_key_refuses_a_row(seed: int, tmp_path: Path) -> None:
    found, items, rejects = taken(table(seed).encode(), tmp_path)

    assert rejects == dict(found.rejects)
    assert len(items) == found.rows
