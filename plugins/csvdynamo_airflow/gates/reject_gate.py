"""The gate on rejects, said once: prepare stops at it before the upload, the verdict holds the run to it. Pure."""

from collections.abc import Mapping
from heapq import nsmallest

from csvdynamo.datasets.dataset import Gates
from csvdynamo.records.ledger import Ledger

_CODES_NAMED = 5


def too_many_rejects(ledger: Ledger, by_code: Mapping[str, int], gates: Gates) -> str | None:
    """Say that more rows were rejected than a data set allows; None if not. Exactly as many are allowed.

    Args:
        ledger: The rows, as far as they are known.
        by_code: How many of the rejects there are of each code.
        gates: The data set's limits.
    """
    if ledger.reject_percent <= gates.max_reject_percent:
        return None
    commonest = nsmallest(_CODES_NAMED, by_code, key=lambda code: (-by_code[code], code))
    named = ", ".join(f"{by_code[code]:,} {code}" for code in commonest)
    more = ", …" if len(by_code) > len(commonest) else ""
    return (
        f"{ledger.rejects:,} of {ledger.source_rows:,} rows ({ledger.reject_percent:.2f} %) were rejected, more than "
        f"gates.max_reject_percent = {gates.max_reject_percent:g} ({named}{more}): see the error files."
    )
