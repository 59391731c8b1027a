import shutil
from pathlib import Path

import pytest

from commands.cdk_cli import synthesize
from commands.project import ROOT
from tests.unit.cdk.conftest import DATASET
from tests.unit.cdk.test_stack_protection import PROTECTION
from tests.unit.cdk.test_stack_table import COLUMNS, KEY, THEIRS, with_table_keys

_ON_DEMAND = 'ttl = "until"\nstream = "new"\nmax_read_units = 7\nmax_write_units = 8\nwarm_write_units = 40000'
_PROVISIONED = 'class = "infrequent-access"\nbilling = "provisioned"\nread_units = 5\nwrite_units = 6\nstream = "old"'
_MORE = {
    "protected": DATASET + PROTECTION,
    "on_demand": with_table_keys(_ON_DEMAND, COLUMNS),
    "provisioned": with_table_keys(_PROVISIONED, COLUMNS),
    "there_already": with_table_keys(f'managed = false\nkms_key = "{KEY}"', THEIRS),
}


@pytest.fixture(scope="session")
def datasets_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's data sets, one with every protection, and some with tables of every setting."""
    folder = tmp_path_factory.mktemp("datasets")
    for file in (ROOT / "datasets").glob("*.toml"):
        shutil.copy(file, folder)
    for name, text in _MORE.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory, datasets_folder: Path) -> list[Path]:
    """What the CDK command line itself synthesizes for them, without credentials, and checks by its own rules.

    All at once: its own check takes four seconds, and half a second for each stack after the first.
    """
    place = {"CDK_DEFAULT_ACCOUNT": "123456789012", "CDK_DEFAULT_REGION": "eu-west-1"}
    made = synthesize(tmp_path_factory.mktemp("cdk.out"), {**place, "CSVDYNAMO_DATASETS": str(datasets_folder)})
    return sorted(made.folder.glob("*.template.json"))
