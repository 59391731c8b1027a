"""Five million rejects of six million rows: tables, error files, ledger and verdict, in how much memory and time.

The rejects lie on an embedded AWS, as Firehose and Step Functions would leave them. The peer is one plain read of the
same objects, a JSON document for each line, in the same run.
"""

import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3

from bench.measured import measuring
from bench.peak_memory import peak_rss_bytes
from commands.project import BUILD, fail, say
from csvdynamo.aws.stored_object import object_chunks
from csvdynamo.datasets.dataset import Gates
from csvdynamo.datasets.policies import Verification, VerifyMode
from csvdynamo.folders import error_prefix
from csvdynamo.records.rejects import Reject, reject_id
from csvdynamo.records.result_files import batch_results
from csvdynamo.rules.codes import RejectCode, Stage
from csvdynamo_airflow.accounting.findings import Findings
from csvdynamo_airflow.accounting.verdict import problems
from csvdynamo_airflow.accounting.witnesses import count_migration
from csvdynamo_airflow.documents.execution import Ended, Execution
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.naming import results_prefix
from csvdynamo_airflow.outcome.gathering import gather
from csvdynamo_airflow.storage.result_objects import list_objects, numbered_lines
from local_aws.server import LocalAws

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NAME = "rejects"
DEFAULT_ROWS = 6_000_000
LIMIT_BYTES = 600_000_000

_REJECTED_OF_SIX = 5
_ROWS_A_BATCH = 100
_REJECTS_AN_OBJECT = 12_000  # about 5 MB, Firehose's default
_BATCHES_A_FILE = 2_000
_BUCKET, _EXECUTION, _RULES = "csvdynamo-bench", "bench-1", "0" * 64
_HEADER = ("VIN (1-10)", "City", "Model Year", "Make", "DOL Vehicle ID")


@dataclass(frozen=True)
class Measured:
    """What one process took.

    Attributes:
        what: What it did.
        seconds: How long it worked.
        peak_rss_bytes: The most memory that it held.
        told: What it found.
    """

    what: str
    seconds: float
    peak_rss_bytes: int
    told: str


def run(rows: int) -> None:
    """Measure, print and keep what was measured; fail if a row is not accounted for or the memory passes the limit."""
    with measuring(NAME, rows=rows) as measured:
        ours, peer = _accounted_and_read(rows)
        say(
            f"{ours.told}\n"
            f"tables, error files, ledger and verdict {ours.seconds:.0f} s, "
            f"peak RSS {ours.peak_rss_bytes / 1e6:.0f} MB (limit {LIMIT_BYTES / 1e6:.0f} MB)\n"
            f"a plain read of the same objects {peer.seconds:.0f} s: ratio {ours.seconds / peer.seconds:.1f}"
        )
        measured.runs += [ours, peer]
    if "unaccounted 0" not in ours.told or "problems: none" not in ours.told:
        fail("Not every row is accounted for.")
    if ours.peak_rss_bytes > LIMIT_BYTES:
        fail("It held more memory than the limit.")


def _accounted_and_read(rows: int) -> tuple[Measured, Measured]:
    """Account for the rejects, and read them plainly."""
    with LocalAws(log=BUILD / "bench-aws.log") as aws, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        say(f"Writing the rejects of {rows:,} rows …")
        _write(_s3(aws.environment), rows)
        ours = pool.submit(_account, dict(aws.environment), rows).result()
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as other:
            return ours, other.submit(_read_plainly, dict(aws.environment)).result()


def _is_rejected(row: int) -> bool:
    return row % 6 < _REJECTED_OF_SIX


def _write(s3: "S3Client", rows: int) -> None:
    """Leave in the bucket what the Map Run and Firehose would."""
    s3.create_bucket(Bucket=_BUCKET)
    for number, lines in enumerate(_chunks(map(_record, filter(_is_rejected, range(1, rows + 1))), _REJECTS_AN_OBJECT)):
        s3.put_object(Bucket=_BUCKET, Key=f"{error_prefix(_EXECUTION)}{number:06}", Body=b"".join(lines))
    files = []
    starts = range(1, rows + 1, _ROWS_A_BATCH)
    for number, answers in enumerate(_chunks((_answer(start, rows) for start in starts), _BATCHES_A_FILE)):
        key, body = f"{results_prefix(_EXECUTION)}map/SUCCEEDED_{number}.json", b"".join(answers)
        s3.put_object(Bucket=_BUCKET, Key=key, Body=body)
        files.append({"Key": key, "Size": len(body)})
    manifest = {"ResultFiles": {"SUCCEEDED": files, "FAILED": [], "PENDING": []}}
    key = f"{results_prefix(_EXECUTION)}map/manifest.json"
    s3.put_object(Bucket=_BUCKET, Key=key, Body=json.dumps(manifest).encode())


