"""Lets a batch write only while its execution has the data set's turn.

Whoever starts an execution has taken the turn before. But a run may stall between the two, or before a redrive, until
another run has taken over; and a function may outlive the execution that invoked it. Only the place that writes can
tell such a latecomer from the run whose turn it is.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from csvdynamo.aws.stored_object import read_object
from csvdynamo.errors import TurnLostError
from csvdynamo.writing.turn import Holder

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TRUSTED_SECONDS = 2.0
"""How long an execution that was seen to have the turn is taken to have it still: nobody takes it from a run that has
not stalled for minutes, and S3 gives one object some thousand times a second."""


@dataclass
class Fence:
    """Looks up whose turn it is, at most once in `TRUSTED_SECONDS` for one execution.

    Attributes:
        s3: A boto3 S3 client.
        bucket: The stack's bucket.
        key: The object that says whose turn it is (`turn.turn_key`).
        clock: Seconds that never go back.
    """

    s3: "S3Client"
    bucket: str
    key: str
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, float] = field(default_factory=dict, init=False)

    def check(self, execution: str, *, of_a_run: bool) -> None:
        """Refuse an execution whose turn it is not.

        Args:
            execution: The execution's name.
            of_a_run: Whether a run started it, which takes the turn before. One that was started by hand takes none,
                and goes on while nobody has it.

        Raises:
            TurnLostError: Another execution has the turn, or a run's has it no more.
            botocore.exceptions.ClientError: The object cannot be read.
        """
        now = self.clock()
        if now - self._seen.get(execution, float("-inf")) < TRUSTED_SECONDS:
            return
        holder = self._holder()
        if holder is None or holder.given_back:
            if of_a_run:
                raise TurnLostError(
                    f"execution {execution} has no turn to migrate any more (s3://{self.bucket}/{self.key}): its run "
                    "has ended, or another one took its place. Clear the task wait of a run that is to go on"
                )
        elif holder.execution != execution:
            raise TurnLostError(
                f"it is the turn of execution {holder.execution}, not of {execution}, and two at once would write over "
                f"one another. If no run of the data set is on its way, delete s3://{self.bucket}/{self.key}"
            )
        self._seen = {execution: now}

    def _holder(self) -> Holder | None:
        try:
            return Holder.from_json(read_object(self.s3, self.bucket, self.key))
        except self.s3.exceptions.NoSuchKey:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise TurnLostError(
                f"s3://{self.bucket}/{self.key} does not say whose turn it is to migrate. Delete it, if no run of the "
                "data set is on its way"
            ) from error
