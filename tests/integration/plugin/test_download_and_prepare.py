"""The tasks download and prepare against S3: what they store, return and leave behind."""

import gzip
import json
import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from commands.sample import write_sample
from csvdynamo.datasets.dataset import Dataset, Gates
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.policies import OnChange
from csvdynamo.records.rejects import Reject
from csvdynamo.rules.columns import Column, ColumnType
from csvdynamo_airflow.preparation.prepare import GateError, Prepared, prepare
from csvdynamo_airflow.preparation.source_header import HeaderError
from csvdynamo_airflow.reading.source_file import SourceFileError
from csvdynamo_airflow.settings import LocalUse
from csvdynamo_airflow.source.download import Landed, download
from csvdynamo_airflow.source.fetched import DownloadError
from csvdynamo_airflow.source.http.rules import HttpPolicy
from csvdynamo_airflow.source.protocol import SourceUrlError
from csvdynamo_airflow.storage.growing_file import FileTooLargeError
from csvdynamo_airflow.storage.stored_file import ObjectError
from csvdynamo_airflow.storage.workspace import HEADROOM_BYTES, NoSpaceError, workspace_name
from tests.integration.plugin.migration_objects import BUCKET
from tests.integration.plugin.scripted_server import Answer, local_hosts, serve
from tests.unit.plugin.run_findings import without_snapshot

FILE_NAME = "Electric_Vehicle_Population_Data.csv"
CSV = b"DOL Vehicle ID,City\n100,Seattle\n101,Bothell\n"


@pytest.fixture
def dataset() -> Dataset:
    """The example's data set, with any number of rejects, the last row among them."""
    example = load_dataset(Path(__file__).parents[3] / "datasets" / "ev_population.toml")
    return replace(example, gates=Gates(max_reject_percent=100, last_record=OnChange.ACCEPT))


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The folder where the tasks make theirs."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


class Tasks:
    """Both tasks of one run, with what they need."""

    def __init__(self, s3: Any, dataset: Dataset, work: Path) -> None:
        self.s3, self.dataset, self.work = s3, dataset, work

    def download(self, url: str | Path, run_id: str = "run") -> Landed:
        """Download from a server of the test's or from its temporary folder."""
        web = str(url).startswith("http")
        local = LocalUse(self.work.parent, local_hosts(str(url)) if web else ())
        return download(
            str(url),
            dataset=self.dataset,
            bucket=BUCKET,
            s3=self.s3,
            run_id=run_id,
            local=local,
            work_parent=self.work,
            policy=HttpPolicy(attempts=2),
            sleep=lambda _seconds: None,
        )

    def prepare(self, landed: Landed) -> Prepared:
        return prepare(
            landed,
            self.dataset,
            s3=self.s3,
            run_id="run",
            name_execution=lambda key: "ev-population-" + sha256(key.encode()).hexdigest()[:8],
            find_base=without_snapshot,
            work_parent=self.work,
        )

    def prepare_bytes(self, content: bytes) -> Prepared:
        source = self.work.parent / "source.csv"
        source.write_bytes(content)
        os.utime(source, (0, 0))  # its time of change is told, and a test may compare two files
        return self.prepare(self.download(source))

    def stored_keys(self) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def read(self, key: str) -> bytes:
        content: bytes = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content


@pytest.fixture
def tasks(s3: Any, dataset: Dataset, work: Path) -> Tasks:
    return Tasks(s3, dataset, work)


def test_a_download_lands_under_its_digest_with_what_the_server_said(tasks: Tasks) -> None:
    headers = {"ETag": '"one"', "Last-Modified": "Mon, 02 Nov 2026 10:00:00 GMT", "Content-Type": "text/csv"}

    with serve(Answer(503), Answer(body=CSV, headers=headers)) as server:
        landed = tasks.download(server.url)

    digest = sha256(CSV).hexdigest()
    assert landed == Landed(
        bucket=BUCKET,
        key=f"landing/ev_population/{digest}/{FILE_NAME}",
        url=server.shown,
        file_name=FILE_NAME,
        bytes=len(CSV),
        sha256=digest,
        etag='"one"',
        last_modified="Mon, 02 Nov 2026 10:00:00 GMT",
    )
    assert tasks.read(landed.key) == CSV
    assert list(tasks.work.iterdir()) == []


