"""``make docs``: what documents say of a data set file's keys, from their declaration.

The tables of ``docs/datasets.md`` between ``<!-- keys of … -->`` and the next empty line, and
``docs/dataset.schema.json``, for editors that know JSON Schema.
"""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from commands.project import ROOT, say
from csvdynamo.datasets.dataset_file import DatasetFile
from csvdynamo.datasets.grammar import keys_of, rule_of, table_of
from csvdynamo.datasets.values import OneOf

PAGE = ROOT / "docs" / "datasets.md"
SCHEMA = ROOT / "docs" / "dataset.schema.json"
_TABLE = re.compile(r"(<!-- keys of (\w+) -->\n\n)(?:\|.*\n)+")


def main() -> None:
    """Write both."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    SCHEMA.write_text(schema(), encoding="utf-8")
    say(f"{PAGE}, {SCHEMA}")


def page(text: str) -> str:
    """Give the page with its tables as they are declared now."""
    tables = {key: table_of(info) for key, info in keys_of(DatasetFile)}
    return _TABLE.sub(lambda found: found[1] + "".join(_lines(tables[found[2]])), text)


def schema() -> str:
    """Give the JSON Schema of a data set file."""
    document = TypeAdapter(DatasetFile).json_schema(by_alias=True)
    told = {"$schema": "https://json-schema.org/draft/2020-12/schema", **document, "title": "csvdynamo data set file"}
    return json.dumps(told, indent=1, default=str) + "\n"


def _lines(table: Any) -> Iterator[str]:
    yield "| key | default | what it is |\n|---|---|---|\n"
    for key, info in keys_of(table):
        yield f"| `{key}` | {_default(info)} | {_sentence(info)} |\n"


def _default(info: FieldInfo) -> str:
    if info.default is PydanticUndefined:
        return "required"
    rule = rule_of(info)
    if isinstance(rule, OneOf):
        return next(f"`{_toml(word)}`" for word, meant in rule.words.items() if meant == info.default)
    return rule.absent if info.default is None else f"`{_toml(info.default)}`"


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value)


def _sentence(info: FieldInfo) -> str:
    sentence, bounds = str(info.description), rule_of(info).bounds()
    if isinstance(info.annotation, type) and issubclass(info.annotation, StrEnum):
        *first, last = (f'`"{word}"`' for word in info.annotation)
        words = f"{', '.join(first)} or {last}"
        bounds = "" if all(f'`"{word}"`' in sentence for word in info.annotation) else words
    return f"{bounds}: {sentence}" if bounds else sentence


if __name__ == "__main__":
    main()
