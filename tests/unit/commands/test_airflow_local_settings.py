"""What an Airflow of this project begins with."""

import gc
from collections.abc import Iterator

import pytest

from commands import airflow_local_settings


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize(
    ("words", "one_version"),
    [
        (["airflow", "dags", "test", "csvdynamo_trees"], True),
        # Its workers may be of another version.
        (["airflow", "api-server"], False),
        (["airflow", "scheduler"], False),
        (["airflow", "tasks", "test"], False),
    ],
)
def test_a_run_that_has_its_own_api_alone_builds_it_for_one_version(
    monkeypatch: pytest.MonkeyPatch, words: list[str], one_version: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(airflow_local_settings, "speak_one_version", lambda: asked.append("one version"))
    monkeypatch.setattr("sys.argv", words)

    airflow_local_settings.begin()

    assert asked == ["one version"] * one_version
    assert gc.get_threshold() == (100_000, 20, 20)
