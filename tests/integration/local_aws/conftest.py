import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_aws import LocalAws
from local_aws.access_key import AccessKey
from local_aws.environment import client_environment, endpoint, server_environment
from tests.integration.local_aws.cloud import Cloud


@pytest.fixture(scope="session")
def embedded() -> Iterator[Cloud]:
    with LocalAws(settings={"LOCAL_AWS_FIREHOSE_DELAY_SECONDS": "0.3"}) as aws:
        yield Cloud(aws.environment)


@pytest.fixture(scope="session")
def secure() -> Iterator[Cloud]:
    """One that enforces IAM and serves TLS."""
    with LocalAws(secure=True, settings={"LOCAL_AWS_FIREHOSE_DELAY_SECONDS": "0.1"}) as aws:
        yield Cloud(aws.environment)


@pytest.fixture(scope="session")
def plain() -> Iterator[Cloud]:
    """MiniStack as it is published, without the additions."""
    home = Path(tempfile.mkdtemp(prefix="plain-ministack-"))
    (home / "tmp").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    key = AccessKey.drawn()
    process = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env=server_environment(os.environ, home=home, port=port, key=key),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await_health(process, port)
        yield Cloud(client_environment(port, key))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        shutil.rmtree(home)


def _await_health(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{endpoint(port)}/_ministack/health", timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    pytest.fail("plain MiniStack did not start")
