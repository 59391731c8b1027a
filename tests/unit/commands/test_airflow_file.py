"""``build/airflow.env``: what a shell and an editor have of it."""

import json
import shutil
import stat
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dotenv import dotenv_values

from commands import airflow_file
from local_aws.access_key import AccessKey
from local_aws.environment import client_environment

SHELLS = [shell for shell in ("sh", "bash", "dash", "zsh") if shutil.which(shell)]
HOSTILE = {
    "AWS_PROFILE": "production",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://production",
    "AIRFLOW_HOME": "/production",
    "PYTHONWARNINGS": "error",
    "CSVDYNAMO_LOCAL_HOSTS": "10.0.0.1",
    "all_proxy": "socks5h://127.0.0.1:1",
    "HTTPS_PROXY": "http://proxy.example:3128",
    "NO_PROXY": "inner.example",
    "MANY_LINES": "one\nAWS_X=two\nthree",
    "FORCE_COLOR": "1",
    "csvdynamo_name": "mine",
    "HOME": "/my home",
}


def read_by(shell: str, file: Path, inherited: dict[str, str]) -> dict[str, str]:
    """What a program has that is started by a shell which has read the file."""
    done = subprocess.run(
        [shell, "-euc", '. "$0"; env -0', str(file)],
        env={"PATH": "/usr/bin:/bin", **inherited},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return dict(line.split("=", 1) for line in done.stdout.split("\0") if line)


@pytest.fixture
def deployed() -> Any:
    """As an embedded AWS with TLS, in folders with names that shells take apart."""
    authority = Path("/my tmp/ü/it's $HOME/authority.pem")
    variables = client_environment(9, AccessKey.drawn(), authority)
    return SimpleNamespace(aws=SimpleNamespace(environment=variables, secure=False))


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_has_the_embedded_aws_and_this_checkout_and_nothing_of_another(
    deployed: Any, shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, samples = tmp_path / "airflow.env", tmp_path / 'my `samples` "ü"'
    monkeypatch.setattr(airflow_file, "AIRFLOW_FILE", file)
    monkeypatch.setattr(airflow_file, "SAMPLES", samples)
    monkeypatch.setattr(airflow_file, "BIN", tmp_path / "my bin")
    home = tmp_path / "it's home"

    with airflow_file.told_in_airflow_file(deployed, home, {"AIRFLOW__API__PORT": "8080"}):
        mode = stat.S_IMODE(file.stat().st_mode)
        had = read_by(shell, file, HOSTILE)
        for_editors = dotenv_values(file)
        twice = read_by(shell, file, had)
    assert not file.exists()

    assert mode == 0o600
    assert deployed.aws.environment.items() <= had.items()
    assert (had["AIRFLOW_HOME"], had["AIRFLOW__API__PORT"]) == (str(home), "8080")
    assert had["CSVDYNAMO_LOCAL_FOLDER"] == str(samples)
    connection = json.loads(had["AIRFLOW_CONN_AWS_DEFAULT"])
    assert connection["password"] == deployed.aws.environment["AWS_SECRET_ACCESS_KEY"]
    assert had["PATH"] == f"{tmp_path / 'my bin'}:/usr/bin:/bin"
    gone = {name for name in HOSTILE if name not in had}
    assert gone >= {"AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "PYTHONWARNINGS"}
    assert gone >= {"CSVDYNAMO_LOCAL_HOSTS", "all_proxy", "FORCE_COLOR"}
    assert all(had[name] == HOSTILE[name] for name in ("HTTPS_PROXY", "MANY_LINES", "HOME"))
    assert had["NO_PROXY"] == had["no_proxy"] == "127.0.0.1,localhost,inner.example"
    assert {name for name in had if twice[name] != had[name]} == {"PATH", "NO_PROXY", "no_proxy"}
    # Editors do without what only a shell can say: a quote within quotes, and what was there before.
    simple = {name for name in for_editors if not {"'", "`"} & set(had[name])} - {"PATH", "NO_PROXY", "no_proxy"}
    assert simple > {"AIRFLOW__CORE__DAGS_FOLDER", "AIRFLOW_CONN_AWS_DEFAULT", "AWS_ENDPOINT_URL", "PYTHONPATH"}
    assert all(for_editors[name] == had[name] for name in simple)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_who_reaches_everything_without_a_proxy_still_does(shell: str, name: str, tmp_path: Path) -> None:
    file = tmp_path / "airflow.env"
    file.write_text(airflow_file.airflow_file({}, tmp_path), encoding="utf-8")

    had = read_by(shell, file, {name: "*"})

    assert had["NO_PROXY"] == had["no_proxy"] == "*"
    assert read_by(shell, file, had)["NO_PROXY"] == "*"
