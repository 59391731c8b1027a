import importlib.util
import io
import shutil
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPMessage, parse_headers
from pathlib import Path
from types import ModuleType

import pytest
from botocore.awsrequest import AWSPreparedRequest
from moto import mock_aws
from moto.core.models import botocore_stubber

from csvdynamo.aws.kept_connections import HttpAnswer, KeptConnections
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
    monkeypatch.setattr(KeptConnections, "exchange", _through_moto)
    with mock_aws():
        yield


def _through_moto(connections: KeptConnections, requests: Iterable[bytes]) -> list[HttpAnswer]:
    """Let moto answer what would go to DynamoDB over a connection."""
    return [_answered(f"https://{connections.host}{connections.target}", request) for request in requests]


def _answered(url: str, request: bytes) -> HttpAnswer:
    head, _, body = request.partition(b"\r\n\r\n")
    _, _, lines = head.partition(b"\r\n")
    headers = parse_headers(io.BytesIO(lines + b"\r\n\r\n"))
    answer = botocore_stubber.process_request(AWSPreparedRequest("POST", url, headers, body, False))
    assert answer is not None
    status, given, text = answer
    told = HTTPMessage()
    for name, value in given.items():
        told[name] = str(value)
    return HttpAnswer(status, told, text.encode() if isinstance(text, str) else text)


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder laid out as the Lambda function's zip file, once: every module is parsed to find what goes into it."""
    folder = tmp_path_factory.mktemp("staged")
    stage(ROOT / "lambdas", load_dataset(ROOT / "datasets" / "ev_population.toml").rules, folder)
    return folder


@pytest.fixture
def load_handler(staged: Path, tmp_path: Path) -> Callable[[str], ModuleType]:
    """Loads a handler from the test's own copy of that folder."""
    folder = shutil.copytree(staged, tmp_path / "task")

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"staged_{name}", folder / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
