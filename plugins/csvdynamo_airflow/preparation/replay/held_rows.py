"""What the table may have under the keys of replayed rows: rows of the run that is replayed, and of other runs of ours.

Two readings of each run's prepared file: of the keys of all rows, and of the items of those that matter. DuckDB keeps
what belongs together, on the disk.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.rows import RowConverter
from csvdynamo_airflow.documents.outcome import ROWS_FILE
from csvdynamo_airflow.documents.replayed_run import KeptRun, ReplayedRun
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.preparation.file_rows import read_file_rows
from csvdynamo_airflow.snapshots.kept_runs import read_prepared, read_rules
from csvdynamo_airflow.storage.duckdb_session import read_csv, sql_text
from csvdynamo_airflow.storage.query_steps import QuerySteps
from csvdynamo_airflow.storage.stored_file import ObjectError, fetch

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HELD = "run, number, key, item, written, origin"
"""The columns of what is held: which run put it there, or may have (0: the one that is replayed, 1 and on: those that
have replayed rows of it, below 0: those before it), the row's number in that run's source, a digest of the key, the
item's digest, whether the run wrote the row, and the row's number in the source of the run that is replayed, NULL of
any other."""

_KEYS = {"number": "BIGINT", "key": "UHUGEINT"}
_ITEMS = {"number": "BIGINT", "key": "UHUGEINT", "item": "VARCHAR"}
_DIGEST_BYTES = 16  # what DuckDB's UHUGEINT holds
_MOST_EARLIER = 5
"""Runs before the one that is replayed whose files are read: an item of an older one is taken for somebody else's."""

log = shown_log(__name__)


class RunGoneError(MigrationError):
    """What a run left, and what its rows are settled by, is not there any more."""


