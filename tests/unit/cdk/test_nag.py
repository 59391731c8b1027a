"""The stack against cdk-nag's AwsSolutions rules."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROTECTION = """
[protection]
encryption        = "customer-managed"
keep_landing_days = 30
keep_source_days  = 30
keep_snapshot_runs = 2
"""


def app_and_stack(dataset_file: Path, outdir: Path) -> tuple[Any, Any]:
    from aws_cdk import App

    from csvdynamo.datasets.dataset_file import load_dataset
    from csvdynamo_stack.stack import CsvDynamoStack

    context = json.loads((ROOT / "cdk" / "cdk.json").read_text(encoding="utf-8"))["context"]
    # The CDK's own check, which takes seconds, is none of these rules.
    app = App(context=context, outdir=str(outdir), builtin_cloud_formation_validation=False)
    stack = CsvDynamoStack(
        app,
        load_dataset(dataset_file),
        code=ROOT / "lambdas",
        account="123456789012",
        region="eu-west-1",
    )
    return app, stack


def report_of(folder: Path) -> dict[str, dict[str, Any]]:
    """What each plugin of the synthesis found, by its name."""
    report = json.loads((folder / "validation-report.json").read_text(encoding="utf-8"))
    return {plugin["pluginName"]: plugin for plugin in report["pluginReports"]}


DELETING = '\n[write]\nmode = "changed"\nvanished = "delete"\n'
THEIRS = 'managed = false\nkms_key = "arn:aws:kms:eu-west-1:123456789012:key/0a1b-2c"'


@pytest.mark.parametrize("table", ["", THEIRS], ids=["made", "there already"])
@pytest.mark.parametrize("protection", ["", PROTECTION + DELETING], ids=["default", "customer-managed and deleting"])
def test_the_rules_find_what_is_acknowledged_and_nothing_more(
    dataset_file: Path, tmp_path: Path, protection: str, table: str
) -> None:
    from csvdynamo_stack import nag

    own_file, outdir = tmp_path / dataset_file.name, tmp_path / "out"
    text = dataset_file.read_text(encoding="utf-8").replace('"tree_id"\n', f'"tree_id"\n{table}\n', 1)
    own_file.write_text(text + protection, encoding="utf-8")
    app, stack = app_and_stack(own_file, outdir)
    nag.check(app, [stack])

    app.synth()

    found = report_of(outdir)["AwsSolutions"]
    acknowledged = Counter(one["ruleName"] for one in found["suppressedViolations"] for _ in one["violatingConstructs"])
    assert found["violations"] == []
    assert acknowledged == Counter(known.rule for known in nag.acknowledgements(stack))


def test_a_star_that_a_source_needs_is_acknowledged_with_its_reason(toy_file: Path, tmp_path: Path) -> None:
    from csvdynamo_stack import nag

    app, stack = app_and_stack(toy_file, tmp_path / "out")
    nag.check(app, [stack])

    app.synth()

    assert report_of(tmp_path / "out")["AwsSolutions"]["violations"] == []
    assert "Each toy is named by a run, and by none." in [known.reason for known in nag.acknowledgements(stack)]


def test_a_finding_without_an_acknowledgement_fails_the_synthesis(dataset_file: Path, tmp_path: Path) -> None:
    from csvdynamo_stack import nag

    app, _ = app_and_stack(dataset_file, tmp_path)
    nag.add_rules(app)

    with pytest.raises(RuntimeError, match=r"server access logs disabled"):
        app.synth()


def test_every_acknowledgement_gives_a_reason(dataset_file: Path, tmp_path: Path) -> None:
    from csvdynamo_stack import nag

    _, stack = app_and_stack(dataset_file, tmp_path)

    assert all(len(known.reason) > 30 for known in nag.acknowledgements(stack))


def test_a_deploy_is_not_held_against_the_rules(dataset_file: Path, tmp_path: Path) -> None:
    app, _ = app_and_stack(dataset_file, tmp_path)

    app.synth()

    assert (tmp_path / "manifest.json").exists()
    assert not (tmp_path / "validation-report.json").exists(), "nothing was to look at it"
