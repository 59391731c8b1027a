"""``make rollback``: whom it asks, what it triggers, and what it says."""

from pathlib import Path
from typing import Any

import pytest

from commands import rollback, triggered_run
from commands.airflow_api import Api

RUN = ["--run", "manual__1"]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollback, "leave_shell", lambda: None)
    monkeypatch.setattr(triggered_run, "stop_like_ctrl_c", lambda: None)
    monkeypatch.setattr(triggered_run, "AIRFLOW_FILE", tmp_path / "airflow.env")


def ended(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setattr("sys.argv", ["make rollback", *words])
    with pytest.raises(SystemExit) as end:
        rollback.main()
    return str(end.value)


def test_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "make rollback RUN=id" in ended(monkeypatch)
    assert "or make ui in another shell; or name an account's Airflow in CSVDYNAMO_AIRFLOW_URL" in ended(
        monkeypatch, *RUN
    )


@pytest.mark.parametrize(("state", "told"), [("success", ""), ("failed", "The run is not green.")])
def test_an_airflow_elsewhere_is_triggered_as_its_form_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], state: str, told: str
) -> None:
    asked: list[Any] = []

    def call(_api: Api, path: str, body: Any = None, **_: Any) -> Any:
        if body is not None:
            asked.append(body)
            return {"access_token": "t", "dag_run_id": "manual__2"}
        return {"value": {"summary": "run manual__1 is taken back"}} if "xcom" in path else {"state": state}

    monkeypatch.setattr(Api, "call", call)
    monkeypatch.setenv(triggered_run.URL, "https://airflow.example.org/")
    monkeypatch.setattr("sys.argv", ["make rollback", *RUN, "--dry-run"])
    if told:
        assert ended(monkeypatch, *RUN, "--dry-run") == told
    else:
        rollback.main()

    conf = asked[-1]["conf"]
    assert (conf["rollback"], conf["dry_run"], conf["accept_source"]) == ("manual__1", True, False)
    assert "run manual__1 is taken back" in capsys.readouterr().out


def test_an_airflow_that_does_not_answer_in_time_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def call(*_: Any, **__: Any) -> Any:
        raise TimeoutError("timed out")

    monkeypatch.setattr(Api, "call", call)
    monkeypatch.setenv(triggered_run.URL, "https://airflow.example.org/")

    assert ended(monkeypatch, *RUN) == "The Airflow at https://airflow.example.org does not do it: timed out"
