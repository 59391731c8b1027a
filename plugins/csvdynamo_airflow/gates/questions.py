"""What a person is asked where a gate would end a run before its first row is written. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from csvdynamo.datasets.dataset import Gates
from csvdynamo.datasets.policies import OnChange
from csvdynamo.records.ledger import Ledger
from csvdynamo_airflow.documents.approval import Question, short
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.gates.reject_gate import REJECT_GATE, too_many_rejects
from csvdynamo_airflow.gates.source_gate import SourceFault
from csvdynamo_airflow.markdown import code_span

REJECT = "Reject"
"""The answer that ends the run."""


def questions(prepared: Prepared, faults: Sequence[SourceFault], gates: Gates) -> tuple[Question, ...]:
    """List what would end the run, in the order in which the gates are.

    Args:
        prepared: What was prepared.
        faults: What speaks against its source as a whole.
        gates: The data set's limits.
    """
    return (
        *_of_the_header(prepared),
        *(Question(fault.gate, fault.message, fault.numbers) for fault in faults if fault.fails),
        *_of_the_rejects(prepared, gates),
    )


def _of_the_header(prepared: Prepared) -> Iterator[Question]:
    failing = [change for change in prepared.schema_changes if change.action is OnChange.FAIL]
    if failing:
        counts = Counter[str]()
        for change in failing:
            counts[f"columns {change.kind}, against the {change.against}"] += len(change.columns)
        yield Question("schema", f"The header changed. {' '.join(change.message for change in failing)}", dict(counts))


def _of_the_rejects(prepared: Prepared, gates: Gates) -> Iterator[Question]:
    known = prepared.known_rejects
    ledger = Ledger(source_rows=prepared.source_rows, rejected_before_upload=sum(known.values()))
    if told := too_many_rejects(ledger, known, gates):
        percent = round(ledger.reject_percent, 2)
        yield Question(REJECT_GATE, told, {"rejected": ledger.rejects, "percent": percent, **known})


def approve_option(prepared: Prepared) -> str:
    """Give the answer that lets the run go on.

    It names what was asked: a page that a browser has shown since before the file was prepared anew answers nothing.
    """
    return f"Approve {short(prepared.asked)}"


def subject(dataset: str) -> str:
    """Give the headline of what is asked."""
    return f"csvdynamo {dataset}: a gate asks whether the run goes on"


def body(prepared: Prepared, hours: int) -> str:
    """Write what is asked as Markdown: the questions, and the numbers to decide by.

    Args:
        prepared: What was prepared, and is asked about.
        hours: In how many hours an answer is awaited.
    """
    asked = "\n".join(f"- {question.gate}: {code_span(question.sentence)}" for question in prepared.questions)
    table = "\n".join(f"| {name} | {number} |" for name, number in numbers(prepared))
    places = {"source": prepared.source.url, "prepared file": f"s3://{prepared.bucket}/{prepared.file_key}"}
    if prepared.deletions and prepared.difference:
        vanished = f"s3://{prepared.bucket}/{prepared.difference.vanished_key}"
        places["keys that vanished, those of items to be deleted first"] = vanished
    if prepared.rejects_key:
        places["rejects"] = f"s3://{prepared.bucket}/{prepared.rejects_key}"
    if prepared.forecast and prepared.forecast.rejects_key:
        places["foreseen rejects"] = f"s3://{prepared.bucket}/{prepared.forecast.rejects_key}"
    told = "\n".join(f"- {name}: {code_span(place)}" for name, place in places.items())
    return (
        f"No row of this run is in the table. **{approve_option(prepared)}** migrates this prepared file and no other; "
        f"**{REJECT}** ends the run, as does no answer in {hours} hours.\n\n{asked}\n\n"
        f"| | |\n|---|---|\n{table}\n\n{told}\n"
    )


def numbers(prepared: Prepared) -> Iterator[tuple[str, str]]:
    """Give the numbers to decide by: the rows now and before, what is rejected, and what else the questions rest on."""
    ledger = Ledger(source_rows=prepared.source_rows, rejected_before_upload=prepared.rejected)
    yield "rows of the source", f"{prepared.source_rows:,}"
    if prepared.last_rows is not None:
        yield "rows of the last green run's source", f"{prepared.last_rows:,}"
    yield "rejected before the upload", f"{prepared.rejected:,} ({ledger.reject_percent:.2f} %)"
    for code, count in prepared.rejects_by_code.items():
        yield code, f"{count:,}"
    forecast = prepared.forecast
    for code, count in forecast.by_code.items() if forecast else ():
        yield f"{code}, foreseen for the function", f"{count:,}"
    for question in prepared.questions:
        if question.gate == "schema":
            yield from ((name, f"{count:,}") for name, count in question.numbers.items())
    yield "rows to be written", f"{prepared.rows_to_write:,}"
    if prepared.deletions:
        yield "items to be deleted", f"{prepared.deletions:,}"