def key_number(key: str) -> int:
    """Digest a key (`TableKey.of`) as a number that DuckDB holds."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=_DIGEST_BYTES).digest())


@dataclass(frozen=True)
class HeldRows:
    """Reads what runs have put under some keys.

    Attributes:
        s3: A boto3 S3 client.
        steps: Keeps the steps' files.
        run: The run whose rows are replayed.
    """

    s3: "S3Client"
    steps: QuerySteps
    run: ReplayedRun

    def left_out(self, run: KeptRun) -> str:
        """Give as SQL the numbers (``row``) of a run's rows that it did not write.

        Of a replay that does not say what became of them, as one that was killed, none is known to be in the table.

        Raises:
            RunGoneError: The table of what became of its rows is gone.
        """
        if not run.is_told:
            return f"(SELECT unnest(range(1, {run.prepared.source_rows + 1})) AS row)"
        path = self.steps.path(f"outcome-{run.execution}")
        key = run.beside_its_report(ROWS_FILE)
        if not path.exists():
            try:
                with self.steps.space.open(path) as file:
                    self.s3.download_fileobj(run.prepared.bucket, key, file)
            except self.s3.exceptions.ClientError as error:
                if error.response["Error"]["Code"] not in {"404", "NoSuchKey"}:
                    raise
                raise RunGoneError(f"s3://{run.prepared.bucket}/{key} is gone: {_otherwise(run)}") from error
        return f"(SELECT DISTINCT row FROM read_parquet({sql_text(path)}) WHERE row > 0)"

    def origins(self, run: KeptRun) -> str:
        """Give as SQL the numbers (``row``) of a run's rows, and the ``origin`` of each among those of the first run.

        Raises:
            RunGoneError: The table that says so is gone.
        """
        replay = run.prepared.replay
        if replay is None:
            return f"(SELECT row, row AS origin FROM {self.left_out(run)})"
        path = self.steps.path(f"origins-{run.execution}")
        if not path.exists():
            self._fetch(run, replay.rows_key, replay.rows_sha256, path)
        return f"(SELECT row, origin FROM read_parquet({sql_text(path)}))"

    def under(self, wanted: str, *, looks_back: bool) -> str:
        """Give as SQL what is held (`HELD`) under some keys.

        Args:
            wanted: The keys (``key``), as SQL.
            looks_back: Whether the runs before are asked for keys under which the run and its replays wrote nothing.

        Raises:
            RunGoneError: A file of the run, or of one that replayed rows of it, is gone.
            NoSpaceError: There is no room for the steps' files.
        """
        parts = []
        for place, run in enumerate(self.run.writers):
            items = self._items(run, place, wanted)
            origins = self.origins(run) if place else "(SELECT NULL::BIGINT AS row, NULL::BIGINT AS origin LIMIT 0)"
            origin = "origin" if place else "number"
            parts.append(
                self.steps.step(
                    f"held_{place}",
                    f"""
                    SELECT {place} AS run, number, key, item, number NOT IN {self.left_out(run)} AS written,
                        {origin} AS origin
                    FROM {items} LEFT JOIN {origins} AS origins ON origins.row = number
                    """,
                )
            )
        held = self.steps.step("held", " UNION ALL ".join(f"SELECT {HELD} FROM {part}" for part in parts))
        return self._with_earlier(held, wanted) if looks_back else held

    def _with_earlier(self, held: str, wanted: str) -> str:
        """Add what runs before may have put under the keys under which nobody has written since."""
        for place, execution in enumerate(self.run.earlier[:_MOST_EARLIER], 1):
            written = f"(SELECT key FROM {held} WHERE written) AS written"
            unknown = self.steps.step(
                f"unknown_{place}", f"SELECT DISTINCT key FROM {wanted} AS wanted ANTI JOIN {written} USING (key)"
            )
            if not self.steps.has_rows(f"SELECT 1 FROM {unknown} LIMIT 1"):
                break
            try:
                held = self._with_one_earlier(held, unknown, execution, -place)
            except RunGoneError as error:
                log.info("%s", error)
        return held

    def _with_one_earlier(self, held: str, unknown: str, execution: str, place: int) -> str:
        run = self._earlier(execution)
        if run is None:
            return held
        told = (
            f"SELECT {place} AS run, number, key, item, number NOT IN {self.left_out(run)} AS written, "
            f"NULL::BIGINT AS origin FROM {self._items(run, place, unknown)}"
        )
        return self.steps.step(f"held_{place}", f"SELECT {HELD} FROM {held} UNION ALL SELECT {HELD} FROM ({told})")

    def _earlier(self, execution: str) -> KeptRun | None:
        bucket, dataset = self.run.first.prepared.bucket, self.run.first.rules.dataset
        prepared = read_prepared(self.s3, bucket, dataset, execution)
        rules = read_rules(self.s3, bucket, dataset, prepared.rules) if prepared else None
        return KeptRun(execution, prepared, rules) if prepared and rules else None

    def _items(self, run: KeptRun, place: int, wanted: str) -> str:
        """Write which rows of a run's file have some keys, and what its rules make of them."""
        file = self.steps.path(f"file_{place}")
        self.steps.space.require(run.prepared.bytes)
        self._fetch(run, run.prepared.file_key, run.prepared.sha256, file)
        header, converter = run.prepared.file_header, RowConverter(run.rules)
        keys = self.steps.path(f"keys_{place}")
        with self.steps.space.open_text(keys) as lines:
            for row in map(header.named, read_file_rows(file)):
                if key := converter.key_of(row):
                    lines.write(f"{row[ROW_NUMBER_HEADER]},{key_number(key)}\n")
        met = f"SELECT number FROM {read_csv(keys, _KEYS)} AS keys SEMI JOIN {wanted} AS wanted USING (key)"
        marks = bytearray(run.prepared.source_rows + 1)
        for (number,) in self.steps.rows(met):
            marks[number] = 1
        keys.unlink()
        return read_csv(self._write_items(run, file, marks), _ITEMS)

    def _write_items(self, run: KeptRun, file: Path, marks: Sequence[int]) -> Path:
        header, converter, key = run.prepared.file_header, RowConverter(run.rules), run.rules.key
        path = file.with_name(f"items_{file.name}")
        with self.steps.space.open_text(path) as lines:
            for row in map(header.named, read_file_rows(file)):
                if not marks[int(row[ROW_NUMBER_HEADER])]:
                    continue
                item = converter.convert(row)
                if not isinstance(item, Refusal):
                    lines.write(f"{row[ROW_NUMBER_HEADER]},{key_number(key.of(item))},{item_digest(item)}\n")
        file.unlink()
        return path

    def _fetch(self, run: KeptRun, key: str, sha256: str, path: Path) -> None:
        try:
            fetch(self.s3, run.prepared.bucket, key, sha256, path)
        except ObjectError as error:
            raise RunGoneError(
                f"s3://{run.prepared.bucket}/{key} is gone, or was changed: {_otherwise(run)}"
            ) from error


def _otherwise(run: KeptRun) -> str:
    return (
        f"nobody can tell any more what the run {run.run_id} put into the table. Trigger the DAG with the corrected "
        "rows as source_url, without replay: they are written over whatever is there."
    )
