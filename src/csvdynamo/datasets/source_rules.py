"""The table `[source]` of a data set file."""

import re
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic.dataclasses import dataclass as section

from csvdynamo.datasets import dialects
from csvdynamo.datasets.grammar import STRICT
from csvdynamo.datasets.hosts import HostRule
from csvdynamo.datasets.objects import ObjectRule
from csvdynamo.datasets.policies import OnChange
from csvdynamo.datasets.sources import (
    HTTP,
    S3,
    address_in_file,
    has_user,
    is_source_url,
    kind_of,
    problem_of,
    told_in_file,
)
from csvdynamo.datasets.values import Text, Texts, WholeNumber, fail, found

_CONNECTION = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_MOST_BYTES = 10**13


def _fit(url: Any) -> Any:
    if isinstance(url, str) and has_user(url):  # not quoted: it is a secret
        fail("must have no user and password: make an Airflow connection of them, name it in connection")
    if isinstance(url, str) and (problem := problem_of(url)):
        fail(f"{problem}, found {found(url)}")
    return url


def _is_file_name(name: str) -> bool:
    plain = "/" not in name and "\\" not in name and name not in (".", "..") and name.isprintable()
    return plain and len(name.encode()) <= 255


_HOSTS = Texts("hosts, such as data.example.com or *.example.com:8443", HostRule.from_text, HostRule)
_BUCKETS = Texts("s3://bucket/prefix/ or s3://bucket/key, without *, ? and ${", ObjectRule.from_text, ObjectRule)


@section(frozen=True, config=STRICT)
class Source:
    """Where the CSV is published, the file name that it has in the bucket, and how it is written."""

    url: Annotated[str, Text(f"an {address_in_file()}", is_source_url), BeforeValidator(_fit)] = Field(
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
    buckets: Annotated[tuple[ObjectRule, ...], _BUCKETS] = Field(
        default=(),
        description="the objects of S3 that a run may read beside that of `url`: `s3://bucket/prefix/` for all below "
        "it, `s3://bucket/key` for one",
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
        if self.connection is not None and not self.allowed_hosts:
            fail(
                "is for the hosts that are asked by https, and there is none; S3 is read as Airflow's connection "
                "aws_default",
                key="connection",
            )
        return self

    @property
    def allowed_hosts(self) -> tuple[HostRule, ...]:
        """Every host that a run may ask: that of ``url``, if it names one, and ``hosts``."""
        own = HostRule.from_url(self.url) if kind_of(self.url) is HTTP else None
        return self.hosts if own is None else (own, *self.hosts)

    @property
    def allowed_objects(self) -> tuple[ObjectRule, ...]:
        """Every object that a run may read: that of ``url``, if it names one, and ``buckets``."""
        own = ObjectRule.from_url(self.url) if kind_of(self.url) is S3 else None
        return self.buckets if own is None else (own, *self.buckets)

    @property
    def granted(self) -> tuple[str, ...]:
        """The URLs whose kinds say what the Airflow side has to be allowed."""
        return (self.url, *(rule.url for rule in self.buckets))
