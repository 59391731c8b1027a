"""The tables of an outcome, as they stand in the bucket."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from csvdynamo_airflow.documents.outcome import Outcome
from tests.integration.plugin.migration_objects import BUCKET


def rows_of(s3: Any, outcome: Outcome) -> list[dict[str, Any]]:
    """The table of the rows that were not plainly written."""
    return _table(s3, outcome.rows_key)


def batches_of(s3: Any, outcome: Outcome) -> list[dict[str, Any]]:
    """The table of the batches."""
    return _table(s3, outcome.batches_key)


def told_of(outcome: Outcome) -> Outcome:
    """What an outcome says, whatever the bytes of its files are."""
    return Outcome.from_json({**outcome.to_json(), "digests": {}})


def digests_of(s3: Any, outcome: Outcome) -> dict[str, str]:
    """The digests of an outcome's objects as they are now."""
    return {
        key: hashlib.sha256(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()).hexdigest() for key in outcome.digests
    }


def _table(s3: Any, key: str | None) -> list[dict[str, Any]]:
    import duckdb

    with tempfile.TemporaryDirectory() as folder, duckdb.connect(":memory:") as session:
        path = Path(folder) / "table"
        path.write_bytes(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        found = session.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
