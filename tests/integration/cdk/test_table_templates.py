"""The stacks of tables of every setting, and of one that is there already, as cfn-lint and the CDK itself take them."""

import json
from pathlib import Path

import pytest

from tests.support.cfn_linter import cfn_lint
from tests.unit.cdk.test_stack_table import COLUMNS, KEY, THEIRS, made

ON_DEMAND = 'ttl = "until"\nstream = "new"\nmax_read_units = 7\nmax_write_units = 8\nwarm_write_units = 40000'
PROVISIONED = 'class = "infrequent-access"\nbilling = "provisioned"\nread_units = 5\nwrite_units = 6\nstream = "old"'


@pytest.mark.parametrize(
    ("keys", "more"),
    [(ON_DEMAND, COLUMNS), (PROVISIONED, COLUMNS), (f'managed = false\nkms_key = "{KEY}"', THEIRS)],
    ids=["on demand", "provisioned", "there already"],
)
def test_cfn_lint_finds_neither_errors_nor_warnings(tmp_path: Path, keys: str, more: str) -> None:
    path = tmp_path / "table.template.json"
    path.write_text(json.dumps(made(tmp_path, keys, more, checked=True), indent=1), encoding="utf-8")

    assert cfn_lint(path) == []
