from pathlib import Path

import pytest

from csvdynamo.errors import DatasetError
from csvdynamo.writing.settings import SettingError, setting, staged_dataset


def stage(folder: Path, text: str, *names: str) -> None:
    (folder / "datasets").mkdir()
    for name in names:
        (folder / "datasets" / name).write_text(text)


def test_the_one_staged_data_set_is_loaded(tmp_path: Path, minimal_text: str) -> None:
    stage(tmp_path, minimal_text, "cars.toml", "notes.txt")

    assert staged_dataset(tmp_path).name == "cars"


@pytest.mark.parametrize("names", [(), ("a.toml", "b.toml")])
def test_none_or_several_staged_data_sets_are_refused(
    tmp_path: Path, minimal_text: str, names: tuple[str, ...]
) -> None:
    stage(tmp_path, minimal_text, *names)

    with pytest.raises(DatasetError, match=f"exactly one data set file, found {len(names)}"):
        staged_dataset(tmp_path)


def test_a_setting_that_the_stack_did_not_give_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESTINATION_TABLE_NAME", "")

    with pytest.raises(SettingError, match="DESTINATION_TABLE_NAME"):
        setting("DESTINATION_TABLE_NAME")
