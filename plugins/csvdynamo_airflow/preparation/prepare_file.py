"""From a source on the disk to the prepared file, in bounded memory: what prepare does between S3 and S3."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.rows import RowConverter
from csvdynamo_airflow.documents.source_notes import SourceNotes
from csvdynamo_airflow.preparation.draft import Draft
from csvdynamo_airflow.preparation.duplicates import (
    KeySpool,
    find_losers,
    repeated_hashes,
    write_accepted,
)
from csvdynamo_airflow.preparation.profile import add_ruined, profile_columns
from csvdynamo_airflow.preparation.reject_spool import RejectSpool
from csvdynamo_airflow.preparation.replay.number_spool import NumberSpool
from csvdynamo_airflow.preparation.replay.replayed_rows import SettledRows
from csvdynamo_airflow.preparation.replay.replaying import Replaying
from csvdynamo_airflow.preparation.rewrite import Rewriter, SourceHeader
from csvdynamo_airflow.preparation.sample import SAMPLE_FILE, draw_sample
from csvdynamo_airflow.reading.first_rows import look_at_rows
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.reading.source_file import PIECE_BYTES, find_format, open_source
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.spreadsheet_cells import HELPER_COLUMNS
from csvdynamo_airflow.storage.disk_space import STEP_BYTES, DiskSpace
from csvdynamo_airflow.storage.duckdb_session import bound_spilling, open_duckdb
from csvdynamo_airflow.storage.growing_file import GrowingFile, ReportProgress

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_Value = TypeVar("_Value")

SOURCE = "source"
"""The source's name in the task's folder."""


@dataclass(frozen=True)
class PreparedFile:
    """A prepared file on the disk.

    Attributes:
        path: Where it is.
        source_format: How the source is written.
        headers: The headers of the columns that are migrated.
        source_rows: Records of the source after its header.
        last_record: What the last one is, if that is no row (`last_record.told_last_record`).
        notes: What else the source holds.
        spools: The rejects.
        profile: What its columns hold; None if it has no rows, or cannot be told.
        sample: Rows for a check of some keys, in its own form; None where none were drawn (`draw_sample`).
        keys: The keys of the source's rows, also of those that are left out of it (`KeySpool`); None where nobody
            compares them.
        is_error_csv: Whether the source is a corrected error CSV, which has some of a source's rows alone.
        settled: Which rows of it are written, where a run is replayed.
    """

    path: Path
    source_format: SourceFormat
    headers: tuple[str, ...]
    source_rows: int
    last_record: str | None
    notes: SourceNotes
    spools: Sequence[RejectSpool]
    profile: Mapping[str, Any] | None
    sample: Path | None
    keys: Path | None = None
    is_error_csv: bool = False
    settled: SettledRows | None = None

    @property
    def rejects_by_code(self) -> dict[str, int]:
        """How many records were refused, by reject code."""
        counts: Counter[str] = Counter()
        for spool in self.spools:
            counts += spool.by_code
        return dict(sorted(counts.items()))


def prepare_file(
    folder: Path,
    dataset: Dataset,
    name: str,
    report_progress: ReportProgress,
    seed: str = "",
    *,
    with_keys: bool = False,
    replaying: Replaying | None = None,
) -> PreparedFile:
    """Rewrite a source in one streaming pass, and leave out all but one row of each key.

    Rows that the data set's rules refuse stay, and never take the place of another: the Lambda function rejects them.

    Args:
        folder: A private folder that holds the source under the name `SOURCE`. Everything is written there.
        dataset: The data set.
        name: What to call the source in messages.
        report_progress: Is told of the bytes written.
        seed: What the choice of a sample depends on: the source's digest.
        with_keys: Whether the keys of its rows are kept, to be compared with those of another run.
        replaying: The run whose rows the source is to have, as its error CSV has them; None for any other source.

    Raises:
        SourceFileError: The source is no CSV, or breaks off; or it is no error CSV, where a run is replayed.
        RunGoneError: What that run left is not there any more.
        HeaderError: Its header would lose or mix up columns.
        FileTooLargeError: The prepared file becomes larger than Step Functions reads.
        NoSpaceError: The disk has no room.
    """
    work = _Work(DiskSpace(folder, f"prepare {name}"), dataset, report_progress)
    source_format = find_format(folder / SOURCE, name, dataset, work.check_space)
    most = dataset.source.max_unpacked_bytes
    source = dataset.source
    first = look_at_rows(folder / SOURCE, name, source_format, dataset)
    source_format = first.source_format
    with open_source(folder / SOURCE, name, source_format.encoding, most=most, source=source) as text:
        rewriter = Rewriter(text, dataset, source_format, name, first.cells)
        header = rewriter.header
        if replaying is not None and header.columns.kept is None:
            raise SourceFileError(
                f"{name} has not the columns {', '.join(HELPER_COLUMNS)} of a rejects.csv, and a run is replayed by "
                "those alone. Leave them in the file; or trigger the DAG with it as source_url, and without replay."
            )
        with (
            work.growing_file("draft") as file,
            work.reject_spool("rejects", header) as rejects,
            KeySpool(folder / "keys", header.key_names, dataset.rules, work.space, with_keys=with_keys) as keys,
            NumberSpool(folder / "numbers", work.space) as numbers,
        ):
            draft = Draft(folder / "draft", file, name)
            source_rows = rewriter.run(draft, rejects, keys, numbers if replaying else None)
    drawn = draw_sample(
        draft,
        header.columns.headers,
        source_rows,
        dataset=dataset,
        seed=seed,
        space=work.space,
    )
    with open_duckdb(work.space) as session, work.reject_spool("duplicates", header) as duplicates:
        settled = None
        if replaying is not None:
            settled = replaying.settle(
                session,
                work.space,
                dataset,
                draft=draft,
                header=header,
                source_rows=source_rows,
                numbers=numbers,
                spool=duplicates,
                growing=work.growing_file,
            )
        path = settled.path if settled else _leave_out_duplicates(work, session, draft, header, duplicates)
        rejected = rejects.by_code.total() + duplicates.by_code.total()
        profile = None
        if source_rows > rejected:
            profile = profile_columns(session, path, header.columns.headers, backslashes=draft.has_backslashes)
        if profile and draft.may_hold_ruined:
            profile = add_ruined(profile, session, path, header.columns.headers)
    return PreparedFile(
        path,
        source_format,
        header.columns.headers,
        source_rows,
        rewriter.last_record,
        rewriter.told(source_format),
        (rejects, duplicates),
        profile,
        folder / SAMPLE_FILE if drawn else None,
        keys.keys,
        header.columns.kept is not None,
        settled,
    )


@dataclass(frozen=True)
class _Work:
    space: DiskSpace
    dataset: Dataset
    report_progress: ReportProgress

    @property
    def folder(self) -> Path:
        return self.space.folder

    def growing_file(self, name: str) -> GrowingFile:
        return GrowingFile(self.folder / name, self.report_progress, space=self.space)

    def reject_spool(self, name: str, header: SourceHeader) -> RejectSpool:
        return RejectSpool(self.folder / name, header.columns.headers, self.space)

    def check_space(self, unpacked: int) -> None:
        """Stop before hours are spent on what has no room: an archive may hold a thousand times its size."""
        if unpacked % STEP_BYTES < PIECE_BYTES:
            self.space.require(unpacked)


def _leave_out_duplicates(
    work: _Work, session: "DuckDBPyConnection", draft: Draft, header: SourceHeader, spool: RejectSpool
) -> Path:
    """Write the draft again without the rows that lose their key to another; return which file is the prepared one."""
    candidates = _unless_empty(repeated_hashes(session, work.folder / "keys"))
    if candidates is None:
        return draft.path
    headers = header.columns.headers
    accepted = work.folder / "accepted"
    with work.space.open_text(accepted) as file:
        write_accepted(file, draft.rows(candidates), headers, work.dataset)
    (work.folder / "keys").unlink()
    bound_spilling(session, work.space)
    losers = _unless_empty(find_losers(session, accepted, work.dataset.policies.duplicates))
    if losers is None:
        return draft.path
    converter, key = RowConverter(work.dataset.rules), work.dataset.rules.key
    with work.growing_file("prepared") as output:
        for loser, fields in draft.copy_without(losers, output):
            shared = converter.key_of(dict(zip(headers, fields, strict=True))) or ""
            refusal = loser.refusal(header.key_names, key.shown(shared))
            spool.add(loser.row, BadRecord(refusal.code, refusal.message, fields, column=refusal.column))
    draft.path.unlink()
    return work.folder / "prepared"


def _unless_empty(values: Iterator[_Value]) -> Iterator[_Value] | None:
    first = list(islice(values, 1))
    return chain(first, values) if first else None
