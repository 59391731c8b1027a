"""A Map Run with all its batches, in simulated time: what waits for what, is throttled, tried again and redriven.

Each batch is simulated by itself: its child execution, the function's invocations, each one's calls ten at a time, and
the waits between, which are the function's own code and the state machine's own Retry. Where nothing changes for long,
minutes are skipped at the pace that was seen before (`_skip`), or a billion rows would take an hour.
"""

import json
from collections.abc import Generator
from dataclasses import dataclass
from random import Random
from typing import Any

import simpy

from bench.simulation.functions import FunctionPool, Start
from bench.simulation.table import MINUTE, SimulatedTable
from commands.project import ROOT
from csvdynamo.aws.backoff import Backoff
from csvdynamo.writing.batch_writer import MAX_REQUESTS, PARALLEL_CALLS
from csvdynamo.writing.turn import LONGEST_BATCH_SECONDS
from csvdynamo_airflow.costs.usage import CHILD_SECONDS
from csvdynamo_airflow.planning.pace import (
    CALLS_SECONDS,
    CHILDREN_A_SECOND,
    FUNCTIONS_AT_ONCE,
    ROW_SECONDS,
    TableSpeed,
)
from csvdynamo_airflow.settings import retry_seconds
from csvdynamo_airflow.tasks.task_table import RETRIES
from local_aws.executions.retry_delay import delay_seconds

SETTLED_SECONDS, SEEN_SECONDS, SEEN_BATCHES = MINUTE, 2 * MINUTE, 100
"""How long a new pace is let settle, and how long and over how many batches it is looked at, before minutes are
skipped."""

_Process = Generator[simpy.Event, Any, None]
_Success = Generator[simpy.Event, Any, bool]


@dataclass(frozen=True)
class Timing:
    """How long the parts of a batch take, in seconds.

    Attributes:
        child: What a child execution takes beside its function.
        row: What the function takes for a row, beside its calls.
        calls: What `PARALLEL_CALLS` calls of BatchWriteItem take, which are made at once.
        left: What the function takes for an item that a call left unprocessed, to find it again.
        cold: What a new execution environment takes before its first invocation.
    """

    child: float = CHILD_SECONDS
    row: float = ROW_SECONDS
    calls: float = CALLS_SECONDS
    left: float = 4 * ROW_SECONDS  # `bench.throttle_check` measures both
    cold: float = 1.0


@dataclass(frozen=True)
class Work:
    """What a Map Run has to do.

    Attributes:
        rows: Rows of the file.
        batches: Batches that they are cut into.
        item_units: Write units of a row, on average.
        max_concurrency: Batches that run at once.
        speed: How fast the table is.
        hot_share: The share of the rows that lie in one partition.
        functions_at_once: Functions that run at once in the account.
    """

    rows: int
    batches: int
    item_units: float
    max_concurrency: int
    speed: TableSpeed
    hot_share: float = 0.0
    functions_at_once: int = FUNCTIONS_AT_ONCE


@dataclass(frozen=True)
class Simulated:
    """What became of a Map Run.

    Attributes:
        seconds: How long it took, redrives and the waits before them among it.
        succeeded: Whether every batch succeeded in the end.
        redrives: How often it was redriven.
        invocations: Invocations of the function that were simulated.
        out_of_time: Those that ended because their time was over.
        refused: Those that Lambda refused.
        asks: How often the table was asked for a unit until it took it, on average.
        skipped_seconds: The seconds that were skipped.
    """

    seconds: float
    succeeded: bool
    redrives: int
    invocations: int
    out_of_time: int
    refused: int
    asks: float
    skipped_seconds: float


def simulate(work: Work, timing: Timing | None = None, *, seed: int = 0, skip: bool = True) -> Simulated:
    """Simulate a Map Run.

    Args:
        work: What it has to do.
        timing: How long the parts of a batch take; `planning.pace` says, unless this does.
        seed: What is drawn is drawn from it.
        skip: Skip minutes in which nothing changes.
    """
    return _MapRun(work, timing or Timing(), Random(seed), skip=skip).run()


def _retrier() -> dict[str, Any]:
    """Return how the state machine tries a batch again."""
    machine = json.loads((ROOT / "cdk" / "workflow.asl.json").read_text(encoding="utf-8"))
    batch = machine["States"]["Migrate rows"]["ItemProcessor"]["States"]["Migrate batch"]
    [retrier] = [one for one in batch["Retry"] if "Lambda.TooManyRequestsException" in one["ErrorEquals"]]
    return dict(retrier)


