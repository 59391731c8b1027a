"""What the Lambda functions' zip file holds: what its handlers import, and the rules."""

import json
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from commands.project import ROOT
from csvdynamo.rules.row_rules import RowRules
from csvdynamo_stack.asset import stage
from csvdynamo_stack.import_closure import import_closure

HANDLERS = ROOT / "lambdas"
# The AWS SDK is there in Lambda; neither the checkout nor an installed core is on this path (-S).
IMPORT_ALL = f"""
import json, sys
sys.path.append({str(Path(boto3.__file__).parents[1])!r})
import consolidate, migrate_batch
print(json.dumps([module.__file__ for module in sys.modules.values() if getattr(module, "__file__", None)]))
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "asset"
    folder.mkdir()
    return folder


def test_the_asset_is_what_the_handlers_import_and_the_rules_and_nothing_else(target: Path) -> None:
    rules = RowRules("cars", "tb_cars", "id")

    stage(HANDLERS, rules, target)

    staged = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}

    done = subprocess.run(
        [sys.executable, "-B", "-S", "-c", IMPORT_ALL],
        cwd=target,
        env={},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    files = [Path(file).resolve() for file in json.loads(done.stdout)]
    imported = {file.relative_to(target).as_posix() for file in files if file.is_relative_to(target)}
    assert not any(file.is_relative_to(ROOT / "src") for file in files)
    assert staged == imported | {"rules.json"}
    assert RowRules.from_json((target / "rules.json").read_bytes()) == rules


def test_modules_are_found_however_they_are_imported(tmp_path: Path) -> None:
    sources = {
        "core/__init__.py": "",
        "core/rules/__init__.py": "from core import errors",
        "core/rules/cells.py": "def late():\n    import core.late as late",
        "core/errors.py": "from core.rules.cells import late",
        "core/late.py": "import json",
        "core/unused.py": "",
        "program.py": "import os\nfrom core.rules import cells",
    }
    for name, text in sources.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    found = import_closure([tmp_path / "program.py"], tmp_path)

    assert {path.relative_to(tmp_path).as_posix() for path in found} == set(sources) - {"core/unused.py", "program.py"}
