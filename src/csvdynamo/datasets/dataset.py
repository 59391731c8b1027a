"""A data set: one CSV, the table that it goes to, and the rules in between. `dataset_file` reads it from TOML."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic.dataclasses import dataclass as section

from csvdynamo.datasets.column_rules import Steps
from csvdynamo.datasets.grammar import STRICT
from csvdynamo.datasets.notifications import Notification
from csvdynamo.datasets.policies import GateAction, OnChange, Policies
from csvdynamo.datasets.protection import Protection
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.sources import grants
from csvdynamo.datasets.table_rules import Table
from csvdynamo.datasets.time_zones import timezones as _timezones
from csvdynamo.datasets.type_values import Words
from csvdynamo.datasets.values import Flag, Percent, Text, Texts, WholeNumber, fail
from csvdynamo.datasets.write_rules import Write
from csvdynamo.rules.columns import Column
from csvdynamo.rules.computed import Computed
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.rules.transforms import Transform

_CRON_FIELD = re.compile(r"[A-Za-z0-9*/,#?-]+")
_PRESETS = ("@once", "@continuous", "@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")
_MOST_INPUT_BYTES = 256 * 1024  # a child execution's input: Step Functions quotas

MOST_ROWS_PER_BATCH = 1000
"""The most rows of a batch that a data set file may allow: with as many, the bytes of its input alone bound it."""


def _is_schedule(text: str) -> bool:
    fields = text.split(" ")
    return text == "none" or text in _PRESETS or (len(fields) == 5 and all(map(_CRON_FIELD.fullmatch, fields)))


def _is_timezone(name: str) -> bool:
    # Where there is no time zone data, nobody can tell.
    return not _timezones() or name in _timezones()


_SCHEDULE = Text(f"five cron fields, one of {', '.join(_PRESETS)}, or none (started by hand only)", _is_schedule)


@section(frozen=True, config=STRICT)
class Attributes:
    """How headers become attribute names."""

    transform: Annotated[tuple[Transform, ...], Steps()] = Field(
        default=(), description="the [steps](#transforms) that make a header into an attribute name"
    )


@section(frozen=True, config=STRICT)
class Values:
    """What cells hold that is no value, in every column."""

    blank: Annotated[frozenset[str], Words()] = Field(
        default=frozenset(),
        description="words that count as blank, as `NA`, in every column that has no `blank` of its own",
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
    gate: GateAction = Field(
        default=GateAction.FAIL,
        description='what a gate does that would fail the run before a row is written: `"fail"`: it fails it; '
        '`"approve"`: [a person is asked](#a-gate-that-asks) in Airflow whether the run goes on',
    )
    approval_hours: Annotated[int, WholeNumber(1, 720)] = Field(
        default=24, description="hours in which that person has to answer; then the run fails"
    )
    all_rules: Annotated[bool, Flag()] = Field(
        default=False,
        description="`true`: prepare holds each row against all the rules, so that with too many rejects the run fails "
        "before the upload whoever rejects them, and fails where the function rejects others. prepare takes some six "
        "times as long. A dry run and `make plan` always do so",
    )


@section(frozen=True, config=STRICT)
class Limits:
    """How the Map Run cuts the file into batches, and how many batches run at once."""

    rows_per_batch: Annotated[int, WholeNumber(1, MOST_ROWS_PER_BATCH)] = Field(
        default=250, description="rows that one Lambda invocation gets"
    )
    max_input_bytes_per_batch: Annotated[int, WholeNumber(1024, _MOST_INPUT_BYTES)] = Field(
        default=200 * 1024, description="bytes of JSON in one batch, headers repeated in each row"
    )
    max_concurrency: Annotated[int, WholeNumber(1, 10_000)] = Field(
        default=8, description="batches that run at once, at most"
    )
    min_concurrency: Annotated[int, WholeNumber(1, 10_000)] | None = Field(
        default=None,
        description="batches that run at once, at least. With fewer than `max_concurrency`, the run lowers and raises "
        "how many do [by what the table throttles](#concurrency-by-what-the-table-takes)",
    )
    write_units_per_second: Annotated[int, WholeNumber(1, 1_000_000)] | None = Field(
        default=None,
        description="write units a second that the run is to write, about: it begins with `min_concurrency` batches at "
        "once (here `1` if that is not set), and lets so many run as these need by the time that batches take",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_concurrency is not None and self.min_concurrency > self.max_concurrency:
            fail(f"must be at most max_concurrency = {self.max_concurrency}", key="min_concurrency")
        return self

    @property
    def least_concurrency(self) -> int:
        """How many batches run at once at least; with `max_concurrency`, nothing changes that."""
        return self.min_concurrency or (self.max_concurrency if self.write_units_per_second is None else 1)

    @property
    def first_concurrency(self) -> int:
        """How many batches run at once at first."""
        return self.max_concurrency if self.write_units_per_second is None else self.least_concurrency

    @property
    def adapts(self) -> bool:
        """Whether a run changes how many batches run at once."""
        return self.least_concurrency < self.max_concurrency


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
        computed: The attributes that no column holds.
        values: What cells hold that is no value.
        notify: Whom Airflow's notifiers tell of a run, by the name that the file gives each.
        write: Which rows are written.
    """

    name: str
    source: Source
    table: Table
    attribute_transform: tuple[Transform, ...] = ()
    columns: tuple[Column, ...] = ()
    computed: tuple[Computed, ...] = ()
    gates: Gates = field(default_factory=Gates)
    limits: Limits = field(default_factory=Limits)
    dag: DagSettings = field(default_factory=DagSettings)
    policies: Policies = field(default_factory=Policies)
    protection: Protection = field(default_factory=Protection)
    values: Values = field(default_factory=Values)
    notify: Mapping[str, Notification] = field(default_factory=dict)
    write: Write = field(default_factory=Write)

    @property
    def asks(self) -> bool:
        """Whether a gate asks a person before it fails a run."""
        return self.gates.gate is GateAction.APPROVE

    @property
    def stack_name(self) -> str:
        """The CloudFormation stack of this data set."""
        return "csvdynamo-" + self.name.replace("_", "-")

    @cached_property
    def settings_digest(self) -> str:
        """Sixteen hex digits of the SHA-256 of what else the stack is made of: its output ``SettingsHash``."""
        # A limit that a file does not set leaves the digest of a stack as an earlier version made it.
        limits = {name: limit for name, limit in asdict(self.limits).items() if limit is not None}
        protection = asdict(self.protection)
        forgets = protection.pop("keep_snapshot_runs") is not None  # which Airflow may do then, of however many runs
        settings = [limits, protection, self.gates.tolerated_failure_percent]
        settings += [table] if (table := self.table.settings()) else []
        settings += ["keep_snapshot_runs"] if forgets else []
        settings += [one for one in self.write.actions if one != "BatchWriteItem"]  # which a run may count on then
        settings += map(asdict, grants(*self.source.granted))
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
            sort_key=self.table.sort_key,
            computed=tuple(sorted(self.computed, key=lambda one: one.attribute)),
            blank=self.values.blank,
            indexes=self.table.indexes,
            inserts=self.write.inserts,
        )
