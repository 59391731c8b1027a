"""The sample that prepare draws of a file whose table is checked by some keys, and that verify takes in its place."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets import policies
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import Verification, VerifyMode
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.preparation.file_rows import read_file_rows
from csvdynamo_airflow.preparation.prepare import prepare
from csvdynamo_airflow.storage.stored_file import ObjectError, file_sha256
from tests.integration.plugin.migration_objects import BUCKET
from tests.integration.plugin.test_corrected_error_csv import CARS
from tests.unit.plugin.run_findings import without_snapshot

TOO_WIDE, TWICE = 11, 12
"""Rows that prepare rejects: one has a field too many, the key of the other comes again."""


def source(rows: int) -> bytes:
    lines = [f'{row},Kent,"back\\slash, {row}\nnext"' for row in range(1, rows + 1)]
    lines[TOO_WIDE - 1] += ",more"
    lines[TWICE - 1] = f"{rows},Kent,first"
    return "\n".join(["ID,City,Note", *lines, ""]).encode()


def prepared_of(s3: Any, folder: Path, content: bytes, **verify: Any) -> Prepared:
    file = folder / "source.csv"
    file.write_bytes(content)
    digest = file_sha256(file)
    key = f"landing/cars/{digest}/cars.csv"
    s3.upload_file(str(file), BUCKET, key)
    landed = Landed(BUCKET, key, "https://example.org/cars.csv", "cars.csv", len(content), digest, None, None)
    dataset: Dataset = replace(CARS, policies=replace(CARS.policies, verify=Verification(**verify)))
    return prepare(landed, dataset, s3=s3, run_id="run", name_execution=lambda _: "cars-1", find_base=without_snapshot)


def rows_of(s3: Any, folder: Path, key: str | None) -> dict[int, dict[str, str]]:
    path = folder / "read"
    path.write_bytes(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    return {int(row["_row"]): dict(row) for row in read_file_rows(path)}


def test_a_sample_has_spare_rows_of_the_prepared_file_and_none_that_is_not_in_it(s3: Any, tmp_path: Path) -> None:
    prepared = prepared_of(s3, tmp_path, source(200), mode=VerifyMode.SAMPLE, sample_size=20)

    whole = rows_of(s3, tmp_path, prepared.file_key)
    drawn = rows_of(s3, tmp_path, prepared.sample_key)

    assert len(whole) == 198
    assert 38 <= len(drawn) <= 40
    assert {row: cells for row, cells in drawn.items() if row != TWICE}.items() <= whole.items()
    assert max(drawn) - min(drawn) > 100, "they are all over the file"


def test_a_sample_of_more_rows_than_there_are_is_all_of_them(s3: Any, tmp_path: Path) -> None:
    prepared = prepared_of(s3, tmp_path, source(30), mode=VerifyMode.SAMPLE)

    whole = rows_of(s3, tmp_path, prepared.file_key)
    assert set(range(1, 31)) - set(whole) == {TOO_WIDE, TWICE}
    drawn = rows_of(s3, tmp_path, prepared.sample_key)
    assert drawn.pop(TWICE)["Note"] == "first", "which has lost its key: the check leaves it aside"
    assert drawn == whole


def test_the_same_file_has_the_same_sample_and_another_one_another(s3: Any, tmp_path: Path) -> None:
    some = {"mode": VerifyMode.SAMPLE, "sample_size": 5}
    first, again = (prepared_of(s3, tmp_path, source(200), **some) for _ in range(2))
    other = prepared_of(s3, tmp_path, source(201), **some)

    assert first.sample_sha256 == again.sample_sha256 != other.sample_sha256


@pytest.mark.parametrize("mode", [VerifyMode.FULL, VerifyMode.NONE, VerifyMode.AUTO])
def test_none_is_drawn_where_every_key_is_looked_for_or_none(s3: Any, tmp_path: Path, mode: VerifyMode) -> None:
    prepared = prepared_of(s3, tmp_path, source(30), mode=mode)

    assert (prepared.sample_key, prepared.sample_sha256) == (None, "")


def test_by_default_it_is_drawn_of_a_file_that_is_too_large(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "WHOLE_UP_TO", 29)

    assert prepared_of(s3, tmp_path, source(30)).sample_key is not None


@pytest.mark.parametrize("rejected", [range(1, 31), range(1, 6)])
def test_a_sample_of_rows_of_which_the_first_or_all_were_rejected(s3: Any, tmp_path: Path, rejected: range) -> None:
    wrong = (",too,many,fields", "")  # one width alone, of every row, would be the header's fault
    text = "".join(f"{row}{wrong[row % 2] if row in rejected else ',Kent,fine'}\n" for row in range(1, 31))

    prepared = prepared_of(s3, tmp_path, f"ID,City,Note\n{text}".encode(), mode=VerifyMode.SAMPLE)

    assert set(rows_of(s3, tmp_path, prepared.sample_key)) == set(range(1, 31)) - set(rejected)


def test_a_file_that_is_there_already_and_another_is_refused(s3: Any, tmp_path: Path) -> None:
    some = {"mode": VerifyMode.SAMPLE, "sample_size": 5}
    prepared = prepared_of(s3, tmp_path, source(30), **some)
    assert prepared_of(s3, tmp_path, source(30), **some).etag == prepared.etag
    body = s3.get_object(Bucket=BUCKET, Key=prepared.file_key)["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=prepared.file_key, Body=body.replace(b"Kent", b"Kant"))

    with pytest.raises(ObjectError, match=r"has SHA-256 \w+, not \w+: it was changed after its upload"):
        prepared_of(s3, tmp_path, source(30), **some)
