"""What each task tells OpenLineage, where Airflow has its provider: made of what the task kept while it ran.

The provider asks a task by a method of its own, once it has ended, in a fork or a thread of its process. Nothing is
asked of Airflow there: under ``airflow dags test`` a fork that reads XComs waits for ever. Without the provider nobody
asks.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from csvdynamo.records.ledger import Ledger
from csvdynamo_airflow.documents.checked_table import CheckedTable
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.lineage.checks import checks_of
from csvdynamo_airflow.lineage.places import Place
from csvdynamo_airflow.tasks.task_shell import open_dataset

if TYPE_CHECKING:
    from csvdynamo_airflow.lineage.facets import Lineage

METHOD = "get_openlineage_facets_on_complete"
"""What the provider calls, of a task that failed as well."""

_KEPT = "kept_for_lineage"


def tell_lineage(operator: Any, dataset_name: str) -> None:
    """Let a task say what it read and wrote, if it is one that does.

    Args:
        operator: The task.
        dataset_name: Its data set.
    """
    if operator.task_id in _TOLD_BY:
        setattr(operator, METHOD, partial(_lineage_of, dataset_name, operator.task_id))


def keep_for_lineage(operator: Any, **documents: Any) -> None:
    """Keep in a task that runs what its lineage is made of when it has ended.

    Args:
        operator: The task.
        documents: What the function of `_TOLD_BY` takes.
    """
    setattr(operator, _KEPT, documents)


def _lineage_of(dataset_name: str, task_id: str, instance: Any) -> "Lineage | None":
    """Say what a task that has ended read and wrote; None where it did not come so far."""
    kept = getattr(instance.task, _KEPT, None)  # of the copy that ran
    return _TOLD_BY[task_id](dataset_name, **kept) if kept is not None else None


# They import what they need of OpenLineage, which is there when they are called.


def _download(_dataset_name: str, *, landed: dict[str, Any]) -> "Lineage":
    from csvdynamo_airflow.lineage import facets  # noqa: PLC0415

    return facets.of_download(Landed.from_json(landed))


def _prepare(_dataset_name: str, *, prepared: Mapping[str, Any]) -> "Lineage":
    from csvdynamo_airflow.lineage import facets  # noqa: PLC0415

    return facets.of_prepare(Prepared.from_json(prepared))


def _wait(dataset_name: str, *, prepared: Mapping[str, Any], arn: str, written: int | None) -> "Lineage":
    """Tell of the table for a wait that failed as well: some batches may have been written."""
    from csvdynamo_airflow.lineage import facets  # noqa: PLC0415

    rules = open_dataset(dataset_name).rules
    return facets.of_migration(Prepared.from_json(prepared), rules, Place.of_table(arn, rules.table), written)


def _fetch_error_files(_dataset_name: str, *, prepared: Prepared, outcome: Outcome) -> "Lineage | None":
    from csvdynamo_airflow.lineage import facets  # noqa: PLC0415

    return facets.of_error_files(prepared, outcome)


def _report(dataset_name: str, *, report: Mapping[str, Any], checked: Mapping[str, Any] | None) -> "Lineage | None":
    """Tell what was checked, of a run that migrated something."""
    from csvdynamo_airflow.lineage import facets  # noqa: PLC0415

    arn, _ = report["execution"]
    if arn is None:
        return None
    dataset = open_dataset(dataset_name)
    checks = checks_of(
        Ledger.from_json(report["ledger"]),
        CheckedTable.from_json(checked) if checked else None,
        dataset.gates,
        len(report["problems"]),
    )
    return facets.of_checks(Place.of_table(arn, dataset.table.name), checks)


_TOLD_BY: Mapping[str, Callable[..., "Lineage | None"]] = {
    "download": _download,
    "prepare": _prepare,
    "wait": _wait,
    "fetch_error_files": _fetch_error_files,
    "report": _report,
}
"""What each task tells, of the data set and of what it kept; the others read and write nothing of their own."""
