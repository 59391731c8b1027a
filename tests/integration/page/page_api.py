"""A process with Airflow's API server and the page's routes, over moto: a request in, an answer out, a JSON line each.

``python page_api.py FOLDER``: FOLDER has the objects of each data set's bucket, below its name. It is a process of its
own because Airflow's settings, plugins and users are read once a process. The user of a request is its ``user``; what
they may read is in `page_auth`.
"""

import base64
import gc
import json
import os
import sys
from pathlib import Path
from unittest.mock import patch

import boto3
from moto import mock_aws

from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.stack import Stack
from csvdynamo_airflow.web import runs


def put(folder: Path) -> None:
    """Make the bucket of each data set, and put its objects there."""
    s3 = boto3.client("s3")
    for data in sorted(folder.iterdir()):
        s3.create_bucket(Bucket=bucket_of(data.name))
        for file in filter(Path.is_file, data.rglob("*")):
            s3.put_object(Bucket=bucket_of(data.name), Key=str(file.relative_to(data)), Body=file.read_bytes())


def bucket_of(dataset: str) -> str:
    return f"csvdynamo-{dataset}-bucket"


def stack_of(folder: Path, dataset: Dataset) -> Stack:
    """What the outputs of a data set's stack would tell: moto has no CloudFormation here."""
    if not (folder / dataset.name).is_dir():
        raise MigrationError(f"There is no stack {dataset.stack_name} in us-east-1. Deploy it first.")
    return Stack(
        dataset=dataset.name,
        bucket=bucket_of(dataset.name),
        state_machine_arn="machine",
        topic_arn="topic",
        table=f"tb_{dataset.name}",
        error_buffer_seconds=60,
        rules="rules",
        settings="settings",
    )


def main() -> None:
    gc.disable()  # while some million objects are made that stay
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else Airflow prints
    folder = Path(sys.argv[1])
    with mock_aws(), patch.object(runs, "read_stack", lambda _, dataset: stack_of(folder, dataset)):
        put(folder)
        from airflow.api_fastapi.app import create_app, get_auth_manager
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
        from fastapi.testclient import TestClient

        with TestClient(create_app(apps="core"), raise_server_exceptions=False) as client:
            gc.freeze()
            gc.enable()
            for line in sys.stdin:
                request = json.loads(line)
                headers = {}
                if user := request["user"]:
                    token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=user, role="admin"))
                    headers["Authorization"] = f"Bearer {token}"
                answer = client.get(request["path"], headers=headers)
                told = {
                    "status": answer.status_code,
                    "headers": dict(answer.headers),
                    "body": base64.b64encode(answer.content).decode(),
                }
                print(json.dumps(told), file=answers, flush=True)
            os._exit(0)  # which spares taking all of it apart again


if __name__ == "__main__":
    main()
