"""The table `[table]` of a data set file: the DynamoDB table, its key, and how it is made or that it is there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass as plain
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import CoreSchema
from pydantic_core import core_schema as core

from csvdynamo.datasets.grammar import STRICT
from csvdynamo.datasets.values import Flag, Rule, Text, WholeNumber, fail, found
from csvdynamo.rules.indexes import Index

MOST_INDEXES = 20
"""Global secondary indexes of a table, and attributes that an index may name in its projection; see "Quotas"."""
_MOST_PROJECTED = 100  # over all indexes of a table
_MOST_UNITS = 10**9
_LEAST_WARM_READS, _LEAST_WARM_WRITES = 12_000, 4_000  # what every table begins with, and cannot go below

_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_KMS_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,64}")
_ATTRIBUTE = Text("at most 255 bytes (a DynamoDB key's name)", lambda name: len(name.encode()) <= 255)
_UNITS = WholeNumber(1, _MOST_UNITS)

_OF_A_TABLE_THAT_IS_MADE = (
    "stream",
    "class",
    "billing",
    "max_read_units",
    "max_write_units",
    "read_units",
    "write_units",
    "warm_read_units",
    "warm_write_units",
)


class Stream(StrEnum):
    """What the table's stream tells of a change: nothing, the key, the item after it, the one before, or both."""

    NONE = "none"
    KEYS = "keys"
    NEW = "new"
    OLD = "old"
    BOTH = "both"


class TableClass(StrEnum):
    """DynamoDB's class of the table: how storage is paid against reads and writes."""

    STANDARD = "standard"
    INFREQUENT_ACCESS = "infrequent-access"


class Billing(StrEnum):
    """How reads and writes are paid: each, or as units that are kept ready."""

    ON_DEMAND = "on-demand"
    PROVISIONED = "provisioned"


@plain(frozen=True, eq=False)
class _Projection(Rule):
    """What an index holds of an item."""

    give = "a text or an array"

    def must(self) -> str:
        """Say what it must be."""
        return '"all", "keys", or an array of attributes'

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Take one of the words, or an array of texts."""
        return core.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell an editor what can be told."""
        text = {"type": "string"}
        return {"anyOf": [{"enum": ["all", "keys"]}, {"type": "array", "items": text, "minItems": 1}]}

    def _read(self, value: Any) -> str | tuple[str, ...]:
        if value in ("all", "keys"):
            return str(value)
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one for one in value):
            fail(f"must be {self.must()}, found {found(value)}")
        if not 1 <= len(value) <= MOST_INDEXES or len(set(value)) < len(value):
            fail(f'must name 1 to {MOST_INDEXES} attributes, each once; "all" is all of them, "keys" none')
        return tuple(value)


@dataclass(frozen=True, config=STRICT)
class IndexRules:
    """One table for each secondary index, under its name."""

    partition_key: Annotated[str, _ATTRIBUTE] = Field(
        description="the attribute that is the index's partition key, named as the table's is"
    )
    sort_key: Annotated[str, _ATTRIBUTE] | None = Field(
        default=None, description="the attribute that is its sort key; without it the index has none"
    )
    projection: Annotated[str | tuple[str, ...], _Projection()] = Field(
        default="all",
        description='what it holds of an item: `"all"`; `"keys"`: the keys of table and index; or an array of the '
        "attributes that it holds beside them",
    )

    @model_validator(mode="after")
    def _fit_together(self) -> "IndexRules":
        if self.sort_key == self.partition_key:
            fail("is the partition key: name another attribute, or none", key="sort_key")
        return self


