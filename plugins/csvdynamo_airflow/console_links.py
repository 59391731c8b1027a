"""Where a person finds an AWS resource in the console, of whichever partition and Region. Pure."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, urlsplit

_HOSTS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""The console's host in each partition ("AWS service endpoints", AWS General Reference)."""


def is_real_aws(endpoint_url: str) -> bool:
    """Whether a client's AWS is one that has a console, and not one at an address of somebody's own."""
    host = urlsplit(endpoint_url).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))


def region_of_arn(arn: str) -> str | None:
    """Return the Region that an ARN names; None where it is none, or names none."""
    parts = arn.split(":")
    return parts[3] or None if len(parts) >= 6 and parts[0] == "arn" else None


@dataclass(frozen=True)
class Console:
    """The console of a Region.

    Attributes:
        partition: The partition, as an ARN names it.
        region: The Region.
    """

    partition: str
    region: str

    @classmethod
    def of_arn(cls, arn: str) -> Self | None:
        """Find the console of a resource; None where its ARN is none, or its partition has no console that is known."""
        parts = arn.split(":")
        if len(parts) < 6 or parts[0] != "arn" or parts[1] not in _HOSTS or not parts[3]:
            return None
        return cls(parts[1], parts[3])

    def execution(self, arn: str) -> str:
        """Link an execution of a state machine."""
        return f"{self._home('states')}#/v2/executions/details/{quote(arn, safe=':')}"

    def map_run(self, arn: str) -> str:
        """Link a Map Run."""
        return f"{self._home('states')}#/mapruns/details/{quote(arn, safe=':/')}"

    def table(self, name: str) -> str:
        """Link a table of DynamoDB."""
        return f"{self._home('dynamodbv2')}#table?name={quote(name, safe='')}"

    def object(self, bucket: str, key: str) -> str:
        """Link an object of S3."""
        return (
            f"https://{self.region}.{_HOSTS[self.partition]}/s3/object/{quote(bucket)}"
            f"?region={quote(self.region)}&prefix={quote(key, safe='')}"
        )

    def _home(self, service: str) -> str:
        return f"https://{self.region}.{_HOSTS[self.partition]}/{service}/home?region={quote(self.region)}"
