"""Whose turn it is to migrate: one object of the bucket, so that of two runs that begin at once one goes first.

Looking for other executions and then starting one leaves a moment in which two runs both see nothing; and what
ListExecutions shows is some seconds old. S3 has neither gap: of two conditional writes one is refused
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html).
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from csvdynamo.aws.stored_object import SIX_TRIES, read_versioned
from csvdynamo.writing.turn import Holder
from csvdynamo_airflow.documents.execution import STOPPED_IN_AIRFLOW, Execution
from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.storage.stored_document import WrittenMeanwhileError, write_over

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UNUSED_SECONDS = 5 * 60.0
"""How long a turn that was taken keeps others away before its execution is there: its run may have been killed.

Less than the retries of the task start last, so that the run after one that failed there does not fail for it. A run
that comes to its call later than that finds the turn gone when it looks again, and stops what it started.
"""

CHECK_SECONDS = 20 * 60.0
"""How long the turn outlasts its execution, for the run to check the table before another one writes to it. Each task
renews it; more than a task's longest wait between two attempts. A run that died gives its turn up by it."""

_RENEWED_SECONDS = 60.0

log = shown_log(__name__)


class TurnTakenError(MigrationPostponedError):
    """It is another's turn to migrate the data set.

    Attributes:
        seconds: When it is worth looking again, if that is known.
    """

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


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


@dataclass(frozen=True)
class _Stored:
    """Who has the turn, and which version of the object says so."""

    holder: Holder
    etag: str


@dataclass(frozen=True)
class Turn:
    """The turn to migrate one data set.

    A run has it until it has checked what it did, and gives it back. Where it never does, because it was killed or its
    waiting task was stopped, the turn is free some time after its execution has ended.

    Attributes:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        key: The object that says whose turn it is (`csvdynamo.writing.turn.turn_key`).
        now: Seconds since the epoch.
    """

    s3: "S3Client"
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
            TurnTakenError: Another run has it.
        """
        stored = self._stored()
        mine = Holder(intent.run, intent.execution, intent.redrives, self.now())
        if stored is None:
            self._write(mine, None)
            return
        if stored.holder.run != intent.run and not stored.holder.given_back:
            self._refuse_unless_free(stored.holder, describe(stored.holder.execution))
        self._write(mine, stored.etag)

    def renew(self, run: str) -> None:
        """Keep a run's turn for some more time, if it has it: its check goes on."""
        self._rewrite(lambda holder: replace(holder, taken=self.now()) if holder.run == run else None)

    @contextmanager
    def kept(self, run: str) -> Iterator[None]:
        """Renew a run's turn from time to time while something long goes on, in a thread of its own."""
        over = threading.Event()

        def renew() -> None:
            while not over.wait(_RENEWED_SECONDS):
                try:
                    self.renew(run)
                except Exception as error:
                    log.warning("The turn cannot be renewed now: %s", error)

        self.renew(run)
        thread = threading.Thread(target=renew, name="turn", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def give_back(self, run: str, execution: str | None = None) -> None:
        """Give a run's turn back, if it has it: nothing that it may still do writes to the table.

        Args:
            run: The name of the run's first execution.
            execution: Only if it was taken for this one: AWS refused to start it.
        """

        def given_back(holder: Holder) -> Holder | None:
            mine = holder.run == run and execution in (None, holder.execution)
            return replace(holder, given_back=True, taken=self.now()) if mine else None

        self._rewrite(given_back)

    def belongs_to(self, run: str) -> bool:
        """Tell whether a run has the turn."""
        stored = self._stored()
        return stored is not None and stored.holder.run == run and not stored.holder.given_back

    def _rewrite(self, change: Callable[[Holder], Holder | None]) -> None:
        for attempt in count():
            stored = self._stored()
            if stored is None or stored.holder.given_back or (changed := change(stored.holder)) is None:
                return
            try:
                # Whoever wrote in between has taken the turn, which is then no more the run's to renew or to give back.
                with suppress(TurnTakenError):
                    self._write(changed, stored.etag)
            except Exception as error:
                # A turn that is not given back keeps the next run waiting: that is worth more tries than boto3's.
                SIX_TRIES.wait_or_raise(attempt, error)
            else:
                return

    def _refuse_unless_free(self, holder: Holder, found: Execution | None) -> None:
        where = f"s3://{self.bucket}/{self.key}"
        if found is None or found.redrives < holder.redrives:
            if (left := holder.taken + UNUSED_SECONDS - self.now()) > 0:
                raise TurnTakenError(
                    f"Another run of this data set is about to migrate, as execution {holder.execution}. If it was "
                    f"stopped, its turn ends in {left:,.0f} s ({where})."
                )
        elif found.alive:
            raise TurnTakenError(
                f"Another run of this data set migrates: its execution {holder.execution} is {found.status}. Two at "
                "once would write over one another; wait for it or stop it."
            )
        elif not found.cause.startswith(STOPPED_IN_AIRFLOW):
            left = max(holder.taken, found.stopped or 0.0) + CHECK_SECONDS - self.now()
            if left > 0:
                raise TurnTakenError(
                    f"Another run of this data set has migrated, as execution {holder.execution}, and has not checked "
                    f"the table yet. If it was stopped, its turn ends in {left:,.0f} s, or at once if you delete "
                    f"{where}."
                )

    def _stored(self) -> _Stored | None:
        try:
            body, etag = read_versioned(self.s3, self.bucket, self.key)
            return _Stored(Holder.from_json(body), etag)
        except self.s3.exceptions.NoSuchKey:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise MigrationError(
                f"s3://{self.bucket}/{self.key} does not say whose turn it is ({type(error).__name__}: {error}). "
                "Delete it, if no migration of this data set is running."
            ) from error

    def _write(self, holder: Holder, etag: str | None) -> None:
        # The time makes each writing another object, and so another ETag, than the one before.
        try:
            write_over(self.s3, self.bucket, self.key, holder.to_json().encode(), etag)
        except WrittenMeanwhileError as error:
            raise TurnTakenError(
                f"Another run of this data set took its turn at the same moment (s3://{self.bucket}/{self.key})."
            ) from error
