"""The gates on a source as a whole, over S3: what they rest on, what they stop, and who may let it pass."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import ClientError

from csvdynamo.datasets.dataset import Dataset, Gates
from csvdynamo.datasets.policies import GateAction, OnChange, Policies, SchemaPolicy
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.rules.columns import Column
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.gates.row_mark import RowMark, RowMarkError, mark_key, recall_rows, remember_rows
from csvdynamo_airflow.preparation.prepare import GateError, prepare
from csvdynamo_airflow.storage import stored_document
from csvdynamo_airflow.storage.stored_document import WrittenMeanwhileError
from csvdynamo_airflow.storage.stored_file import file_sha256
from csvdynamo_airflow.tasks import green_run, report_step, steps, told_assets
from tests.integration.plugin.migration_objects import BUCKET
from tests.integration.plugin.task_calls import TaskInstance, call
from tests.unit.plugin.run_findings import prepared_file, without_snapshot

URL = "https://example.org/cars.csv?format=csv"
CARS = Dataset("cars", Source(URL, "cars.csv"), Table("tb_cars", "ID"))
ELSEWHERE = "https://example.org/cars.csv?format=csv&limit=10"
CUT = "ID,City\n1,Kent\n2,Kent\n3\n"


def cars(rows: int) -> str:
    return "ID,City\n" + "".join(f"{number},Kent\n" for number in range(rows))


class Runs:
    """Runs of the data set, one after another, with the tasks prepare and accounted as the DAG has them."""

    def __init__(self, s3: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.s3, self.folder, self.dataset, self.count = s3, folder, CARS, 0
        self.monkeypatch = monkeypatch
        for module in (steps, green_run):
            monkeypatch.setattr(module, "open_dataset", lambda _: self.dataset)
            monkeypatch.setattr(module, "client", lambda _: s3)
        monkeypatch.setattr(told_assets, "client", lambda _: s3)
        monkeypatch.setattr(steps, "execution_name", lambda *_: f"cars-{self.count}")
        self.clock = 1000.0

    def land(self, text: str) -> Landed:
        source = self.folder / "source.csv"
        source.write_text(text, encoding="utf-8")
        digest = file_sha256(source)
        key = f"landing/cars/{digest}/cars.csv"
        self.s3.upload_file(str(source), BUCKET, key)
        return Landed(BUCKET, key, "https://example.org/cars.csv?…", "cars.csv", 10, digest, None, None)

    def prepare(self, text: str, source_url: str = URL, **params: Any) -> Prepared:
        self.count += 1
        self.clock += 10
        instance = TaskInstance()
        instance.run_id = f"run {self.count}"
        dag = make_dag(self.dataset)
        landed = self.land(text).to_json()
        try:
            left = call(dag, "prepare", instance, "cars", landed, source_url=source_url, **params)
        except AirflowFailException:
            self.refused = instance.xcoms.get("prepare_refused")
            raise
        return replace(Prepared.from_json(json.loads(json.dumps(left))), at=self.clock)

    def succeed(self, text: str, source_url: str = URL, **params: Any) -> Prepared:
        prepared = self.prepare(text, source_url, **params)
        self.accounted(prepared, **params)
        return prepared

    def accounted(self, prepared: Prepared, *, problems: tuple[str, ...] = (), **params: Any) -> None:
        """Let the task accounted judge a report of a run that wrote nothing of which anyone is to be told."""
        instance = TaskInstance(prepare=prepared.to_json())
        instance.run_id = f"run {self.count}"
        instance.states = {}
        dag = make_dag(self.dataset)
        with self.monkeypatch.context() as given:
            report = {
                "key": "r",
                "problems": list(problems),
                "summary": "",
                "ledger": {"written": 0},
                "execution": [],
                "rejects_by_code": {},
                "error_files": {},
            }
            given.setattr(report_step, "publish_report", lambda *_: report)
            instance.xcoms["report"] = call(dag, "report", instance, "cars", **params)
        call(dag, "accounted", instance, **params)

    @property
    def mark(self) -> RowMark | None:
        return recall_rows(self.s3, BUCKET, "cars")

    def uploaded(self) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix="source/").get("Contents", [])
        return [one["Key"] for one in found]


@pytest.fixture
def runs(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(s3, tmp_path, monkeypatch)


# too few rows


@pytest.mark.parametrize("rows", [89, 10, 0])
def test_fewer_rows_than_the_last_green_run_had_stop_the_run_before_the_upload(runs: Runs, rows: int) -> None:
    runs.succeed(cars(100))
    uploaded = runs.uploaded()

    with pytest.raises(AirflowFailException) as refusal:
        runs.prepare(cars(rows))

    told = str(refusal.value)
    assert f"The source has {rows} rows, and the last green run's had 100 (run run 1): less than" in told
    assert "gates.min_rows_percent = 90." in told
    assert "Nothing was uploaded and no row was migrated." in told
    assert "lower it (0: any number of rows) in datasets/cars.toml, and deploy." in told
    assert "trigger the DAG again with accept_source" in told
    assert runs.uploaded() == uploaded
    assert runs.refused["source_rows"] == rows
    assert runs.mark == RowMark(100, "run 1", 1010.0)


def test_exactly_as_few_pass_and_are_the_next_measure(runs: Runs) -> None:
    runs.succeed(cars(100))

    prepared = runs.succeed(cars(90))
    runs.accounted(prepared)  # a worker that died before Airflow had the success is followed by another attempt

    assert prepared.source_warnings == ()

    assert runs.mark == RowMark(90, "run 2", 1020.0)
    runs.succeed(cars(81))
    with pytest.raises(AirflowFailException):
        runs.prepare(cars(72))


def test_a_person_lets_one_run_pass_by_the_form_which_is_told_and_is_the_next_measure(
    runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    runs.succeed(cars(100))

    [warning] = runs.succeed(cars(10), accept_source=True).source_warnings

    assert warning.startswith("The source has 10 rows, and the last green run's had 100 (run run 1)")
    assert warning in caplog.text
    assert runs.mark == RowMark(10, "run 2", 1020.0)
    assert runs.prepare(cars(9)).source_warnings == ()


def test_a_data_set_may_want_no_such_gate_and_is_measured_again_once_it_does(runs: Runs) -> None:
    runs.succeed(cars(100))
    runs.dataset = replace(CARS, gates=Gates(min_rows_percent=0))
    runs.s3.put_object(Bucket=BUCKET, Key=mark_key("cars"), Body=b"damaged, and not read")

    runs.succeed(cars(50))
    runs.dataset = CARS

    with pytest.raises(AirflowFailException, match="last green run's had 50"):
        runs.prepare(cars(40))


def test_another_source_that_a_person_gives_is_neither_measured_nor_a_measure(runs: Runs) -> None:
    """A part of the file, a sample, a corrected rejects.csv: also one that differs in its query alone."""
    runs.succeed(cars(100))

    assert runs.succeed(cars(3), ELSEWHERE).source_warnings == ()

    assert runs.mark == RowMark(100, "run 1", 1010.0)
    with pytest.raises(AirflowFailException):
        runs.prepare(cars(80))
    runs.succeed(cars(1000), ELSEWHERE)
    runs.succeed(cars(90))


def test_a_dry_run_is_stopped_as_well_and_is_no_measure(runs: Runs) -> None:
    runs.succeed(cars(100))

    with pytest.raises(AirflowFailException, match=r"less than gates\.min_rows_percent"):
        runs.prepare(cars(10), dry_run=True)
    runs.succeed(cars(95), dry_run=True)

    assert runs.mark == RowMark(100, "run 1", 1010.0)


def test_a_run_that_is_not_green_is_no_measure(runs: Runs) -> None:
    runs.succeed(cars(100))

    for prepared in (runs.prepare(cars(95)), runs.prepare(cars(1000))):
        with pytest.raises(AirflowFailException):
            runs.accounted(prepared, problems=("a row is missing",))

    assert runs.mark == RowMark(100, "run 1", 1010.0)


def test_a_first_run_has_nothing_to_be_measured_by(runs: Runs) -> None:
    assert runs.succeed(cars(0)).source_rows == 0
    assert runs.mark == RowMark(0, "run 1", 1010.0)
    assert runs.succeed(cars(0)).source_warnings == ()


DAMAGED = [
    b"",
    b"\xff",
    b"[]",
    b"null",
    b"{}",
    b'{"rows": "100", "run_id": "run 1", "at": 1}',
    b'{"rows": true, "run_id": "run 1", "at": 1}',
    b'{"rows": -1, "run_id": "run 1", "at": 1}',
    b'{"rows": 100, "run_id": "run 1", "at": NaN}',
    b'{"rows": 100, "run_id": null, "at": 1}',
]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_measure_that_is_damaged_is_an_error_and_is_written_over_by_a_green_run(s3: Any, content: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=mark_key("cars"), Body=content)

    with pytest.raises(RowMarkError):
        recall_rows(s3, BUCKET, "cars")

    remember_rows(s3, "cars", prepared_file(7, bucket=BUCKET), "run")
    assert recall_rows(s3, BUCKET, "cars") == RowMark(7, "run", 50.0)


def test_a_measure_that_cannot_be_read_stops_the_run_and_says_what_to_do(runs: Runs) -> None:
    runs.s3.put_object(Bucket=BUCKET, Key=mark_key("cars"), Body=b"{}")

    with pytest.raises(AirflowFailException, match=r"reports/cars/last_rows\.json does not hold the rows.*Delete it"):
        runs.prepare(cars(100))
    assert runs.uploaded() == []

    runs.prepare(cars(100), ELSEWHERE)
    runs.s3.delete_object(Bucket=BUCKET, Key=mark_key("cars"))
    runs.succeed(cars(100))
    assert runs.mark is not None


# which green run is the last


def test_a_run_of_the_past_that_is_cleared_is_not_the_last_one(runs: Runs) -> None:
    old = runs.succeed(cars(50))
    runs.succeed(cars(100))

    runs.accounted(old)

    assert runs.mark == RowMark(100, "run 2", 1020.0)


@pytest.mark.parametrize("remembered", [False, True])
def test_of_two_runs_that_end_at_once_the_later_one_is_remembered(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, remembered: bool
) -> None:
    """Whichever writes first: the other's write rests on what is no more."""
    before = [runs.prepare(cars(40))] if remembered else []
    first, second = runs.prepare(cars(50)), runs.prepare(cars(100))

    for late, early in ((first, second), (second, first)):
        for earlier in before:
            remember_rows(runs.s3, "cars", earlier, "before")
        reads = stored_document.read_versioned

        def read_then_lose(*asked: Any, reads: Any = reads, early: Prepared = early) -> Any:
            monkeypatch.setattr(stored_document, "read_versioned", reads)
            try:
                return reads(*asked)
            finally:
                remember_rows(runs.s3, "cars", early, "early")

        monkeypatch.setattr(stored_document, "read_versioned", read_then_lose)
        remember_rows(runs.s3, "cars", late, "late")

        assert runs.mark is not None
        assert runs.mark.rows == 100
        runs.s3.delete_object(Bucket=BUCKET, Key=mark_key("cars"))


