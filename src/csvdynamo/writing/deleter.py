"""Deletes items that no row of the source has any more, each only while it is one that a run put there."""

from collections.abc import Sequence
from dataclasses import dataclass

from csvdynamo.aws.backoff import Backoff
from csvdynamo.rules.attribute_values import Item
from csvdynamo.rules.deletions import Deletion
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.writing.batch import Deleted
from csvdynamo.writing.table_items import Change, Settling, TableItems


@dataclass(frozen=True)
class Deleter:
    """Deletes from one table.

    Attributes:
        items: The table's items.
        backoff: How long calls are repeated.
    """

    items: TableItems
    backoff: Backoff

    def delete(self, deletions: Sequence[Deletion]) -> Deleted:
        """Delete the items that are still those that runs put there; the others are left alone.

        It may be repeated: an item that is gone counts as deleted, whoever deleted it.

        Args:
            deletions: Which; their keys all differ.

        Raises:
            WriteDeadlineExceeded: The time ran out. Some items may be deleted.
            botocore.exceptions.ClientError: The service refused a call for good (no such table, access denied).
        """
        left: set[int] = set()

        def decide(deletion: Deletion, there: Item | None) -> Change | None:
            left.discard(deletion.number)  # an attempt that broke off may have noted it
            if there is None:
                return None
            if item_digest(there) in deletion.digests:
                return self.items.delete(there)
            left.add(deletion.number)
            return None

        Settling(self.items, decide, self.backoff, f"delete %s of the batch's items from {self.items.name}").settle(
            deletions
        )
        return Deleted(len(deletions) - len(left), tuple(sorted(left)))
