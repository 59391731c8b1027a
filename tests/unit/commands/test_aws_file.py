import json
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from commands import aws_file
from local_aws.access_key import AccessKey
from local_aws.environment import client_environment


def test_the_file_tells_how_to_call_the_embedded_aws_and_goes_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, key, authority = tmp_path / "aws.json", AccessKey.drawn(), tmp_path / "authority.pem"
    monkeypatch.setattr(aws_file, "AWS_FILE", path)
    environment = client_environment(9, key, authority)
    aws = SimpleNamespace(endpoint="https://127.0.0.1:9", pid=1, environment=environment, authority=authority)
    deployed: Any = SimpleNamespace(aws=aws, outputs={"SourceBucket": "bucket"})

    with aws_file.told_in_aws_file(deployed):
        told = json.loads(path.read_text())
        mode = stat.S_IMODE(path.stat().st_mode)

    assert mode == 0o600
    assert told == {
        "endpoint": "https://127.0.0.1:9",
        "pid": 1,
        "access_key_id": key.id,
        "secret_access_key": key.secret,
        "outputs": {"SourceBucket": "bucket"},
        "ca_bundle": str(authority),
    }
    assert not path.exists()
