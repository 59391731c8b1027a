from collections.abc import Callable
from pathlib import Path

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.errors import RulesError
from csvdynamo.writing.settings import SettingError, setting, staged_rules


def test_the_staged_rules_are_those_of_the_data_set(tmp_path: Path, make_dataset: Callable[[str], Dataset]) -> None:
    rules = make_dataset("[columns.Make]\nrequired = true").rules
    (tmp_path / "rules.json").write_bytes(rules.to_json())

    assert staged_rules(tmp_path) == rules


def test_rules_that_are_not_there_are_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"rules\.json cannot be read \(No such file or directory\): deploy the stack"):
        staged_rules(tmp_path)


def test_a_setting_that_the_stack_did_not_give_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION_TABLE_NAME", "")

    with pytest.raises(SettingError, match="DESTINATION_TABLE_NAME"):
        setting("DESTINATION_TABLE_NAME")
