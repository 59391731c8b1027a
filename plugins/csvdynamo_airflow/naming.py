"""Names that one run derives again at every attempt: its execution and its keys in the bucket. Pure."""

import hashlib
import re

from csvdynamo.folders import REPORTS_PREFIX, RESULTS_PREFIX

EXECUTION_NAME_LIMIT = 80
"""Characters of an execution name (StartExecution, API reference)."""

_DIGEST_LENGTH = 20


def dag_id_of(dataset: str) -> str:
    """Name the DAG of a data set."""
    return f"csvdynamo_{dataset}"


def execution_name(dataset: str, run_id: str, file_key: str, rules: str = "") -> str:
    """Name the execution that migrates one prepared file in one DAG run.

    The same run, file and rules always give the same name, so that a retried or cleared task finds its execution again;
    a corrected file is another key and so another name, and so is one that was prepared anew by other rules.

    Args:
        dataset: The data set's name.
        run_id: The DAG run's id; a run started by hand has no logical date, so the id alone tells runs apart.
        file_key: The prepared file's key in the bucket, or "" for a run that ended before it had one.
        rules: The digest of the rules that it was prepared by (`RowRules.digest`).

    Returns:
        A slug of the data set and a digest, of the characters ``A-Z a-z 0-9 - _``, at most 80 of them with a counter.
    """
    parts = (dataset, run_id, file_key, rules) if rules else (dataset, run_id, file_key)
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:_DIGEST_LENGTH]
    slug = re.sub(r"[^A-Za-z0-9-]+", "-", dataset).strip("-")
    return f"{slug[: EXECUTION_NAME_LIMIT - _DIGEST_LENGTH - 8]}-{digest}"


def counted_name(name: str, count: int) -> str:
    """Name the ``count``-th execution (1, 2, …) of a run, whose first one is ``name``."""
    return name if count == 1 else f"{name}-{count}"


def is_counted_name(found: str, name: str) -> bool:
    """Say whether it is the name of an execution of a run, whose first one is ``name``."""
    return re.fullmatch(rf"{re.escape(name)}(-[0-9]+)?", found) is not None


def reports_prefix(dataset: str, execution: str) -> str:
    """Prefix of everything that a run says about itself."""
    return f"{REPORTS_PREFIX}{dataset}/{execution}/"


def results_prefix(execution: str) -> str:
    """Prefix under which the state machine's ResultWriter writes the result files of one execution."""
    return f"{RESULTS_PREFIX}{execution}/"
