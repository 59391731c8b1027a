"""The gate on rejects, said once: prepare stops at it before the upload, the verdict holds the run to it. Pure."""

from collections.abc import Mapping
from heapq import nsmallest

from csvdynamo.datasets.dataset import Gates
from csvdynamo.records.ledger import Ledger
from csvdynamo.rules.codes import RejectCode

REJECT_GATE = "gates.max_reject_percent"
"""The gate's setting."""

_CODES_NAMED = 5


def too_many_rejects(ledger: Ledger, by_code: Mapping[str, int], gates: Gates, approved: int = 0) -> str | None:
    """Say that more rows were rejected than a data set allows; None if not. Exactly as many are allowed.

    Rows that were to take the place of no other item, and had to, are no fault of the source: they do not count.

    Args:
        ledger: The rows, as far as they are known.
        by_code: How many of the rejects there are of each code.
        gates: The data set's limits.
        approved: How many of the rejects a person let pass.
    """
    rejects = ledger.rejects - approved - by_code.get(RejectCode.LEFT_ALONE, 0)
    percent = 100 * rejects / ledger.source_rows if ledger.source_rows else 0.0
    if percent <= gates.max_reject_percent:
        return None
    commonest = nsmallest(_CODES_NAMED, by_code, key=lambda code: (-by_code[code], code))
    named = ", ".join(f"{by_code[code]:,} {code}" for code in commonest)
    more = ", …" if len(by_code) > len(commonest) else ""
    beside = f" beside the {approved:,} that a person let pass" if approved else ""
    return (
        f"{rejects:,} of {ledger.source_rows:,} rows ({percent:.2f} %) were rejected, more than "
        f"gates.max_reject_percent = {gates.max_reject_percent:g}{beside} ({named}{more}): see the error files."
    )
