"""Deletes items that no row of the source has any more, each only while it is one that a run put there."""

from collections.abc import Sequence
from dataclasses import dataclass

from csvdynamo.aws.backoff import Backoff
from csvdynamo.rules.deletions import Deletion
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.writing.batch import Deleted
from csvdynamo.writing.table_items import TableItems, settle_all


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
        what = f"delete %s of the batch's items from {self.items.name}"
        settle_all(deletions, lambda some: self._settle(some, left), self.backoff, what)
        return Deleted(len(deletions) - len(left), tuple(sorted(left)))

    def _settle(self, deletions: Sequence[Deletion], left: set[int]) -> list[Deletion]:
        """Try each once; note which items are left alone, and return those that have to be tried again."""
        left -= {deletion.number for deletion in deletions}  # an attempt that broke off may have noted some
        found, unread = self.items.read([deletion.key for deletion in deletions])
        again = [deletion for deletion in deletions if deletion.key in unread]
        for deletion in deletions:
            item = found.get(deletion.key)
            if item is None:
                continue
            if item_digest(item) not in deletion.digests:
                left.add(deletion.number)
            elif not self.items.delete(item):
                again.append(deletion)
        return again
