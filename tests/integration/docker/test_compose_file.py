"""The compose file as docker-compose would read it: structure only, nothing is started.

``make test-compose`` starts it.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from commands.compose import AIRFLOW_URL, AWS_URL, new_secrets
from commands.compose_images import POSTGRES_IMAGE, PYTHON_IMAGE
from csvdynamo.datasets.dataset_file import dataset_paths

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
AIRFLOW = ("api-server", "scheduler", "dag-processor", "triggerer")
ONE_SHOT = ("deploy", "migrate")
BUILT = ("csvdynamo-airflow:local", "csvdynamo-embedded-aws:local")


def test_the_services_are_airflows_its_database_the_embedded_aws_and_two_jobs() -> None:
    assert sorted(SERVICES) == sorted(["aws", "postgres", *AIRFLOW, *ONE_SHOT])


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in ONE_SHOT])
def test_every_lasting_service_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("aws", "aws"),
        ("api-server", "metadatabase"),
        ("scheduler", "scheduler"),
        ("dag-processor", "dag_processor"),
        ("triggerer", "triggerer"),
    ],
)
def test_a_health_check_asks_for_its_own_service(name: str, part: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"] == ["CMD", "python", "-m", "commands.compose", "health", part]


@pytest.mark.parametrize("name", ONE_SHOT)
def test_a_job_runs_once(name: str) -> None:
    assert SERVICES[name]["restart"] == "no"


@pytest.mark.parametrize("name", AIRFLOW)
def test_airflow_starts_after_the_database_is_migrated_and_the_stack_is_deployed(name: str) -> None:
    waits = {job: SERVICES[name]["depends_on"].get(job) for job in ONE_SHOT}

    assert waits == {job: {"condition": "service_completed_successfully"} for job in ONE_SHOT}


def test_a_service_waits_for_services_that_there_are() -> None:
    assert {other for service in SERVICES.values() for other in service.get("depends_on", {})} <= set(SERVICES)


def test_the_only_published_port_is_the_uis_and_on_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"aws": ["127.0.0.1:${CSVDYNAMO_UI_PORT:-8080}:8080"]}


@pytest.mark.parametrize("name", [*AIRFLOW, *ONE_SHOT])
def test_what_calls_the_embedded_aws_shares_its_loopback(name: str) -> None:
    assert SERVICES[name]["network_mode"] == "service:aws"


def test_the_ports_are_those_that_health_checks_and_connection_name() -> None:
    environment = SERVICES["scheduler"]["environment"]

    assert SERVICES["aws"]["command"][-2:] == ["--port", AWS_URL.rpartition(":")[2]]
    assert AWS_URL in environment["AIRFLOW_CONN_AWS_DEFAULT"]
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"{AIRFLOW_URL}/execution/"
    assert AIRFLOW_URL.rpartition(":")[2] in SERVICES["api-server"]["command"]


def test_every_image_is_built_here_or_pinned_to_a_release() -> None:
    images = {service["image"] for service in SERVICES.values()} - set(BUILT)
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", DOCKERFILE, re.MULTILINE))
    arguments = dict(re.findall(r"^ARG (\w+_IMAGE)=(\S+)", DOCKERFILE, re.MULTILINE))
    bases, named = set(arguments.values()), {f"${{{name}}}" for name in arguments}

    assert images == {POSTGRES_IMAGE}
    assert bases == {PYTHON_IMAGE}
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) <= stages | named
    assert all(re.fullmatch(r"[a-z]+:\d[\w.-]*", image) for image in images | bases)


@pytest.mark.parametrize("name", [name for name in SERVICES if SERVICES[name]["image"] in BUILT])
def test_a_service_of_this_project_builds_the_target_of_its_image(name: str) -> None:
    target = SERVICES[name]["build"]["target"]

    assert SERVICES[name]["image"] == f"csvdynamo-{target}:local"
    assert f" AS {target}\n" in DOCKERFILE


def test_every_secret_comes_from_the_environment_and_has_no_default() -> None:
    required = set(re.findall(r"\$\{(\w+):\?", TEXT))
    defaulted = set(re.findall(r"\$\{(\w+)(?::?-)", TEXT))

    assert required == set(new_secrets())
    assert defaulted == {"CSVDYNAMO_UI_PORT"}


def test_the_deployed_data_set_is_one_that_there_is() -> None:
    assert SERVICES["deploy"]["command"][-1] in {path.stem for path in dataset_paths(ROOT / "datasets")}


@pytest.mark.parametrize("stage", re.split(r"^(?=FROM )", DOCKERFILE, flags=re.MULTILINE)[1:])
def test_no_image_runs_as_root(stage: str) -> None:
    assert re.findall(r"^USER (\S+)", stage, re.MULTILINE)[-1] == "airflow"


def test_what_the_dockerfile_copies_is_there_and_passes_the_ignore_file() -> None:
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from=)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    admitted = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE)

    assert copied == set(admitted)
    assert all((ROOT / source).exists() for source in copied)


def test_a_run_may_read_the_folder_of_the_sample_and_no_other() -> None:
    folder = SERVICES["scheduler"]["environment"]["CSVDYNAMO_LOCAL_FOLDER"]

    assert f"commands.sample --out {folder}/" in DOCKERFILE
    assert "CSVDYNAMO_LOCAL_HOSTS" not in TEXT
