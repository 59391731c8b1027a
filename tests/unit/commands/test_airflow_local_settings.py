"""What an Airflow of this project begins with."""

import gc
from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from jsonschema import Draft202012Validator, SchemaError, ValidationError, validate

from commands import airflow_local_settings


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize(
    ("words", "alone"),
    [
        (["airflow", "dags", "test", "csvdynamo_trees"], True),
        # Its workers may be of another version.
        (["airflow", "api-server"], False),
        (["airflow", "scheduler"], False),
        (["airflow", "tasks", "test"], False),
    ],
)
def test_a_run_that_has_its_process_alone_pays_for_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, words: list[str], alone: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(airflow_local_settings, "speak_one_version", lambda: asked.append("one version"))
    monkeypatch.setattr(airflow_local_settings, "check_each_schema_once", lambda: asked.append("each schema once"))
    monkeypatch.setattr("sys.argv", words)

    airflow_local_settings.begin()

    assert asked == ["one version", "each schema once"][: 2 * alone]
    assert gc.get_threshold() == (100_000, 20, 20)


def test_a_schema_is_checked_once_and_a_wrong_one_or_a_wrong_value_is_refused_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checks = Mock(side_effect=Draft202012Validator.check_schema)
    monkeypatch.setattr(Draft202012Validator, "check_schema", checks)

    airflow_local_settings.check_each_schema_once()

    for _ in range(2):
        validate("text", {"type": "string"})
        with pytest.raises(ValidationError):
            validate(1, {"type": "string"})
        with pytest.raises(SchemaError):
            validate("text", {"type": "nonsense"})
    assert [call.args[0]["type"] for call in checks.call_args_list] == ["string", "nonsense", "nonsense"]
