"""How the gates of a data set end a run before a row is uploaded."""

from collections.abc import Sequence

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.records.ledger import Ledger
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.gates.reject_gate import too_many_rejects
from csvdynamo_airflow.gates.source_gate import SourceFault

_ACCEPT = " To let the source pass once, trigger the DAG again with accept_source."


class GateError(MigrationError):
    """A gate of the data set stops the run before a single row is uploaded; the message names each that does.

    Attributes:
        prepared: What was prepared. Its rejects are stored, its file is not.
    """

    def __init__(self, lines: Sequence[str], prepared: Prepared) -> None:
        super().__init__(*lines)
        self.prepared = prepared


def hold_to_gates(prepared: Prepared, dataset: Dataset, faults: Sequence[SourceFault], reading: str) -> None:
    """Stop before the upload where a gate would fail the run anyway: half a table is nobody's wish."""
    ledger = Ledger(source_rows=prepared.source_rows, rejected_before_upload=prepared.rejected)
    file = f"datasets/{dataset.name}.toml"
    lines = [
        f"{fault.message} Nothing was uploaded and no row was migrated. {fault.advice} in {file}, and deploy."
        + (_ACCEPT if fault.acceptable else "")
        for fault in faults
        if fault.fails
    ]
    if rejects := too_many_rejects(ledger, prepared.rejects_by_code, dataset.gates):
        known = "All of them are rejects of prepare" if prepared.forecast is None else "They are known beforehand"
        lines.append(
            f"{rejects} {known}, so nothing was uploaded and no row was migrated. Correct "
            f"the source; or, if the rest is to be migrated without them, raise the setting in {file}, and deploy."
        )
    if lines:
        raise GateError([*lines[:-1], f"{lines[-1]} {reading}".rstrip()], prepared)
