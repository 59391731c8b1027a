"""What was synthesized is used again for the same sources, and for no others."""

from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock, Timeout

from commands import embedded_assembly, kept
from commands.cdk_cli import Assembly
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset

DATASET = """
[source]
url = "https://example.com/a.csv"
file_name = "a.csv"
[table]
name = "tb_trees"
partition_key = "id"
"""


class Checkout:
    """A checkout with an app, functions and a data set file, and how often it was synthesized."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.synthesized = 0
        for name in ("cdk/app.py", "lambdas/handler.py", "src/csvdynamo/rules.py", "package-lock.json"):
            self.write(name, "1")
        self.write("datasets/trees.toml", DATASET)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    @property
    def dataset(self) -> Dataset:
        return load_dataset(self.root / "datasets" / "trees.toml")

    def synthesize(self, folder: Path, environment: Any, **_: Any) -> Assembly:
        self.synthesized += 1
        (folder / "trees.template.json").write_text(str(self.synthesized), encoding="utf-8")
        return Assembly(folder)

    def assembly(self) -> str:
        folder = embedded_assembly.embedded_assembly(self.dataset, folder=self.root / "datasets").folder
        return (folder / "trees.template.json").read_text(encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    made = Checkout(tmp_path / "checkout")
    monkeypatch.setattr(embedded_assembly, "ROOT", made.root)
    monkeypatch.setattr(embedded_assembly, "CDK", made.root / "cdk")
    monkeypatch.setattr(embedded_assembly, "synthesize", made.synthesize)
    monkeypatch.setenv(kept.KEPT, str(tmp_path / "kept"))
    return made


def test_the_same_sources_are_synthesized_once(checkout: Checkout) -> None:
    first = checkout.assembly()
    checkout.write("cdk/cdk.out/tree.json", "what an earlier synthesis left")
    checkout.write("lambdas/__pycache__/handler.pyc", "what Python left")

    assert (first, checkout.assembly(), checkout.synthesized) == ("1", "1", 1)


@pytest.mark.parametrize(
    "changed",
    [
        "cdk/app.py",
        "cdk/new.py",
        "lambdas/handler.py",
        "src/csvdynamo/rules.py",
        "package-lock.json",
        "datasets/trees.toml",
    ],
)
def test_whatever_goes_into_it_changes_makes_another(checkout: Checkout, changed: str) -> None:
    checkout.assembly()
    checkout.write(changed, DATASET + "[limits]\nmax_concurrency = 1\n" if changed.endswith(".toml") else "2")

    assert checkout.assembly() == "2"


def test_the_cdks_own_check_is_left_to_lint_and_to_a_deploy_to_an_account(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, str] = {}

    def synthesize(folder: Path, environment: dict[str, str], **more: Any) -> Assembly:
        given.update(environment)
        return checkout.synthesize(folder, environment, **more)

    monkeypatch.setattr(embedded_assembly, "synthesize", synthesize)
    checkout.assembly()

    assert given["CDK_VALIDATION"] == "false"


def test_who_needs_one_that_is_being_synthesized_waits_for_it(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def synthesize(folder: Path, environment: Any, **more: Any) -> Assembly:
        with pytest.raises(Timeout):
            FileLock(tmp_path / "kept" / "cdk.lock").acquire(timeout=0)
        return checkout.synthesize(folder, environment, **more)

    monkeypatch.setattr(embedded_assembly, "synthesize", synthesize)

    assert checkout.assembly() == "1"


def test_another_version_of_the_cdk_makes_another(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout.assembly()
    monkeypatch.setattr(kept.metadata, "version", lambda package: f"another {package}")

    assert checkout.assembly() == "2"


def test_a_synthesis_that_failed_leaves_nothing(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def half(folder: Path, *_: Any, **__: Any) -> Assembly:
        (folder / "half").touch()
        raise SystemExit("cdk synth failed")

    with monkeypatch.context() as failing:
        failing.setattr(embedded_assembly, "synthesize", half)
        with pytest.raises(SystemExit):
            checkout.assembly()

    assert list((tmp_path / "kept" / "cdk").iterdir()) == []
    assert checkout.assembly() == "1"
