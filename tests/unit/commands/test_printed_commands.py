"""Every command line that the project prints, run as it is printed: it means what it is printed for."""

import json
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from commands import demo, deploy
from commands.aws import usage
from commands.project import find_dataset, make_command
from csvdynamo.datasets.dataset import Dataset
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.stack import Stack, Use, refuse_other_version
from tests.chaos import __main__ as chaos
from tests.unit.commands.printed import make_runs, recorder

HARD_FOLDER = 'my $HOME\'s "files" #1'


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Dataset:
    """A data set that is not the default one."""
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "cars.toml").write_text(
        '[source]\nurl = "https://example.com/cars.csv"\nfile_name = "cars.csv"\n'
        '[table]\nname = "tb_cars"\npartition_key = "id"\n'
    )
    monkeypatch.setattr("commands.project.DATASETS", tmp_path / "datasets")
    return find_dataset("cars")


def printed(text: str) -> str:
    """The one make command of a text, which ends it."""
    [line] = re.findall(r"\bmake [a-z].*$", text, re.MULTILINE)
    return cast("str", line)


@pytest.mark.parametrize("secure", [[], ["--secure"]])
def test_the_rejects_are_migrated_into_the_same_data_set_in_the_same_way(
    other: Dataset, secure: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rejects = tmp_path / HARD_FOLDER / "rejects.csv"
    monkeypatch.setattr(demo, "ERROR_CSV", rejects)

    line = demo.again(other, demo.parse(["--dataset", "cars", "--source", "cars.csv", "--keep-aws", *secure]))

    module, *words = make_runs(line, tmp_path)[1:]
    assert module == "commands.demo"
    assert vars(demo.parse(words)) == {
        "dataset": "cars",
        "source": str(rejects),
        "object": "",
        "secure": bool(secure),
        "keep_aws": False,
    }


def test_the_default_data_set_is_left_out() -> None:
    line = make_command("demo", DATASET="ev_population", SOURCE="build/rejects.csv", SECURE="")

    assert line == "make demo SOURCE=build/rejects.csv"


def test_who_names_no_source_is_told_how_to_for_that_data_set(
    other: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["demo", "--dataset", "cars"])
    monkeypatch.setattr("commands.project.BUILD", tmp_path)

    with pytest.raises(SystemExit) as ended:
        demo.main()

    words = make_runs(printed(str(ended.value.code)), tmp_path)[2:]
    assert demo.parse(words).dataset == "cars"
    assert demo.parse(words).source == "…"


def test_a_destroyed_stack_is_told_how_to_come_back(
    other: Dataset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["deploy", "destroy", "--dataset", "cars"])
    monkeypatch.setattr(deploy, "synthesized", lambda *_: nullcontext(SimpleNamespace(destroy=lambda *_: None)))

    deploy.main()

    words = make_runs(printed(capsys.readouterr().out), tmp_path)
    assert words == ["-m", "commands.deploy", "deploy", "--dataset", "cars", "--email", ""]


def test_a_stack_of_another_version_is_told_how_to_be_deployed(other: Dataset, tmp_path: Path) -> None:
    stack = cast("Stack", SimpleNamespace(rules="0" * 64, settings="0" * 64))

    with pytest.raises(MigrationError) as refused:
        refuse_other_version(stack, other, Use.WRITE)

    words = make_runs(printed(str(refused.value)), tmp_path)
    assert words[:5] == ["-m", "commands.deploy", "deploy", "--dataset", "cars"]


@pytest.mark.parametrize("through_airflow", [[], ["--through-airflow"]])
def test_a_run_of_a_campaign_is_repeated_as_it_was(through_airflow: list[str], tmp_path: Path) -> None:
    ran = chaos.parse(["--runs", "60", "--seed", "it's $5", *through_airflow])

    words = make_runs(chaos.again(ran, 17), tmp_path)[2:]

    repeated = chaos.parse(words)
    assert (repeated.seed, repeated.only, repeated.through_airflow) == ("it's $5", 17, bool(through_airflow))


def test_what_make_aws_prints_for_another_shell_runs_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = "arn:aws:states:us-east-1:000000000000:stateMachine:csvdynamo-ev-population"
    outputs = {"SourceBucket": "bucket", "MigrationWorkflowStateMachine": machine}
    key = {"AWS_ACCESS_KEY_ID": "LOCALAWS1", "AWS_SECRET_ACCESS_KEY": "drawn"}
    deployed: Any = SimpleNamespace(
        outputs=outputs, aws=SimpleNamespace(endpoint="https://127.0.0.1:1", environment=key)
    )
    build, programs = tmp_path / HARD_FOLDER, tmp_path / "programs"
    for program in ("airflow", "aws"):
        recorder(programs, program)
    build.mkdir()
    (build / "airflow.env").write_text(f"PATH={str(programs)!r}:$PATH\n")
    monkeypatch.setattr("commands.aws.AIRFLOW_FILE", build / "airflow.env")

    text = usage(deployed, find_dataset("ev_population"), build / "my.csv")
    script = text.partition("In another shell:\n")[2].partition("\n\n")[0]
    done = subprocess.run(["bash", "-euc", script], check=True, capture_output=True, text=True)

    assert "Ready at https://127.0.0.1:1, access key LOCALAWS1, secret drawn." in text
    test, upload, start, describe = (json.loads(line)[0] for line in done.stdout.splitlines())
    assert test[:4] == ["dags", "test", "csvdynamo_ev_population", "--conf"]
    assert json.loads(test[4]) == {"source_url": str(build / "my.csv")}
    assert upload == ["s3", "cp", "my.csv", "s3://bucket/my.csv"]
    assert start[:7] == [
        "stepfunctions",
        "start-execution",
        "--state-machine-arn",
        machine,
        "--name",
        "by-hand-1",
        "--input",
    ]
    assert json.loads(start[7]) == {"bucket_name": "bucket", "file_key": "my.csv"}
    execution = "arn:aws:states:us-east-1:000000000000:execution:csvdynamo-ev-population:by-hand-1"
    assert describe == ["stepfunctions", "describe-execution", "--execution-arn", execution]
