"""A prepared file: what prepare hands to the tasks after it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from csvdynamo.folders import SOURCE_PREFIX
from csvdynamo.rules.file_header import FileHeader
from csvdynamo_airflow.documents.approval import Question, asked_digest
from csvdynamo_airflow.documents.forecast import Forecast
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.replay import Replay
from csvdynamo_airflow.documents.rolled_back import RolledBack
from csvdynamo_airflow.documents.schema_change import SchemaChange
from csvdynamo_airflow.documents.snapshot import Difference, Snapshot
from csvdynamo_airflow.documents.source_notes import SourceNotes
from csvdynamo_airflow.documents.task_documents import reading

REFUSED_XCOM = "refused"
"""XCom key of a prepared file that was not uploaded, since a gate of the data set stopped it: its rejects are told all
the same."""

_PACKED = (".gz", ".zip", ".zst", ".xz", ".bz2")


@dataclass(frozen=True)
class Prepared:
    """The file that Step Functions reads, and what was refused on the way to it.

    Attributes:
        bucket: The bucket.
        file_key: The prepared file's key, made of its SHA-256.
        sha256: Its digest, in hexadecimal.
        bytes: Its size.
        source_rows: Records of the source after its header.
        prepared_rows: Rows of the prepared file.
        rejected: Records refused before the upload.
        rejects_by_code: How many of them, by reject code.
        rejects_key: The key of their records, None if there are none.
        header: The source's header, without the row number's column.
        schema_changes: How the header departs from the data set file and from the last successful run.
        execution_name: The name of the execution that migrates the file.
        rules: The digest of the rules that it was prepared by (`RowRules.digest`): it is migrated and checked by
            the same, or not at all.
        at: When it was prepared, in seconds since the epoch.
        source: The landed source.
        delimiter: What stands between two fields of the source.
        encoding: Python's name of the source's encoding, ``utf-8-sig`` for UTF-8 with a byte order mark.
        compression: What the source is packed in, None if it is not.
        quote: The character round the source's cells, None if it has none.
        escape: The character after which another one is text, None if there is none.
        encoding_guessed: Whether the encoding was found, and nothing proves it.
        notes: What the source holds beside its rows.
        profile_key: The key of the profile of the prepared file's columns, None if there is none.
        etag: The version of the prepared file in the bucket, as a listing tells; "" where no sample was drawn.
        sample_key: The key of some of its rows, for a check of some keys; None where none were drawn.
        sample_sha256: Their digest, in hexadecimal, "" where there are none.
        usual_source: Whether the source is the one that the data set file names, and not another that a person gave.
        source_warnings: What speaks against the source as a whole, and was let pass.
        last_rows: Rows of the last green run's source, None where there is none to compare with.
        questions: What a person has to let pass before a row of it is written.
        forecast: What the function will make of the rows; None where nobody held them against all the rules.
        difference: Which of them are written, where only what changed is; None where all are.
        made_by: The digest of the settings and the code that it was prepared by; "" where nobody compares it.
        replay: The run whose rows they are, where rows of another run are replayed; None where they are the source's.
        rollback: Which run is taken back; None where it is no rollback.
    """

    bucket: str
    file_key: str
    sha256: str
    bytes: int
    source_rows: int
    prepared_rows: int
    rejected: int
    rejects_by_code: Mapping[str, int]
    rejects_key: str | None
    header: tuple[str, ...]
    schema_changes: tuple[SchemaChange, ...]
    execution_name: str
    rules: str
    at: float
    source: Landed
    delimiter: str = ","
    encoding: str = "utf-8"
    compression: str | None = None
    quote: str | None = '"'
    escape: str | None = None
    encoding_guessed: bool = False
    notes: SourceNotes = field(default_factory=SourceNotes)
    profile_key: str | None = None
    etag: str = ""
    sample_key: str | None = None
    sample_sha256: str = ""
    usual_source: bool = False
    source_warnings: tuple[str, ...] = ()
    last_rows: int | None = None
    questions: tuple[Question, ...] = ()
    forecast: Forecast | None = None
    difference: Difference | None = None
    made_by: str = ""
    replay: Replay | None = None
    rollback: RolledBack | None = None

    @property
    def migrated_key(self) -> str:
        """The key of the file that the execution reads: of the prepared file, or of the rows of it that are written."""
        return self.difference.file_key if self.difference else self.file_key

    @property
    def migrated_sha256(self) -> str:
        """That file's digest, in hexadecimal."""
        return self.difference.sha256 if self.difference else self.sha256

    @property
    def base(self) -> Snapshot | None:
        """The snapshot that the run rests on; None where it writes all rows."""
        return self.difference.base if self.difference else None

    @property
    def unchanged(self) -> int:
        """Rows that are not written, as the table has them."""
        return self.difference.unchanged if self.difference else 0

    @property
    def same_source(self) -> str:
        """The DAG run that migrated the very same source, so that no row of it was read; "" where it was."""
        return self.difference.same_source if self.difference else ""

    @property
    def rows_to_write(self) -> int:
        """Rows that the execution writes."""
        return self.prepared_rows - self.unchanged

    @property
    def deletions(self) -> int:
        """Items of keys that vanished, which the execution is to delete."""
        return self.difference.deletions if self.difference else 0

    @property
    def items(self) -> int:
        """Rows of the file that the execution reads, deletions among them."""
        return self.rows_to_write + self.deletions

    @property
    def nothing_to_write(self) -> bool:
        """Whether the execution would have nothing to do: no row is to be written, and none to be deleted."""
        return self.items == 0

    @property
    def is_in_the_table(self) -> bool:
        """Whether the table has every row of it already."""
        return self.nothing_to_write and self.unchanged > 0

    @property
    def is_in_part(self) -> bool:
        """Whether the execution reads a file of its own, of some of the rows, and of deletions."""
        return (self.unchanged > 0 or self.deletions > 0 or self.guarded) and not self.nothing_to_write

    @property
    def guarded(self) -> bool:
        """Whether each row that is written says what it may take the place of (`Guard`)."""
        return self.difference is not None and self.difference.guarded

    @property
    def uploaded_bytes(self) -> tuple[int, ...]:
        """The sizes of the files that are uploaded."""
        return (self.bytes, self.difference.bytes) if self.difference and self.is_in_part else (self.bytes,)

    @property
    def asked(self) -> str:
        """The name of what a person is asked about it (`asked_digest`)."""
        return asked_digest((self.sha256, self.migrated_sha256), self.rules, self.questions)

    @property
    def known_rejects(self) -> Mapping[str, int]:
        """How many rows are rejected as far as it is known beforehand, by code: prepare's own, and what is foreseen."""
        foreseen = self.forecast.by_code if self.forecast else {}
        return dict(sorted((Counter(self.rejects_by_code) + Counter(foreseen)).items()))

    @property
    def landing_key(self) -> str:
        """The key of the landed source."""
        return self.source.key

    @property
    def file_header(self) -> FileHeader:
        """The prepared file's own header."""
        return FileHeader(self.header)

    @property
    def migrated_header(self) -> FileHeader:
        """The header of the file that the execution reads."""
        return FileHeader(self.header, self.guarded)

    def to_json(self) -> dict[str, Any]:
        """Write it as a JSON document."""
        changes = [change.to_json() for change in self.schema_changes]
        lists = {
            "header": list(self.header),
            "source_warnings": list(self.source_warnings),
            "questions": [question.to_json() for question in self.questions],
        }
        told = {"notes": self.notes.to_json(), "forecast": self.forecast.to_json() if self.forecast else None}
        return {**asdict(self), **lists, "schema_changes": changes, **told}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read the JSON document."""
        with reading("What the task prepare returned"):
            forecast, difference, replay, rollback = map(document.get, ("forecast", "difference", "replay", "rollback"))
            return cls(
                **{
                    **document,
                    "header": tuple(document["header"]),
                    "schema_changes": tuple(map(SchemaChange.from_json, document["schema_changes"])),
                    "source_warnings": tuple(document.get("source_warnings", ())),
                    "questions": tuple(map(Question.from_json, document.get("questions", ()))),
                    "notes": SourceNotes.from_json(document.get("notes", {})),
                    "source": Landed.from_json(document["source"]),
                    "forecast": Forecast.from_json(forecast) if forecast else None,
                    "difference": Difference.from_json(difference) if difference else None,
                    "replay": Replay.from_json(replay) if replay else None,
                    "rollback": RolledBack(**rollback) if rollback else None,
                }
            )


def prepared_key(dataset: str, sha256: str, file_name: str) -> str:
    """Name a prepared file: the same bytes always get the same key, and other bytes another."""
    for packed in _PACKED:
        file_name = file_name.removesuffix(packed)
    return f"{SOURCE_PREFIX}{dataset}/{sha256}/{file_name}"
