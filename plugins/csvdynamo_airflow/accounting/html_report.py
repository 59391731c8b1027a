"""The report as one page to pass on: HTML that needs neither scripts nor a network, on a screen and in print.

It has no cell of any row: who is given it sees numbers, codes and the names of columns.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from csvdynamo.shown import shown
from csvdynamo_airflow.accounting.advice import advice_for
from csvdynamo_airflow.accounting.comparison import compared
from csvdynamo_airflow.accounting.read_back import read_back
from csvdynamo_airflow.accounting.report_document import Report, json_of
from csvdynamo_airflow.accounting.row_changes import examples_by_kind, told_changes
from csvdynamo_airflow.accounting.sentence import sentence
from csvdynamo_airflow.accounting.throttling import told_throttling
from csvdynamo_airflow.documents.approval import Approval
from csvdynamo_airflow.documents.checked_table import CheckedTable
from csvdynamo_airflow.documents.measures import Throughput
from csvdynamo_airflow.documents.schema_change import warnings
from csvdynamo_airflow.planning.plan_text import dollars, duration, quantity

if TYPE_CHECKING:
    from jinja2 import Template

HTML_FILE = "report.html"
_TEMPLATE = Path(__file__).with_name("report.html.jinja")
_WIDE, _TALL = 720, 140
_ROWS = {
    "source_rows": "of the source",
    "rejected_before_upload": "rejected before upload",
    "written": "written",
    "unchanged": "unchanged, and not written again",
    "rejected": "rejected",
    "failed": "in batches that failed",
    "unstarted": "in batches that never started",
    "unaccounted": "unaccounted for",
}


@dataclass(frozen=True)
class _LedgerRow:
    name: str
    words: str
    rows: int
    percent: float
    witness: str


@dataclass(frozen=True)
class _Plot:
    wide: int
    tall: int
    points: str
    seconds: str
    words: str


def html_report(report: Report) -> str:
    """Write a report as a page.

    Args:
        report: The report.
    """
    document = json_of(report)
    checked = CheckedTable.from_json(document["verification"])
    page = _template().render(
        report=_printable(document),
        sentence=sentence(document),
        advice=advice_for(report.problems),
        throttling=[shown(one) for one in told_throttling(report)],
        throttling_advice=advice_for(report.throttled or ()),
        ledger=list(_ledger(document)),
        verified=read_back(checked, wrote=bool(report.ledger.written or (report.changes and report.changes.deleted))),
        answer=shown(Approval(**vars(report.approval)).sentence()) if report.approval else "Nobody has answered.",
        deletions=_deletions(report),
        changes=[shown(one) for one in _changes(report)],
        plot=_plot(report.throughput) if report.throughput else None,
        facts=[(name, shown(value)) for name, value in _facts(report)],
        longest=max(report.seconds.values(), default=0.0) or 1.0,
        compared=list(compared(report)),
        most_items=max((step.items for step in report.plan.sizes), default=1) if report.plan else 1,
    )
    return page + "\n"


@cache
def _template() -> "Template":
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - slow; not at DAG parse time

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"count": "{:,}".format, "dollars": dollars, "quantity": quantity, "duration": duration}
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))


def _printable(value: Any) -> Any:
    """Escape what does not print in every text of a document."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, list):
        return [_printable(one) for one in value]
    if isinstance(value, Mapping):
        return {shown(name): _printable(one) for name, one in value.items()}
    return value


def _ledger(document: Mapping[str, Any]) -> Iterator[_LedgerRow]:
    ledger, witnesses = document["ledger"], document["witnesses"]
    whole = max(ledger["source_rows"], 1)
    for name, words in _ROWS.items():
        if name not in ledger:
            continue
        percent = min(100.0, round(100 * abs(ledger[name]) / whole, 2))
        yield _LedgerRow(name, words, ledger[name], percent, shown(witnesses.get(name, "")))


def _deletions(report: Report) -> str:
    """Say what became of the items that were to be deleted: they are of no row of the source."""
    changes = report.changes
    if changes is None or not changes.to_delete:
        return ""
    deleted, keys = ("taken away", "had nothing before") if changes.rollback else ("deleted", "vanished")
    if report.dry_run:
        return f"Beside these, {changes.to_delete:,} items of keys that {keys} would be {deleted}."
    unfinished = changes.to_delete - changes.deleted - changes.left_alone
    parts = [(changes.deleted, deleted), (changes.left_alone, "left alone"), (unfinished, f"not {deleted}")]
    told = ", ".join(f"{items:,} {words}" for items, words in parts if items)
    return f"Beside these, {changes.to_delete:,} items of keys that {keys}: {told}."


def _changes(report: Report) -> Iterator[str]:
    if rows := told_changes(report):
        yield f"Rows: {rows}."
    for kind, keys in examples_by_kind(report).items():
        yield f"{kind.capitalize()}, such as: {', '.join(keys)}."
    yield from report.source_warnings
    yield from warnings(report.schema_changes)


def _plot(throughput: Throughput) -> _Plot:
    rows, seconds = throughput.rows, throughput.seconds
    most, step = max(rows) or 1, _WIDE / max(len(rows) - 1, 1)
    points = " ".join(f"{place * step:.1f},{_TALL * (1 - one / most):.1f}" for place, one in enumerate(rows))
    spent = len(rows) * seconds
    words = (
        f"{sum(rows):,} rows in {spent:,.0f} s: {sum(rows) / spent:,.0f} rows a second, at most {most / seconds:,.0f}."
    )
    return _Plot(_WIDE, _TALL, points, f"{spent:,.0f} s", words)


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    source = report.source
    yield "source", source.url or "was not downloaded"
    if report.replays:
        yield "replays rows of the run", report.replays.run
        yield "its rows since", report.replays.since
    if source.bytes is not None:
        yield "size", f"{source.bytes:,} bytes, SHA-256 {source.sha256}"
    if source.last_modified:
        yield "source changed", source.last_modified
    yield "execution", report.execution_arn or "none was started"
    if report.map_run_arn:
        yield "Map Run", report.map_run_arn
    if report.execution_redrives:
        yield "redrives", f"{report.execution_redrives:,}"
    for state, number in report.batches.items():
        yield f"batches {state.lower()}", f"{number:,}"
    yield "write units", "unknown" if report.write_units is None else f"{report.write_units:,.0f}"
    for error, rows in report.failures_by_error.items():
        yield f"failed rows, {error}", f"{rows:,}"
