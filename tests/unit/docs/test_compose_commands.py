"""The commands that docker-compose.yaml runs: secrets and health checks."""

import base64
import json
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from commands.compose import aws_environment, is_healthy, new_secrets, write_env_file

HEALTH = {
    "metadatabase": {"status": "healthy"},
    "scheduler": {"status": "healthy", "latest_scheduler_heartbeat": "2026-01-01T00:00:00Z"},
    "triggerer": {"status": "unhealthy"},
    "dag_processor": None,
}


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        documents = {"/api/v2/monitor/health": HEALTH}
        body = json.dumps(documents.get(self.path)).encode()
        # As the embedded AWS does to what nobody signed.
        refusal = 403 if self.path == "/" else 404
        self.send_response(200 if self.path in documents else refusal)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Answers) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("part", "healthy"),
    [("metadatabase", True), ("scheduler", True), ("triggerer", False), ("dag_processor", False), ("aws", True)],
)
def test_a_part_is_as_healthy_as_the_server_says(server: str, part: str, healthy: bool) -> None:
    assert is_healthy(part, aws_url=server, airflow_url=server) is healthy


@pytest.mark.parametrize("part", ["aws", "scheduler"])
def test_a_part_is_unhealthy_when_nothing_answers_there(server: str, part: str) -> None:
    assert is_healthy(part, aws_url=f"{server}/elsewhere", airflow_url=f"{server}/elsewhere") is False


def test_the_fernet_key_is_32_bytes_and_every_secret_fits_a_url() -> None:
    secrets = new_secrets()

    assert len(base64.urlsafe_b64decode(secrets["AIRFLOW_FERNET_KEY"])) == 32
    assert all(not set(value) & set("/+@:%?#$ '\"") for value in secrets.values())


def test_secrets_differ_each_time() -> None:
    first, second = new_secrets(), new_secrets()

    assert all(first[name] != second[name] for name in first)


def test_the_secrets_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / ".env"

    write_env_file(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [line.partition("=")[0] for line in path.read_text().splitlines()] == list(new_secrets())


def test_a_secrets_file_that_is_there_is_kept_and_what_it_lacks_is_added(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("POSTGRES_PASSWORD=mine")

    write_env_file(path)

    written = path.read_text()
    assert written.startswith("POSTGRES_PASSWORD=mine\n")
    assert [line.partition("=")[0] for line in written.splitlines()] == list(new_secrets())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(SystemExit, match="is kept"):
        write_env_file(path)
    assert path.read_text() == written


def test_the_embedded_aws_of_the_containers_is_called_with_the_key_of_the_secrets_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = new_secrets()
    for name in ("LOCAL_AWS_ACCESS_KEY_ID", "LOCAL_AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, drawn[name])

    variables = aws_environment()

    assert variables["AWS_ACCESS_KEY_ID"] == drawn["LOCAL_AWS_ACCESS_KEY_ID"]
    assert variables["AWS_SECRET_ACCESS_KEY"] == drawn["LOCAL_AWS_SECRET_ACCESS_KEY"]
    monkeypatch.delenv("LOCAL_AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SystemExit, match="LOCAL_AWS_SECRET_ACCESS_KEY must have 20 characters"):
        aws_environment()
    monkeypatch.delenv("LOCAL_AWS_ACCESS_KEY_ID")
    with pytest.raises(SystemExit, match="LOCAL_AWS_ACCESS_KEY_ID is not set"):
        aws_environment()
