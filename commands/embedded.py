"""The embedded AWS with a data set's stack deployed to it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from commands.embedded_account import bootstrapped_account
from commands.embedded_assembly import embedded_assembly
from commands.owners_table import make_owners_table
from commands.project import BUILD, DATASETS, say
from csvdynamo.datasets.dataset import Dataset
from local_aws.server import LocalAws

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True)
class Deployed:
    """The embedded AWS and the outputs of the stack on it.

    Attributes:
        aws: The running embedded AWS.
        outputs: The stack's outputs by name.
    """

    aws: LocalAws
    outputs: dict[str, str]
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @overload
    def client(self, service: Literal["s3"]) -> "S3Client": ...
    @overload
    def client(self, service: Literal["stepfunctions"]) -> "SFNClient": ...
    @overload
    def client(self, service: str) -> Any: ...
    def client(self, service: Any) -> Any:
        """Give the boto3 client of a service of the embedded AWS, made once: with TLS, that is most of a call."""
        import boto3  # noqa: PLC0415 - only what talks to AWS pays for it

        if service not in self._clients:
            variables = self.aws.environment
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.aws.endpoint,
                region_name=variables["AWS_DEFAULT_REGION"],
                aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
                verify=variables.get("AWS_CA_BUNDLE"),
            )
        return self._clients[service]


@contextmanager
def embedded_aws(
    dataset: Dataset,
    *,
    keep: bool = False,
    secure: bool = False,
    log: Path = BUILD / "local-aws.log",
    settings: Mapping[str, str] | None = None,
    folder: Path = DATASETS,
) -> Iterator[Deployed]:
    """Start the embedded AWS and deploy a data set's stack to it.

    Args:
        dataset: The data set.
        keep: Leave it running at the end.
        secure: Let it enforce IAM and serve TLS.
        log: File for its output.
        settings: More variables for it, such as ``LOCAL_AWS_FIREHOSE_DELAY_SECONDS``.
        folder: The folder of the data set's file.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    assembly = embedded_assembly(dataset, folder=folder)
    account = bootstrapped_account(assembly)
    with LocalAws(keep=keep, secure=secure, log=log, settings=settings or {}, begin_with=account) as aws:
        say(f"The embedded AWS runs at {aws.endpoint} (process {aws.pid}, log {log}).")
        say(f"Deploying {dataset.stack_name} with the CDK …")
        try:
            deployed = Deployed(aws, assembly.deploy(dataset, aws.environment))
            make_owners_table(dataset, deployed.client)
        except BaseException:
            # Also one that was to be kept: without its stack it is of no use, and nobody was told where it is.
            aws.stop()
            raise
        yield deployed
