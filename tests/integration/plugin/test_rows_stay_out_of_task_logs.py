"""What the tasks log, hand on and fail with holds no cell of the file; only where rows belong are they found."""

import csv
import io
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.errors import CsvDynamoError
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.preparation import prepare_file
from csvdynamo_airflow.preparation.prepare import Prepared, prepare
from csvdynamo_airflow.schema.schema_memory import remember_run
from csvdynamo_airflow.settings import LocalUse
from csvdynamo_airflow.source.download import download
from csvdynamo_airflow.tasks.task_error import error_text
from tests.canaries import CANARY, no_canary_logged, told
from tests.integration.plugin.migration_objects import (
    BUCKET,
    answer,
    put_error_file,
    put_firehose_error,
    put_results,
    reject,
)
from tests.unit.plugin.run_findings import execution, prepared_file, without_snapshot

DATASET = """
[source]
url = "https://example.com/cars.csv"
file_name = "cars.csv"

[table]
name = "tb_cars"
partition_key = "id"

[columns."year"]
type = "number"
required = true

[gates]
max_reject_percent = 50
"""

HEADER = ["id", "year", "note", "state"]
GOOD = [[f"{CANARY}-{number}", "2020", f"note {CANARY} {number % 3}", "WA"] for number in range(60)]


@pytest.fixture(autouse=True)
def logged() -> Iterator[io.StringIO]:
    with no_canary_logged() as text:
        yield text


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def prepare_bytes(s3: Any, tmp_path: Path, work: Path) -> Callable[..., Prepared]:
    def run(content: bytes, more: str = "") -> Prepared:
        dataset = _dataset(tmp_path, more)
        (tmp_path / "source.csv").write_bytes(content)
        landed = download(
            str(tmp_path / "source.csv"),
            dataset=dataset,
            bucket=BUCKET,
            s3=s3,
            run_id="run",
            local=LocalUse(tmp_path),
            work_parent=work,
        )
        return prepare(
            landed,
            dataset,
            s3=s3,
            run_id="run",
            name_execution=lambda _: "cars-1",
            find_base=without_snapshot,
            work_parent=work,
        )

    return run


def _dataset(folder: Path, more: str = "") -> Dataset:
    path = folder / "cars.toml"
    path.write_text(DATASET + more, encoding="utf-8")
    return load_dataset(path)


def text(rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue().encode()


BAD = {
    "BAD_WIDTH": f"{CANARY},1,2,3,{CANARY}\r\n".encode(),
    "BAD_QUOTE": f'{CANARY}-q,2020,"{CANARY}" {CANARY},WA\r\n'.encode(),
    "BAD_ENCODING": f"{CANARY}-e,2020,{CANARY}".encode() + b"\xff\xfe,WA\r\n",
    "BAD_CHARACTER": f"{CANARY}-n,2020,{CANARY}\x00,WA\r\n".encode(),
    "TOO_LARGE": f"{CANARY}-l,2020,{CANARY * 30_000},WA\r\n".encode(),
    "DUPLICATE_KEY": text([[f"{CANARY}-0", "2021", CANARY, "OR"]]).split(b"\r\n", 1)[1],
}


def test_a_file_with_every_kind_of_bad_row_is_prepared_in_silence_about_its_cells(
    s3: Any, prepare_bytes: Any, logged: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    prepared = prepare_bytes(text(GOOD) + b"".join(BAD.values()))

    assert prepared.rejected == len(BAD)
    assert CANARY not in json.dumps(prepared.to_json())
    assert f"{len(GOOD) + len(BAD)} rows, {len(BAD)} of them rejected" in logged.getvalue()
    # The rows are where they belong.
    rejects = s3.get_object(Bucket=BUCKET, Key=prepared.rejects_key)["Body"].read().decode()
    assert rejects.count("\n") == len(BAD)
    assert all(CANARY in line for line in rejects.splitlines())


@pytest.mark.parametrize("action", ["warn", "fail"])
def test_a_changed_header_is_told_by_its_names_and_no_sample_of_its_values(
    s3: Any, prepare_bytes: Any, logged: io.StringIO, action: str
) -> None:
    remember_run(s3, "cars", prepare_bytes(text(GOOD)))
    changed = text(GOOD, ["id", "year", "remark", "state"])
    policy = f'\n[schema]\nheader = ["id", "year", "note", "state"]\nrenamed = "{action}"\n'

    if action == "warn":
        prepared = prepare_bytes(changed, policy)
        assert CANARY not in json.dumps(prepared.to_json())
        assert "'note' is now 'remark'" in logged.getvalue()
    else:
        with pytest.raises(MigrationError, match="'note' is now 'remark'") as caught:
            prepare_bytes(changed, policy)
        assert CANARY not in told(caught.value)


def test_what_is_remembered_of_the_values_are_digests_and_shapes(s3: Any, prepare_bytes: Any) -> None:
    prepared = prepare_bytes(text(GOOD))

    remember_run(s3, "cars", prepared)

    kept = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET, Prefix="reports/")["Contents"]]
    assert len(kept) == 3
    for key in kept:
        assert CANARY not in s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()


