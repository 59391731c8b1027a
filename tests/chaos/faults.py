"""Which request is answered with which fault: decided by seed and rate, the same whatever order requests come in."""

import hashlib
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from threading import Lock

from tests.support.aws_messages import Request

HIGHEST_RATE = 0.3
"""The most often that one kind of fault strikes, as a share of the requests that it may strike."""


class FaultKind(StrEnum):
    """A way in which an AWS service, the way to it, or the process that asks it fails."""

    PROVISIONED_THROUGHPUT = "ProvisionedThroughputExceededException"
    THROTTLED = "ThrottlingException"
    UNPROCESSED = "UnprocessedItems"
    FAILED_PUT = "FailedPutCount"
    SLOW_DOWN = "SlowDown"
    INTERNAL_ERROR = "HTTP 500"
    UNAVAILABLE = "HTTP 503"
    CUT_BEFORE = "cut before the effect"
    CUT_AFTER = "cut after the effect"
    SLOW = "slow answer"
    REFUSED = "AccessDeniedException for a while"
    KILLED = "Lambda killed"
    HOLLOW = "HTTP 200 that confirms nothing"
    STALE = "an answer of some seconds ago"


SIGNS = {
    FaultKind.PROVISIONED_THROUGHPUT: ("ProvisionedThroughputExceededException", "WriteDeadlineExceeded"),
    FaultKind.THROTTLED: ("ThrottlingException", "WriteDeadlineExceeded"),
    FaultKind.UNPROCESSED: ("unprocessed", "unread", "WriteDeadlineExceeded"),
    FaultKind.FAILED_PUT: ("DeliveryDeadlineExceeded",),
    FaultKind.SLOW_DOWN: ("SlowDown", "(503)"),  # the answer to HEAD has no body that could name it
    FaultKind.INTERNAL_ERROR: ("InternalFailure", "(500)"),
    FaultKind.UNAVAILABLE: ("ServiceUnavailable", "(503)"),
    FaultKind.CUT_BEFORE: ("Connection was closed", "Connection broken", "Connection reset"),
    FaultKind.CUT_AFTER: ("Connection was closed", "Connection broken", "Connection reset"),
    FaultKind.SLOW: ("Timeout", "timed out"),
    FaultKind.REFUSED: ("AccessDeniedException",),
    FaultKind.KILLED: ("Runtime.ExitError",),
    FaultKind.HOLLOW: (
        "without saying",
        "checksum",
        "WriteDeadlineExceeded",
        "DeliveryDeadlineExceeded",
        "Unconfirmed",
    ),
    FaultKind.STALE: ("may be some seconds old", "is still RUNNING", "cannot be described yet"),
}
"""By what words a person recognises each kind in what a run says that failed for it."""

_ANYWHERE = frozenset(
    {FaultKind.INTERNAL_ERROR, FaultKind.UNAVAILABLE, FaultKind.CUT_BEFORE, FaultKind.CUT_AFTER, FaultKind.SLOW}
)
_OF_SERVICE = {
    "dynamodb": {FaultKind.PROVISIONED_THROUGHPUT, FaultKind.THROTTLED},
    "states": {FaultKind.THROTTLED},
    "cloudformation": {FaultKind.THROTTLED},
    "sns": {FaultKind.THROTTLED},
    "s3": {FaultKind.SLOW_DOWN},
}
_OF_OPERATION = {
    "BatchWriteItem": {FaultKind.UNPROCESSED, FaultKind.KILLED, FaultKind.REFUSED, FaultKind.HOLLOW},
    "BatchGetItem": {FaultKind.UNPROCESSED, FaultKind.HOLLOW},
    "DeleteItem": {FaultKind.KILLED, FaultKind.REFUSED, FaultKind.HOLLOW},
    "Scan": {FaultKind.HOLLOW},
    "PutRecordBatch": {FaultKind.FAILED_PUT, FaultKind.KILLED, FaultKind.REFUSED, FaultKind.HOLLOW},
    "DescribeExecution": {FaultKind.STALE},
}
LATE = frozenset().union(*_OF_OPERATION.values())
"""What strikes no request before an execution runs."""

