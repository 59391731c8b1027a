"""From a source on the disk to the plan of its run, in bounded memory, by what the run itself would do."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import OnChange
from csvdynamo.records.ledger import Ledger
from csvdynamo_airflow.costs.prices import Prices
from csvdynamo_airflow.documents.forecast import Forecast
from csvdynamo_airflow.documents.plan import Plan
from csvdynamo_airflow.documents.prepared import prepared_key
from csvdynamo_airflow.documents.schema_change import warnings
from csvdynamo_airflow.gates.reject_gate import too_many_rejects
from csvdynamo_airflow.gates.source_gate import judge_encoding, judge_source
from csvdynamo_airflow.naming import execution_name
from csvdynamo_airflow.planning.plan import Foreseen, make_plan
from csvdynamo_airflow.preparation.foresight import foresee_file
from csvdynamo_airflow.preparation.prepare_file import SOURCE, PreparedFile, prepare_file
from csvdynamo_airflow.preparation.reject_spool import RejectSpool
from csvdynamo_airflow.reading.text_encoding import shown_encoding
from csvdynamo_airflow.schema.schema_gate import judge_header
from csvdynamo_airflow.storage.disk_space import DiskSpace

Tell = Callable[[str, int, int | None], None]
"""Is told what is being done, how much of it is done, and of how much (None: unknown)."""

_EXAMPLES = 3  # of each code


def plan_source(
    path: Path, dataset: Dataset, prices: Prices, region: str, *, folder: Path, tell: Tell
) -> tuple[Plan, list[str]]:
    """Plan the run of a source.

    Args:
        path: The source.
        dataset: The data set.
        prices: The prices.
        region: The Region whose prices count.
        folder: A private folder for what is written on the way.
        tell: Is told how far it is.

    Returns:
        The plan, and some of the rejects, a line each.

    Raises:
        MigrationError, MigrationPostponedError: It cannot be read, or the disk has no room.
    """
    (folder / SOURCE).symlink_to(path.resolve())
    prepared = prepare_file(folder, dataset, path.name, lambda done, total: tell("prepared", done, total))
    # Any name will do that is as long as the run's: a batch carries it.
    name = execution_name(dataset.name, "", prepared_key(dataset.name, "", path.name), dataset.rules.digest)
    forecast, spool = foresee_file(prepared, dataset, name, DiskSpace(folder, f"plan {path.name}"))
    refused, remarks = _judged(prepared, dataset, forecast)
    foreseen = Foreseen(
        source_rows=prepared.source_rows,
        source_bytes=path.stat().st_size,
        prepared_bytes=prepared.path.stat().st_size,
        rejects_before_upload=prepared.rejects_by_code,
        forecast=forecast,
        refusals=refused,
        warnings=[*prepared.notes.sentences(), *remarks],
    )
    return make_plan(foreseen, dataset, prices, region), list(_examples([*prepared.spools, spool]))


def _judged(prepared: PreparedFile, dataset: Dataset, forecast: Forecast) -> tuple[list[str], list[str]]:
    """Say what would stop the run before the upload, and what would be told; what earlier runs had is not known."""
    changes = judge_header(prepared.headers, dataset, None, {}).changes
    source_format = prepared.source_format
    faults = [
        *judge_source(prepared.source_rows, None, prepared.last_record, dataset.gates, accepted=False),
        *judge_encoding(
            shown_encoding(source_format.encoding) if source_format.guessed else None,
            dataset.source.guessed_encoding,
            accepted=False,
        ),
    ]
    by_code = Counter(prepared.rejects_by_code) + Counter(forecast.by_code)
    rejects = too_many_rejects(Ledger(prepared.source_rows, by_code.total()), by_code, dataset.gates)
    refused = [change.message for change in changes if change.action is OnChange.FAIL]
    refused += [fault.message for fault in faults if fault.fails] + ([rejects] if rejects else [])
    told = [*warnings(changes), *(fault.message for fault in faults if not fault.fails)]
    return refused, [one for one in told if one not in refused]


def _examples(spools: list[RejectSpool]) -> Iterator[str]:
    """Give the first rejects of each code."""
    for spool in spools:
        told: Counter[str] = Counter()
        for row, bad in spool.read():
            told[bad.code] += 1
            if told[bad.code] <= _EXAMPLES:
                yield f"row {row:,}: {bad.code}, {bad.message}"
            if all(told[code] >= min(_EXAMPLES, count) for code, count in spool.by_code.items()):
                break