def test_a_profile_that_duckdb_cannot_make_quotes_no_line(
    prepare_bytes: Any, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    """DuckDB's own message holds the line that it could not read."""
    real = prepare_file.profile_columns

    def of_a_file_that_broke(
        session: Any, path: Path, headers: Sequence[str], **more: bool
    ) -> Mapping[str, Any] | None:
        whole = path.read_bytes()
        path.write_bytes(whole + f'9,{CANARY},"{CANARY}\n'.encode())
        try:
            return real(session, path, headers, **more)
        finally:
            path.write_bytes(whole)

    monkeypatch.setattr(prepare_file, "profile_columns", of_a_file_that_broke)

    prepared = prepare_bytes(text(GOOD))

    assert prepared.profile_key is None
    assert "The columns could not be profiled: InvalidInputException" in logged.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        f'id,year,"note\n{CANARY},2020,x\n'.encode(),
        f"id,year,note,note\n{CANARY},2020,x,{CANARY}\n".encode(),
        f"id,note\n{CANARY},{CANARY}\n".encode(),
        f"<html><body>{CANARY}</body></html>".encode(),
        b"\x1f\x8b\x08\x00" + CANARY.encode() * 5,
        b"PK\x03\x04" + CANARY.encode() * 5,
        CANARY.encode() + b"\x00\x01\x02\x03" * 900,
        "\ufeff".encode("utf-16-le") + CANARY.encode("utf-8") * 3,
    ],
    ids=["open header", "repeated column", "missing column", "web page", "gzip", "zip", "binary", "utf-16"],
)
def test_a_file_that_is_refused_as_a_whole_is_not_quoted(prepare_bytes: Any, content: bytes) -> None:
    with pytest.raises(MigrationError) as caught:
        prepare_bytes(content)

    assert CANARY not in told(caught.value)
    assert CANARY not in error_text(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        CANARY,
        json.dumps(CANARY),
        json.dumps({"execution_name": "cars-1", "item": {"note": CANARY}}),
        json.dumps({**json.loads(reject("a").to_json()), "stage": CANARY}),
        json.dumps({**json.loads(reject("a").to_json()), "item": [CANARY]}),
        json.dumps({**json.loads(reject("a").to_json()), "row": CANARY}),
    ],
)
def test_an_error_file_that_cannot_be_read_is_named_and_not_quoted(s3: Any, line: str, logged: io.StringIO) -> None:
    put_results(s3, "cars-1", {"SUCCEEDED": [answer(8, ["a"])]})
    put_firehose_error(s3, line.encode())

    assert (
        gather(s3, "cars", prepared_file(9, bucket=BUCKET), execution()).missing == 1
    )  # what Firehose could not read is passed over, and told

    assert "holds no reject record" in logged.getvalue()
    put_error_file(s3, [line])
    with pytest.raises(CsvDynamoError, match="line 1: not a reject record") as caught:
        gather(s3, "cars", prepared_file(9, bucket=BUCKET), execution())
    assert CANARY not in told(caught.value)
