"""``make ui`` in a process of its own, as a person starts it, and what it tells of itself."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from commands.airflow_api import Login
from commands.embedded_assembly import embedded_assembly
from commands.project import DEFAULT_DATASET, ROOT
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo_airflow.settings import DATASETS_FOLDER
from local_aws.access_key import AccessKey
from local_aws.environment import client_environment

_READY = re.compile(r"Ready: (?P<url>\S+)  \(user (?P<user>\S+), password (?P<password>\S+)\)")
_STOP_SECONDS = 120.0
_DATASETS = "asking"
# A person waits a minute for a delivery of rejects; what is looked at here comes after it.
_QUICK = {"LOCAL_AWS_FIREHOSE_DELAY_SECONDS": "0.2"}


@dataclass(frozen=True)
class MakeUi:
    """A running ``make ui``.

    Attributes:
        login: Where Airflow is, and its user.
        build: The folder that it works in.
        other: The outputs of another data set's stack, where that is looked at; None for the one that it deployed.
    """

    login: Login
    build: Path
    other: Mapping[str, str] | None = None

    @property
    def sources(self) -> Path:
        """The folder below which its DAGs may read files."""
        return self.build / "sample"

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs of the data set's stack."""
        outputs: dict[str, str] = dict(self.other or self._told()["outputs"])
        return outputs

    def with_data_set(self, file: Path) -> "MakeUi":
        """Deploy another data set's stack beside it; Airflow finds its DAG by itself.

        Args:
            file: The data set file.
        """
        copy = self.build / _DATASETS / file.name
        shutil.copyfile(file, copy)
        dataset, told = load_dataset(copy), self._told()
        port = urlsplit(told["endpoint"]).port
        assert port
        environment = client_environment(port, AccessKey(told["access_key_id"], told["secret_access_key"]))
        return replace(self, other=embedded_assembly(dataset, folder=copy.parent).deploy(dataset, environment))

    def client(self, service: Any) -> Any:
        """Make a boto3 client of its embedded AWS."""
        told = self._told()
        return boto3.client(
            service,
            endpoint_url=told["endpoint"],
            region_name="us-east-1",
            aws_access_key_id=told["access_key_id"],
            aws_secret_access_key=told["secret_access_key"],
        )

    def object(self, key: str) -> bytes:
        """Read an object of the stack's bucket."""
        answer = self.client("s3").get_object(Bucket=self.outputs["SourceBucket"], Key=key)
        body: bytes = answer["Body"].read()
        return body

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.build / "aws.json").read_text(encoding="utf-8"))
        return told


@contextmanager
def make_ui(build: Path) -> Iterator[MakeUi]:
    """Start it, wait until it is ready, and stop it as Ctrl-C does.

    Args:
        build: The folder that it works in.
    """
    with subprocess.Popen(
        ["make", "ui"],
        cwd=ROOT,
        env={**os.environ, **_QUICK, "CSVDYNAMO_BUILD": str(build), DATASETS_FOLDER: str(_asking(build))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield MakeUi(_login(process), build)
        finally:
            process.terminate()
            process.communicate(timeout=_STOP_SECONDS)


def _asking(build: Path) -> Path:
    """Write the worked example's data set file, with gates that ask a person; return its folder."""
    folder, name = build / _DATASETS, f"{DEFAULT_DATASET}.toml"
    folder.mkdir()
    text = (ROOT / "datasets" / name).read_text(encoding="utf-8")
    assert "[gates]\n" in text
    (folder / name).write_text(text.replace("[gates]\n", '[gates]\ngate = "approve"\n'), encoding="utf-8")
    return folder


def running_ui(build: Path) -> MakeUi:
    """Find a ``make ui`` that somebody started, by the folder that it works in.

    Args:
        build: The folder.
    """
    told = dict(re.findall(r"^(\w+)='?([^'\n]*)'?$", (build / "airflow.env").read_text(encoding="utf-8"), re.MULTILINE))
    passwords = json.loads((Path(told["AIRFLOW_HOME"]) / "passwords.json").read_text(encoding="utf-8"))
    [(user, password)] = passwords.items()
    return MakeUi(Login(told["AIRFLOW__API__BASE_URL"], user, password), build)


def _login(process: "subprocess.Popen[str]") -> Login:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if told := _READY.search(line):
            return Login(**told.groupdict())
    pytest.fail(f"make ui ended without being ready:\n{said}")
