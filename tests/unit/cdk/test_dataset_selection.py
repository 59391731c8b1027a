from pathlib import Path

import pytest

from csvdynamo_stack.selection import SelectionError, Target, chosen_files, target


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("trees.toml", "cars.toml", "notes.txt"):
        (tmp_path / name).touch()
    return tmp_path


def test_every_data_set_file_gets_a_stack(folder: Path) -> None:
    assert [path.name for path in chosen_files(folder, None)] == ["cars.toml", "trees.toml"]


def test_one_data_set_can_be_chosen(folder: Path) -> None:
    assert chosen_files(folder, "trees") == [folder / "trees.toml"]


def test_an_unknown_data_set_is_refused_with_the_names_that_there_are(folder: Path) -> None:
    with pytest.raises(SelectionError, match=r"no data set 'boats'.*choose one of cars, trees"):
        chosen_files(folder, "boats")


def test_a_folder_without_data_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SelectionError, match="no data set file"):
        chosen_files(tmp_path, None)


def test_account_and_region_come_from_the_cdk_command_line() -> None:
    given = {"CDK_DEFAULT_ACCOUNT": "123456789012", "CDK_DEFAULT_REGION": "eu-west-1"}

    assert target(given) == Target("123456789012", "eu-west-1")


@pytest.mark.parametrize("missing", ["CDK_DEFAULT_ACCOUNT", "CDK_DEFAULT_REGION"])
def test_an_unknown_account_or_region_is_refused(missing: str) -> None:
    given = {"CDK_DEFAULT_ACCOUNT": "123456789012", "CDK_DEFAULT_REGION": "eu-west-1"}
    del given[missing]

    with pytest.raises(SelectionError, match="AWS credentials"):
        target(given)