def test_what_landed_survives_json(tasks: Tasks, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)
    landed = tasks.download(tmp_path / "a.csv")

    assert Landed.from_json(json.loads(json.dumps(landed.to_json()))) == landed


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_local_file_lands_like_a_remote_one(tasks: Tasks, tmp_path: Path, form: str) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)

    landed = tasks.download(form.format(tmp_path / "a.csv"))

    assert tasks.read(landed.key) == CSV
    assert landed.url == str(tmp_path / "a.csv")
    assert landed.last_modified is not None
    assert landed.last_modified.endswith("GMT")


def test_nothing_local_is_read_unless_it_is_said(s3: Any, dataset: Dataset, work: Path) -> None:
    (work.parent / "a.csv").write_bytes(CSV)

    with serve(Answer(body=CSV)) as server:
        for url, told in (
            (str(work.parent / "a.csv"), "CSVDYNAMO_LOCAL_FOLDER"),
            (server.url, "CSVDYNAMO_LOCAL_HOSTS"),
        ):
            with pytest.raises(SourceUrlError, match=told):
                download(url, dataset=dataset, bucket=BUCKET, s3=s3, run_id="run", work_parent=work)

    assert server.requests == []


@pytest.mark.parametrize("source", ["file", "server"])
def test_a_source_larger_than_the_data_set_allows_does_not_land(tasks: Tasks, source: str) -> None:
    tasks.dataset = replace(tasks.dataset, source=replace(tasks.dataset.source, max_bytes=len(CSV) - 1))
    path = tasks.work.parent / "a.csv"
    path.write_bytes(CSV)

    with serve(Answer(body=CSV)) as server, pytest.raises(FileTooLargeError, match=r"source\.max_bytes"):
        tasks.download(path if source == "file" else server.url)

    assert tasks.stored_keys() == []


