import functools
import json
import subprocess
import sys
from pathlib import Path

import workflow_lint
from csvdynamo.datasets.dataset_file import load_datasets
from tests.support.cfn_linter import cfn_lint
from tests.support.recorded_answers import ANSWERS

ROOT = Path(__file__).resolve().parents[3]


def test_every_data_set_has_a_stack_of_its_name(templates: list[Path], datasets_folder: Path) -> None:
    stacks = {path.name.removesuffix(".template.json") for path in templates}

    assert stacks == {dataset.stack_name for dataset in load_datasets(datasets_folder).values()}


def test_cfn_lint_finds_neither_errors_nor_warnings(templates: list[Path]) -> None:
    assert cfn_lint(*templates) == []


def test_cfn_lint_reads_the_state_machine_too(templates: list[Path], tmp_path: Path) -> None:
    template = json.loads(templates[0].read_text())
    machine = next(r for r in template["Resources"].values() if r["Type"] == "AWS::StepFunctions::StateMachine")
    definition = json.loads(machine["Properties"]["DefinitionString"])
    del definition["States"]["Publish totals"]["Resource"]
    machine["Properties"]["DefinitionString"] = json.dumps(definition)
    broken = tmp_path / "broken.template.json"
    broken.write_text(json.dumps(template))

    assert "E3601" in {found.split()[0] for found in cfn_lint(broken)}


def test_the_state_machine_validator_finds_nothing(templates: list[Path]) -> None:
    assert templates
    assert workflow_lint.main(map(str, templates)) == 0


def test_the_validator_ends_with_status_1_on_a_broken_state_machine(templates: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.template.json"
    broken.write_text(templates[0].read_text().replace("Consolidate results", "Consolidate", 1))

    checked = subprocess.run(
        [sys.executable, str(ROOT / "cdk" / "workflow_lint.py"), str(broken)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 1
    assert "No state found" in checked.stdout


def test_a_template_is_small_enough_to_be_sent_without_a_bucket(templates: list[Path]) -> None:
    # Its own words alone: the command line adds where in the app each resource is, and a stack with every protection
    # is larger with that.
    for path in templates:
        template = json.loads(path.read_text())
        for resource in template["Resources"].values():
            resource.pop("Metadata", None)
        assert len(json.dumps(template, indent=1)) < 51_200, path.name
    [example] = [path for path in templates if path.name == "csvdynamo-ev-population.template.json"]
    assert example.stat().st_size < 51_200


def test_a_failure_is_announced_with_what_the_documented_event_has(templates: list[Path]) -> None:
    documented = ANSWERS["status_event"]
    event = documented["event"] | {"detail": documented["detail"]}
    resources = json.loads(templates[0].read_text())["Resources"].values()
    [rule] = [found["Properties"] for found in resources if found["Type"] == "AWS::Events::Rule"]

    paths = rule["Targets"][0]["InputTransformer"]["InputPathsMap"]
    pattern = rule["EventPattern"]

    assert {name: functools.reduce(dict.__getitem__, path.split(".")[1:], event) for name, path in paths.items()} == {
        "name": "execution-name",
        "status": "FAILED",
        "arn": documented["resources"][0],
    }
    assert event["source"] in pattern["source"]
    assert event["detail-type"] in pattern["detail-type"]
    assert event["detail"]["status"] in pattern["detail"]["status"]
    assert pattern["detail"].keys() <= event["detail"].keys()
