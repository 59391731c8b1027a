"""What a run cost, by what it left behind, and what it was to cost, where its rows were foreseen. Pure."""

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import VerifyMode
from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.console_links import region_of_arn
from csvdynamo_airflow.costs.prices import Prices
from csvdynamo_airflow.costs.pricing import cost_of
from csvdynamo_airflow.costs.usage import Counts
from csvdynamo_airflow.documents.cost import Cost
from csvdynamo_airflow.documents.outcome import Outcome
from csvdynamo_airflow.documents.plan import Plan
from csvdynamo_airflow.planning.plan import Foreseen, make_plan

_UNSTARTED = "PENDING"
_SUCCEEDED = "SUCCEEDED"


def cost_of_run(findings: Findings, dataset: Dataset, prices: Prices, arn: str) -> Cost:
    """Price what a run did.

    Args:
        findings: What its tasks left behind.
        dataset: The data set.
        prices: The prices.
        arn: The ARN of its state machine, which says the Region.
    """
    return cost_of(counts_of(findings), dataset, prices, region_of_arn(arn))


def counts_of(findings: Findings) -> Counts:
    """Say what was counted of a run."""
    landed, prepared, outcome = findings.landed or {}, findings.prepared, findings.outcome or Outcome()
    files = prepared.uploaded_bytes if prepared and not findings.refused else ()
    uploaded = tuple(size for size in (landed.get("bytes"), *files) if size)
    read = _read_units(findings)
    if findings.execution is None:
        return Counts(read_units=read if findings.nothing_to_write else 0.0, uploaded=uploaded)
    if not outcome.answered:
        return Counts(
            write_units=None, read_units=read, batches=None, batch_seconds=None, reject_bytes=None, uploaded=uploaded
        )
    measures = outcome.measures
    ran = {state: count for state, count in measures.batches.items() if state != _UNSTARTED}
    return Counts(
        write_units=measures.write_units,
        read_units=read,
        batches=sum(ran.values()),
        unfinished=sum(ran.values()) - ran.get(_SUCCEEDED, 0),
        batch_seconds=measures.batch_seconds,
        rejects=outcome.rejects,
        reject_bytes=measures.reject_bytes,
        uploaded=uploaded,
    )


def plan_of_run(findings: Findings, dataset: Dataset, prices: Prices, arn: str) -> Plan | None:
    """Plan a run by what prepare foresaw; None where it held no row against the function's rules.

    The arguments are those of `cost_of_run`.
    """
    prepared = findings.prepared
    if prepared is None or prepared.forecast is None:
        return None
    key = prepared.forecast.rejects_key
    foreseen = Foreseen(
        source_rows=prepared.source_rows,
        source_bytes=prepared.source.bytes,
        prepared_bytes=prepared.bytes,
        rejects_before_upload=prepared.rejects_by_code,
        forecast=prepared.forecast,
        unchanged=prepared.unchanged,
        rejects_file=f"s3://{prepared.bucket}/{key}" if key else None,
    )
    return make_plan(foreseen, dataset, prices, region_of_arn(arn))


def _read_units(findings: Findings) -> float | None:
    checked = findings.checked
    if checked is None or checked.mode is VerifyMode.NONE:
        return 0.0
    return checked.read_units
