"""The hostile corpus through download, prepare, Step Functions' reader and the batches' code, in this process."""

from pathlib import Path

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo_airflow.errors import MigrationError
from tests.hostile.corpus import file_of, hostile_rows
from tests.hostile.datasets import POLICIES, write_datasets, write_small_dataset
from tests.hostile.file_cases import FileCase, failing_files, passing_files
from tests.hostile.formats import FORMATS, Format
from tests.hostile.in_process import MemoryBucket, migrate_bytes, prepare_bytes
from tests.hostile.judge import hold

BY_NAME = {form.name: form for form in FORMATS}


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Dataset]:
    """The hostile data sets by policy, and `small`."""
    folder = tmp_path_factory.mktemp("datasets")
    write_datasets(folder)
    loaded = {policy: load_dataset(folder / f"hostile_{policy}.toml") for policy in POLICIES}
    return {**loaded, "small": load_dataset(write_small_dataset(folder))}


def test_the_corpus_names_every_case_once_and_is_large() -> None:
    rows = [row.case for row in hostile_rows() if not row.case.startswith("filler-")]

    assert len(rows) == len(set(rows))
    assert len(rows) >= 60


@pytest.mark.parametrize(
    ("form", "policy"),
    [(form, POLICIES[number % len(POLICIES)]) for number, form in enumerate(FORMATS)]
    + [(FORMATS[0], policy) for policy in POLICIES[1:]],
    ids=lambda value: value.name if isinstance(value, Format) else value,
)
def test_every_hostile_row_is_the_item_or_the_reject_that_it_must_be(
    datasets: dict[str, Dataset], tmp_path: Path, form: Format, policy: str
) -> None:
    content, rows = file_of(form, policy)
    assert len(rows) > 400

    migrated = migrate_bytes(content, datasets[policy], tmp_path)

    hold(rows, migrated.table, migrated.rejects)
    assert migrated.overwritten == []
    assert migrated.prepared.source_rows == len(rows)


def test_the_form_of_a_file_leaves_no_trace_in_what_is_prepared(datasets: dict[str, Dataset], tmp_path: Path) -> None:
    plain = [row for row in hostile_rows() if all(form.can_hold(row.in_file_with(form.delimiter)) for form in FORMATS)]
    alike = [row for row in plain if "\ue000" not in row.record.replace("\ue000", "", 14) and "\r" not in row.record]
    texts = set()
    for form in FORMATS:
        content, _ = file_of(form, "last", [row for row in alike if not row.last])
        s3 = MemoryBucket()
        texts.add(s3.objects[prepare_bytes(content, datasets["last"], tmp_path, s3).file_key])

    assert len(texts) == 1


@pytest.mark.parametrize("case", failing_files(), ids=lambda case: case.name)
def test_a_file_that_cannot_be_migrated_fails_with_a_sentence(
    datasets: dict[str, Dataset], tmp_path: Path, case: FileCase
) -> None:
    assert case.says is not None
    with pytest.raises(MigrationError, match=case.says) as failure:
        migrate_bytes(case.content, datasets["small"], tmp_path)

    message = str(failure.value)
    assert ".csv" in message
    assert len(message) < 1000
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("case", passing_files(), ids=lambda case: case.name)
def test_a_file_that_only_looks_wrong_comes_through(
    datasets: dict[str, Dataset], tmp_path: Path, case: FileCase
) -> None:
    migrated = migrate_bytes(case.content, datasets["small"], tmp_path)

    assert {key: _text(item) for key, item in migrated.table.items()} == dict(case.items)
    assert sorted((reject.row, str(reject.code)) for reject in migrated.rejects) == list(case.rejects)
    assert migrated.prepared.source_rows == len(case.items) + len(case.rejects)


def _text(item: dict[str, dict[str, str]]) -> str | None:
    return item["text"]["S"] if "text" in item else None
