"""Reads a data set file (TOML) into a `Dataset`. Every key is described in docs/datasets.md."""

import re
import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from csvdynamo.datasets.column_file import read_columns, read_transforms
from csvdynamo.datasets.dataset import DagSettings, Dataset, Gates, Limits, Source, Table
from csvdynamo.datasets.hosts import HostRule, has_user
from csvdynamo.datasets.policies import OnChange
from csvdynamo.datasets.policy_file import read_policies
from csvdynamo.datasets.protection_file import read_protection
from csvdynamo.datasets.toml_fields import Fields, found
from csvdynamo.errors import DatasetError
from csvdynamo.rules.transforms import can_produce

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_CONNECTION = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_CRON_FIELD = re.compile(r"[A-Za-z0-9*/,#?-]+")
_WEB_URL = re.compile(r"https?://[^\s\\]+\Z", re.IGNORECASE)
_PRESETS = ("@once", "@continuous", "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")
DELIMITERS = {",": ",", ";": ";", "|": "|", "tab": "\t"}
"""The delimiters that a source may have, by how the data set file writes them."""
ENCODINGS = ("utf-8", "utf-16", "windows-1252")
"""The encodings that a source may have. UTF-16 is read in the byte order of its mark."""
_NO_TIMEZONES = {"localtime", "Factory"}  # another one on each machine, and none
_MOST_SOURCE_BYTES = 10**13
_MOST_SOURCE_SECONDS = 7 * 86_400
_MAX_BATCH_INPUT_BYTES = 256 * 1024  # a child execution's input: Step Functions quotas


def load_dataset(path: Path) -> Dataset:
    """Read one data set file.

    Args:
        path: The TOML file. Its name without `.toml` is the data set's name.

    Raises:
        DatasetError: The file cannot be read, or a key in it is unknown, missing or wrong.
    """
    if not _NAME.fullmatch(path.stem):
        raise DatasetError(
            f"{path}: the file's name becomes the data set's: rename it to a small letter followed by at most "
            f"30 small letters, digits and underscores"
        )
    return _read_dataset(path.stem, Fields(_parse(path, _read_text(path)), path))