def test_writes_that_are_always_refused_end(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = runs.prepare(cars(5))
    tried = []

    def refuse(**asked: Any) -> None:
        tried.append(asked)
        raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")

    monkeypatch.setattr(runs.s3, "put_object", refuse)

    with pytest.raises(WrittenMeanwhileError):
        remember_rows(runs.s3, "cars", prepared, "run")

    assert len(tried) == 5


@pytest.mark.parametrize("code", ["AccessDenied", "PreconditionFailed"])
def test_a_bucket_that_does_not_take_the_measure_costs_no_run_its_green(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    prepared = runs.prepare(cars(5))
    puts = runs.s3.put_object

    def refuse(**asked: Any) -> Any:
        if asked["Key"] == mark_key("cars"):
            raise ClientError({"Error": {"Code": code}}, "PutObject")
        return puts(**asked)

    monkeypatch.setattr(runs.s3, "put_object", refuse)

    runs.accounted(prepared)

    assert "could not be remembered" in caplog.text


# a last record that is no row


def test_a_last_record_that_is_no_row_stops_the_run_before_the_upload_if_it_is_to(runs: Runs) -> None:
    runs.dataset = replace(CARS, gates=Gates(last_record=OnChange.FAIL))

    with pytest.raises(AirflowFailException) as refusal:
        runs.prepare(CUT, ELSEWHERE)

    told = str(refusal.value)
    assert "The last record, row 3, has 1 of 2 columns: the file may have been cut off" in told
    assert "Nothing was uploaded and no row was migrated." in told
    assert 'set gates.last_record = "accept" in datasets/cars.toml, and deploy' in told
    assert "trigger the DAG again with accept_source" in told
    assert runs.uploaded() == []
    assert (runs.refused["source_rows"], runs.refused["rejects_by_code"]) == (3, {"BAD_WIDTH": 1})


@pytest.mark.parametrize(
    ("action", "params", "told"),
    [(OnChange.WARN, {}, True), (OnChange.FAIL, {"accept_source": True}, True), (OnChange.ACCEPT, {}, False)],
)
def test_one_that_the_data_set_or_a_person_lets_pass_is_a_reject_as_any_other(
    runs: Runs, action: OnChange, params: dict[str, bool], told: bool
) -> None:
    runs.dataset = replace(CARS, gates=Gates(max_reject_percent=50, last_record=action))

    prepared = runs.prepare(CUT, **params)

    assert (prepared.source_rows, prepared.rejects_by_code) == (3, {"BAD_WIDTH": 1})
    assert [warning.split(":")[0] for warning in prepared.source_warnings] == (
        ["The last record, row 3, has 1 of 2 columns"] if told else []
    )
    assert runs.uploaded() == [prepared.file_key]


def test_everything_that_stops_a_run_is_told_at_once(runs: Runs) -> None:
    runs.dataset = replace(CARS, gates=Gates(last_record=OnChange.FAIL))
    runs.succeed(cars(100))

    with pytest.raises(AirflowFailException) as refusal:
        runs.prepare(CUT)

    few, cut, rejects = str(refusal.value).split("\n")
    assert few.startswith("The source has 3 rows")
    assert cut.startswith("The last record, row 3")
    assert rejects.startswith("1 of 3 rows (33.33 %) were rejected")
    assert "accept_source" not in rejects
    assert rejects.endswith("set source.encoding or source.delimiter in datasets/cars.toml.")


# gates that ask a person


ASKS = Gates(last_record=OnChange.FAIL, gate=GateAction.APPROVE)


def test_where_gates_ask_everything_that_would_stop_a_run_is_a_question_about_a_file_that_is_there(runs: Runs) -> None:
    schema = SchemaPolicy(header=("ID", "City"), new=OnChange.FAIL)
    runs.dataset = replace(CARS, gates=ASKS, policies=Policies(schema=schema))
    runs.succeed(cars(100))

    prepared = runs.prepare(CUT.replace("City", "City,Colour").replace(",Kent", ",Kent,red"))

    assert [one.gate for one in prepared.questions] == [
        "schema",
        "gates.min_rows_percent",
        "gates.last_record",
        "gates.max_reject_percent",
    ]
    assert "'Colour'" in prepared.questions[0].sentence
    assert (prepared.last_rows, prepared.source_warnings) == (100, ())
    assert prepared.file_key in runs.uploaded()
    assert prepared.rejects_key is not None


def test_a_source_that_is_accepted_by_the_form_is_no_question(runs: Runs) -> None:
    runs.dataset = replace(CARS, gates=replace(ASKS, max_reject_percent=50))
    runs.succeed(cars(100))

    prepared = runs.prepare(CUT, accept_source=True)

    assert (prepared.questions, len(prepared.source_warnings)) == ((), 2)


def test_a_column_that_no_row_can_do_without_stops_a_run_whose_gates_ask(runs: Runs) -> None:
    runs.dataset = replace(CARS, gates=ASKS, columns=(Column("VIN", required=True),))

    with pytest.raises(AirflowFailException, match="lacks 'VIN'"):
        runs.prepare(cars(3))

    assert runs.uploaded() == []


def test_prepare_by_itself_hands_its_refusal_the_file(s3: Any, runs: Runs) -> None:
    strict = replace(CARS, gates=Gates(last_record=OnChange.FAIL))
    with pytest.raises(GateError) as refusal:
        prepare(
            runs.land(CUT),
            strict,
            s3=s3,
            run_id="run",
            name_execution=lambda _: "cars-1",
            find_base=without_snapshot,
            source_url=URL,
        )

    prepared = refusal.value.prepared
    assert (prepared.source_rows, prepared.usual_source, prepared.source_warnings) == (3, True, ())
    assert Prepared.from_json(json.loads(json.dumps(prepared.to_json()))) == prepared
