import re
from pathlib import Path

import pytest

from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.policies import WHOLE_UP_TO
from csvdynamo.errors import DatasetError

PAGE = (Path(__file__).parents[3] / "docs" / "datasets.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 2


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
    ["source", "table", "attributes", 'columns."Header"', "gates", "limits", "schema", "verify", "protection", "dag"],
)
def test_the_page_describes_every_key_of_a_section(tmp_path: Path, section: str) -> None:
    path = tmp_path / "cars.toml"
    header = f"[{section}]\n"
    text = EXAMPLES[0]
    text = text.replace(header, header + "zzz = 1\n") if header in text else text + header + "zzz = 1\n"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(DatasetError, match="zzz: unknown key; allowed here: ") as caught:
        load_dataset(path)

    part = PAGE.split(f"## `[{section}]`")[1].split("\n## ")[0]
    for key in str(caught.value).split("allowed here: ")[1].split(", "):
        assert f"`{key}`" in part
