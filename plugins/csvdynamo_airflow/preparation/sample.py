"""Rows of a prepared file for a check of some of its keys, drawn while the file is on the disk anyway."""

import random

from csvdynamo.datasets.policies import Verification, VerifyMode
from csvdynamo_airflow.preparation.draft import Draft

SAMPLE_FILE = "sample.csv"

_SPARE = 2  # times as many as are checked: of a row that prepare or the Lambda function rejects there is no item

Sample = dict[int, list[str]]
"""The fields of the drawn rows, by row number."""


def draw_sample(draft: Draft, source_rows: int, verify: Verification, seed: str) -> Sample:
    """Draw rows all over a file, the same at every attempt.

    Args:
        draft: The file, closed.
        source_rows: Rows of the source.
        verify: How the data set wants its table checked. Where every item is to be looked at nothing is drawn; should
            the table prove to hold more than that allows, the check takes its sample of the whole file.
        seed: What the choice depends on: the source's digest.
    """
    if verify.mode_for(source_rows, 0) is not VerifyMode.SAMPLE:
        return {}
    wanted = random.Random(seed).sample(range(1, source_rows + 1), min(source_rows, _SPARE * verify.sample_size))  # noqa: S311
    return dict(draft.rows(sorted(wanted)))
