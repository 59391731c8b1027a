"""Files that have to be unpacked, joined, or told where their rows begin, through the real DAG, on one deployed stack.

What `[source]` says of a file needs no deploy: each run has a data set file of its own for the same stack.
"""

import io
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

import pytest

from commands.embedded import Deployed
from csvdynamo_airflow.settings import DATASETS_FOLDER
from tests.e2e.conftest import Airflow, Dags
from tests.support.stacks import Stacks

NAME = "other_vehicles"
ZSTD = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
HEADER = "DOL Vehicle ID,City,Note\n"


def archive(**members: str) -> bytes:
    """A zip archive of CSVs."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in members.items():
            packed.writestr(f"{name}.csv", text)
    return file.getvalue()


@dataclass(frozen=True)
class Shape:
    """A file of four rows, whose third is too wide.

    Attributes:
        name: What the tests call it, and its keys begin with.
        settings: What `[source]` says of it.
        content: Makes it of its rows.
        file_name: The file's name.
        packed: What the report says that it is packed in.
        skipped_lines: How many lines the report says were skipped.
        notes: What else it says.
    """

    name: str
    settings: str
    content: Callable[[list[str]], bytes]
    file_name: str = "vehicles.csv"
    packed: str | None = None
    skipped_lines: int = 0
    notes: tuple[str, ...] = ()


SHAPES = [
    Shape(
        "zip",
        'member = "part_*.csv"',
        lambda rows: archive(
            about="about,these,files\n", part_b=HEADER + rows[0], part_a=HEADER + "".join(rows[1:]), other=HEADER
        ),
        "vehicles.zip",
        "zip",
        notes=("Read one after the other: part_b.csv, part_a.csv.",),
    ),
    Shape(
        "zst",
        "",
        lambda rows: ZSTD.compress((HEADER + "".join(rows)).encode()),
        "vehicles.csv.zst",
        "zst",
    ),
    Shape(
        "preamble",
        'header_at = "City"',
        lambda rows: ("Vehicles of the county\nas of,2026-01-02\n" + HEADER + "".join(rows)).encode(),
        skipped_lines=2,
    ),
    Shape(
        "no header",
        'header = "none"\nnames = ["DOL Vehicle ID", "City", "Note"]',
        lambda rows: "".join(rows).encode(),
    ),
]


@pytest.fixture
def dags_of(airflow: Airflow, stacks: Stacks, deployed: Deployed, tmp_path: Path) -> Callable[[str], Dags]:
    """Gives the DAG of the data set, of whose source a run says more."""

    def dags(settings: str) -> Dags:
        text = (stacks.datasets_folder(NAME) / f"{NAME}.toml").read_text(encoding="utf-8")
        told = text.replace("[source]\n", f"[source]\n{settings}\n")
        (tmp_path / f"{NAME}.toml").write_text(
            f'verify = "full"\n{told}\n[gates]\nmax_reject_percent = 25\n', encoding="utf-8"
        )
        of_all = airflow.dags(stacks.on(deployed.aws, NAME), NAME)
        return replace(of_all, environment={**of_all.environment, DATASETS_FOLDER: str(tmp_path)})

    return dags


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_its_rows_are_in_the_table_and_the_report_says_how_it_was_read(
    dags_of: Callable[[str], Dags], tmp_path: Path, shape: Shape
) -> None:
    dags = dags_of(shape.settings)
    source = tmp_path / shape.file_name
    notes = ['"a, b"', "back\\slash", "too,wide", ""]
    source.write_bytes(shape.content([f"{shape.name} {row},Kent,{note}\n" for row, note in enumerate(notes, 1)]))

    run = dags.run(str(source))

    assert run.status == 0, run.output[-3000:]
    ledger = run.report["ledger"]
    assert (ledger["source_rows"], ledger["written"], ledger["rejected_before_upload"]) == (4, 3, 1)
    assert ledger["unaccounted"] == 0
    assert run.report["rejects_by_code"] == {"BAD_WIDTH": 1}
    items = {key: item for key, item in dags.table().items() if key.startswith(shape.name)}
    assert {key: item.get("Note", {}).get("S") for key, item in items.items()} == {
        f"{shape.name} 1": "a, b",
        f"{shape.name} 2": "back\\slash",
        f"{shape.name} 4": None,
    }
    assert all(item.keys() <= {"DOL Vehicle ID", "City", "Note"} for item in items.values())
    verification = run.report["verification"]
    assert (verification["mode"], verification["keys_checked"]) == ("full", 3)
    assert (verification["missing"], verification["changed"]) == (0, 0)
    told = run.report["source"]
    assert (told["format"]["compression"], told["skipped_lines"]) == (shape.packed, shape.skipped_lines)
    assert told["notes"] == [*shape.notes]