@dataclass(frozen=True, config=STRICT)
class Table:
    """The DynamoDB table and the attributes that are its key."""

    name: Annotated[str, Text("3 to 255 of A-Z a-z 0-9 _ . - (a DynamoDB table name)", _NAME.fullmatch)] = Field(
        description="the DynamoDB table, 3 to 255 of `A-Z a-z 0-9 _ . -`"
    )
    partition_key: Annotated[str, _ATTRIBUTE] = Field(
        description="the attribute that is the partition key: its name *after* `[attributes]` or `rename`, or one of "
        "`[computed]`"
    )
    sort_key: Annotated[str, _ATTRIBUTE] | None = Field(
        default=None, description="the attribute that is the sort key, named likewise; without it the table has none"
    )
    managed: Annotated[bool, Flag()] = Field(
        default=True,
        description="`true`: the stack makes the table, or takes the one of this name that it finds; `false`: it is "
        "[there already](#a-table-that-is-there-already), and stays its owner's",
    )
    ttl: Annotated[str, _ATTRIBUTE] | None = Field(
        default=None,
        description="the attribute, a number of seconds since 1970, after which DynamoDB [deletes an item]"
        "(#items-that-expire)",
    )
    stream: Stream = Field(
        default=Stream.NONE,
        description='what the table\'s stream tells of each change: `"none"` there is none, `"keys"` the key, `"new"` '
        'the item after it, `"old"` the one before, `"both"`',
    )
    table_class: TableClass = Field(
        default=TableClass.STANDARD,
        alias="class",
        description='`"standard"`, or `"infrequent-access"`: storage costs less, reads and writes more',
    )
    billing: Billing = Field(
        default=Billing.ON_DEMAND,
        description='`"on-demand"`: each read and write is paid; `"provisioned"`: as many units as are kept ready',
    )
    max_read_units: Annotated[int, _UNITS] | None = Field(
        default=None, description="on demand: at most so many read units a second, of table and indexes each"
    )
    max_write_units: Annotated[int, _UNITS] | None = Field(
        default=None, description="on demand: at most so many write units a second, likewise"
    )
    read_units: Annotated[int, _UNITS] | None = Field(
        default=None, description="provisioned: the read units a second of table and indexes each"
    )
    write_units: Annotated[int, _UNITS] | None = Field(
        default=None, description="provisioned: the write units a second, likewise"
    )
    warm_read_units: Annotated[int, WholeNumber(_LEAST_WARM_READS, _MOST_UNITS)] | None = Field(
        default=None, description="read units a second that table and indexes are made ready for at once"
    )
    warm_write_units: Annotated[int, WholeNumber(_LEAST_WARM_WRITES, _MOST_UNITS)] | None = Field(
        default=None, description="write units a second, likewise"
    )
    kms_key: (
        Annotated[str, Text("a KMS key's ARN, such as arn:aws:kms:eu-west-1:123456789012:key/…", _KMS_KEY.fullmatch)]
        | None
    ) = Field(default=None, description="with `managed = false`: the ARN of the KMS key that its owner gave it")
    index: dict[str, IndexRules] = Field(
        default_factory=dict, description="the secondary indexes, a table each: [below](#tableindexname)"
    )

    @model_validator(mode="before")
    @classmethod
    def _fit_together(cls, keys: Any) -> Any:
        """Refuse keys that have no effect beside others, before their values are looked at."""
        if isinstance(keys, dict):
            _hold_to_billing(keys)
            _hold_to_its_maker(keys)
        return keys

    @model_validator(mode="after")
    def _hold_indexes(self) -> "Table":
        if len(self.index) > MOST_INDEXES:
            fail(f"must have at most {MOST_INDEXES} indexes, found {len(self.index)}", key="index")
        for name in self.index:
            if not _NAME.fullmatch(name):
                fail(f"an index has a name of 3 to 255 of A-Z a-z 0-9 _ . -, found {found(name)}", key="index")
        projected = sum(len(one.projection) for one in self.index.values() if not isinstance(one.projection, str))
        if projected > _MOST_PROJECTED:
            told = f"must name at most {_MOST_PROJECTED} attributes in all projections together, found {projected}"
            fail(told, key="index")
        return self

    @property
    def indexes(self) -> tuple[Index, ...]:
        """The secondary indexes by their names, as the rows are held to them."""
        return tuple(Index(name, one.partition_key, one.sort_key) for name, one in sorted(self.index.items()))

    def settings(self) -> dict[str, Any]:
        """Return what the stack makes of the table beside its name and its keys, without what is as by default."""
        made: dict[str, Any] = {
            "managed": None if self.managed else False,
            "ttl": self.ttl,
            "stream": None if self.stream is Stream.NONE else self.stream.value,
            "class": None if self.table_class is TableClass.STANDARD else self.table_class.value,
            "billing": None if self.billing is Billing.ON_DEMAND else self.billing.value,
            **{name: getattr(self, name) for name in _OF_A_TABLE_THAT_IS_MADE if name.endswith("_units")},
            "kms_key": self.kms_key,
            "projections": {name: one.projection for name, one in sorted(self.index.items())} or None,
        }
        return {key: value for key, value in made.items() if value is not None}


def _hold_to_billing(keys: Mapping[str, Any]) -> None:
    provisioned = keys.get("billing") == Billing.PROVISIONED
    for key in ("max_read_units", "max_write_units") if provisioned else ("read_units", "write_units"):
        if key in keys:
            other = Billing.ON_DEMAND if provisioned else Billing.PROVISIONED
            fail(f'belongs to billing = "{other}": remove one of the two', key=key)
    for key in ("read_units", "write_units"):
        if provisioned and key not in keys:
            fail('is missing: billing = "provisioned" needs it', key=key)


def _hold_to_its_maker(keys: Mapping[str, Any]) -> None:
    if keys.get("managed") is not False:
        if "kms_key" in keys:
            problem = "belongs to managed = false; what the stack makes is under protection.encryption"
            fail(f"{problem}: remove this key", key="kms_key")
        return
    for key in _OF_A_TABLE_THAT_IS_MADE:
        if key in keys:
            fail("has no effect with managed = false: the table has what its owner gave it. Remove this key", key=key)
    for name, index in keys.get("index", {}).items() if isinstance(keys.get("index"), dict) else ():
        if isinstance(index, dict) and "projection" in index:
            problem = f"has no effect with managed = false: remove projection of the index {name}"
            fail(problem, key="index")