def dataset_paths(folder: Path) -> list[Path]:
    """List a folder's data set files by name, so that a caller can let one broken file cost that data set only.

    Raises:
        DatasetError: The folder does not exist.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder}: there is no such folder of data set files")
    return sorted(folder.glob("*.toml"))


def load_datasets(folder: Path) -> dict[str, Dataset]:
    """Read all data set files of a folder, by data set name.

    Raises:
        DatasetError: The folder does not exist, or one of its files is wrong.
    """
    return {path.stem: load_dataset(path) for path in dataset_paths(folder)}


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: is not UTF-8 at byte {error.start}: save it as UTF-8") from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:  # tomllib's own error is a ValueError
        raise DatasetError(f"{path}: is not valid TOML: {error or type(error).__name__}") from error


def _read_dataset(name: str, fields: Fields) -> Dataset:
    source = _read_source(fields.table("source", required=True))
    table_fields = fields.table("table", required=True)
    table = _read_table(table_fields)
    attributes = fields.table("attributes")
    attribute_transform = read_transforms(attributes, "transform")
    attributes.done()
    columns = read_columns(fields.table("columns"), attribute_transform, table.partition_key)
    dataset = Dataset(
        name=name,
        source=source,
        table=table,
        attribute_transform=attribute_transform,
        columns=columns,
        gates=_read_gates(fields.table("gates")),
        limits=_read_limits(fields.table("limits")),
        dag=_read_dag(fields.table("dag")),
        policies=read_policies(fields),
        protection=read_protection(fields.table("protection")),
    )
    fields.done()
    if dataset.rules.key_header is None and not can_produce(attribute_transform, table.partition_key):
        table_fields.fail(
            "partition_key",
            f"no declared column becomes the attribute {table.partition_key!r}, and attributes.transform makes no "
            f"header into it: declare the key's column, or give its name as it is after the transform",
        )
    return dataset


def _read_source(fields: Fields) -> Source:
    delimiter = fields.choice("delimiter", "found", ("found", *DELIMITERS))
    encoding = fields.choice("encoding", "found", ("found", *ENCODINGS))
    source = Source(
        url=_read_url(fields),
        file_name=fields.text("file_name", check=_file_name_rule),
        delimiter=DELIMITERS.get(delimiter),
        encoding=encoding if encoding in ENCODINGS else None,
        connection=fields.text("connection", Source.connection, check=_connection_rule),
        hosts=_read_hosts(fields),
        max_bytes=fields.integer("max_bytes", Source.max_bytes, 1, _MOST_SOURCE_BYTES),
        max_unpacked_bytes=fields.integer("max_unpacked_bytes", Source.max_unpacked_bytes, 1, _MOST_SOURCE_BYTES),
        max_seconds=fields.integer("max_seconds", Source.max_seconds, 1, _MOST_SOURCE_SECONDS),
    )
    fields.done()
    return source


def _read_url(fields: Fields) -> str:
    url: str = fields.text("url")
    if has_user(url):  # not quoted: it is a secret
        fields.fail("url", "must have no user and password: make an Airflow connection of them, name it in connection")
    return str(fields.text("url", check=_url_rule))


def _read_hosts(fields: Fields) -> tuple[HostRule, ...]:
    hosts = []
    for text in fields.texts("hosts"):
        host = HostRule.from_text(text)
        if host is None:
            fields.fail(
                "hosts", f"must be hosts, such as data.example.com or *.example.com:8443, found {found(text)} in it"
            )
        hosts.append(host)
    return tuple(hosts)


def _read_table(fields: Fields) -> Table:
    table = Table(fields.text("name", check=_table_name_rule), fields.text("partition_key", check=_key_name_rule))
    fields.done()
    return table


def _read_gates(fields: Fields) -> Gates:
    gates = Gates(
        max_reject_percent=float(fields.number("max_reject_percent", Gates.max_reject_percent, _percent_rule)),
        tolerated_failure_percent=float(
            fields.number("tolerated_failure_percent", Gates.tolerated_failure_percent, _percent_rule)
        ),
        min_rows_percent=float(fields.number("min_rows_percent", Gates.min_rows_percent, _percent_rule)),
        last_record=OnChange(fields.choice("last_record", Gates.last_record, list(OnChange))),
    )
    fields.done()
    return gates


def _read_limits(fields: Fields) -> Limits:
    limits = Limits(
        rows_per_batch=fields.integer("rows_per_batch", Limits.rows_per_batch, 1, 1000),
        max_input_bytes_per_batch=fields.integer(
            "max_input_bytes_per_batch", Limits.max_input_bytes_per_batch, 1024, _MAX_BATCH_INPUT_BYTES
        ),
        max_concurrency=fields.integer("max_concurrency", Limits.max_concurrency, 1, 10_000),
    )
    fields.done()
    return limits


def _read_dag(fields: Fields) -> DagSettings:
    schedule = fields.text("schedule", DagSettings.schedule, check=_schedule_rule)
    dag = DagSettings(
        schedule=None if schedule == "none" else schedule,
        timezone=fields.text("timezone", DagSettings.timezone, check=_timezone_rule),
        owner=fields.text("owner", DagSettings.owner, check=_printable_rule),
        tags=fields.texts("tags"),
    )
    for tag in dag.tags:
        if not tag.isprintable():
            fields.fail("tags", f"must be texts that print, found {found(tag)} in it")
    fields.done()
    return dag


def _url_rule(url: str) -> str | None:
    good = _WEB_URL.match(url) and url.isprintable() and HostRule.from_url(url)
    return None if good else "an http:// or https:// address"


def _file_name_rule(name: str) -> str | None:
    good = "/" not in name and "\\" not in name and name not in (".", "..") and name.isprintable()
    return None if good and len(name.encode()) <= 255 else "a plain file name, of at most 255 bytes and without slashes"


def _connection_rule(name: str) -> str | None:
    return None if _CONNECTION.fullmatch(name) else "an Airflow connection's id, of at most 200 of A-Z a-z 0-9 _ . -"


def _table_name_rule(name: str) -> str | None:
    return None if _TABLE_NAME.fullmatch(name) else "3 to 255 of A-Z a-z 0-9 _ . - (a DynamoDB table name)"


def _key_name_rule(name: str) -> str | None:
    return None if len(name.encode()) <= 255 else "at most 255 bytes (a DynamoDB key's name)"


def _percent_rule(number: Decimal) -> str | None:
    return None if 0 <= number <= 100 else "a percentage from 0 to 100"


def _printable_rule(text: str) -> str | None:
    return None if text.isprintable() else "a text that prints: it stands in Airflow's UI"


def _schedule_rule(text: str) -> str | None:
    fields = text.split(" ")
    if text == "none" or text in _PRESETS or (len(fields) == 5 and all(map(_CRON_FIELD.fullmatch, fields))):
        return None
    return f"five cron fields, one of {', '.join(_PRESETS)}, or none (started by hand only)"


def _timezone_rule(name: str) -> str | None:
    # Where there is no time zone data, as there may be none in AWS Lambda, nobody asks for the time zone either.
    known = _timezones()
    return None if not known or name in known else "a time zone's IANA name, such as UTC or Europe/Berlin"


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_TIMEZONES
