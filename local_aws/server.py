"""Start the embedded AWS from another process, and stop it again."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from local_aws.access_key import AccessKey
from local_aws.certificate import Certificate
from local_aws.environment import client_environment, endpoint
from local_aws.inherited import from_shell

_PROJECT = Path(__file__).resolve().parent.parent
_START_SECONDS = 60.0
_STOP_SECONDS = 15.0
_WORKERS_STOP_SECONDS = 2.0
_POLL_SECONDS = 0.05
_LOG_TAIL_BYTES = 4_000


class LocalAwsError(RuntimeError):
    """The embedded AWS did not start, or is not running."""


@dataclass
class LocalAws:
    """The embedded AWS in a process of its own, on a free port of 127.0.0.1.

    A context manager: it is stopped, and all that it wrote removed, on leaving. Unless `keep` is set, the server
    also stops by itself when the process that started it ends in any way.

    Example:
        >>> with LocalAws() as aws:                                          # doctest: +SKIP
        ...     boto3.client("s3", endpoint_url=aws.endpoint, region_name="us-east-1", ...)

    Attributes:
        keep: leave it running after its starter has ended; SIGTERM to `pid` then stops it and removes its folder.
        secure: enforce IAM, also for what AWS services do with their roles, and serve TLS alone. The key of
            `environment` is the account's root's, who may do anything.
        log: file for the server's output. None: an unnamed file that lasts as long as this object.
        settings: further environment variables for the server, such as ``LOCAL_AWS_MAP_WORKERS`` or ``AUTH``.
        begin_with: folder of what another one left, with which it begins; None: an empty account.
        leave_state: folder for what its services hold when it is stopped, all but the objects in S3's buckets.
    """

    keep: bool = False
    secure: bool = False
    log: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    begin_with: Path | None = None
    leave_state: Path | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _output: IO[bytes] | None = field(default=None, init=False, repr=False)
    _home: Path | None = field(default=None, init=False, repr=False)
    _port: int | None = field(default=None, init=False, repr=False)
    _key: AccessKey | None = field(default=None, init=False, repr=False)

    def start(self) -> Self:
        """Start the server and wait until it answers.

        Raises:
            LocalAwsError: it ended, or did not answer in time; the message holds the end of its log.
        """
        if self._process is not None:
            raise LocalAwsError("This LocalAws is already started: stop it first, or make another one.")
        self._home = Path(tempfile.mkdtemp(prefix="local-aws-"))
        self._output = self.log.open("w+b") if self.log else tempfile.TemporaryFile()  # noqa: SIM115
        ready = self._home / "ready.json"
        # A session of its own: Ctrl-C in a terminal reaches the starter alone, which stops the server in good order.
        self._process = subprocess.Popen(
            self._command(ready),
            cwd=_PROJECT,
            env={**from_shell(os.environ), **self.settings},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self._port, self._key = self._await_ready(ready, self._process)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server with its Lambda workers and remove its folder; nothing happens if it is not running."""
        process, self._process, self._port, self._key = self._process, None, None, None
        if process is not None:
            _end(process)
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None
        if self._output is not None:
            self._output.close()
            self._output = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self.keep:
            self.stop()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._started().pid

    @property
    def port(self) -> int:
        """The port of 127.0.0.1 that it listens on."""
        self._started()
        assert self._port is not None
        return self._port

    @property
    def endpoint(self) -> str:
        """The URL for ``endpoint_url`` and ``AWS_ENDPOINT_URL``."""
        return endpoint(self.port, secure=self.secure)

    @property
    def authority(self) -> Path | None:
        """The certificate that clients trust, as ``AWS_CA_BUNDLE``; None without TLS."""
        self._started()
        assert self._home is not None
        return Certificate.in_home(self._home).authority if self.secure else None

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which an AWS SDK or CLI talks to it, and to nothing else: the access key among them."""
        self._started()
        assert self._key is not None
        return client_environment(self.port, self._key, self.authority)

    @property
    def log_tail(self) -> str:
        """The last few lines of the server's output."""
        if self._output is None:
            return ""
        size = os.fstat(self._output.fileno()).st_size
        start = max(0, size - _LOG_TAIL_BYTES)
        return os.pread(self._output.fileno(), _LOG_TAIL_BYTES, start).decode("utf-8", "replace")

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise LocalAwsError("The embedded AWS is not running: call start(), or use it in a with statement.")
        return self._process

    def _command(self, ready: Path) -> list[str]:
        command = [sys.executable, "-m", "local_aws", "--home", str(ready.parent), "--ready-file", str(ready)]
        if self.secure:
            command.append("--secure")
        if self.begin_with is not None:
            command += ["--begin-with", str(self.begin_with)]
        if self.leave_state is not None:
            command += ["--leave-state", str(self.leave_state)]
        return command if self.keep else [*command, "--stop-with-parent", str(os.getpid())]

    def _await_ready(self, ready: Path, process: subprocess.Popen[bytes]) -> tuple[int, AccessKey]:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if ready.exists():
                told = json.loads(ready.read_text())
                return int(told["port"]), AccessKey(told["access_key_id"], told["secret_access_key"])
            if process.poll() is not None:
                raise LocalAwsError(f"The embedded AWS ended with status {process.returncode}:\n{self.log_tail}")
            time.sleep(_POLL_SECONDS)
        raise LocalAwsError(f"The embedded AWS did not answer within {_START_SECONDS:.0f} s:\n{self.log_tail}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    # Its session holds nothing but its Lambda workers; those of a server that was killed have nobody else to end them.
    deadline = time.monotonic() + _WORKERS_STOP_SECONDS
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
        while time.monotonic() < deadline:
            os.killpg(process.pid, 0)
            time.sleep(_POLL_SECONDS)
