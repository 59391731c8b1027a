"""Sources that are objects of S3, in any bucket that the stack's policy for Airflow lets be read."""

from dataclasses import replace
from email.utils import formatdate
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from csvdynamo.aws.aws_errors import is_retryable
from csvdynamo.aws.stored_object import SIX_TRIES, object_chunks
from csvdynamo.datasets.objects import ObjectRule, any_allows, object_problem
from csvdynamo.shown import shown
from csvdynamo_airflow.documents.landing import Landed
from csvdynamo_airflow.settings import LOCAL_BUCKETS
from csvdynamo_airflow.source.fetched import DownloadError, DownloadPostponedError, Fetched
from csvdynamo_airflow.source.protocol import Origin, Source, SourceRules, SourceUrlError, Worker
from csvdynamo_airflow.source.time_limit import TimeLimit
from csvdynamo_airflow.storage.disk_space import DiskSpace
from csvdynamo_airflow.storage.growing_file import GrowingFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, HeadObjectOutputTypeDef

_CHECK = "Check source.url, or the run's parameter."
_CHANGED = frozenset({"PreconditionFailed", "InvalidRange"})
_MAY_PASS = frozenset({"ExpiredToken", "RequestTimeTooSkewed", "OperationAborted", "ConditionalRequestConflict"})
_ANOTHER_REGION = (
    "Its bucket is in another Region, where it could not be asked: copy the object into a bucket of the Region of "
    "Airflow's connection aws_default."
)
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
_HINTS = {
    "NoSuchKey": "There is no such object: correct source.url, or the run's parameter. A key is taken as it stands, "
    "capitals and %20 included.",
    "NoSuchBucket": "There is no such bucket: correct source.url, or the run's parameter.",
    "AccessDenied": "It may not be read, or is not there: S3 answers the same where the bucket may not be listed. "
    "Look at the key first. Then: the stack's AirflowPolicy grants what source.url and source.buckets name, after a "
    "deploy; a bucket of another account has to let Airflow's role in, too, and an object under a KMS key wants "
    "kms:Decrypt (docs/datasets.md, Objects of S3).",
    "InvalidObjectState": "It is archived: restore it, or copy it into another storage class.",
    "PermanentRedirect": _ANOTHER_REGION,
    "AuthorizationHeaderMalformed": _ANOTHER_REGION,
    "IllegalLocationConstraintException": _ANOTHER_REGION,
}


class S3Source:
    """An object of S3."""

    def admit(self, url: str, rules: SourceRules) -> Origin:
        """Admit what the data set file names, and whatever a setting of the worker allows."""
        named = ObjectRule.from_url(url)
        if named is None or named.is_prefix:
            # Not quoted: what is pasted as a key may be signed.
            problem = object_problem(url)
            raise SourceUrlError(f"The source's URL {problem}. Correct source.url or the run's parameter.")
        if not any_allows(rules.objects, named):
            raise SourceUrlError(
                f"{named.url} is none of the objects that the data set file allows: add it, or the prefix that it is "
                f"below, to source.buckets and deploy again; or for local use to {LOCAL_BUCKETS}."
            )
        return Origin(named.url, None, named.url)

    def refuse_beforehand(self, origin: Origin, rules: SourceRules) -> Path | None:
        """Refuse nothing: whether the object may be read, S3 has to be asked."""
        return None

    def fetch(self, origin: Origin, target: Path, rules: SourceRules, worker: Worker) -> Fetched:
        """Read it, one version of it: what breaks off goes on only as long as it is that."""
        try:
            if worker.landed and (told := _unchanged(origin, worker.s3, worker.landed)):
                return told
            return _fetch(origin, target, rules, worker)
        except (ClientError, BotoCoreError) as error:
            raise _told(origin.shown, error) from error


SOURCE: Source = S3Source()


def _unchanged(origin: Origin, s3: "S3Client", landed: Landed) -> Fetched | None:
    """Ask whether the object is the version that landed; None where it is not, or cannot be looked at."""
    named = ObjectRule.from_url(origin.url)
    assert named is not None  # or it was not admitted
    try:
        head = s3.head_object(Bucket=named.bucket, Key=named.key)
    except ClientError:
        return None  # what is the matter, reading it will tell
    told = _fetched(head)
    is_same = (told.etag, told.version_id, head["ContentLength"]) == (landed.etag, landed.version_id, landed.bytes)
    return replace(told, unchanged=True) if is_same and told.etag else None


def _fetch(origin: Origin, target: Path, rules: SourceRules, worker: Worker) -> Fetched:
    limit = TimeLimit(rules.max_seconds)

    def wait(seconds: float) -> None:
        limit.check(origin.shown, seconds, "S3 put it off, or it broke off")
        worker.sleep(seconds)

    named = ObjectRule.from_url(origin.url)
    assert named is not None  # or it was not admitted
    answers: list[GetObjectOutputTypeDef] = []
    pieces = object_chunks(
        worker.s3,
        named.bucket,
        named.key,
        answered=answers.append,
        backoff=replace(SIX_TRIES, sleep=wait, uniform=lambda: worker.jitter(0.0, 1.0)),
    )
    first = next(pieces, b"")  # asks, so that there is an answer
    answer = answers[-1]
    size = answer["ContentLength"]
    space = DiskSpace(target.parent, f"copy {origin.shown}")
    with GrowingFile(target, worker.report_progress, space=space, total=size, most=rules.max_bytes) as file:
        for piece in chain([first], pieces):
            file.write(piece)
            limit.check(origin.shown)
    if file.size != size:
        raise DownloadPostponedError(
            f"{origin.shown} came with {file.size:,} bytes, and S3 had told of {size:,}. Run again."
        )
    return _fetched(answer)


def _fetched(answer: "GetObjectOutputTypeDef | HeadObjectOutputTypeDef") -> Fetched:
    def text(name: str) -> str | None:
        value = answer.get(name)
        return shown(str(value)) if value else None

    changed = answer.get("LastModified")
    return Fetched(
        etag=text("ETag"),
        last_modified=formatdate(changed.timestamp(), usegmt=True) if changed else None,
        content_type=text("ContentType"),
        content_encoding=text("ContentEncoding"),
        version_id=text("VersionId"),
    )


def _told(source: str, error: ClientError | BotoCoreError) -> DownloadError | DownloadPostponedError:
    """Say what S3's answer, or the lack of one, means for the download."""
    if not isinstance(error, ClientError):
        return DownloadPostponedError(f"{source} could not be read now: {error}. Run again.")
    answer = error.response.get("Error", {})
    code, said = str(answer.get("Code", "")), str(answer.get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _CHANGED:
        return DownloadPostponedError(
            f"{source} was replaced while it was read, so nothing of it was kept. Run again once it is complete."
        )
    told = f"{source}: S3 answers {code}: {said.rstrip('.')}."
    if is_retryable(error) or code in _MAY_PASS or not 300 <= status < 500:
        return DownloadPostponedError(f"{told} Run again.")
    return DownloadError(f"{told} {_HINTS.get(code, _CHECK)}")
