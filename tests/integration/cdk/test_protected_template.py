"""The stack of a data set with every protection, as cfn-lint and CloudFormation take it."""

import json
from pathlib import Path

import pytest

from tests.support.cfn_linter import cfn_lint
from tests.unit.cdk.conftest import DATASET, synthesized
from tests.unit.cdk.test_stack_protection import PROTECTION


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dataset = tmp_path_factory.mktemp("datasets") / "city_trees.toml"
    dataset.write_text(DATASET + PROTECTION, encoding="utf-8")
    path = tmp_path_factory.mktemp("templates") / "protected.template.json"
    made = synthesized(dataset, tmp_path_factory.mktemp("cdk.out"), checked=True)
    path.write_text(json.dumps(made, indent=1), encoding="utf-8")
    return path


def test_cfn_lint_finds_neither_errors_nor_warnings(template: Path) -> None:
    assert cfn_lint(template) == []


def test_it_is_small_enough_to_be_sent_without_a_bucket(template: Path) -> None:
    assert template.stat().st_size < 51_200
