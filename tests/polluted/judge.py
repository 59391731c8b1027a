"""The judge: no row is written that the clean file does not have, and no row is lost without a word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from csvdynamo_airflow.errors import MigrationError
from tests.hostile.in_process import Migrated, migrate_bytes
from tests.polluted.data_sets import data_set
from tests.polluted.model import Polluted

_SHOWN = 240


class Outcome(StrEnum):
    """What became of a file."""

    WHOLE = "whole"
    REJECTS = "with rejects"
    REFUSED = "refused"
    NOT_YET = "not yet"
    WRONG = "WRONG"


@dataclass(frozen=True)
class Verdict:
    """What became of a file, and whether that may be.

    Attributes:
        outcome: What became of it. Not yet: its data set file is refused, for a setting that is not there.
        written: How many rows were written.
        rejects: How many records are rejects.
        spared: Rows that the pollution did not touch, and that were not written all the same. No fault of the corpus
        untold: Whether it was refused without a word of the setting to use.
        said: What was said where it was refused or is not yet.
        complaints: What is wrong, if anything is.
    """

    outcome: Outcome
    written: int = 0
    rejects: int = 0
    spared: int = 0
    untold: bool = False
    said: str = ""
    complaints: tuple[str, ...] = ()


def judge(polluted: Polluted, folder: Path) -> Verdict:
    """Take a file all the way and hold what became of it against its clean file."""
    dataset = data_set(polluted.settings)
    if isinstance(dataset, str):
        return Verdict(Outcome.NOT_YET, said=dataset)
    try:
        migrated = migrate_bytes(polluted.content, dataset, folder)
    except MigrationError as error:
        said = str(error)
        untold = bool(polluted.told) and not any(setting in said for setting in polluted.told)
        return Verdict(Outcome.REFUSED, untold=untold, said=said)
    except Exception as error:  # whatever it is, no file may bring prepare down
        return Verdict(Outcome.WRONG, complaints=(f"it crashed: {error!r}",))
    complaints = (*wrong_rows(polluted, migrated), *lost_rows(polluted, migrated))
    missing = polluted.truth.keys() - migrated.table.keys() - polluted.touched - polluted.gone
    outcome = Outcome.REJECTS if migrated.rejects else Outcome.WHOLE
    return Verdict(
        Outcome.WRONG if complaints else outcome,
        len(migrated.table),
        len(migrated.rejects),
        len(missing),
        complaints=complaints,
    )


def wrong_rows_of(polluted: Polluted, folder: Path) -> list[str]:
    """Tell of each wrong row alone: none where the file is refused, or its rows are right."""
    dataset = data_set(polluted.settings)
    if isinstance(dataset, str):
        return []
    try:
        return list(wrong_rows(polluted, migrate_bytes(polluted.content, dataset, folder)))
    except MigrationError:
        return []


def wrong_rows(polluted: Polluted, migrated: Migrated) -> Iterator[str]:
    """Tell of each row that was written and is not in the clean file."""
    for key, item in migrated.table.items():
        right = polluted.truth.get(key)
        if right is None:
            yield f"a row was written that the clean file does not have: {_short(_texts(item))}"
        elif item != {name: {"S": cell} for name, cell in right.items()}:
            yield f"a row was written as {_short(_texts(item))}; it is {_short(dict(right))}"


def lost_rows(polluted: Polluted, migrated: Migrated) -> Iterator[str]:
    """Tell of each row that was neither written nor stands in any reject, and of a ledger that does not close."""
    rows, written, rejects = migrated.prepared.source_rows, len(migrated.table), len(migrated.rejects)
    if rows != written + rejects:
        yield f"of {rows} rows {written} were written and {rejects} are rejects"
    if any(not reject.code or not reject.message for reject in migrated.rejects):
        yield "a reject has no reason"
    held = _texts_of(migrated.rejects)
    for key in polluted.truth.keys() - migrated.table.keys() - polluted.gone:
        if key in polluted.touched:
            if not rejects:
                yield f"the row {key} was touched, is not written, and there is no reject"
        elif key not in held:
            yield f"the row {key} is neither written nor in a reject"


def _texts_of(rejects: Sequence[Any]) -> str:
    return "\n".join(text for reject in rejects for text in reject.item.values())


def _texts(item: Any) -> dict[str, Any]:
    return {name: value.get("S", value) for name, value in item.items()}


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