class _MapRun:
    def __init__(self, work: Work, timing: Timing, random: Random, *, skip: bool) -> None:
        self._work, self._timing, self._random, self._skips = work, timing, random, skip
        self._clock = simpy.Environment()
        self._table = SimulatedTable(work.speed, work.item_units, random, work.hot_share)
        self._functions, self._retrier = FunctionPool(work.functions_at_once), _retrier()
        self._begun = self._done = 0  # batches
        self._again: list[int] = []  # rows of each batch that has to run again
        self._stopped = False
        self._next_child = self._skipped = 0.0
        self._redrives = self._invocations = self._out_of_time = self._refused = 0

    def run(self) -> Simulated:
        self._clock.run(self._clock.process(self._all()))
        return Simulated(
            seconds=self._clock.now + self._skipped,
            succeeded=self._done == self._work.batches,
            redrives=self._redrives,
            invocations=self._invocations,
            out_of_time=self._out_of_time,
            refused=self._refused,
            asks=self._table.asked / self._table.units,
            skipped_seconds=self._skipped,
        )

    def _all(self) -> _Process:
        """Run the batches, and redrive those that did not succeed, as often as the task `wait` does."""
        yield from self._attempt()
        while self._done < self._work.batches and self._redrives < RETRIES:
            yield self._clock.timeout(retry_seconds({}) * 2**self._redrives)
            self._redrives += 1
            yield from self._attempt()

    def _attempt(self) -> _Process:
        self._stopped = False
        at_once = min(self._work.max_concurrency, self._work.batches)
        slots = [self._clock.process(self._slot()) for _ in range(at_once)]
        if self._skips:
            self._clock.process(self._skip())
        yield self._clock.all_of(slots)

    def _slot(self) -> _Process:
        """Run child executions one after another, in one of the places that `MaxConcurrency` leaves."""
        while not self._stopped and (rows := self._next_batch()):
            start = self._next_child = max(self._clock.now, self._next_child + 1 / CHILDREN_A_SECOND)
            yield self._clock.timeout(start - self._clock.now)
            succeeded = yield from self._child(rows)
            # No failed batch is tolerated: the others are aborted, though not their functions, and run again, too.
            self._stopped = self._stopped or not succeeded
            if self._stopped:
                self._again.append(rows)
            else:
                self._done += 1

    def _next_batch(self) -> int:
        """Return the rows of the next batch; 0 if there is none."""
        rows, batches = self._work.rows, self._work.batches
        if self._begun < batches:
            self._begun += 1
            return rows * self._begun // batches - rows * (self._begun - 1) // batches
        return self._again.pop() if self._again else 0

    def _child(self, rows: int) -> _Success:
        yield self._clock.timeout(self._timing.child)
        retries = 0
        while not (yield from self._invocation(rows)):
            if self._stopped or retries == self._retrier["MaxAttempts"]:
                return False
            yield self._clock.timeout(delay_seconds(self._retrier, retries, self._random.uniform))
            retries += 1
        return True

    def _invocation(self, rows: int) -> _Success:
        start = self._functions.begin(self._clock.now)
        if start is Start.REFUSED:
            self._refused += 1
            return False
        self._invocations += 1
        if start is Start.COLD:
            yield self._clock.timeout(self._timing.cold)
        written = yield from self._function(rows)
        self._functions.end()
        self._out_of_time += not written
        return written

    def _function(self, rows: int) -> _Success:
        """Do what `BatchWriter.write` does, with the same backoff."""
        ends = self._clock.now + LONGEST_BATCH_SECONDS
        backoff = Backoff(remaining_seconds=lambda: ends - self._clock.now, uniform=self._random.random)
        yield self._clock.timeout(rows * self._timing.row)
        at_once = PARALLEL_CALLS * MAX_REQUESTS
        rounds = [self._table.places(min(at_once, rows - start)) for start in range(0, rows, at_once)]
        attempt = 0
        while True:
            left = []
            for places in rounds:
                if not backoff.has_time():
                    return False
                yield self._clock.timeout(self._timing.calls)
                if unprocessed := self._table.put(self._clock.now, places):
                    left.append(unprocessed)
                    yield self._clock.timeout(sum(unprocessed.values()) * self._timing.left)
            if not left:
                return True
            wait = backoff.seconds_after(attempt)
            if wait is None:
                return False
            yield self._clock.timeout(wait)
            attempt, rounds = attempt + 1, left

    def _skip(self) -> _Process:
        """Skip whole minutes in which the table stays as fast as it is, and the batches go on at the pace seen last.

        The batches that run are as before after them. Where one ran out of time, nothing is skipped: another one might
        be the first that fails.
        """
        batch_units = self._work.rows / self._work.batches * self._work.item_units
        while True:
            yield self._clock.timeout(SETTLED_SECONDS)
            began, done, units, late = self._clock.now, self._done, self._table.units, self._out_of_time + self._refused
            while self._clock.now < began + SEEN_SECONDS or self._done < done + SEEN_BATCHES:
                if self._stopped or self._begun == self._work.batches:
                    return
                yield self._clock.timeout(MINUTE)
            if self._out_of_time + self._refused > late:
                continue
            rate = (self._table.units - units) / (self._clock.now - began)
            waiting = (self._work.batches - self._begun) * batch_units / rate
            minutes = int(min(self._table.grows_in(self._clock.now), waiting) / MINUTE) - 1
            if minutes > 0:
                self._skipped += minutes * MINUTE
                self._table.pass_by(minutes, rate)
                batches = round(rate * minutes * MINUTE / batch_units)
                self._begun += batches
                self._done += batches
