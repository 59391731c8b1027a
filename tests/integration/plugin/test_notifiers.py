"""The notifiers that a data set file names: when they are called, with what, and what it costs when one fails."""

import runpy
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.bases.notifier import BaseNotifier
from botocore.exceptions import EndpointConnectionError

from commands.project import ROOT
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.notifications import Event, Notification
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.errors import DatasetError
from csvdynamo_airflow.dag import make_dag
from csvdynamo_airflow.documents.approval import Question
from csvdynamo_airflow.settings import DATASETS_FOLDER
from csvdynamo_airflow.tasks import announcements, report_step
from csvdynamo_airflow.tasks.announcements import announce_end, announce_question
from csvdynamo_airflow.tasks.notifiers import make_notifier, refuse_wrong_notifiers
from tests.integration.plugin.task_calls import TaskInstance, call
from tests.unit.plugin.run_findings import prepared_file

NAME = f"{__name__}.Kept"
CARS = Dataset("cars", Source("https://example.org/cars.csv", "cars.csv"), Table("tb_cars", "ID"))
PREPARED = prepared_file(
    100, 9, questions=(Question("gates.last_record", "The last record is {{ none }}\x1b[2J.", {}),)
)
RUN = SimpleNamespace(dag_id="csvdynamo_cars", run_id="manual__2026-11-27T03:40:00+00:00", task_id="approve")
CONTEXT = {"run_id": RUN.run_id, "ti": RUN}
PLACE = "dags/csvdynamo_cars/runs/manual__2026-11-27T03%3A40%3A00%2B00%3A00"


