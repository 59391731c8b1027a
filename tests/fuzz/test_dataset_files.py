"""Hostile data set files: each is a data set whose rules work on rows, or a `DatasetError` in a sentence."""

import json
import math
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.errors import BatchError, DatasetError
from csvdynamo.rules.item_digest import item_digest
from csvdynamo.rules.refusals import Refusal
from csvdynamo.rules.rows import RowConverter
from tests.fuzz.hostile_documents import TEXTS, changed, spoilt
from tests.fuzz.typed_errors import fuzz, result_or_error

VALID: dict[str, Any] = {
    "duplicates": "last",
    "source": {
        **{"url": "https://example.com/cars.csv", "file_name": "cars.csv", "delimiter": ",", "encoding": "utf-8"},
        **{"buckets": ["s3://publisher/in/", "s3://publisher/cars.csv"]},
        **{"guessed_encoding": "fail", "quote": "'", "escape": "\\", "skip_initial_space": True, "line_end": "lf"},
        **{"comment": "#", "skip_lines": 1, "header": "first", "header_at": "ID", "header_lines": 2, "names": ["ID"]},
        **{"nameless": "drop", "repeated": "number", "short_rows": "pad", "stop_at": "Total", "member": "*.csv"},
    },
    "table": {
        "name": "tb_cars",
        "partition_key": "car_id",
        "ttl": "price_usd",
        "stream": "new",
        "class": "standard",
        "billing": "provisioned",
        "read_units": 5,
        "write_units": 5,
        "index": {"by_state": {"partition_key": "state", "sort_key": "car_id", "projection": ["electric"]}},
    },
    "attributes": {"transform": ["trim", "lowercase", {"replace": " ", "with": "_"}]},
    "columns": {
        "Car ID": {"transform": ["trim", {"prefix": "C_"}], "pattern": "C_[0-9]{1,9}", "max_length": 20},
        "Price": {"type": "number", "rename": "price_usd", "min": 0, "max": 1.5, "empty": "null"},
        "State": {"required": True, "allowed": ["WA", "OR"]},
        "Electric": {"type": "boolean", "blank": ["NA"], "transform": [{"value": "Y", "with": "true"}]},
        "Tax": {
            "type": "number",
            "thousands": ".",
            "decimal": ",",
            "strip": "$ ",
            "negative": "parentheses",
            "percent": True,
        },
        "Sold": {"type": "date", "format": ["%d/%m/%Y", "%b %d, %y"], "store": "epoch", "timezone": "Europe/Berlin"},
        "Seen": {"type": "timestamp", "format": "%Y-%m-%d %I:%M:%S.%f %p %z"},
        "Owners": {"type": "list", "separator": "|"},
        "Colours": {"type": "set"},
        "Recalls": {"type": "number_set"},
        "Extras": {"type": "json"},
        "Photo": {"type": "binary"},
        "Comment": {"drop": True},
    },
    "values": {"blank": ["-", "N/A"]},
    "gates": {
        "max_reject_percent": 0.5,
        "tolerated_failure_percent": 0,
        "min_rows_percent": 99.5,
        "last_record": "warn",
        "all_rules": True,
    },
    "limits": {"rows_per_batch": 250, "max_input_bytes_per_batch": 204800, "max_concurrency": 4},
    "schema": {"header": ["Car ID", "Price"], "new": "fail", "renamed": "warn"},
    "verify": {"mode": "full", "sample_size": 10, "foreign": "fail"},
    "dag": {"schedule": "0 6 * * 1", "timezone": "Europe/Berlin", "owner": "me", "tags": ["a"]},
}


def toml(value: Any) -> str:
    """Write a value as TOML, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(str(key))} = {toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None:
        return "1979-05-27T07:32:00Z"  # TOML has no null, and JSON no dates
    return json.dumps(value)


def toml_bytes(document: Any) -> bytes:
    if not isinstance(document, dict):
        return toml(document).encode("utf-8", "surrogatepass")
    lines = (f"{toml(str(key))} = {toml(value)}\n" for key, value in document.items())
    return "".join(lines).encode("utf-8", "surrogatepass")


def files() -> st.SearchStrategy[bytes]:
    structured = changed(VALID).map(toml_bytes)
    return st.one_of(structured, structured, structured, spoilt(toml_bytes(VALID)), structured.flatmap(spoilt))


def load(folder: Path, content: bytes) -> Dataset | Exception:
    path = folder / "cars.toml"
    path.write_bytes(content)
    found = result_or_error(lambda: load_dataset(path), DatasetError)
    if isinstance(found, DatasetError):
        assert str(found).startswith(str(path))
    return found


def test_the_document_that_is_made_hostile_is_a_data_set(tmp_path: Path) -> None:
    assert isinstance(load(tmp_path, toml_bytes(VALID)), Dataset)


@fuzz()
@given(content=files())
@example(content=b"a = " + b"[" * 20_000)
@example(content=b"a = " + b"{a = " * 20_000)
@example(content=b"a." * 20_000 + b"a = 1")
@example(content=b"a = " + b"9" * 20_000)
@example(content=b"a = 1e" + b"9" * 20_000)
@example(content=b"[columns." + b"x" * 70_000 + b"]\ny = 1")
def test_a_hostile_file_is_a_working_data_set_or_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    dataset = load(tmp_path, content)

    if not isinstance(dataset, Dataset):
        return
    assert 0 <= dataset.gates.max_reject_percent <= 100
    assert 0 <= dataset.gates.min_rows_percent <= 100
    assert ZoneInfo(dataset.dag.timezone).key == dataset.dag.timezone
    assert 1 <= dataset.limits.rows_per_batch <= 1000
    converter = RowConverter(dataset.rules)
    for text in ("", "1", "C_7", "true", "1.234,5 %", "28/01/2018", "a;b", '{"a": [1]}', "QQ==", *TEXTS):
        row = {column.header: text for column in dataset.columns} | {"other": text}
        made = result_or_error(lambda row=row: converter.convert(row), BatchError)
        assert isinstance(made, dict | Refusal | BatchError)
        if isinstance(made, dict):
            assert item_digest(made) == item_digest(dict(reversed(made.items())))


@fuzz(0.3)
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_random_bytes_are_an_error_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    assert isinstance(load(tmp_path, content), DatasetError)