# Each costs cold starts of a second, and a batch that is refused its redrives: lower rates keep a run a run.
_LIMITS = {FaultKind.KILLED: 0.03, FaultKind.REFUSED: 0.1}
# Five refusals fail a batch; a task redrives it three times, and then the run is red.
_MOST_REFUSALS = 24
_ENOUGH_REFUSALS = 5  # a batch is tried so often


def faults_of(request: Request) -> frozenset[FaultKind]:
    """The faults that a request may meet."""
    return _ANYWHERE | _OF_SERVICE.get(request.service, set()) | _OF_OPERATION.get(request.operation, set())


def digest_of(request: Request) -> bytes:
    """What two requests have in common of which one repeats the other: all but the bodies of S3, some of which hold the
    time."""
    body = b"" if request.service == "s3" else b"\n" + request.body
    content = f"{request.service}\n{request.operation}\n{request.raw_path}".encode() + body
    return hashlib.sha256(content).digest()


@dataclass
class FaultPlan:
    """Decides the faults of one run, and counts them; safe to use from several threads.

    Attributes:
        seed: Two plans of one seed and rates decide alike.
        rates: How often each kind strikes, 0 to 1; a kind that is absent never does.
        sure: The kind that strikes the first request that it may, so that it is there however few those are. A refusal
            lasts so long that the batch fails, and has to be redriven.
        injected: How many faults of each kind there were so far.
    """

    seed: str
    rates: Mapping[FaultKind, float]
    sure: FaultKind | None = None
    injected: Counter[FaultKind] = field(default_factory=Counter)
    _seen: Counter[bytes] = field(default_factory=Counter)
    _surely: bytes = b""
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def drawn(cls, campaign: str, number: int) -> "FaultPlan":
        """Draw the rates of a run: one kind at the highest, about a third of the others somewhere below it.

        Args:
            campaign: The campaign's seed.
            number: The run's number: as many runs one after another as there are kinds have each at its highest once,
                and have it for sure.
        """
        seed, kinds = f"{campaign}.{number}", list(FaultKind)
        dice = random.Random(f"rates {seed}")
        highest = random.Random(f"kinds {campaign}").sample(kinds, len(kinds))[number % len(kinds)]
        rates = {kind: dice.uniform(0, HIGHEST_RATE) for kind in kinds if dice.random() < 1 / 3} | {
            highest: HIGHEST_RATE
        }
        return cls(seed, {kind: min(rate, _LIMITS.get(kind, rate)) for kind, rate in rates.items()}, highest)

    def owed(self) -> "FaultPlan | None":
        """What is left for the run that is run again: the kind that is sure to strike, once, unless it did already."""
        return None if self.sure is None or self.sure in self.injected else replace(self, rates={})

    def decide(self, request: Request) -> tuple[FaultKind | None, random.Random]:
        """Decide the fault of a request, None for none; and give the dice for what else the fault leaves open."""
        digest, possible = digest_of(request), faults_of(request)
        with self._lock:
            self._seen[digest] += 1
            dice = random.Random(f"{self.seed} {digest.hex()} {self._seen[digest]}")
            kinds = sorted(possible & self.rates.keys() - {FaultKind.REFUSED})
            dice.shuffle(kinds)
            struck = next((kind for kind in kinds if dice.random() < self.rates[kind]), None)
            if FaultKind.REFUSED in possible and self._is_refused(digest):
                struck = FaultKind.REFUSED
            if self.sure in possible and self.sure not in self.injected:
                struck, self._surely = self.sure, digest
            if struck is not None:
                self.injected[struck] += 1
        return struck, dice

    def _is_refused(self, digest: bytes) -> bool:
        """Whether a request is one that is refused again and again, and has not been often enough."""
        dice = random.Random(f"{self.seed} {digest.hex()} refused")
        chosen = dice.random() < self.rates.get(FaultKind.REFUSED, 0)
        most = dice.randint(1, _MOST_REFUSALS) if chosen else 0
        if self.sure is FaultKind.REFUSED and digest == self._surely:
            most = max(most, _ENOUGH_REFUSALS)
        return self._seen[digest] <= most