class Kept(BaseNotifier):
    """Keeps what it was told, and then does what a test gives."""

    template_fields = ("message",)
    told: list[str]
    then: Callable[[], Any]

    def __init__(self, message: str = "{{ migration.event }}: {{ migration.sentence }}", to: str = "") -> None:
        super().__init__()
        self.message, self.to = message, to

    def notify(self, context: Any) -> None:
        self.told.append(f"{self.to}{self.message}")
        self.then()


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the notifiers were told."""
    told: list[str] = []
    monkeypatch.setattr(Kept, "told", told, raising=False)
    monkeypatch.setattr(Kept, "then", lambda self: None, raising=False)
    return told


def telling(*on: Event, **arguments: Any) -> Dataset:
    return replace(CARS, notify={"kept": Notification(NAME, on, arguments)})


def report(*problems: str) -> dict[str, Any]:
    return {
        "problems": [*problems],
        "sentence": "All 7 rows are accounted for.",
        "summary": "the ledger",
        "page": "s3://bucket/reports/cars/cars-1/report.html",
    }


@pytest.mark.parametrize("on", [(Event.RED,), (Event.GREEN,), (Event.RED, Event.GREEN), (Event.QUESTION,)])
@pytest.mark.parametrize(("problems", "event"), [((), Event.GREEN), (("A row is missing.",), Event.RED)])
def test_one_is_told_of_a_run_that_ended_as_it_wants_to_hear(
    told: list[str], on: tuple[Event, ...], problems: tuple[str, ...], event: Event
) -> None:
    announce_end(telling(*on), report(*problems), CONTEXT)

    assert told == ([f"{event}: All 7 rows are accounted for."] if event in on else [])


def test_the_task_report_lets_them_tell_what_it_has_written(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = telling(Event.GREEN)
    written = {
        **report(),
        "key": "reports/cars/cars-1/report.json",
        "error_files": {},
        "rejects_by_code": {},
        "ledger": {},
    }
    monkeypatch.setattr(
        report_step, "publish_report", lambda _findings, _reconciled, tell: tell(dataset, written) or written
    )

    call(make_dag(dataset), "report", TaskInstance(), "cars")

    assert told == ["green: All 7 rows are accounted for."]


def test_its_templates_find_the_report_and_the_page_and_are_rendered_once(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.org/here/")
    message = "{{ migration.text }} {{ migration.report }} {{ migration.link }} {{ run_id }} {{ migration.dataset }}"

    announce_end(telling(Event.RED, message=message), {**report("!"), "summary": "{{ 7 * 7 }}"}, CONTEXT)

    page, link = "s3://bucket/reports/cars/cars-1/report.html", f"https://airflow.example.org/here/{PLACE}"
    assert told == [f"{{{{ 7 * 7 }}}} {page} {link}/plugin/migration {RUN.run_id} cars"]


def test_a_question_is_told_with_where_to_answer_by_the_topic_and_by_notifiers(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mails: list[dict[str, str]] = []
    dataset = telling(Event.QUESTION, message="{{ migration.text }}")
    monkeypatch.setattr(announcements, "client", lambda _: SimpleNamespace(publish=lambda **mail: mails.append(mail)))
    monkeypatch.setattr(announcements, "open_dataset", lambda _: dataset)
    monkeypatch.setattr(announcements, "open_stack", lambda *_: SimpleNamespace(topic_arn="arn"))
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "")

    announce_question("cars", PREPARED, CONTEXT)

    [mail] = mails
    assert (mail["TopicArn"], told) == ("arn", [mail["Message"]])
    assert "- gates.last_record: The last record is {{ none }}\\x1b[2J." in mail["Message"]
    assert "rejected before the upload: 9 (9.00 %)" in mail["Message"]
    assert mail["Message"].endswith(f"Answer: /{PLACE}/tasks/approve/required_actions")


def test_a_topic_that_cannot_be_reached_costs_no_question(caplog: pytest.LogCaptureFixture) -> None:
    def refuse(**_: str) -> None:
        raise EndpointConnectionError(endpoint_url="https://sns")

    sns: Any = SimpleNamespace(publish=refuse)
    announcements.publish(sns, "arn", "title", "text")

    assert "could not be announced to arn" in caplog.text


def test_one_that_fails_or_hangs_costs_nobody_the_report_nor_another_its_turn(
    told: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    left: list[float] = []

    def fail(kept: Kept) -> None:
        if kept.to == "b":
            raise ConnectionError("no\nserver")
        if kept.to == "c":  # as if its minute were over
            left.append(signal.getitimer(signal.ITIMER_REAL)[0])
            signal.raise_signal(signal.SIGALRM)

    monkeypatch.setattr(Kept, "then", fail)
    several = {to: Notification(NAME, (Event.RED,), {"message": "", "to": to}) for to in "abcd"}

    announce_end(replace(CARS, notify=several), report("!"), CONTEXT)

    assert told == ["a", "b", "c", "d"]
    assert 0 < left[0] <= 60
    assert "notify.b told nobody: ConnectionError: no\\nserver" in caplog.text
    assert "notify.c told nobody: AirflowTaskTimeout" in caplog.text
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


@pytest.mark.parametrize(
    ("notification", "words"),
    [
        (
            Notification("csvdynamo.nowhere.Mail"),
            "notify.mail.notifier: csvdynamo.nowhere.Mail cannot be imported (",
        ),
        (Notification("csvdynamo.errors.DatasetError"), "notify.mail.notifier: csvdynamo.errors.DatasetError is no"),
        (Notification("csvdynamo.errors"), "notify.mail.notifier: csvdynamo.errors is no notifier"),
        (Notification(NAME, arguments={"subject": "x"}), "notify.mail.arguments: Kept does not take them: "),
    ],
)
def test_one_that_there_is_not_is_an_error_of_the_data_set_file_when_airflow_reads_it(
    notification: Notification, words: str
) -> None:
    dataset = replace(CARS, notify={"mail": notification})

    for read in (make_dag, refuse_wrong_notifiers):
        with pytest.raises(DatasetError) as caught:
            read(dataset)

        assert str(caught.value).startswith(f"datasets/cars.toml: {words}")


def test_one_that_cannot_be_made_any_more_costs_nobody_the_report(caplog: pytest.LogCaptureFixture) -> None:
    gone = replace(CARS, notify={"mail": Notification("csvdynamo.nowhere.Mail")})

    announce_end(gone, report("!"), CONTEXT)

    assert "notify.mail told nobody: DatasetError: datasets/cars.toml: notify.mail.notifier" in caplog.text


def test_the_documents_mail_is_one_that_airflow_can_make(tmp_path: Path) -> None:
    examples = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8").split("```toml\n")
    [example] = [one.split("```")[0] for one in examples if "[notify.mail]" in one]
    (tmp_path / "cars.toml").write_text(example, encoding="utf-8")

    made: Any = make_notifier(load_dataset(tmp_path / "cars.toml"), "mail")

    assert (made.to, made.smtp_conn_id, type(made).__name__) == ("cars@example.org", "mail_server", "SmtpNotifier")


def test_a_wrong_one_costs_its_own_data_sets_dag_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "datasets" / "ev_population.toml").read_text(encoding="utf-8")
    (tmp_path / "cars.toml").write_text(f'{text}\n[notify.mail]\nnotifier = "csvdynamo.nowhere.Mail"\n')
    (tmp_path / "trucks.toml").write_text(text)
    monkeypatch.setenv(DATASETS_FOLDER, str(tmp_path))

    found = runpy.run_path(str(ROOT / "dags" / "csvdynamo_dags.py"))

    assert "csvdynamo_trucks" in found
    assert "csvdynamo_cars" not in found
    with pytest.raises(
        DatasetError, match=r"datasets/cars\.toml: notify\.mail\.notifier: csvdynamo\.nowhere\.Mail cannot"
    ):
        runpy.run_path(str(ROOT / "dags" / "csvdynamo_dataset_files.py"))
