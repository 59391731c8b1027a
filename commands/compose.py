"""What ``docker-compose.yaml`` runs: its secrets, the stack in its embedded AWS, its health checks.

The health checks and the secrets need nothing but Python, so that they cost little and run before any set-up.
"""

import argparse
import base64
import json
import os
import secrets
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

ENV_FILE = Path(__file__).resolve().parents[1] / ".env"
AWS_PORT = 4566
AWS_URL = f"http://127.0.0.1:{AWS_PORT}"
AIRFLOW_URL = "http://127.0.0.1:8080"
_HEALTH_SECONDS = 5.0


def main() -> None:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(prog="python -m commands.compose", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("env", help=f"write new random secrets to {ENV_FILE.name}, unless it is there")
    deploy = commands.add_parser("deploy", help="deploy a data set's stack to the embedded AWS of this network")
    deploy.add_argument("--dataset", default="ev_population", help="which file of datasets/ (default: %(default)s)")
    health = commands.add_parser("health", help="end with status 0 if a part is healthy")
    health.add_argument("part", choices=["aws", "metadatabase", "scheduler", "dag_processor", "triggerer"])
    arguments = parser.parse_args()
    if arguments.command == "env":
        write_env_file(ENV_FILE)
    elif arguments.command == "deploy":
        _deploy(arguments.dataset)
    else:
        sys.exit(0 if is_healthy(arguments.part) else 1)


def new_secrets() -> dict[str, str]:
    """Draw the secrets that ``docker-compose.yaml`` takes, each safe within a URL."""
    from local_aws.access_key import ID_VARIABLE, SECRET_VARIABLE, AccessKey  # noqa: PLC0415 - not in Airflow's image

    key = AccessKey.drawn()
    return {
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        # A Fernet key is 32 bytes in URL-safe Base64: https://cryptography.io/en/latest/fernet/
        "AIRFLOW_FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "AIRFLOW_JWT_SECRET": secrets.token_urlsafe(64),
        "AIRFLOW_API_SECRET_KEY": secrets.token_urlsafe(32),
        ID_VARIABLE: key.id,
        SECRET_VARIABLE: key.secret,
    }


def write_env_file(path: Path) -> None:
    """Write new secrets, readable by their owner alone.

    Args:
        path: The file; what is there is kept, because the database was made with its password, and what an older
            version of this project did not ask for is added.
    """
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    named = {line.partition("=")[0] for line in there.splitlines()}
    text = "".join(f"{name}={value}\n" for name, value in new_secrets().items() if name not in named)
    if not text:
        sys.exit(f"{path} exists and is kept: the database was made with its password.")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.fchmod(descriptor, 0o600)
    if there and not there.endswith("\n"):
        text = f"\n{text}"
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
        file.write(text)
    print(f"{path}: {len(text.split())} new secrets for docker-compose")


def is_healthy(part: str, *, aws_url: str = AWS_URL, airflow_url: str = AIRFLOW_URL) -> bool:
    """Ask the embedded AWS, or Airflow's API server, whether a part is healthy.

    The API server reads the heartbeat that every part of Airflow leaves in the database:
    https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/logging-monitoring/check-health.html

    Args:
        part: ``aws``, or a part of Airflow by its name in the API server's answer.
        aws_url: Where the embedded AWS is.
        airflow_url: Where the API server is.
    """
    if part == "aws":
        return _is_guarded(aws_url)
    health = _answer(f"{airflow_url}/api/v2/monitor/health") or {}
    of_part = health.get(part)
    return isinstance(of_part, Mapping) and of_part.get("status") == "healthy"


def aws_environment() -> dict[str, str]:
    """The variables with which a program in the service ``aws``, or beside it, calls the embedded AWS."""
    from local_aws.access_key import ID_VARIABLE, AccessKey, AccessKeyError  # noqa: PLC0415 - not in Airflow's image
    from local_aws.environment import client_environment  # noqa: PLC0415

    try:
        key = AccessKey.named(os.environ)
    except AccessKeyError as error:
        sys.exit(str(error))
    if key is None:
        sys.exit(f"{ID_VARIABLE} is not set: docker-compose takes it from {ENV_FILE.name}.")
    return client_environment(AWS_PORT, key)


def _is_guarded(url: str) -> bool:
    """Whether the embedded AWS is there: it refuses this request, which nobody signed, and says so at once."""
    try:
        urllib.request.urlopen(url, timeout=_HEALTH_SECONDS).close()  # noqa: S310 - always http
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code == HTTPStatus.FORBIDDEN
    except (OSError, ValueError):
        pass
    return False


def _answer(url: str) -> Mapping[str, object] | None:
    try:
        with urllib.request.urlopen(url, timeout=_HEALTH_SECONDS) as response:  # noqa: S310 - always http
            document = json.load(response)
    except (OSError, urllib.error.URLError, ValueError):
        return None
    return document if isinstance(document, dict) else {}


def _deploy(name: str) -> None:
    from commands.cdk_cli import synthesized  # noqa: PLC0415 - the other commands run without the core
    from commands.project import find_dataset, say  # noqa: PLC0415

    dataset = find_dataset(name)
    environment = aws_environment()
    # A container keeps nothing: its user may write to the temporary folder alone.
    with synthesized(dataset, environment) as assembly:
        assembly.bootstrap(environment)
        outputs = assembly.deploy(dataset, environment)
    for output, value in sorted(outputs.items()):
        say(f"{output}  {value}")


if __name__ == "__main__":
    main()
