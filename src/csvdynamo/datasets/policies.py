"""What a data set wants done about a source that is not as expected, and about the check of its table."""

from dataclasses import dataclass as plain
from dataclasses import field
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic.dataclasses import dataclass

from csvdynamo.datasets.grammar import STRICT
from csvdynamo.datasets.values import Texts, WholeNumber, fail, found
from csvdynamo.rules.row_rules import DuplicatePolicy

WHOLE_UP_TO = 10_000_000
"""Rows, and items of the table, up to which `VerifyMode.AUTO` reads every item back."""

_READ_OF_A_KEY = 4
"""How many items a scan reads for what it takes to read one by its key, about: that one takes a unit by itself."""


class OnChange(StrEnum):
    """What a source that is not as expected does: nothing, a line in the report, or the end of the run."""

    ACCEPT = "accept"
    WARN = "warn"
    FAIL = "fail"


class GateAction(StrEnum):
    """What a gate does that would end a run before its first row is written: it ends it, or a person is asked."""

    FAIL = "fail"
    APPROVE = "approve"


class VerifyMode(StrEnum):
    """How much of the table is read back after a run: nothing, a sample of keys, every item, or what the run wrote.

    `AUTO` is every item unless the file has more than `WHOLE_UP_TO` rows, or the table more items: then a sample. Of a
    run that writes little beside what is unchanged it is `CHANGED`: what it wrote, and a sample of the rest.
    """

    AUTO = "auto"
    NONE = "none"
    SAMPLE = "sample"
    CHANGED = "changed"
    FULL = "full"


class ForeignPolicy(StrEnum):
    """What an item whose key is not in the file does: it is reported, or it fails the run."""

    REPORT = "report"
    FAIL = "fail"


def _no_name_twice(header: tuple[str, ...]) -> tuple[str, ...]:
    for name in header:
        if header.count(name) > 1:
            fail(f"names {name!r} twice")
    return header


@dataclass(frozen=True, config=STRICT)
class SchemaPolicy:
    """What to do about a header that is not as expected. A missing required column always fails."""

    header: Annotated[tuple[str, ...], Texts(), AfterValidator(_no_name_twice)] = Field(
        default=(),
        description="the headers that are expected, in order; without it, the columns that have rules, and any others "
        "beside them",
    )
    new: OnChange = Field(default=OnChange.WARN, description="a column that is not expected")
    missing: OnChange = Field(default=OnChange.WARN, description="an expected column that is not there")
    renamed: OnChange = Field(default=OnChange.WARN, description="another name at the same place, with similar values")
    reordered: OnChange = Field(default=OnChange.ACCEPT, description="the expected columns in another order")


@dataclass(frozen=True, config=STRICT)
class Verification:
    """How the table is checked after a run."""

    mode: VerifyMode = Field(
        default=VerifyMode.AUTO,
        description=f'`"auto"`: `"full"` unless the file has more than {WHOLE_UP_TO:,} rows or the table more items, '
        'else `"sample"`, and `"changed"` after a run that wrote little beside what is unchanged; `"full"`: every item '
        'is read back; `"changed"`: those that the run wrote or deleted, and a sample of the rest; `"sample"`: so many '
        'keys; `"none"`',
    )
    sample_size: Annotated[int, WholeNumber(1, 100_000)] = Field(default=1000, description="the keys of a sample")
    foreign: ForeignPolicy = Field(
        default=ForeignPolicy.REPORT,
        description="what an item does that this run did not write (its key is not in the file, or its row was "
        "rejected), which a full check finds",
    )

    def mode_for(self, rows: int, items: int, written: int | None = None) -> VerifyMode:
        """Say how much of one table is read back; never `VerifyMode.AUTO`.

        Only a scan finds items of other origin, so a data set that fails by them has one.

        Args:
            rows: How many rows the file has that was migrated.
            items: How many items the table holds, about: a scan costs by them, and the table may be far larger.
            written: How many of the rows the run wrote, and items it deleted; None where it wrote all of them.
        """
        if self.mode is not VerifyMode.AUTO:
            return self.mode
        if written is not None and self._is_little(written, rows):
            return VerifyMode.CHANGED
        return VerifyMode.FULL if max(rows, items) <= WHOLE_UP_TO else VerifyMode.SAMPLE

    def may_draw(self, rows: int, *, only_changed: bool) -> bool:
        """Say whether a check may look at some rows alone of a file that has so many.

        Args:
            rows: How many.
            only_changed: Whether the run writes only what changed.
        """
        return self.mode_for(rows, 0, 0 if only_changed else None) in {VerifyMode.SAMPLE, VerifyMode.CHANGED}

    def _is_little(self, written: int, rows: int) -> bool:
        """Say whether to read what was written, and a sample, costs less than to read all."""
        return self.foreign is ForeignPolicy.REPORT and _READ_OF_A_KEY * (written + self.sample_size) <= rows


def _table_of_mode(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value not in list(VerifyMode):
        fail(f"must be one of {', '.join(VerifyMode)}, found {found(value)}")
    return {"mode": value}


Verify = Annotated[Verification, BeforeValidator(_table_of_mode)]
"""The table `[verify]`, or its short form: ``verify = "full"`` stands for one with that ``mode`` and nothing else."""


@plain(frozen=True)
class Policies:
    """Everything that a data set wants done about what is out of the ordinary."""

    duplicates: DuplicatePolicy = DuplicatePolicy.LAST
    schema: SchemaPolicy = field(default_factory=SchemaPolicy)
    verify: Verification = field(default_factory=Verification)
