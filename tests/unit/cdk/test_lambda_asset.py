"""What the Lambda functions' zip file holds: what its handlers import, and the rules."""

import json
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from commands.project import ROOT
from csvdynamo.datasets.time_zones import compile_zone
from csvdynamo.rules.columns import Column, ColumnType
from csvdynamo.rules.row_rules import RowRules
from csvdynamo_stack.asset import stage
from csvdynamo_stack.import_closure import import_closure

HANDLERS = ROOT / "lambdas"
SITE = Path(boto3.__file__).parents[1]
# The AWS SDK is there in Lambda; neither the checkout nor an installed core is on this path (-S).
IMPORT_ALL = f"""
import json, sys
sys.path.append({str(SITE)!r})
import consolidate, migrate_batch
import csvdynamo.writing.deleter  # which migrate_batch imports when the first batch names items to be deleted
import csvdynamo.writing.guarded_writer  # likewise, when rows are not to take the place of any item
print(json.dumps([module.__file__ for module in [*sys.modules.values()] if getattr(module, "__file__", None)]))
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
    # Lambda has the AWS SDK and what that imports (certifi and zstandard where they are there), and no other package.
    beside = {file.relative_to(SITE).parts[0] for file in files if file.is_relative_to(SITE)}
    sdk = {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3"}
    assert beside <= {*sdk, "certifi", "backports"}
    assert staged == imported | {"rules.json"}
    assert RowRules.from_json((target / "rules.json").read_bytes()) == rules


CONVERT = f"""
import json, sys
sys.path.append({str(SITE)!r})
import zoneinfo
from pathlib import Path
sys.modules["tzdata"] = None
assert not zoneinfo.available_timezones()
import migrate_batch
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.rules.rows import RowConverter
converter = RowConverter(RowRules.from_json(Path("rules.json").read_bytes()))
print(json.dumps([converter.convert({{"id": "1", "at": at}}) for at in {("2018-01-28 05:03", "2050-07-28 05:03")!r}]))
"""


def test_a_function_without_time_zone_data_reads_local_times_as_the_worker_does(target: Path) -> None:
    at = Column("at", type=ColumnType.TIMESTAMP, timezone=compile_zone("Europe/Berlin"))
    stage(HANDLERS, RowRules("cars", "tb_cars", "id", columns=(at,)), target)

    done = subprocess.run(
        [sys.executable, "-B", "-S", "-c", CONVERT],
        cwd=target,
        env={"PYTHONTZPATH": ""},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert [item["at"]["S"] for item in json.loads(done.stdout)] == ["2018-01-28T04:03:00Z", "2050-07-28T03:03:00Z"]


def test_modules_are_found_however_they_are_imported(tmp_path: Path) -> None:
    sources = {
        "core/__init__.py": "",
        "core/rules/__init__.py": "from core import errors",
        "core/rules/cells.py": "def late():\n    import core.late as late",
        "core/errors.py": "from core.rules.cells import late",
        "core/late.py": "import json",
        "core/unused.py": "",
        "beside/__init__.py": "import core.unused",
        "program.py": "import os, beside\nfrom beside import core\nfrom core.rules import cells",
    }
    for name, text in sources.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    found = import_closure([tmp_path / "program.py"], tmp_path / "core")

    assert {path.relative_to(tmp_path).as_posix() for path in found} == {
        name for name in sources if name.startswith("core/") and "unused" not in name
    }


def test_a_relative_import_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("from . import core")

    with pytest.raises(ValueError, match=r"program\.py, line 1: a relative import"):
        import_closure([program], tmp_path / "core")
