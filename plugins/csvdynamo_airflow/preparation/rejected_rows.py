"""Which rows are rejected before the upload: prepare's own rejects, and the function's where these stop the run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.records.ledger import Ledger
from csvdynamo.rules.codes import Stage
from csvdynamo_airflow.documents.forecast import Forecast
from csvdynamo_airflow.gates.reject_gate import too_many_rejects
from csvdynamo_airflow.preparation.deletions import VanishedKeys
from csvdynamo_airflow.preparation.foresight import foresee_file
from csvdynamo_airflow.preparation.prepare_file import PreparedFile
from csvdynamo_airflow.preparation.reject_spool import RejectSpool, write_records
from csvdynamo_airflow.storage.disk_space import DiskSpace

REJECTS_FILE = "rejected_before_upload.jsonl"
FORESEEN_FILE = "foreseen_rejects.jsonl"


@dataclass(frozen=True)
class RejectedRows:
    """The rows of a prepared file that are rejected, as far as it is known before the upload.

    Attributes:
        by_code: How many are rejected before the upload, by code.
        records: Their records; None where there are none.
        forecast: What the function will make of the others; None where no row was held against all the rules.
        foreseen: The records of the rows that it will reject, of a dry run or of one that a person is asked about; None
            where there are none.
    """

    by_code: Mapping[str, int]
    records: Path | None
    forecast: Forecast | None = None
    foreseen: Path | None = None

    @classmethod
    def of(
        cls,
        prepared: PreparedFile,
        dataset: Dataset,
        execution_name: str,
        space: DiskSpace,
        *,
        dry_run: bool,
        vanished: VanishedKeys | None = None,
    ) -> Self:
        """Find them, and write their records.

        Args:
            prepared: The prepared file.
            dataset: The data set.
            execution_name: The name of the execution that migrates it.
            space: The space of its folder.
            dry_run: Whether nothing is migrated: every row is held against all the rules, as where the file says so.
            vanished: The deletions at the end of the file; None where there are none.

        Raises:
            NoSpaceError: The disk has no room.
        """
        folder, own = space.folder, prepared.rejects_by_code

        def write(spools: Sequence[RejectSpool], name: str, stage: Stage) -> Path | None:
            if not any(spool.by_code for spool in spools):
                return None
            write_records(spools, folder / name, dataset.name, execution_name, space, stage=stage)
            return folder / name

        if not (dry_run or dataset.gates.all_rules):
            return cls(own, write(prepared.spools, REJECTS_FILE, Stage.PREPARE))
        forecast, spool = foresee_file(prepared, dataset, execution_name, space, vanished=vanished)
        both = dict(sorted((Counter(own) + Counter(forecast.by_code)).items()))
        too_many = too_many_rejects(Ledger(prepared.source_rows, sum(both.values())), both, dataset.gates) is not None
        if too_many and (dry_run or not dataset.asks):
            # No function will ever judge them: they are told where prepare's own are.
            left = replace(forecast, by_code={}, by_column=(), reject_bytes=0)
            return cls(both, write((*prepared.spools, spool), REJECTS_FILE, Stage.PREPARE), left)
        records = write(prepared.spools, REJECTS_FILE, Stage.PREPARE)
        # Of a run that goes on the function tells them: until then they are told to whoever is asked whether it does.
        told = dry_run or too_many
        return cls(own, records, forecast, write([spool], FORESEEN_FILE, Stage.VALIDATE) if told else None)
