"""The table `[write]` of a data set file."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass as section

from csvdynamo.datasets.grammar import STRICT
from csvdynamo.datasets.values import Percent


class WriteMode(StrEnum):
    """Which rows of a file are written: all, those that the table does not have as they are, or those of new keys."""

    ALL = "all"
    CHANGED = "changed"
    INSERT = "insert"


class Vanished(StrEnum):
    """What becomes of items whose keys no row of the source has any more."""

    KEEP = "keep"
    REPORT = "report"
    DELETE = "delete"


class UnknownKeys(StrEnum):
    """What records mean for a deletion whose keys cannot be told."""

    KEEP = "keep"
    IGNORE = "ignore"


@section(frozen=True, config=STRICT)
class Write:
    """Which rows are written."""

    mode: WriteMode = Field(
        default=WriteMode.ALL,
        description='`"all"`: every row of the file; `"changed"`: [new and changed rows](#only-what-changed) alone, as '
        'long as nothing speaks against what the last green run left in the table; `"insert"`: rows of keys that the '
        "table [does not have](#only-new-keys) alone",
    )
    vanished: Vanished = Field(
        default=Vanished.KEEP,
        description='keys that earlier runs put into the table, and no row of the source has any more: `"keep"` counts '
        'them; `"report"` lists them, too; `"delete"` [deletes their items](#keys-that-vanished), but for those that '
        "are not as a run put them there",
    )
    max_delete_percent: Annotated[float, Percent()] = Field(
        default=1.0,
        description="with more items to delete than this, of those that earlier runs put into the table, the run fails "
        "before a row is written",
    )

    unknown_keys: UnknownKeys = Field(
        default=UnknownKeys.KEEP,
        description="records whose keys cannot be told, as they are blank, refused by the rules or unreadable: any key "
        'that vanished may be theirs. `"keep"`: a run with such records deletes nothing, and says so; `"ignore"`: it '
        "deletes all the same",
    )

    @property
    def only_changed(self) -> bool:
        """Whether new and changed rows alone are written."""
        return self.mode is WriteMode.CHANGED

    @property
    def inserts(self) -> bool:
        """Whether rows alone are written whose keys the table does not have."""
        return self.mode is WriteMode.INSERT

    @property
    def actions(self) -> tuple[str, ...]:
        """What the function does to the table, as IAM's actions of DynamoDB.

        One that inserts may not call BatchWriteItem: that takes no condition, and would write over what is there. What
        changed is put back by the run that takes a run back, each item only while it is one that this put there.
        """
        single, batch = ("BatchGetItem", "PutItem"), "BatchWriteItem"
        return {
            WriteMode.ALL: (batch,),
            WriteMode.INSERT: single,
            WriteMode.CHANGED: (batch, *single, "DeleteItem"),
        }[self.mode]

    @property
    def deletes(self) -> bool:
        """Whether items are deleted whose keys vanished."""
        return self.vanished is Vanished.DELETE
