"""Rows of a file for a check of some of its keys, drawn while prepare has the file on the disk anyway."""

import random
from collections.abc import Sequence

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.file_header import FileHeader
from csvdynamo_airflow.preparation.draft import Draft
from csvdynamo_airflow.preparation.prepared_rows import format_rows
from csvdynamo_airflow.storage.disk_space import DiskSpace

SAMPLE_FILE = "sample.csv"

_SPARE = 2  # times as many as are checked: of a row that prepare or the Lambda function rejects there is no item


def draw_sample(
    draft: Draft, headers: Sequence[str], source_rows: int, *, dataset: Dataset, seed: str, space: DiskSpace
) -> bool:
    """Write rows from all over a file in its own form, the same at every attempt, as `SAMPLE_FILE`.

    Args:
        draft: The file, closed. Rows that lose their key to another are in it still; the check leaves them aside.
        headers: The source's header.
        source_rows: Rows of the source.
        dataset: The data set. Where it wants every item of its table looked at nothing is drawn; should the table prove
            to hold more than that allows, the check takes its sample of the whole file.
        seed: What the choice depends on: the source's digest.
        space: The space of the folder that the file goes to.

    Returns:
        Whether a sample was drawn.
    """
    verify = dataset.policies.verify
    if not verify.may_draw(source_rows, only_changed=dataset.write.only_changed):
        return False
    wanted = random.Random(seed).sample(range(1, source_rows + 1), min(source_rows, _SPARE * verify.sample_size))  # noqa: S311
    with space.open_text(space.folder / SAMPLE_FILE) as file:
        file.write(format_rows([FileHeader(tuple(headers)).line]))
        for number, fields in draft.rows(sorted(wanted)):
            file.write(format_rows([[number, *fields]]))
    return True
