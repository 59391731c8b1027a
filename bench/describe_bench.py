"""How long `make describe` takes, and how much memory, beside DuckDB's own summary of the same file in the same run."""

import json
import os
import platform
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench.generated_csv import write_csv
from bench.prepare_bench import Measurement, measure, table
from bench.readers import DESCRIBERS

RESULT = Path("build/bench/describe.json")
DEFAULT_BYTES = 1_000_000_000


def run(*, rows: int | None = None, size: int | None = None) -> list[Measurement]:
    """Generate a file, describe and summarize it, remove it, print a table and write `RESULT`.

    Args:
        rows: Its rows.
        size: Or its bytes.
    """
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="files-", dir=RESULT.parent.absolute()) as folder:
        path = Path(folder) / "source.csv"
        write_csv(path, rows=rows, size=size)
        measurements = [measure(reader, path) for reader in DESCRIBERS]
    print(table(measurements, beside="summarize"))
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "machine": platform.machine()}
    document = {**machine, "measurements": [asdict(one) for one in measurements]}
    RESULT.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return measurements
