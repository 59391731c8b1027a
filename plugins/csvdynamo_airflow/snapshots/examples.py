"""Some of the keys that a file changes, for a person: which they are, and where their rows stand."""

from collections.abc import Iterator

from csvdynamo_airflow.documents.snapshot import ChangedKey, KeyChange
from csvdynamo_airflow.storage.query_steps import QuerySteps

EXAMPLES = 3
"""How many there are of each kind, at most."""


def changed_keys(steps: QuerySteps, unknown: str, rows: str, touched: str, vanished: str) -> Iterator[ChangedKey]:
    """Give the first new and changed rows of a file, and the first keys that vanished.

    Args:
        steps: Asks.
        unknown: The rows that the snapshot does not have, as SQL, with the hashes of their keys.
        rows: All rows, with their keys.
        touched: The hashes of the keys that the snapshot has otherwise.
        vanished: The keys that vanished.
    """
    known = f"key_hash IN (SELECT key_hash FROM {touched})"
    # Few rows are chosen before their keys are looked up: a join of all of them would take the memory of both.
    first = " UNION ALL ".join(
        f"(SELECT '{kind}' AS kind, row FROM {unknown} WHERE {some} ORDER BY row LIMIT {EXAMPLES})"
        for kind, some in ((KeyChange.NEW, f"NOT {known}"), (KeyChange.CHANGED, known))
    )
    told = f"SELECT kind, key, row FROM {rows} AS rows JOIN ({first}) AS first USING (row) WHERE key IS NOT NULL"
    for kind, key, row in steps.rows(f"{told} ORDER BY kind DESC, row"):
        yield ChangedKey(KeyChange(kind), key, row)
    gone = f"SELECT key FROM {vanished} WHERE key IS NOT NULL GROUP BY key ORDER BY key LIMIT {EXAMPLES}"
    for (key,) in steps.rows(gone):
        yield ChangedKey(KeyChange.VANISHED, key)
