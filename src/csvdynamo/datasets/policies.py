"""What a data set wants done about duplicate keys, a changed source, and the check of its table."""

from dataclasses import dataclass, field
from enum import StrEnum

from csvdynamo.rules.row_rules import DuplicatePolicy

WHOLE_UP_TO = 10_000_000
"""Rows, and items of the table, up to which `VerifyMode.AUTO` reads every item back."""


class OnChange(StrEnum):
    """What a source that is not as expected does: nothing, a line in the report, or the end of the run."""

    ACCEPT = "accept"
    WARN = "warn"
    FAIL = "fail"


class VerifyMode(StrEnum):
    """How much of the table is read back after a run: nothing, a sample of keys, or every item.

    `AUTO` is every item unless the file has more than `WHOLE_UP_TO` rows, or the table more items: then a sample.
    """

    AUTO = "auto"
    NONE = "none"
    SAMPLE = "sample"
    FULL = "full"


class ForeignPolicy(StrEnum):
    """What an item whose key is not in the file does: it is reported, or it fails the run."""

    REPORT = "report"
    FAIL = "fail"


@dataclass(frozen=True)
class SchemaPolicy:
    """What to do about a header that is not as expected. A missing required column always fails.

    Attributes:
        header: The header that is expected; empty: only the columns that have rules are expected.
        new: A column that is not expected.
        missing: An expected column that is not there.
        renamed: A column with another name at the same place, its values alike.
        reordered: The expected columns in another order.
    """

    header: tuple[str, ...] = ()
    new: OnChange = OnChange.WARN
    missing: OnChange = OnChange.WARN
    renamed: OnChange = OnChange.WARN
    reordered: OnChange = OnChange.ACCEPT


@dataclass(frozen=True)
class Verification:
    """How the table is checked after a run.

    Attributes:
        mode: How much of it is read back.
        sample_size: How many keys a sample has.
        foreign: What an item does whose key is not in the file; only a full check finds one.
    """

    mode: VerifyMode = VerifyMode.AUTO
    sample_size: int = 1000
    foreign: ForeignPolicy = ForeignPolicy.REPORT

    def mode_for(self, rows: int, items: int) -> VerifyMode:
        """Say how much of one table is read back; never `VerifyMode.AUTO`.

        Args:
            rows: How many rows the file has that was migrated.
            items: How many items the table holds, about: a scan costs by them, and the table may be far larger.
        """
        if self.mode is not VerifyMode.AUTO:
            return self.mode
        return VerifyMode.FULL if max(rows, items) <= WHOLE_UP_TO else VerifyMode.SAMPLE


@dataclass(frozen=True)
class Policies:
    """Everything that a data set wants done about what is out of the ordinary."""

    duplicates: DuplicatePolicy = DuplicatePolicy.LAST
    schema: SchemaPolicy = field(default_factory=SchemaPolicy)
    verify: Verification = field(default_factory=Verification)
