"""``make docs``: what documents tell of declarations, written from them.

A table stands between ``<!-- keys of source -->``, or another mark, and the next empty line.
``docs/dataset.schema.json`` is for editors that know JSON Schema, ``docs/report.schema.json`` for programs that read
reports, ``advice.json`` for the page that shows a run inside Airflow what docs/operations.md tells to do.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from commands.advice import advice
from commands.project import ROOT, say
from csvdynamo.datasets.dataset_file import DatasetFile
from csvdynamo.datasets.grammar import keys_of, rule_of, table_of
from csvdynamo.datasets.values import OneOf
from csvdynamo.rules.codes import Code, RejectCode, UnfinishedCode
from csvdynamo.rules.transforms import TRANSFORMS
from csvdynamo_airflow.accounting.advice import ADVICE_FILE
from csvdynamo_airflow.accounting.report_document import Report

PAGES = (ROOT / "docs" / "datasets.md", ROOT / "docs" / "rejects.md")
SCHEMA = ROOT / "docs" / "dataset.schema.json"
REPORT_SCHEMA = ROOT / "docs" / "report.schema.json"
OPERATIONS = ROOT / "docs" / "operations.md"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TABLE = re.compile(r"(<!-- (?P<of>[\w ]+) -->\n\n)(?:\|.*\n)+")


def main() -> None:
    """Write the tables of the pages, and the schema."""
    for path in PAGES:
        path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
    entries = advice(OPERATIONS.read_text(encoding="utf-8"))
    for path, text in ((SCHEMA, schema()), (REPORT_SCHEMA, report_schema()), (ADVICE_FILE, entries)):
        path.write_text(text, encoding="utf-8")
    written = (*PAGES, SCHEMA, REPORT_SCHEMA, ADVICE_FILE)
    say(f"Written: {', '.join(str(path.relative_to(ROOT)) for path in written)}")


def page(text: str) -> str:
    """Give a page with its tables as they are declared now."""
    return _TABLE.sub(lambda found: found[1] + "".join(_table(found["of"])), text)


def _table(of: str) -> Iterator[str]:
    if of == "transforms":
        return _lines(("step", "what it does"), ((f"`{one.form}`", one.does) for one in TRANSFORMS))
    if of == "reject codes":
        return _codes(RejectCode)
    if of == "codes of unfinished rows":
        return _codes(UnfinishedCode)
    table: Any = DatasetFile
    for name in of.removeprefix("keys of ").split(" "):
        table = table_of(dict(keys_of(table))[name])
    keys = ((f"`{key}`", _default(info), _sentence(info)) for key, info in keys_of(table))
    return _lines(("key", "default", "what it is"), keys)


def _codes(codes: type[Code]) -> Iterator[str]:
    return _lines(("code", "what it means", "what to do"), ((f"`{one}`", one.meaning, one.remedy) for one in codes))


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"


def schema() -> str:
    """Give the JSON Schema of a data set file."""
    document = TypeAdapter(DatasetFile).json_schema(by_alias=True)
    told = {"$schema": _DIALECT, **document, "title": "csvdynamo data set file"}
    return json.dumps(told, indent=1, default=str) + "\n"


def report_schema() -> str:
    """Give the JSON Schema of a run's report."""
    document = TypeAdapter(Report).json_schema(mode="serialization")
    return json.dumps({"$schema": _DIALECT, **document, "title": "csvdynamo report"}, indent=1) + "\n"


def _default(info: FieldInfo) -> str:
    if info.default is PydanticUndefined:
        return "required" if info.default_factory is None else rule_of(info).absent
    rule = rule_of(info)
    if isinstance(rule, OneOf):
        words = (word for word, meant in rule.words.items() if meant == info.default)
        return f"`{_toml(next(words, info.default))}`"
    return rule.absent if info.default is None else f"`{_toml(info.default)}`"


def _toml(value: Any) -> str:
    if isinstance(value, tuple | frozenset):
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
