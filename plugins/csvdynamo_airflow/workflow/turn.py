"""Whose turn it is to migrate: one object of the bucket, so that of two runs that begin at once one goes first.

Looking for other executions and then starting one leaves a moment in which two runs both see nothing; and what
ListExecutions shows is some seconds old. S3 has neither gap: of two conditional writes one is refused
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
"""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Self

from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError
from csvdynamo_airflow.workflow.execution import Execution

UNUSED_SECONDS = 5 * 60.0
"""How long a turn that was taken keeps others away before its execution is there: its run may have been killed.

Less than the retries of the task start last, so that the run after one that failed there does not fail for it. A run
that comes to its call later than that finds the turn gone when it looks again, and stops what it started.
"""

_LOST = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404", "409", "412"})


@dataclass(frozen=True)
class Intent:
    """What a run is about to do when it takes its turn.

    Attributes:
        run: The name of the run's first execution.
        execution: The execution that it starts or redrives.
        redrives: How often that will have been redriven.
    """

    run: str
    execution: str
    redrives: int = 0

    def is_done(self, found: Execution | None) -> bool:
        """Tell whether it has come about.

        Args:
            found: The execution as it is now, None if there is none.
        """
        return found is not None and found.redrives >= self.redrives


@dataclass(frozen=True)
class _Holder:
    """Who has the turn: what was written, which version of the object says so, when it was, and whether it is over."""

    intent: Intent
    etag: str
    taken: float
    given_back: bool

    @classmethod
    def from_object(cls, answer: Any) -> Self:
        document = json.loads(answer["Body"].read())
        intent = Intent(document["run"], document["execution"], document["redrives"])
        given_back = document.get("given_back") is True
        return cls(intent, answer["ETag"], answer["LastModified"].timestamp(), given_back)


@dataclass(frozen=True)
class Turn:
    """The turn to migrate one data set.

    It is free as soon as the execution that it was taken for has ended, or once it was given back.

    Attributes:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        key: The object that says whose turn it is (`naming.turn_key`).
        now: Seconds since the epoch.
    """

    s3: Any
    bucket: str
    key: str
    now: Callable[[], float] = time.time

    def take(self, intent: Intent, describe: Callable[[str], Execution | None]) -> None:
        """Take the turn, or take it again.

        Args:
            intent: What it is taken for.
            describe: Finds an execution by its name, None if there is none.

        Raises:
            MigrationError: Something else is stored where the turn is kept.
            MigrationPostponedError: Another run has it.
        """
        holder = self._holder()
        if holder is None:
            self._write(intent, IfNoneMatch="*")
            return
        if holder.intent.run != intent.run and not holder.given_back:
            self._refuse_unless_free(holder, describe(holder.intent.execution))
        self._write(intent, IfMatch=holder.etag)

    def give_back(self, intent: Intent) -> None:
        """Give the turn back that was taken for something that AWS refused: no execution will come of it."""
        holder = self._holder()
        if holder is not None and holder.intent == intent:
            with suppress(MigrationPostponedError):
                self._write(intent, given_back=True, IfMatch=holder.etag)

    def belongs_to(self, run: str) -> bool:
        """Tell whether a run has the turn."""
        holder = self._holder()
        return holder is not None and holder.intent.run == run and not holder.given_back

    def _is_written(self, document: dict[str, Any]) -> bool:
        """Tell whether it was this very writing that won: boto3 repeats one whose answer was cut off."""
        try:
            return bool(json.loads(self.s3.get_object(Bucket=self.bucket, Key=self.key)["Body"].read()) == document)
        except (self.s3.exceptions.NoSuchKey, ValueError):
            return False

    def _refuse_unless_free(self, holder: _Holder, found: Execution | None) -> None:
        intent = holder.intent
        if intent.is_done(found):
            if found is not None and found.alive:
                raise MigrationPostponedError(
                    f"Another run of this data set migrates: its execution {intent.execution} is {found.status}. Two "
                    "at once would write over one another; wait for it or stop it."
                )
        elif (left := holder.taken + UNUSED_SECONDS - self.now()) > 0:
            raise MigrationPostponedError(
                f"Another run of this data set is about to migrate, as execution {intent.execution}. If it was "
                f"stopped, its turn ends in {left:,.0f} s (s3://{self.bucket}/{self.key})."
            )

    def _holder(self) -> _Holder | None:
        try:
            return _Holder.from_object(self.s3.get_object(Bucket=self.bucket, Key=self.key))
        except self.s3.exceptions.NoSuchKey:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise MigrationError(
                f"s3://{self.bucket}/{self.key} does not say whose turn it is ({type(error).__name__}: {error}). "
                "Delete it, if no migration of this data set is running."
            ) from error

    def _write(self, intent: Intent, *, given_back: bool = False, **condition: str) -> None:
        # The time makes each writing another object, and so another ETag, than the one before.
        document = {**asdict(intent), "taken": self.now(), "given_back": given_back}
        try:
            self.s3.put_object(
                Bucket=self.bucket,
                Key=self.key,
                Body=json.dumps(document).encode(),
                ContentType="application/json",
                **condition,
            )
        except self.s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in _LOST:
                raise
            if self._is_written(document):
                return
            raise MigrationPostponedError(
                f"Another run of this data set took its turn at the same moment (s3://{self.bucket}/{self.key})."
            ) from error
