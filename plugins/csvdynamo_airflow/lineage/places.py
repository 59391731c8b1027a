"""What OpenLineage calls the places that a run reads and writes. Pure.

Rests on its naming (https://openlineage.io/docs/spec/naming): a namespace says where, a name says which.
docs/lineage.md tells why each is as it is.
"""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from csvdynamo.datasets.objects import ObjectRule


@dataclass(frozen=True)
class Place:
    """A dataset in OpenLineage's sense.

    Attributes:
        namespace: Where it is.
        name: Which it is there.
        objects: The objects of it, by their URLs, that one run read or wrote; none where every run has the same.
    """

    namespace: str
    name: str
    objects: tuple[str, ...] = ()

    @classmethod
    def of_source(cls, url: str) -> Self:
        """Name a source: never its query, which may hold a token.

        Args:
            url: Where it came from, as the download's document has it: without a user; or a path of the worker.
        """
        if found := ObjectRule.from_url(url):
            return cls(f"s3://{found.bucket}", found.key)
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"}:
            return cls(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", parts.path.lstrip("/") or "/")
        return cls("file", url)

    @classmethod
    def of_object(cls, bucket: str, *keys: str) -> Self:
        """Name what a run has in the bucket: by the data set's folder, which is the same for every run.

        Then comes a digest or an execution in each key: by those each run would have datasets of its own.
        """
        folder = "/".join(keys[0].split("/")[:2])
        return cls(f"s3://{bucket}", folder, tuple(f"s3://{bucket}/{key}" for key in keys))

    @classmethod
    def of_table(cls, arn: str, table: str) -> Self:
        """Name a table of DynamoDB by the two halves of its ARN, as OpenLineage does with those of AWS Glue.

        Args:
            arn: An ARN of the same partition, Region and account.
            table: The table's name.
        """
        _, partition, _, region, account, *_ = arn.split(":")
        return cls(f"arn:{partition}:dynamodb:{region}:{account}", f"table/{table}")
