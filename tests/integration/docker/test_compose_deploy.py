"""What the service `deploy` does in its container: with the folders of its image, and without writing there."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import boto3

from commands.compose import new_secrets
from commands.project import ROOT

# Tells what it was asked, in place of the CDK CLI, which needs an AWS.
_CDK = """import json, sys
from pathlib import Path
arguments = sys.argv[1:]
with Path({told!r}).open("a") as told:
    told.write(json.dumps(arguments) + "\\n")
if "--outputs-file" in arguments:
    outputs = Path(arguments[arguments.index("--outputs-file") + 1])
    outputs.write_text(json.dumps({{"csvdynamo-ev-population": {{"DestinationTable": "tb_ev_vehicle_data"}}}}))
"""


def image(folder: Path, told: Path) -> Path:
    """What the image of the embedded AWS holds of the project, with a CDK CLI that tells what it is asked."""
    stage = (ROOT / "Dockerfile").read_text(encoding="utf-8").rpartition(" AS embedded-aws")[2]
    for name in re.findall(r"^COPY (\w+) \w+$", stage, re.MULTILINE):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "cdk.out"))
    cdk = folder / "node_modules" / ".bin" / "cdk"
    cdk.parent.mkdir(parents=True)
    script = told.with_name("cdk.py")
    script.write_text(_CDK.format(told=str(told)))
    # The interpreter's path may have a space, which no first line of a script takes.
    cdk.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {shlex.quote(str(script))} "$@"\n')
    cdk.chmod(0o755)
    return folder


def test_the_stack_is_deployed_with_what_the_image_holds_and_nothing_is_written_there(tmp_path: Path) -> None:
    told = tmp_path / "told.jsonl"
    project = image(tmp_path / "csvdynamo", told)
    before = sorted(project.rglob("*"))
    paths = os.pathsep.join(map(str, [project / "src", Path(boto3.__file__).parents[1]]))

    key = {name: value for name, value in new_secrets().items() if name.startswith("LOCAL_AWS_")}

    done = subprocess.run(
        [sys.executable, "-S", "-m", "commands.compose", "deploy", "--dataset", "ev_population"],
        cwd=project,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", **key},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "DestinationTable  tb_ev_vehicle_data" in done.stdout
    assert [json.loads(line)[0] for line in told.read_text().splitlines()] == ["synth", "bootstrap", "deploy"]
    assert sorted(project.rglob("*")) == before