def test_the_same_bytes_land_once(tasks: Tasks, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(CSV)

    first, second = tasks.download(tmp_path / "a.csv", "one"), tasks.download(tmp_path / "a.csv", "two")

    assert first.key == second.key
    assert tasks.stored_keys() == [first.key]


def test_a_missing_file_and_a_folder_are_refused(tasks: Tasks, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="does not exist on this worker"):
        tasks.download(tmp_path / "a.csv")
    with pytest.raises(DownloadError, match="is not a file"):
        tasks.download(tmp_path)


@pytest.mark.parametrize(
    ("body", "told"), [(b"", "is empty"), (b"<!doctype html><p>Sign in", "web page"), (b"PK\x03\x04", "zip")]
)
def test_what_is_no_csv_is_refused_before_it_lands(tasks: Tasks, body: bytes, told: str) -> None:
    with serve(Answer(body=body)) as server, pytest.raises(SourceFileError, match=told) as refusal:
        tasks.download(server.url)

    assert server.shown in str(refusal.value)
    assert tasks.stored_keys() == []
    assert list(tasks.work.iterdir()) == []


HTML_TYPE = {"Content-Type": "text/html; charset=utf-8"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        HTML_TYPE,
        {"Content-Type": "application/xhtml+xml"},
        {"Content-Type": "application/json"},
        {"Content-Type": "application/octet-stream"},
        {"Content-Type": "application/vnd.ms-excel"},
        {"Content-Type": "image/png"},
        {"Content-Encoding": "br"},
        {"Content-Encoding": "utf-8"},
        {"Content-Encoding": "gzip", "Content-Type": "application/gzip"},
        {"Content-Encoding": "identity, none"},
    ],
    ids=str,
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_csv_is_one_whatever_its_server_calls_it(tasks: Tasks, headers: dict[str, str], packed: bool) -> None:
    """An address that ends in .csv.gz included: some servers unpack on the way, others do not."""
    body = gzip.compress(CSV, mtime=0) if packed else CSV

    with serve(Answer(body=body, headers=headers)) as server:
        landed = tasks.download(server.url + ".gz")

    assert tasks.read(landed.key) == body
    assert tasks.prepare(landed).source_rows == CSV.count(b"\n") - 1


@pytest.mark.parametrize(
    ("body", "headers", "told"),
    [
        (b"<!doctype html><p>Sign in", {"Content-Type": "text/csv"}, "web page.*calls it Content-Type text/csv."),
        (b'{"error": "quota"}', {"Content-Type": "text/csv"}, "JSON.*calls it Content-Type text/csv."),
        (b"<p>Sign in", HTML_TYPE, "web page.*calls it Content-Type text/html; charset=utf-8."),
        (bytes(range(256)), {"Content-Encoding": "br"}, "binary.*calls it Content-Encoding br."),
        (b"<p>Sign in", {}, "may be in the way.$"),
    ],
)
def test_a_page_is_none_the_less_and_the_refusal_says_what_its_server_calls_it(
    tasks: Tasks, body: bytes, headers: dict[str, str], told: str
) -> None:
    with serve(Answer(body=body, headers=headers)) as server, pytest.raises(SourceFileError, match=told):
        tasks.download(server.url)

    assert tasks.stored_keys() == []


def test_credentials_of_a_url_reach_neither_the_log_nor_what_is_handed_on(
    tasks: Tasks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with serve(Answer(202), Answer(body=CSV)) as server:
        landed = tasks.download(server.url + "&$$app_token=s3cr3t")

    assert "s3cr3t" not in caplog.text + json.dumps(landed.to_json())


def test_a_prepared_file_is_stored_under_its_own_digest(tasks: Tasks) -> None:
    prepared = tasks.prepare_bytes(b"\xef\xbb\xbf" + CSV.replace(b"\n", b"\r\n") + b"\r\n")

    content = b"_row,DOL Vehicle ID,City\n1,100,Seattle\n2,101,Bothell\n"
    digest = sha256(content).hexdigest()
    assert prepared.file_key == f"source/ev_population/{digest}/{FILE_NAME}"
    assert tasks.read(prepared.file_key) == content
    assert (prepared.sha256, prepared.bytes) == (digest, len(content))
    assert (prepared.source_rows, prepared.prepared_rows, prepared.rejected) == (2, 2, 0)
    assert (prepared.rejects_key, prepared.rejects_by_code) == (None, {})
    assert prepared.header == ("DOL Vehicle ID", "City")
    change, _ = prepared.schema_changes
    assert (change.kind, change.against, change.action) == ("missing", "data set file", "warn")
    assert "Model Year" in change.columns
    assert list(tasks.work.iterdir()) == []


def test_gzip_gives_the_same_prepared_file_under_a_name_without_gz(tasks: Tasks, dataset: Dataset) -> None:
    plain, packed = tasks.prepare_bytes(CSV), tasks.prepare_bytes(gzip.compress(CSV))

    assert plain.file_key == packed.file_key
    assert plain.source.sha256 != packed.source.sha256


def test_rejects_are_stored_beside_the_report_of_their_execution(tasks: Tasks) -> None:
    prepared = tasks.prepare_bytes(CSV + b"102\n103,Olympia\n104,Yakima,98902\n")

    assert prepared.rejects_key == f"reports/ev_population/{prepared.execution_name}/rejected_before_upload.jsonl"
    rejects = [Reject.from_json(line) for line in tasks.read(prepared.rejects_key).splitlines()]
    assert [(reject.row, str(reject.code)) for reject in rejects] == [(3, "BAD_WIDTH"), (5, "BAD_WIDTH")]
    assert {reject.execution_name for reject in rejects} == {prepared.execution_name}
    assert prepared.rejects_by_code == {"BAD_WIDTH": 2}
    assert (prepared.source_rows, prepared.prepared_rows, prepared.rejected) == (5, 3, 2)


def test_how_the_source_is_written_is_told_and_leaves_no_trace_in_what_is_prepared(tasks: Tasks) -> None:
    plain = tasks.prepare_bytes(CSV.replace(b"Seattle", "Zürich".encode()))
    other = tasks.prepare_bytes(
        gzip.compress(CSV.decode().replace("Seattle", "Zürich").replace(",", ";").encode("utf-16"))
    )

    assert (plain.delimiter, plain.encoding, plain.compression) == (",", "utf-8", None)
    assert (other.delimiter, other.encoding, other.compression) == (";", "utf-16-le", "gzip")
    assert other.file_key == plain.file_key


def test_the_losers_of_a_key_are_stored_among_the_rejects_in_the_sources_order(tasks: Tasks) -> None:
    prepared = tasks.prepare_bytes(CSV + b"100,Tacoma\n102\n101,Kent\n")

    assert prepared.rejects_key is not None
    rejects = [Reject.from_json(line) for line in tasks.read(prepared.rejects_key).splitlines()]
    assert [(reject.row, str(reject.code)) for reject in rejects] == [
        (1, "DUPLICATE_KEY"),
        (2, "DUPLICATE_KEY"),
        (4, "BAD_WIDTH"),
    ]
    assert "row 3 " in rejects[0].message
    assert prepared.rejects_by_code == {"BAD_WIDTH": 1, "DUPLICATE_KEY": 2}
    assert tasks.read(prepared.file_key) == b"_row,DOL Vehicle ID,City\n3,100,Tacoma\n5,101,Kent\n"


def test_the_profile_is_stored_beside_the_report_of_its_execution(tasks: Tasks) -> None:
    prepared = tasks.prepare_bytes(CSV)

    assert prepared.profile_key == f"reports/ev_population/{prepared.execution_name}/profile.json"
    assert json.loads(tasks.read(prepared.profile_key))["columns"]["City"] == {
        "empty": 0,
        "distinct": 2,
        "shortest": 7,
        "longest": 7,
    }


def test_a_backslash_is_one_character_to_the_profile(tasks: Tasks) -> None:
    prepared = tasks.prepare_bytes(CSV + rb"102,a\b\c" + b"\n")

    assert prepared.profile_key is not None
    city = json.loads(tasks.read(prepared.profile_key))["columns"]["City"]
    assert (city["shortest"], city["longest"]) == (5, 7)


def test_codes_that_a_spreadsheet_has_ruined_are_told_and_those_of_the_key_are_a_warning(tasks: Tasks) -> None:
    sound = tasks.prepare_bytes(CSV)
    tasks.dataset = replace(tasks.dataset, columns=(Column("Size", type=ColumnType.NUMBER),))

    prepared = tasks.prepare_bytes(
        b'DOL Vehicle ID,City,Size\n1.2E+11,"1,95419E+13",1E+11\n101,########,1\n102,Kent,2\n'
    )

    assert (sound.notes.notes, sound.source_warnings) == ((), ())
    [note] = prepared.notes.notes
    assert note.startswith("2 cells of 'City': as a spreadsheet leaves a code")
    [warning] = prepared.source_warnings
    assert warning.startswith("1 cell of 'DOL Vehicle ID': ")
    assert tasks.read(prepared.file_key).endswith(b'1,1.2E+11,"1,95419E+13",1E+11\n2,101,########,1\n3,102,Kent,2\n')
    assert prepared.profile_key is not None
    columns = json.loads(tasks.read(prepared.profile_key))["columns"]
    assert [columns[name].get("ruined") for name in columns] == [1, 2, 1]


def test_what_unpacks_to_more_than_the_disk_holds_is_stopped_on_the_way(
    tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = HEADROOM_BYTES + 40_000_000

    monkeypatch.setattr("shutil.disk_usage", lambda _folder: Usage)

    with pytest.raises(NoSpaceError, match="are needed to prepare"):
        tasks.prepare_bytes(gzip.compress(CSV + b"102,Kent\n" * 10_000_000, compresslevel=1))

    assert list(tasks.work.iterdir()) == []


def test_a_retry_gives_the_same_result_and_stores_nothing_twice(tasks: Tasks, work: Path) -> None:
    first = tasks.prepare_bytes(CSV + b"102\n")
    keys = tasks.stored_keys()
    left = work / workspace_name("prepare", "ev_population", "run")
    left.mkdir()
    (left / "prepared").write_bytes(b"half a file")

    assert replace(tasks.prepare(first.source), at=first.at) == first

    assert tasks.stored_keys() == keys
    assert not left.exists()


def test_what_was_prepared_survives_json(tasks: Tasks) -> None:
    prepared = tasks.prepare_bytes(CSV + b"102\n")

    assert Prepared.from_json(json.loads(json.dumps(prepared.to_json()))) == prepared
    assert prepared.landing_key == prepared.source.key


def test_a_header_without_rows_is_prepared_as_zero_rows(tasks: Tasks) -> None:
    prepared = tasks.prepare_bytes(b"DOL Vehicle ID,City\n")

    assert (prepared.source_rows, prepared.prepared_rows) == (0, 0)
    assert tasks.read(prepared.file_key) == b"_row,DOL Vehicle ID,City\n"


def test_a_renamed_key_column_stops_the_run_and_stores_nothing(tasks: Tasks) -> None:
    with pytest.raises(HeaderError, match=rf"{FILE_NAME}.*lacks 'DOL Vehicle ID'.*'DOL Vehicle No'"):
        tasks.prepare_bytes(b"DOL Vehicle No,City\n100,Seattle\n")

    assert [key.split("/")[0] for key in tasks.stored_keys()] == ["landing"]
    assert list(tasks.work.iterdir()) == []


def test_gzip_that_breaks_off_stops_the_run(tasks: Tasks) -> None:
    packed = gzip.compress(CSV + b"".join(b"%d,x%d\n" % (n, n * n) for n in range(5000)))

    with pytest.raises(SourceFileError, match="breaks off"):
        tasks.prepare_bytes(packed[:-40])

    assert [key.split("/")[0] for key in tasks.stored_keys()] == ["landing"]


def test_a_landed_file_that_was_changed_stops_the_run(tasks: Tasks) -> None:
    landed = tasks.prepare_bytes(CSV).source
    tasks.s3.put_object(Bucket=BUCKET, Key=landed.key, Body=CSV.replace(b"100", b"900"))

    with pytest.raises(ObjectError, match="was changed"):
        tasks.prepare(landed)


def test_of_the_sample_prepare_rejects_the_rows_of_the_wrong_width_and_no_others(tasks: Tasks, tmp_path: Path) -> None:
    sample = write_sample(tmp_path / "sample.csv", rows=1000)

    prepared = tasks.prepare(tasks.download(sample.path))

    assert prepared.rejects_key is not None
    rejects = [Reject.from_json(line) for line in tasks.read(prepared.rejects_key).splitlines()]
    assert [(reject.row, str(reject.code)) for reject in rejects] == [
        (fault.row, fault.code) for fault in sample.faults if fault.code == "BAD_WIDTH"
    ]
    assert (prepared.source_rows, prepared.prepared_rows) == (1000, 998)


# the gate on prepare's own rejects


GATED = b"DOL Vehicle ID,City\n" + b"".join(b"%d,Kent\n" % number for number in range(18))


@pytest.fixture
def gated(s3: Any, dataset: Dataset, work: Path) -> Tasks:
    """Tasks of a data set that allows a tenth of the rows to be rejected."""
    return Tasks(s3, replace(dataset, gates=replace(dataset.gates, max_reject_percent=10)), work)


def test_more_rejects_than_the_gate_allows_stop_prepare_before_the_upload(gated: Tasks) -> None:
    with pytest.raises(GateError) as refusal:
        gated.prepare_bytes(GATED + b"18\n19\n1,Tacoma\n")

    told = str(refusal.value)
    assert told.startswith(
        "3 of 21 rows (14.29 %) were rejected, more than gates.max_reject_percent = 10 (2 BAD_WIDTH, 1 DUPLICATE_KEY): "
    )
    assert "nothing was uploaded" in told
    assert "It was read as UTF-8 and with ',' between two fields, as was found by a rule." in told
    assert "datasets/ev_population.toml" in told
    assert not [key for key in gated.stored_keys() if key.startswith("source/")]


def test_the_rejects_of_a_refused_file_are_stored_where_any_others_are(gated: Tasks, tasks: Tasks) -> None:
    content = GATED + b"18\n19\n1,Tacoma\n"
    with pytest.raises(GateError) as refusal:
        gated.prepare_bytes(content)
    refused = refusal.value.prepared
    assert refused.rejects_key is not None
    stored = gated.read(refused.rejects_key)

    let_through = tasks.prepare_bytes(content)

    # The file was written again, perhaps a second later.
    assert replace(let_through, source=refused.source, at=refused.at) == refused
    assert gated.read(refused.rejects_key) == stored
    assert [Reject.from_json(line).row for line in stored.splitlines()] == [2, 19, 20]
    assert Prepared.from_json(json.loads(json.dumps(refused.to_json()))) == refused


@pytest.mark.parametrize(
    ("bad", "most"), [(b"18\n19\n", 10), (b"", 0), (b"18\n" * 18, 50)], ids=["10 %", "none", "half"]
)
def test_exactly_as_many_rejects_as_the_gate_allows_are_uploaded_without(gated: Tasks, bad: bytes, most: float) -> None:
    gated.dataset = replace(gated.dataset, gates=Gates(max_reject_percent=most, last_record=OnChange.ACCEPT))

    prepared = gated.prepare_bytes(GATED + bad)

    assert prepared.prepared_rows == 18
    assert prepared.file_key in gated.stored_keys()


def test_a_file_without_rows_passes_the_strictest_gate(gated: Tasks) -> None:
    gated.dataset = replace(gated.dataset, gates=Gates(max_reject_percent=0))

    assert gated.prepare_bytes(b"DOL Vehicle ID,City\n").source_rows == 0
