"""`[notify."name"]` and `gates.gate` of a data set file: whom Airflow tells of a run, and when a person is asked."""

from pathlib import Path

import pytest

from csvdynamo.datasets.dataset import Dataset, Gates
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.notifications import Event, Notification
from csvdynamo.datasets.policies import GateAction
from csvdynamo.errors import DatasetError

FILE = """
[source]
url = "https://example.com/cars.csv"
file_name = "cars.csv"

[table]
name = "tb_cars"
partition_key = "Car ID"
"""
SMTP = "airflow.providers.smtp.notifications.smtp.SmtpNotifier"


def load(folder: Path, *lines: str) -> Dataset:
    path = folder / "cars.toml"
    path.write_text("\n".join([FILE, *lines]), encoding="utf-8")
    return load_dataset(path)


def test_by_default_nobody_is_told_and_a_gate_fails_the_run(tmp_path: Path) -> None:
    dataset = load(tmp_path)

    assert (dataset.notify, dataset.asks, dataset.gates.approval_hours) == ({}, False, 24)


def test_a_gate_may_ask_which_is_no_setting_of_the_stack(tmp_path: Path) -> None:
    asks = load(tmp_path, "[gates]", 'gate = "approve"', "approval_hours = 720")

    assert asks.gates == Gates(gate=GateAction.APPROVE, approval_hours=720)
    assert asks.asks
    assert asks.settings_digest == load(tmp_path).settings_digest


def test_a_notifier_is_read_with_its_arguments_as_python_has_them(tmp_path: Path) -> None:
    told = load(
        tmp_path,
        "[notify.mail]",
        f'notifier = "{SMTP}"',
        'on = ["green", "red"]',
        "[notify.mail.arguments]",
        'smtp_conn_id = "mail"',
        'to = ["a@example.org"]',
        "share = 0.5",
        "headers = { half = [0.25], token_conn_id = 'page' }",
    ).notify["mail"]

    arguments = {
        "smtp_conn_id": "mail",
        "to": ["a@example.org"],
        "share": 0.5,
        "headers": {"half": [0.25], "token_conn_id": "page"},
    }
    assert told == Notification(SMTP, (Event.GREEN, Event.RED), arguments)
    assert type(told.arguments["share"]) is float
    assert type(told.arguments["headers"]["half"][0]) is float


def test_without_a_word_it_tells_of_what_wants_somebody(tmp_path: Path) -> None:
    told = load(tmp_path, "[notify.mail]", f'notifier = "{SMTP}"').notify["mail"]

    assert told == Notification(SMTP, (Event.RED, Event.QUESTION), {})


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["[notify.mail]"], "notify.mail.notifier: is missing: give a text"),
        (["[notify.mail]", 'notifier = "Mail"'], "notify.mail.notifier: must be the name of a class and its modules"),
        (["[notify.mail]", 'notifier = "a.b; import os"'], "notify.mail.notifier: must be the name of a class"),
        (["[notify.mail]", "notifier = 1"], "notify.mail.notifier: must be a text that is not empty, found 1"),
        (
            ["[notify.mail]", 'notifier = "a.B"', 'on = "red"'],
            "notify.mail.on: must be an array of red, green, question",
        ),
        (["[notify.mail]", 'notifier = "a.B"', "on = []"], "notify.mail.on: must be an array of red, green, question"),
        (["[notify.mail]", 'notifier = "a.B"', 'on = ["blue"]'], "notify.mail.on: must be an array of red"),
        (["[notify.mail]", 'notifier = "a.B"', 'on = ["red", "red"]'], "each at most once"),
        (["[notify.mail]", 'notifier = "a.B"', "arguments = 1"], "notify.mail.arguments: must be a table"),
        (
            ["[notify.mail]", 'notifier = "a.B"', "to = 1"],
            "notify.mail.to: unknown key; allowed here: arguments, notifier, on",
        ),
        (["[gates]", 'gate = "ask"'], "gates.gate: must be one of fail, approve"),
        (["[gates]", "approval_hours = 0"], "gates.approval_hours: must be a whole number from 1 to 720"),
    ],
)
def test_what_is_wrong_is_told_with_its_key(tmp_path: Path, lines: list[str], told: str) -> None:
    with pytest.raises(DatasetError) as caught:
        load(tmp_path, *lines)

    assert told in str(caught.value)


@pytest.mark.parametrize(
    "secret",
    ['password = "x"', 'api_key = "x"', "headers = { ApiKey = 'x' }", "hooks = [{ slack_token = 'x' }]"],
)
def test_a_secret_is_refused(tmp_path: Path, secret: str) -> None:
    with pytest.raises(DatasetError, match="looks like a secret, which belongs into an Airflow connection"):
        load(tmp_path, "[notify.mail]", f'notifier = "{SMTP}"', "[notify.mail.arguments]", secret)
