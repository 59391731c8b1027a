"""``make replay``: what it triggers the DAG with, and what it says where there is no Airflow."""

import json
from pathlib import Path

import pytest

from commands import replay, triggered_run
from commands.project import find_dataset

DATASET = find_dataset("ev_population")


def test_a_replay_has_the_data_sets_own_source_or_the_corrected_csv(tmp_path: Path) -> None:
    corrected = tmp_path / "corrected.csv"
    corrected.write_text("VIN (1-10),_row\nV,1\n")

    own = replay.configuration(replay.parse(["--run", "manual__1"]), DATASET)
    given = replay.configuration(replay.parse(["--run", "manual__1", "--source", str(corrected)]), DATASET)

    assert own == {"source_url": DATASET.source.url, "replay": "manual__1"}
    assert given == {"source_url": str(corrected), "replay": "manual__1"}


@pytest.mark.parametrize("words", [[], ["--run", "manual__1"]], ids=["no run", "no Airflow"])
def test_it_says_what_is_missing(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["make replay", *words])
    monkeypatch.setattr(replay, "leave_shell", lambda: None)
    monkeypatch.setattr(triggered_run, "stop_like_ctrl_c", lambda: None)
    monkeypatch.setattr(triggered_run, "AIRFLOW_FILE", tmp_path / "airflow.env")

    with pytest.raises(SystemExit) as ended:
        replay.main()

    told = str(ended.value)
    if words:
        assert told.endswith(json.dumps({"source_url": DATASET.source.url, "replay": "manual__1"}) + ".")
    else:
        assert "make replay RUN=" in told
