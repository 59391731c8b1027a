from pathlib import Path

import pytest

from csvdynamo_stack.asset import stage


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "lambdas"
    (folder / "core" / "__pycache__").mkdir(parents=True)
    (folder / "handler.py").write_text("handler")
    (folder / "core" / "rules.py").write_text("rules")
    (folder / "core" / "__pycache__" / "rules.cpython-311.pyc").write_bytes(b"\0")
    (folder / ".DS_Store").touch()
    return folder


@pytest.fixture
def dataset_file(tmp_path: Path) -> Path:
    folder = tmp_path / "datasets"
    folder.mkdir()
    (folder / "cars.toml").write_text("cars")
    (folder / "trees.toml").write_text("trees")
    return folder / "trees.toml"


def staged(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_asset_holds_the_code_and_one_data_set_and_nothing_else(
    code: Path, dataset_file: Path, tmp_path: Path
) -> None:
    target = tmp_path / "asset"
    target.mkdir()

    stage(code, dataset_file, target)

    assert staged(target) == {"handler.py": b"handler", "core/rules.py": b"rules", "datasets/trees.toml": b"trees"}


def test_a_missing_data_set_file_is_an_error(code: Path, tmp_path: Path) -> None:
    target = tmp_path / "asset"
    target.mkdir()

    with pytest.raises(FileNotFoundError):
        stage(code, tmp_path / "none.toml", target)