def _record(row: int) -> bytes:
    cells = (f"VIN{row}", "Kent", "unknown", "OTTER", str(100_000_000 + row))
    reject = Reject(
        execution_name=_EXECUTION,
        dataset="ev_population",
        row=row,
        stage=Stage.VALIDATE,
        code=RejectCode.BAD_TYPE,
        column="Model Year",
        message=f'Model Year: "unknown" is no number, in row {row}',
        item=dict(zip(_HEADER, cells, strict=True)),
        reject_id=reject_id(_EXECUTION, row),
    )
    return reject.to_json().encode() + b"\n"


def _answer(start: int, rows: int) -> bytes:
    batch = range(start, min(start + _ROWS_A_BATCH, rows + 1))
    ids = [reject_id(_EXECUTION, row) for row in batch if _is_rejected(row)]
    counts = {"NUMBER_OF_ITEMS_WRITTEN": len(batch) - len(ids), "NUMBER_OF_ITEMS_IN_ERROR": len(ids)}
    return json.dumps({**counts, "REJECT_IDS": ids, "RULES": _RULES}).encode() + b"\n"


def _chunks(lines: Iterator[bytes], size: int) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _account(variables: Mapping[str, str], rows: int) -> Measured:
    """Do what fetch_error_files, reconcile and report do."""
    began, s3 = time.perf_counter(), _s3(variables)
    prepared = _prepared(rows)
    execution = Execution("arn", _EXECUTION, "SUCCEEDED", started=1.0, stopped=2.0)
    outcome = gather(s3, "ev_population", prepared, execution)
    counts = count_migration(s3, _map_run(rows), prepared, execution, outcome)
    findings = Findings(
        dataset="ev_population",
        run_id="bench",
        prepared=prepared,
        ended=Ended(_EXECUTION, 0),
        outcome=outcome,
        execution=execution,
        counts=counts,
    )
    open_gates = Gates(max_reject_percent=100.0)
    found = problems(findings, open_gates, Verification(mode=VerifyMode.NONE))
    ledger = ", ".join(f"{name} {count:,}" for name, count in findings.ledger.to_json().items())
    return _measured("account", began, f"{ledger}\nproblems: {'; '.join(found) or 'none'}")


def _read_plainly(variables: Mapping[str, str]) -> Measured:
    began, s3 = time.perf_counter(), _s3(variables)
    lines = 0
    for item in list_objects(s3, _BUCKET, error_prefix(_EXECUTION)):
        lines += sum(bool(json.loads(line)) for _, line in numbered_lines(s3, _BUCKET, item["Key"]))
    for item in list_objects(s3, _BUCKET, results_prefix(_EXECUTION)):
        if not item["Key"].endswith("manifest.json"):
            lines += sum(1 for _ in batch_results(object_chunks(s3, _BUCKET, item["Key"]), item["Key"]))
    return _measured("plain read", began, f"{lines:,} lines")


def _measured(what: str, began: float, told: str) -> Measured:
    return Measured(what, time.perf_counter() - began, peak_rss_bytes(), told)


def _s3(variables: Mapping[str, str]) -> "S3Client":
    session = boto3.Session(
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        region_name=variables["AWS_DEFAULT_REGION"],
    )
    return session.client("s3", endpoint_url=variables["AWS_ENDPOINT_URL"])


def _map_run(rows: int) -> Any:
    """A Step Functions client that knows of the one Map Run."""
    names = ("pending", "running", "failed", "timedOut", "aborted")
    counts = {**dict.fromkeys(names, 0), "succeeded": rows, "total": rows}
    listed = {"mapRunArn": "map", "startDate": datetime(2026, 1, 1, tzinfo=UTC)}
    return SimpleNamespace(
        list_map_runs=lambda **_: {"mapRuns": [listed]},
        describe_map_run=lambda **_: {"mapRunArn": "map", "status": "SUCCEEDED", "itemCounts": counts},
    )


def _prepared(rows: int) -> Prepared:
    landed = Landed(_BUCKET, "landing/bench.csv", "file:///bench.csv", "bench.csv", 1, "0a", None, None)
    return Prepared(
        bucket=_BUCKET,
        file_key="source/bench.csv",
        sha256="0b",
        bytes=1,
        source_rows=rows,
        prepared_rows=rows,
        rejected=0,
        rejects_by_code={},
        rejects_key=None,
        header=_HEADER,
        schema_changes=(),
        execution_name=_EXECUTION,
        rules=_RULES,
        at=0.0,
        source=landed,
    )
