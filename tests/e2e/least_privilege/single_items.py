"""What shows that a function lacks a permission to read, put and delete single items: batches that make it do so."""

import uuid
from dataclasses import dataclass

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.deletions import Deletion
from csvdynamo.rules.file_header import FileHeader
from csvdynamo.rules.guards import NO_ITEM, Guard
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.writing.turn import Holder, turn_key
from tests.e2e.least_privilege.service_witnesses import Services

_HEADERS = ("DOL Vehicle ID", "Model Year")


@dataclass(frozen=True)
class SingleItems:
    """The stack of a data set whose function reads and changes single items, keyed by a vehicle and its year.

    Attributes:
        dataset: The data set.
        services: Its stack.
    """

    dataset: Dataset
    services: Services

    def new_row(self) -> str | None:
        """A run by hand, of a key that the table does not have."""
        return self.services.run(body=f"{','.join(_HEADERS)}\n{uuid.uuid4().hex},2020\n,2020\n")

    def guarded_batch(self) -> str | None:
        """A batch of a run, with a row that may take the place of nothing and the deletion of an item."""
        name, key, item = f"run-{uuid.uuid4().hex[:12]}", self.dataset.rules.key, self._item(uuid.uuid4().hex)
        self.services.deployed.client("dynamodb").put_item(TableName=self.dataset.table.name, Item=item)
        header = FileHeader(_HEADERS, guarded=True)
        new = uuid.uuid4().hex
        rows = [
            [1, new, "2020", Guard(key.of(self._item(new)), (NO_ITEM,)).cell()],
            [*Deletion(1, key.of(item), (item_digest(item),)).fields(len(_HEADERS)), ""],
        ]
        told = header.told_rules(self.dataset.rules.digest, deletes=True)
        items = [dict(zip(header.line, map(str, row), strict=True)) for row in rows]
        s3, turn = (
            self.services.deployed.client("s3"),
            {"Bucket": self.services.bucket, "Key": turn_key(self.dataset.name)},
        )
        s3.put_object(**turn, Body=Holder(name, name).to_json().encode())
        event = {"BatchInput": {"execution_name": name, "rules": told}, "Items": items}
        problem = self.services.error_of("migrate_batch.handler", event)
        s3.delete_object(**turn)
        return problem

    def _item(self, vehicle: str) -> dict[str, dict[str, str]]:
        return {"dol_vehicle_id": {"S": f"A_{vehicle}"}, "model_year": {"N": "2020"}}
