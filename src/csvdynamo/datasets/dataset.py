"""A data set: one CSV, the table that it goes to, and the rules in between. `dataset_file` reads it from TOML."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cached_property

from csvdynamo.datasets.hosts import HostRule
from csvdynamo.datasets.policies import OnChange, Policies
from csvdynamo.datasets.protection import Protection
from csvdynamo.rules.columns import Column
from csvdynamo.rules.row_rules import RowRules
from csvdynamo.rules.transforms import Transform


@dataclass(frozen=True)
class Source:
    """Where the CSV is published, the file name that it has in the bucket, and how it is written.

    Attributes:
        delimiter: The character between two fields; None: it is found.
        encoding: Python's name of its encoding; None: it is found.
        connection: The Airflow connection whose credentials those hosts are asked with; None: without any.
        hosts: Whom a run may ask beside the host of ``url``, at first or by a redirect.
        max_bytes: The most that is fetched, as it comes.
        max_unpacked_bytes: The most that a gzip file or a zip archive may unpack to. What prepare makes of it is held
            against Step Functions' own limit.
        max_seconds: The longest that a download may take, its attempts and waits together.
    """

    url: str
    file_name: str
    delimiter: str | None = None
    encoding: str | None = None
    connection: str | None = None
    hosts: tuple[HostRule, ...] = ()
    max_bytes: int = 10_000_000_000
    max_unpacked_bytes: int = 20_000_000_000
    max_seconds: int = 6 * 3600

    @property
    def allowed_hosts(self) -> tuple[HostRule, ...]:
        """Every host that a run may ask: that of ``url``, and ``hosts``."""
        own = HostRule.from_url(self.url)
        return self.hosts if own is None else (own, *self.hosts)


@dataclass(frozen=True)
class Table:
    """The DynamoDB table and the attribute that is its partition key (always text)."""

    name: str
    partition_key: str


@dataclass(frozen=True)
class Gates:
    """When a run is refused.

    Attributes:
        max_reject_percent: The most rejected rows, in percent of the source's rows, 0 to 100.
        tolerated_failure_percent: The most rows of batches that failed or never started, likewise.
        min_rows_percent: The fewest rows of the source, in percent of the last green run's, 0 to 100; 0: any number.
        last_record: What a last record does that is no row, as where a file was cut off.
    """

    max_reject_percent: float = 5.0
    tolerated_failure_percent: float = 0.0
    min_rows_percent: float = 90.0
    last_record: OnChange = OnChange.WARN


@dataclass(frozen=True)
class Limits:
    """How the Map Run cuts the file into batches, and how many batches run at once."""

    rows_per_batch: int = 250
    max_input_bytes_per_batch: int = 200 * 1024
    max_concurrency: int = 8


@dataclass(frozen=True)
class DagSettings:
    """What Airflow is told.

    Attributes:
        schedule: Cron text or preset; None: by hand only.
        timezone: The IANA name of the time zone that the schedule's times are in.
        owner: The DAG's owner.
        tags: The DAG's tags.
    """

    schedule: str | None = "@monthly"
    timezone: str = "UTC"
    owner: str = "airflow"
    tags: tuple[str, ...] = ()


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
            columns=self.columns,
            duplicates=self.policies.duplicates,
        )
