"""The commands as a person runs them: what they print, what they leave, and that they stop without a trace.

The person's shell is set for everything but this project, and its folders have a space in their names.
"""

import json
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from commands import embedded
from commands.cdk_cli import Assembly
from commands.kept import KEPT
from commands.project import PYTHON_PATH, ROOT, fail, find_dataset
from tests.support.hostile_shell import OF_PYTHON, hostile_shell


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """A temporary folder for a command alone, so that what it leaves there is seen."""
    folder = tmp_path / "my temporary ü"
    folder.mkdir()
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of its own in a folder that shells take apart; what was installed is the tests' own."""
    folder = tmp_path / "my work" / "ü" / "csvdynamo"
    left = ("[.]*", "__pycache__", "build", "cdk.out", "docs", "node_modules", "tests")
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*left))
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    return folder


def environment(temporary: Path) -> dict[str, str]:
    """A command's environment; what it builds is beside its temporary folder."""
    paths = os.pathsep.join(map(str, [ROOT, *PYTHON_PATH]))
    return {
        **os.environ,
        **hostile_shell(temporary.parent),
        "PYTHONPATH": paths,
        "TMPDIR": str(temporary),
        "CSVDYNAMO_BUILD": str(temporary.with_name("build")),
    }


@contextmanager
def running(module: str, temporary: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=environment(temporary),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def read_until(process: subprocess.Popen[str], mark: str) -> str:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if mark in line:
            return text
    pytest.fail(f"it ended without saying {mark!r}:\n{text}")


def client(service: str, endpoint: str, key_id: str, secret: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
    )


def answers(endpoint: str) -> bool:
    host, port = endpoint.removeprefix("http://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def await_end(states: Any, arn: str) -> dict[str, Any]:
    for _ in range(120):
        description: dict[str, Any] = states.describe_execution(executionArn=arn)
        if description["status"] != "RUNNING":
            return description
        time.sleep(0.5)
    pytest.fail(f"{arn} still runs after a minute")


def test_make_aws_lets_an_execution_be_started_by_hand_and_leaves_nothing(temporary: Path) -> None:
    rows = [f"V{n},2021,{'' if n in (10, 20, 30) else 5000 + n}" for n in range(1, 201)]
    by_hand = "\n".join(["VIN (1-10),Model Year,DOL Vehicle ID", *rows]).encode()
    with running("commands.aws", temporary) as process:
        said = read_until(process, "Ctrl-C stops it")
        outputs = dict(re.findall(r"^  (\w+) +(\S+)$", said, re.MULTILINE))
        build = temporary.with_name("build")
        known = json.loads((build / "aws.json").read_text())
        endpoint = known["endpoint"]
        told = (endpoint, known["access_key_id"], known["secret_access_key"])
        assert f"Ready at {told[0]}, access key {told[1]}, secret {told[2]}." in said
        bucket, s3 = outputs["SourceBucket"], client("s3", *told)
        s3.put_object(Bucket=bucket, Key="by_hand.csv", Body=by_hand)
        states = client("stepfunctions", *told)
        started = states.start_execution(
            stateMachineArn=outputs["MigrationWorkflowStateMachine"],
            input=json.dumps({"bucket_name": bucket, "file_key": "by_hand.csv"}),
        )

        ended = await_end(states, started["executionArn"])

        assert ended["status"] == "SUCCEEDED", ended
        output = json.loads(ended["output"])
        name = started["executionArn"].rsplit(":", 1)[1]
        assert output.pop("SnsPublish")["MessageId"]
        assert output.pop("MAP_RUN_RESULTS").startswith(f"results/{name}/")
        assert output == {
            "TOTAL_NUMBER_OF_ITEMS_WRITTEN": 197,
            "TOTAL_NUMBER_OF_ITEMS_IN_ERROR": 3,
            "TOTAL_NUMBER_OF_ITEMS_FAILED": 0,
            "DESTINATION_TABLE_NAME": outputs["DestinationTable"],
            "ERROR_DATA_LOCATION": f"s3://{bucket}/migration_errors/execution_name={name}",
        }
        assert client("dynamodb", *told).scan(TableName=outputs["DestinationTable"], Select="COUNT")["Count"] == 197
        assert rejected_vins(s3, bucket, name) == ["V10", "V20", "V30"]
        assert set(outputs) >= {
            "PublishMigrationResultsTopic",
            "ErrorDeliveryStream",
            "ErrorBufferSeconds",
            "DatasetHash",
        }

        typed_in_another_shell(page_lines("airflow dags test"), temporary)

        [report] = reports(s3, bucket)
        assert (report["accounted"], report["ledger"]["written"]) == (True, 4992)

    assert not answers(endpoint)
    assert not {build / "aws.json", build / "airflow.env"} & set(build.iterdir())
    assert list(temporary.iterdir()) == []


def page_lines(command: str) -> str:
    """The lines of docs/by-hand.md that end with a command."""
    blocks = re.findall(
        r"^```sh\n(.*?)^```", (ROOT / "docs" / "by-hand.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    [lines] = [block for block in blocks if re.match(re.escape(command), block.splitlines()[-1])]
    return str(lines)


def typed_in_another_shell(lines: str, temporary: Path) -> None:
    """Type lines in a shell that was set for something else, where ``build/`` is; each must end well."""
    shells = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(temporary.parent), "TMPDIR": str(temporary)}
    done = subprocess.run(
        ["sh", "-euc", lines],
        cwd=temporary.parent,
        env={**hostile_shell(temporary.parent), **OF_PYTHON, **shells},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout


def reports(s3: Any, bucket: str) -> list[dict[str, Any]]:
    """Every report in the bucket."""
    found = s3.list_objects_v2(Bucket=bucket, Prefix="reports/")["Contents"]
    keys = [one["Key"] for one in found if one["Key"].endswith("report.json")]
    return [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]


def rejected_vins(s3: Any, bucket: str, execution: str) -> list[str]:
    for _ in range(60):
        found = s3.list_objects_v2(Bucket=bucket, Prefix=f"migration_errors/execution_name={execution}/")
        texts = [s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in found.get("Contents", [])]
        rejects = [json.loads(line) for text in texts for line in text.decode().splitlines()]
        if len(rejects) == 3:
            assert {(one["row"], one["code"], one["stage"]) for one in rejects} == {(None, "MISSING_KEY", "validate")}
            return sorted(one["item"]["VIN (1-10)"] for one in rejects)
        time.sleep(0.5)
    pytest.fail("three rejects were not readable within half a minute")


def test_make_demo_accounts_for_every_row_of_the_sample_and_keeps_the_aws_when_asked(temporary: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "commands.demo", "--keep-aws"],
        cwd=ROOT,
        env=environment(temporary),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )

    aws_file = temporary.with_name("build") / "aws.json"
    kept = json.loads(aws_file.read_text())
    stop = re.search(r"stop it with: (.+)$", done.stdout, re.MULTILINE)
    try:
        assert stop
        assert done.returncode == 0, done.stdout
        assert stat.S_IMODE(aws_file.stat().st_mode) == 0o600
        assert kept["secret_access_key"] not in done.stdout
        assert "Every row is accounted for." in done.stdout
        assert "Each of the sample's 8 faults is among the rejects" in done.stdout
        report = json.loads((temporary.with_name("build") / "report.json").read_text())
        assert report["ledger"]["source_rows"] == 5000
        assert report["ledger"]["unaccounted"] == 0
        assert report["rejects_by_code"]["MISSING_KEY"] == 5
        scanned = client(
            "dynamodb", *(kept[name] for name in ("endpoint", "access_key_id", "secret_access_key"))
        ).get_paginator("scan")
        pages = scanned.paginate(TableName=kept["outputs"]["DestinationTable"], Select="COUNT")
        assert sum(page["Count"] for page in pages) == report["ledger"]["written"]
    finally:
        subprocess.run(["bash", "-c", stop[1] if stop else f"kill {kept['pid']}"], check=True)
    for _ in range(100):
        if not answers(kept["endpoint"]) and not list(temporary.iterdir()):
            break
        time.sleep(0.1)
    assert not answers(kept["endpoint"])
    assert list(temporary.iterdir()) == []


def test_a_red_demo_of_another_data_set_prints_the_command_that_migrates_its_corrected_rejects(
    temporary: Path, tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The other commands find what is kept: stacks, an account, Airflow's database. Here nothing was made before.
    monkeypatch.setenv(KEPT, str(tmp_path / "kept"))
    build, datasets = tmp_path / "my build", tmp_path / "data sets"
    datasets.mkdir()
    (datasets / "cars.toml").write_text(
        '[source]\nurl = "s3://publisher/in/my cars ü.csv"\nfile_name = "cars.csv"\n'
        '[table]\nname = "tb_cars"\npartition_key = "id"\n'
        "[gates]\nmax_reject_percent = 1\n"
    )
    source = tmp_path / "my cars.csv"
    source.write_text("id,make\n" + "".join(f"{number},Northwind\n" for number in range(39)) + ",Cascadia\n")

    def run(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", f"{line} PY={shlex.quote(shlex.quote(sys.executable))} READY="],
            cwd=checkout,
            env={
                **environment(temporary),
                **OF_PYTHON,
                "CSVDYNAMO_BUILD": str(build),
                "CSVDYNAMO_DATASETS": str(datasets),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )

    # An object of S3, read by a user who may read that one and no other: IAM is enforced.
    in_bucket = "s3://publisher/in/my cars ü.csv"
    laid = f"SOURCE={shlex.quote(in_bucket)} OBJECT={shlex.quote(str(source))}"
    first = run(f"make demo DATASET=cars {laid} SECURE=1")

    assert first.returncode != 0
    assert "gates.max_reject_percent = 1" in first.stdout
    report = json.loads((build / "report.json").read_text())
    assert report["accounted"] is False
    assert (report["source"]["url"], report["source"]["bytes"]) == (in_bucket, source.stat().st_size)
    assert report["source"]["etag"]
    assert report["source"]["last_modified"]
    rejects = build / "rejects.csv"
    rejects.write_text(rejects.read_text().replace(",Cascadia", "40,Cascadia"))
    printed = re.search(r"to be corrected and migrated: (make demo .+)$", first.stdout, re.MULTILINE)
    assert printed, first.stdout

    second = run(printed[1])

    assert second.returncode == 0, second.stdout
    report = json.loads((build / "report.json").read_text())
    assert (report["dataset"], report["accounted"]) == ("cars", True)
    assert report["ledger"]["source_rows"] == report["ledger"]["written"] == 1
    assert "to be corrected" not in second.stdout
    assert not rejects.exists()
    assert list(temporary.iterdir()) == []


def test_an_aws_whose_stack_cannot_be_deployed_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def refuse(*_: object) -> None:
        fail("cdk deploy failed")

    monkeypatch.setattr(Assembly, "deploy", refuse)

    with (
        pytest.raises(SystemExit),
        embedded.embedded_aws(find_dataset("ev_population"), keep=True, log=tmp_path / "log"),
    ):
        pytest.fail("it was deployed all the same")

    endpoint = re.search(r"runs at (\S+) ", capsys.readouterr().out)[1]  # type: ignore[index]
    assert not answers(endpoint)


def test_a_demo_that_is_stopped_leaves_no_process_and_no_folder(temporary: Path) -> None:
    with running("commands.demo", temporary) as process:
        said = read_until(process, "  prepare")
        endpoint = re.search(r"runs at (\S+) ", said)[1]  # type: ignore[index]

    assert process.returncode == 1
    assert not answers(endpoint)
    assert list(temporary.iterdir()) == []


def test_make_mwaa_builds_the_bundle_that_airflow_can_import_from(temporary: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "commands.mwaa", "--version", "3.3.1"],
        cwd=ROOT,
        env=environment(temporary),
        check=True,
    )
    bundle = tmp_path / "build" / "mwaa"
    with zipfile.ZipFile(bundle / "plugins.zip") as plugins:
        plugins.extractall(tmp_path / "plugins")

    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    listed = subprocess.run(
        [
            sys.executable,
            "-S",  # without the checkout, which is installed here
            "-c",
            "import csvdynamo_dags as d; print([n for n in vars(d) if n.startswith('csvdynamo_ev')])",
        ],
        env={**bare, "PYTHONPATH": f"{tmp_path / 'plugins'}:{bundle / 'dags'}:{Path(boto3.__file__).parents[1]}"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )

    assert "csvdynamo_ev_population" in listed.stdout
    assert (bundle / "requirements.txt").read_text().splitlines() == [
        '--constraint "https://raw.githubusercontent.com/apache/airflow/constraints-3.3.1/constraints-3.12.txt"',
        "backports-zstd==1.8.0",
        "duckdb==2.0.0",
    ]
