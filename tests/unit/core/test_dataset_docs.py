import base64
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from commands import docs
from commands.project import ROOT
from csvdynamo.datasets.dataset_file import DatasetFile, load_dataset
from csvdynamo.datasets.grammar import keys_of, table_of
from csvdynamo.datasets.policies import WHOLE_UP_TO
from csvdynamo.datasets.table_rules import Table
from csvdynamo.datasets.type_rules import TYPES_OF_KEY
from csvdynamo.errors import DatasetError
from csvdynamo.rules.codes import RejectCode, UnfinishedCode
from csvdynamo.rules.columns import ColumnType
from csvdynamo.rules.moment_formats import DIRECTIVES
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.transforms import TRANSFORMS
from tests.support.converted_row import convert_row

PAGE = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 17


TYPES = PAGE.split("### Types")[1].split("\n### ")[0]
CELLS: list[tuple[str, ...]] = re.findall(r"^\| `(type = .+?)` \| `(.+?)` \| (.+?) \|$", TYPES, re.MULTILINE)


def test_the_page_has_an_example_of_every_type_and_of_every_key_of_a_type() -> None:
    columns = [tomllib.loads(f"column = {{ {column} }}")["column"] for column, *_ in CELLS]

    assert len(CELLS) == TYPES.count("\n| `")
    assert {column["type"] for column in columns} == set(ColumnType)
    told = {key for column in columns for key in column}
    assert TYPES_OF_KEY.keys() - {"min", "max", "pattern", "allowed", "max_length"} <= told


@pytest.mark.parametrize(("column", "cell", "stored"), CELLS)
def test_a_cell_of_the_page_is_stored_as_it_says(tmp_path: Path, column: str, cell: str, stored: str) -> None:
    path = tmp_path / "cars.toml"
    path.write_text(f"{EXAMPLES[0]}\n[columns]\nA = {{ {column} }}\n", encoding="utf-8")

    made = convert_row(load_dataset(path).rules, {"Car ID": "1", "A": cell})

    if isinstance(made, Refusal):
        assert stored.startswith(f"`{made.code}`: ")
    elif "A" not in made:
        assert stored == "no attribute"
    else:
        held = {kind: base64.b64encode(one).decode() if kind == "B" else one for kind, one in made["A"].items()}
        assert f"`{json.dumps(held)}`" == stored


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_page_loads(tmp_path: Path, example: str) -> None:
    path = tmp_path / "cars.toml"
    path.write_text(example, encoding="utf-8")

    assert load_dataset(path).table.name == "tb_cars"


def test_the_page_tells_the_limit_of_a_whole_check() -> None:
    assert f'`"full"` unless the file has more than {WHOLE_UP_TO:,} rows' in PAGE


def test_the_pages_error_message_is_the_real_one(tmp_path: Path) -> None:
    path = tmp_path / "cars.toml"
    path.write_text(EXAMPLES[0] + "[limits]\nrows_per_batch = 0\n", encoding="utf-8")

    with pytest.raises(DatasetError) as caught:
        load_dataset(path)

    assert str(caught.value).replace(str(path), "datasets/cars.toml") in PAGE


@pytest.mark.parametrize(
    "section",
    [
        "source",
        "table",
        'table.index."name"',
        'computed."attribute"',
        "attributes",
        'columns."Header"',
        "values",
        "gates",
        "limits",
        "schema",
        "verify",
        "protection",
        "dag",
        'notify."name"',
    ],
)
def test_the_page_describes_every_key_of_a_section(tmp_path: Path, section: str) -> None:
    path = tmp_path / "cars.toml"
    needed = {'table.index."name"': 'partition_key = "a"\n', 'notify."name"': 'notifier = "a.B"\n'}
    header = f"[{section}]\n" + needed.get(section, "")
    text = EXAMPLES[0]
    text = text.replace(header, header + "zzz = 1\n") if header in text else text + header + "zzz = 1\n"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(DatasetError, match="zzz: unknown key; allowed here: ") as caught:
        load_dataset(path)

    part = PAGE.split(f"# `[{section}]`")[1].split("\n## ")[0]
    for key in str(caught.value).split("allowed here: ")[1].split(", "):
        assert f"`{key}`" in part


@pytest.mark.parametrize("path", docs.PAGES, ids=lambda path: path.name)
def test_the_tables_of_a_page_are_what_is_declared(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert docs.page(text) == text, "make docs writes them"


def test_every_code_and_every_step_is_told() -> None:
    rejects = (ROOT / "docs" / "rejects.md").read_text(encoding="utf-8")

    assert all(f"| `{code}` | {code.meaning} | {code.remedy} |" in rejects for code in (*RejectCode, *UnfinishedCode))
    assert all(f"| `{step.form}` | {step.does} |" in PAGE for step in TRANSFORMS)


def test_every_directive_of_a_format_is_told() -> None:
    told = re.findall(r"`(%.)`", PAGE.split("### Formats")[1].split("\n- ")[0])

    assert sorted(told) == sorted(DIRECTIVES)


def test_each_table_of_a_file_has_its_table_on_the_page() -> None:
    for key, info in keys_of(DatasetFile):
        assert (f"<!-- keys of {key} -->" in PAGE) == (table_of(info) is not None)
    for key, info in keys_of(Table):
        assert (f"<!-- keys of table {key} -->" in PAGE) == (table_of(info) is not None)


SCHEMA = (ROOT / "docs" / "dataset.schema.json").read_text(encoding="utf-8")


def test_the_schema_for_editors_is_what_is_declared() -> None:
    assert docs.schema() == SCHEMA, "make docs writes it"


def taken_by_editors(text: str) -> bool:
    document: dict[str, Any] = tomllib.loads(text)
    return bool(jsonschema.Draft202012Validator(json.loads(SCHEMA)).is_valid(document))


@pytest.mark.parametrize("text", [*EXAMPLES, *(path.read_text() for path in sorted(ROOT.glob("datasets/*.toml")))])
def test_editors_take_what_is_right(text: str) -> None:
    assert taken_by_editors(text)


@pytest.mark.parametrize(
    "wrong",
    [
        "[limits]\nrows_per_batch = 0\n",
        "[limits]\nrows = 1\n",
        "[gates]\nmax_reject_percent = 101\n",
        "[gates]\nlast_record = 'no'\n",
        "[notify.a]\nnotifier = 'a.B'\non = ['blue']\n",
        "[columns.A]\ntype = 'money'\n",
        "[columns.A]\nformat = 1\n",
        "[columns.A]\nformat = []\n",
        "[columns.A]\nthousands = ''\n",
        "[columns.A]\nnegative = 'red'\n",
        "[columns.A]\nstore = 'text'\n",
        "[columns.A]\ntimezone = 1\n",
        "[columns.A]\nblank = 'NA'\n",
        "[values]\nblank = [1]\n",
        "[columns.A]\nallowed = 1\n",
        "[dag]\ntags = 'a'\n",
        "[verify]\nmode = 'all'\n",
        "[protection]\nencryption = 'none'\n",
        "[extra]\n",
    ],
)
def test_editors_mark_what_is_wrong(wrong: str) -> None:
    assert not taken_by_editors(EXAMPLES[0] + wrong)
