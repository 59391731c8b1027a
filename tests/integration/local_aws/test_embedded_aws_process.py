import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from local_aws import LocalAws, LocalAwsError
from local_aws.access_key import ID_VARIABLE, SECRET_VARIABLE, AccessKey
from local_aws.environment import client_environment
from local_aws.owner import is_running
from tests.integration.local_aws.cloud import Cloud, until


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders of this test, and of the processes that it starts, are made."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def members(group: int) -> list[int]:
    """The living processes of a process group."""
    listed = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return [int(pid) for pid, pgid, state in rows if int(pgid) == group and not state.startswith("Z")]


def run_a_function(environment: Mapping[str, str]) -> None:
    cloud = Cloud(environment)
    function = cloud.function("def handler(event, context):\n    return 1\n")
    assert cloud.client("lambda").invoke(FunctionName=function)["Payload"].read() == b"1"


def refuses_connections(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def starter(keep: bool) -> subprocess.Popen[str]:
    """A process that starts the embedded AWS, tells its pid, port and environment, and sleeps."""
    code = f"""
        import json, time
        from local_aws import LocalAws
        aws = LocalAws(keep={keep}).start()
        print(json.dumps([aws.pid, aws.port, aws.environment]), flush=True)
        time.sleep(600)
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


def started_by(process: subprocess.Popen[str]) -> tuple[int, int, dict[str, str]]:
    assert process.stdout is not None
    pid, port, environment = json.loads(process.stdout.readline())
    return pid, port, environment


def test_nothing_is_left_behind(folder: Path) -> None:
    with LocalAws() as aws:
        pid, port = aws.pid, aws.port
        run_a_function(aws.environment)
        assert len(members(pid)) > 1

    assert members(pid) == []
    assert refuses_connections(port)
    assert list(folder.iterdir()) == []


def test_nothing_is_left_behind_by_a_server_that_was_killed(folder: Path) -> None:
    aws = LocalAws().start()
    pid = aws.pid
    run_a_function(aws.environment)

    os.kill(pid, signal.SIGKILL)
    aws.stop()

    assert members(pid) == []
    assert list(folder.iterdir()) == []


def test_it_stops_when_its_starter_is_killed(folder: Path) -> None:
    process = starter(keep=False)
    pid, port, environment = started_by(process)
    run_a_function(environment)

    process.kill()
    process.communicate()

    until(lambda: members(pid), lambda left: left == [])
    until(lambda: refuses_connections(port), bool)
    assert list(folder.iterdir()) == []


def test_kept_it_outlives_its_starter_and_ends_on_sigterm(folder: Path) -> None:
    process = starter(keep=True)
    pid, _, environment = started_by(process)
    process.kill()
    process.communicate()
    run_a_function(environment)

    os.kill(pid, signal.SIGTERM)

    until(lambda: members(pid), lambda left: left == [])
    assert list(folder.iterdir()) == []


def test_it_listens_on_the_loopback_address_only(embedded: Cloud) -> None:
    port = int(embedded.endpoint.rsplit(":", 1)[1])

    listening = subprocess.run(["ss", "-Hltn", f"sport = :{port}"], capture_output=True, text=True, check=True).stdout

    assert [line.split()[3] for line in listening.splitlines()] == [f"127.0.0.1:{port}"]


def test_a_taken_port_is_refused_with_the_way_out(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "local_aws", "--port", str(taken.getsockname()[1])]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3])

    assert ended.returncode == 1
    assert "leave --port out" in ended.stderr
    assert list(folder.iterdir()) == []


def test_a_home_with_files_in_it_is_refused(folder: Path) -> None:
    (folder / "mine").touch()

    ended = subprocess.run(
        [sys.executable, "-m", "local_aws", "--home", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )

    assert "name a new folder" in ended.stderr
    assert (folder / "mine").exists()


def test_a_server_that_cannot_start_shows_its_log(folder: Path) -> None:
    with pytest.raises(LocalAwsError, match="could not convert string to float"):
        LocalAws(settings={"LOCAL_AWS_FIREHOSE_DELAY_SECONDS": "soon"}).start()

    assert list(folder.iterdir()) == []


def test_the_starter_s_aws_settings_do_not_reach_lambda_functions(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere.invalid")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    with LocalAws() as aws:
        cloud = Cloud(aws.environment)
        function = cloud.function("import os\ndef handler(event, context):\n    return dict(os.environ)\n")
        seen = json.loads(cloud.client("lambda").invoke(FunctionName=function)["Payload"].read())

        assert seen["AWS_ENDPOINT_URL"] == aws.endpoint
        assert "PYTHONPATH" not in seen


def test_using_one_that_is_not_started_says_so() -> None:
    with pytest.raises(LocalAwsError, match="start"):
        _ = LocalAws().endpoint


def test_its_pid_is_the_server_s(folder: Path) -> None:
    with LocalAws() as aws:
        assert is_running(aws.pid)
        assert aws.environment["AWS_ENDPOINT_URL"] == aws.endpoint


def test_one_begins_with_what_another_left_but_for_the_objects(folder: Path) -> None:
    with LocalAws(leave_state=folder / "state") as aws:
        cloud = Cloud(aws.environment)
        bucket = cloud.bucket(**{"an-object": "text"})
        function = cloud.function("def handler(event, context):\n    return 7\n")
        cloud.client("dynamodb").create_table(
            TableName="kept",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        cloud.client("dynamodb").put_item(TableName="kept", Item={"id": {"S": "a"}})
        machine = cloud.machine({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})

    for _ in range(2):
        with LocalAws(begin_with=folder / "state") as aws:
            cloud = Cloud(aws.environment)
            assert cloud.client("dynamodb").scan(TableName="kept")["Items"] == [{"id": {"S": "a"}}]
            assert cloud.client("lambda").invoke(FunctionName=function)["Payload"].read() == b"7"
            assert cloud.ended(cloud.start(machine))["status"] == "SUCCEEDED"
            assert cloud.keys(bucket) == []
            cloud.client("dynamodb").delete_table(TableName="kept")


def test_its_key_is_new_at_each_start_and_in_no_log(folder: Path) -> None:
    keys = []
    for number in range(2):
        log = folder / f"{number}.log"
        with LocalAws(log=log) as aws:
            keys.append(aws.environment["AWS_SECRET_ACCESS_KEY"])
            run_a_function(aws.environment)
            [ready] = folder.glob("local-aws-*/ready.json")
            assert stat.S_IMODE(ready.stat().st_mode) == 0o600
            assert stat.S_IMODE(ready.parent.stat().st_mode) == 0o700
        assert not [key for key in keys if key in log.read_text()]

    assert keys[0] != keys[1]


def test_a_key_that_was_drawn_elsewhere_is_taken_and_a_weak_one_is_not(folder: Path) -> None:
    key = AccessKey.drawn()
    with LocalAws(settings={ID_VARIABLE: key.id, SECRET_VARIABLE: key.secret}) as aws:
        assert aws.environment["AWS_ACCESS_KEY_ID"] == key.id
        run_a_function(aws.environment)

    with pytest.raises(LocalAwsError, match=f"{ID_VARIABLE} must be"):
        LocalAws(settings={ID_VARIABLE: "test", SECRET_VARIABLE: "test"}).start()


def test_started_by_hand_it_prints_its_key(folder: Path) -> None:
    command = [sys.executable, "-m", "local_aws"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as process:
        try:
            assert process.stdout is not None
            said = ""
            while "export" not in said:
                said += process.stdout.readline()
            key = AccessKey(*re.findall(r"AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY)=(\S+)", said))
            run_a_function(client_environment(int(re.findall(r"127\.0\.0\.1:(\d+)", said)[0]), key))
        finally:
            process.terminate()
