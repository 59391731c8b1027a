"""The dependency audit of `make lint`: pip-audit against a vulnerability service that this module plays."""

import io
import json
import logging
import runpy
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest

from commands import audit, dependency_audit
from commands.audit_allowances import Allowances
from commands.dependency_audit import OSV_URL, Finding, PinsError, audit_pins

KNOWN = {
    ("leaky", "1.0"): {
        "id": "PYSEC-2026-7",
        "aliases": ["CVE-2026-7", "GHSA-aaaa-bbbb-cccc"],
        "summary": "leaks",
        "affected": [
            {
                "package": {"name": "leaky", "ecosystem": "PyPI"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}],
            }
        ],
    }
}


class _Osv(BaseHTTPRequestHandler):
    """Answers as https://google.github.io/osv.dev/post-v1-query/ says, or as the test wants."""

    status = 200

    def do_POST(self) -> None:
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = KNOWN.get((query["package"]["name"], query["version"]))
        body = json.dumps({"vulns": [known]} if known else {}).encode()
        self.send_response(type(self).status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def osv(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Osv]]:
    service = type("Osv", (_Osv,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), service) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv(OSV_URL, f"http://127.0.0.1:{server.server_port}/v1/query")
        yield service
        server.shutdown()
        thread.join()


@pytest.fixture
def pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text("leaky==1.0\nsound==2.0 ; sys_platform == 'linux'\n", encoding="utf-8")
    monkeypatch.setattr(audit, "REQUIREMENTS", (path,))
    # The scan of the whole checkout is not what is tested here.
    monkeypatch.setattr(audit, "checkout_files", lambda _: [])
    return path


def allow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, until: date, name: str = "CVE-2026-7") -> None:
    path = tmp_path / "audit.toml"
    entry = f'[[vulnerability]]\nid = "{name}"\nreason = "never called"\nuntil = {until.isoformat()}\n'
    path.write_text(entry, encoding="utf-8")
    monkeypatch.setattr(audit, "ALLOWANCES", path)


def run_here(command: Sequence[str], **_: Any) -> subprocess.CompletedProcess[str]:
    """Run `python -m pip_audit …` in this process, which has imported it: a process for each takes most of a second."""
    assert command[:3] == [sys.executable, "-m", "pip_audit"]
    output, errors = io.StringIO(), io.StringIO()
    logged, status = logging.StreamHandler(errors), 0
    logger = logging.getLogger("pip_audit")
    logger.addHandler(logged)
    try:
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(errors):
            patch.setattr(sys, "argv", ["pip-audit", *command[3:]])
            runpy.run_module("pip_audit", run_name="__main__")
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except Exception:
        traceback.print_exc(file=errors)
        status = 1
    finally:
        logger.removeHandler(logged)
    return subprocess.CompletedProcess(command, status, output.getvalue(), errors.getvalue())


@pytest.fixture
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what does not depend on how pip-audit starts and ends: the other tests start it as `make lint` does."""
    monkeypatch.setattr(dependency_audit, "subprocess", SimpleNamespace(run=run_here))


TODAY = datetime.now(UTC).date()


def test_a_vulnerable_pin_is_found_and_what_mends_it_is_said(osv: type[_Osv], pins: Path) -> None:
    audited = audit_pins([pins], Allowances())

    [finding] = audited.findings
    assert finding == Finding("leaky 1.0", ("PYSEC-2026-7", "CVE-2026-7", "GHSA-aaaa-bbbb-cccc"), ("1.1",))
    assert finding.sentence().endswith("pin 1.1")
    assert (audited.packages, audited.unreachable) == (2, None)


@pytest.mark.usefixtures("no_process")
def test_a_finding_fails_the_build(osv: type[_Osv], pins: Path) -> None:
    with pytest.raises(SystemExit, match=r"leaky 1\.0 is vulnerable: PYSEC-2026-7, CVE-2026-7"):
        audit.main()


@pytest.mark.usefixtures("no_process")
def test_a_finding_that_is_allowed_under_any_of_its_names_passes_up_to_its_day(
    osv: type[_Osv], pins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    allow(monkeypatch, tmp_path, TODAY + timedelta(days=1))

    audit.main()

    assert "2 pinned packages: no known vulnerability that is not let pass." in capsys.readouterr().out


@pytest.mark.usefixtures("no_process")
def test_what_was_allowed_for_a_time_fails_the_build_after_it(
    osv: type[_Osv], pins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch, tmp_path, TODAY - timedelta(days=1))

    with pytest.raises(SystemExit, match=r"CVE-2026-7 was let pass until .* look at it again"):
        audit.main()


@pytest.mark.usefixtures("no_process")
def test_an_allowance_that_nothing_needs_is_told(
    osv: type[_Osv], pins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pins.write_text("sound==2.0\n", encoding="utf-8")
    allow(monkeypatch, tmp_path, TODAY + timedelta(days=1), "CVE-2020-1")

    audit.main()

    assert "no pin has the vulnerability CVE-2020-1 any more" in capsys.readouterr().out


def told_that_nothing_was_looked_up(capsys: pytest.CaptureFixture[str]) -> bool:
    _, line = capsys.readouterr().out.splitlines()  # the first is of secrets
    return line.startswith(
        "NOT AUDITED: the vulnerability service cannot be reached; no pin was looked up (http://127.0.0.1:"
    )


def test_a_service_that_fails_is_told_in_one_line_and_fails_nothing(
    osv: type[_Osv], pins: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    osv.status = 503

    audit.main()

    assert told_that_nothing_was_looked_up(capsys)


@pytest.mark.usefixtures("no_process")
def test_a_service_that_is_not_there_is_told_in_one_line_and_fails_nothing(
    pins: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(OSV_URL, "http://127.0.0.1:1/v1/query")

    audit.main()

    assert told_that_nothing_was_looked_up(capsys)


@pytest.mark.usefixtures("no_process")
def test_requirements_that_cannot_be_read_are_no_missing_service(pins: Path) -> None:
    pins.write_text("leaky>=1.0\n", encoding="utf-8")

    with pytest.raises(PinsError, match="cannot read the requirements"):
        audit_pins([pins], Allowances())
