"""Which objects of S3 a source may be: buckets and keys, each in one spelling."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html: what ends so is no bucket of that name.
_BUCKET = re.compile(r"(?!.*(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)\Z)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_URL = re.compile(r"s3://(?P<bucket>[^/]*)/(?P<key>.*)", re.IGNORECASE | re.DOTALL)
_QUERY = re.compile(r"\?(?:X-Amz-|AWSAccessKeyId=|versionId=)", re.IGNORECASE)
_MOST_KEY_BYTES = 1024
# IAM's wildcards and variables, and what its policies cannot hold:
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
_NOT_IN_A_POLICY = re.compile(r"[*?]|\$\{|[^ -\xff]")


@dataclass(frozen=True)
class ObjectRule:
    """Objects that may be read: one, or all whose keys begin with a prefix.

    Attributes:
        bucket: The bucket.
        key: The one object's key; if it ends in ``/``, the prefix; empty: every object of the bucket.
    """

    bucket: str
    key: str

    @classmethod
    def from_url(cls, url: str) -> Self | None:
        """Read ``s3://bucket/key`` or ``s3://bucket/prefix/``; None if it is neither.

        The key is taken as it stands, as the AWS CLI does: ``%20`` is three characters of it.
        """
        match = _URL.fullmatch(url)
        if match is None or not _BUCKET.fullmatch(match["bucket"]) or not _is_key(match["key"]):
            return None
        return cls(match["bucket"], match["key"])

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """Read what a data set file may allow; None if it is not that, or cannot be granted alone."""
        rule = cls.from_url(text)
        return rule if rule is not None and rule.can_be_granted else None

    @property
    def url(self) -> str:
        """Its URL."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def is_prefix(self) -> bool:
        """Whether it means every object below a prefix, or of the bucket."""
        return self.key.endswith("/") or not self.key

    @property
    def can_be_granted(self) -> bool:
        """Whether a policy of IAM can name what it means, and nothing else."""
        return not _NOT_IN_A_POLICY.search(self.key)

    @property
    def resource(self) -> str:
        """What a policy names: its ARN without ``arn:`` and partition."""
        return f"s3:::{self.bucket}/{self.key}{'*' if self.is_prefix else ''}"

    def allows(self, other: "ObjectRule") -> bool:
        """Say whether one object is meant."""
        meant = other.key.startswith(self.key) if self.is_prefix else other.key == self.key
        return other.bucket == self.bucket and meant and not other.is_prefix


def any_allows(rules: Iterable[ObjectRule], one: ObjectRule) -> bool:
    """Say whether one of several rules allows an object."""
    return any(rule.allows(one) for rule in rules)


def object_problem(url: str) -> str:
    """Say what keeps a text that begins as a URL of S3 from naming one object; empty: nothing does."""
    rule = ObjectRule.from_url(url)
    if rule is None:
        return (
            "must be s3://bucket/key: a bucket's own name (no access point's), and the object's key as it stands, "
            "without a query; a version cannot be named"
        )
    return "must name one object, and it names a prefix: give the object's whole key" if rule.is_prefix else ""


def grant_problem(url: str) -> str:
    """Say what keeps a URL of S3 from being a data set file's source; empty: nothing does."""
    if problem := object_problem(url):
        return problem
    rule = ObjectRule.from_url(url)
    if rule is not None and not rule.can_be_granted:
        return (
            "must have a key that IAM's policies can name: without *, ?, ${ and characters beyond Latin-1. Publish it "
            "under another key, or allow its prefix in buckets and name it by the run's source_url"
        )
    return ""


def _is_key(key: str) -> bool:
    """Say whether a key, or a prefix, is one that nothing on the way reads as another."""
    plain = key.isprintable() and key == key.strip() and not _QUERY.search(key)
    return (
        plain and len(key.encode("utf-8", "surrogatepass")) <= _MOST_KEY_BYTES and not {".", ".."} & {*key.split("/")}
    )
