import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from moto import mock_aws

from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo_stack.asset import stage

ROOT = Path(__file__).parents[3]


class Context:
    """Lambda's context, with a minute left."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The services that moto stands in for, and credentials that reach nothing else."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield


@pytest.fixture
def load_handler(tmp_path: Path) -> Callable[[str], ModuleType]:
    """Loads a handler from a folder laid out as the Lambda function's zip file."""
    folder = tmp_path / "task"
    folder.mkdir()
    stage(ROOT / "lambdas", load_dataset(ROOT / "datasets" / "ev_population.toml").rules, folder)

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"staged_{name}", folder / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
