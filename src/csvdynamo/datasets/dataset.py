"""A data set: one CSV, the table that it goes to, and the rules in between. `dataset_file` reads it from TOML."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from typing import Annotated, Any, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic.dataclasses import dataclass as section

from csvdynamo.datasets import dialects
from csvdynamo.datasets.column_rules import Steps
from csvdynamo.datasets.grammar import STRICT
from csvdynamo.datasets.hosts import HostRule
from csvdynamo.datasets.policies import OnChange, Policies
from csvdynamo.datasets.protection import Protection
from csvdynamo.datasets.sources import HTTP, address_in_file, has_user, is_source_url, kind_of, told_in_file
from csvdynamo.datasets.values import Percent, Text, Texts, WholeNumber, fail
from csvdynamo.rules.columns import Column
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.rules.transforms import Transform

_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_CONNECTION = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_CRON_FIELD = re.compile(r"[A-Za-z0-9*/,#?-]+")
_PRESETS = ("@once", "@continuous", "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")
_NO_TIMEZONES = {"localtime", "Factory"}  # another one on each machine, and none
_MOST_BYTES = 10**13
_MOST_INPUT_BYTES = 256 * 1024  # a child execution's input: Step Functions quotas


def _no_user(url: Any) -> Any:
    if isinstance(url, str) and has_user(url):  # not quoted: it is a secret
        fail("must have no user and password: make an Airflow connection of them, name it in connection")
    return url


def _is_file_name(name: str) -> bool:
    plain = "/" not in name and "\\" not in name and name not in (".", "..") and name.isprintable()
    return plain and len(name.encode()) <= 255


def _is_host(text: str) -> bool:
    return HostRule.from_text(text) is not None


def _is_schedule(text: str) -> bool:
    fields = text.split(" ")
    return text == "none" or text in _PRESETS or (len(fields) == 5 and all(map(_CRON_FIELD.fullmatch, fields)))


def _is_timezone(name: str) -> bool:
    # Where there is no time zone data, nobody can tell.
    return not _timezones() or name in _timezones()


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_TIMEZONES


_SCHEDULE = Text(f"five cron fields, one of {', '.join(_PRESETS)}, or none (started by hand only)", _is_schedule)
_HOSTS = Texts("hosts, such as data.example.com or *.example.com:8443", HostRule.from_text, HostRule)


@section(frozen=True, config=STRICT)
class Source:
    """Where the CSV is published, the file name that it has in the bucket, and how it is written."""

    url: Annotated[str, Text(f"an {address_in_file()}", is_source_url), BeforeValidator(_no_user)] = Field(
        description=told_in_file()
    )
    file_name: Annotated[str, Text("a plain file name, of at most 255 bytes and without slashes", _is_file_name)] = (
        Field(description="the file's name in the bucket, without a folder")
    )
    delimiter: dialects.Delimiter = None
    encoding: dialects.Encoding = None
    guessed_encoding: dialects.Guessed = OnChange.WARN
    quote: dialects.Quote = '"'
    escape: dialects.Escape = None
    skip_initial_space: dialects.SkipInitialSpace = False
    line_end: dialects.LineEnd = None
    comment: dialects.Comment = None
    skip_lines: dialects.SkipLines = 0
    header_at: dialects.HeaderAt = None
    header: dialects.HeaderIs = dialects.Header.FIRST
    header_lines: dialects.HeaderLines = 1
    names: dialects.Names = ()
    nameless: dialects.NamelessColumns = dialects.Nameless.REFUSE
    repeated: dialects.RepeatedNames = dialects.Repeated.REFUSE
    short_rows: dialects.ShortRecords = dialects.ShortRows.REJECT
    stop_at: dialects.StopAt = None
    member: dialects.Member = None
    connection: (
        Annotated[str, Text("an Airflow connection's id, of at most 200 of A-Z a-z 0-9 _ . -", _CONNECTION.fullmatch)]
        | None
    ) = Field(
        default=None, description="the Airflow connection whose [credentials](#credentials) the server is asked with"
    )
    hosts: Annotated[tuple[HostRule, ...], _HOSTS] = Field(
        default=(),
        description="the hosts that a run may ask beside the one of `url`, at first or by a redirect",
    )
    max_bytes: Annotated[int, WholeNumber(1, _MOST_BYTES)] = Field(
        default=10_000_000_000,
        description="the most that is fetched, as it comes (a gzipped file: compressed)",
    )
    max_unpacked_bytes: Annotated[int, WholeNumber(1, _MOST_BYTES)] = Field(
        default=20_000_000_000,
        description="the most that a file that is packed may unpack to",
    )
    max_seconds: Annotated[int, WholeNumber(1, 7 * 86_400)] = Field(
        default=6 * 3600,
        description="the longest that a download may take, all attempts and waits together",
    )

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        dialects.hold_together(self)
        return self

    @property
    def allowed_hosts(self) -> tuple[HostRule, ...]:
        """Every host that a run may ask: that of ``url``, if it names one, and ``hosts``."""
        own = HostRule.from_url(self.url) if kind_of(self.url) is HTTP else None
        return self.hosts if own is None else (own, *self.hosts)


@section(frozen=True, config=STRICT)
class Table:
    """The DynamoDB table and the attribute that is its partition key."""

    name: Annotated[str, Text("3 to 255 of A-Z a-z 0-9 _ . - (a DynamoDB table name)", _TABLE_NAME.fullmatch)] = Field(
        description="the DynamoDB table, 3 to 255 of `A-Z a-z 0-9 _ . -`"
    )
    partition_key: Annotated[
        str, Text("at most 255 bytes (a DynamoDB key's name)", lambda name: len(name.encode()) <= 255)
    ] = Field(
        description="the attribute that is the partition key: its name *after* `[attributes]` or `rename`. It is "
        "stored as text"
    )


@section(frozen=True, config=STRICT)
class Attributes:
    """How headers become attribute names."""

    transform: Annotated[tuple[Transform, ...], Steps()] = Field(
        default=(), description="the [steps](#transforms) that make a header into an attribute name"
    )


@section(frozen=True, config=STRICT)
class Gates:
    """When a run is refused."""

    max_reject_percent: Annotated[float, Percent()] = Field(
        default=5.0,
        description="with more rejected rows than this, the run fails; where prepare alone rejects more, before the "
        "upload",
    )
    tolerated_failure_percent: Annotated[float, Percent()] = Field(
        default=0.0,
        description="rows that may be in batches that failed. With more, Step Functions stops the Map Run, and the run "
        "fails",
    )
    min_rows_percent: Annotated[float, Percent()] = Field(
        default=90.0,
        description="with fewer rows than this, of those that the last green run's source had, the run fails before "
        "the upload. `0`: any number",
    )
    last_record: OnChange = Field(
        default=OnChange.WARN,
        description='what a last record does that is no row: `"fail"`: the run fails before the upload; `"warn"`: it '
        'is a reject, told in summary and log; `"accept"`: a reject',
    )


@section(frozen=True, config=STRICT)
class Limits:
    """How the Map Run cuts the file into batches, and how many batches run at once."""

    rows_per_batch: Annotated[int, WholeNumber(1, 1000)] = Field(
        default=250, description="rows that one Lambda invocation gets"
    )
    max_input_bytes_per_batch: Annotated[int, WholeNumber(1024, _MOST_INPUT_BYTES)] = Field(
        default=200 * 1024, description="bytes of JSON in one batch, headers repeated in each row"
    )
    max_concurrency: Annotated[int, WholeNumber(1, 10_000)] = Field(default=8, description="batches that run at once")


@section(frozen=True, config=STRICT)
class DagSettings:
    """What Airflow is told."""

    schedule: Annotated[str, _SCHEDULE, AfterValidator(lambda text: None if text == "none" else text)] | None = Field(
        default="@monthly",
        description='five cron fields, a preset (`@daily`, `@weekly`, `@monthly`, …), or `"none"`: started by hand '
        "only",
    )
    timezone: Annotated[str, Text("a time zone's IANA name, such as UTC or Europe/Berlin", _is_timezone)] = Field(
        default="UTC",
        description='the time zone that the schedule\'s times are in: an IANA name, such as `"America/Los_Angeles"`',
    )
    owner: Annotated[str, Text("a text that prints: it stands in Airflow's UI", str.isprintable)] = Field(
        default="airflow", description="the DAG's owner"
    )
    tags: Annotated[tuple[str, ...], Texts("texts that print", str.isprintable)] = Field(
        default=(), description="the DAG's tags"
    )


@dataclass(frozen=True)
class Dataset:
    """One data set file, read and checked.

    Attributes:
        name: The file's name without `.toml`.
        attribute_transform: The steps that make a header into an attribute name.
        columns: The declared columns in the file's order. A file may have others.
    """

    name: str
    source: Source
    table: Table
    attribute_transform: tuple[Transform, ...] = ()
    columns: tuple[Column, ...] = ()
    gates: Gates = field(default_factory=Gates)
    limits: Limits = field(default_factory=Limits)
    dag: DagSettings = field(default_factory=DagSettings)
    policies: Policies = field(default_factory=Policies)
    protection: Protection = field(default_factory=Protection)

    @property
    def stack_name(self) -> str:
        """The CloudFormation stack of this data set."""
        return "csvdynamo-" + self.name.replace("_", "-")

    @cached_property
    def settings_digest(self) -> str:
        """Sixteen hex digits of the SHA-256 of what else the stack is made of: its output ``SettingsHash``."""
        limits, protection = asdict(self.limits), asdict(self.protection)
        settings = [limits, protection, self.gates.tolerated_failure_percent]
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]

    @cached_property
    def rules(self) -> RowRules:
        """What decides which item a row becomes."""
        return RowRules(
            dataset=self.name,
            table=self.table.name,
            partition_key=self.table.partition_key,
            attribute_transform=self.attribute_transform,
            columns=tuple(sorted(self.columns, key=lambda column: column.header)),
            duplicates=self.policies.duplicates,
        )
