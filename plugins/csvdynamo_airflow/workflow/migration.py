"""Starting and redriving a run's execution: the calls behind the tasks start and wait."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from csvdynamo.aws.backoff import may_pass
from csvdynamo_airflow.documents.execution import (
    ANOTHER_MIGRATION,
    Ended,
    Execution,
    describe,
    execution_arn,
    execution_input,
    executions_of_run,
)
from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import counted_name, is_counted_name
from csvdynamo_airflow.workflow.other_executions import Other, OtherExecutions, running_map_run
from csvdynamo_airflow.workflow.snapshot_trust import Claim, writers_since
from csvdynamo_airflow.workflow.state_machine import StateMachine
from csvdynamo_airflow.workflow.turn import Intent, Turn

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

log = shown_log(__name__)


@dataclass(frozen=True)
class Migration:
    """One prepared file on its way into the table.

    Attributes:
        dataset: The data set's name.
        states: A boto3 Step Functions client.
        state_machine_arn: The data set's state machine.
        bucket: The stack's bucket.
        file_key: The prepared file.
        rules: What its execution is told of the rules that it was prepared by (`FileHeader.told_rules`).
        prepared_at: When it was prepared, in seconds since the epoch: the run had no turn before.
        name: The name of the run's first execution (`naming.execution_name`).
        turn: Whose turn it is: an execution is started or redriven only by the run that has it.
        claim: What the run says of the data set's snapshot before that; None where there are no snapshots.
    """

    dataset: str
    states: "SFNClient"
    state_machine_arn: str
    bucket: str
    file_key: str
    rules: str
    prepared_at: float
    name: str
    turn: Turn
    claim: Claim | None = None

    def start(self, repeats: Callable[[Execution], bool] = lambda _: False) -> Execution:
        """Start the run's execution, or attach to it where there is one.

        A failed one is attached to as well: the task wait redrives it.

        Args:
            repeats: Tells of an execution that succeeded whether the file is to be migrated again, by another one.

        Raises:
            MigrationError: An execution of the run's name migrates another file, or the file would be migrated again
                over the rows of a later run that has succeeded.
            TurnTakenError: Another run of the data set migrates or checks, or something of it may still write.
            MigrationPostponedError: The execution cannot be described yet, or was stopped beside another one.
        """
        executions = self.executions()
        newest = executions[-1] if executions else None
        if newest is None or (newest.succeeded and repeats(newest)):
            return self._start_another(executions, after=newest)
        log.info("Execution %s of this run exists and is %s: attached to it.", newest.name, newest.status)
        return newest

    def take_up(self) -> Execution:
        """Make the run's newest execution one that is worth waiting for.

        It is returned as it is when it is alive or has succeeded. A failed one is redriven: once a call, so that the
        task's retries bound how often. Another is started under a new name, and migrates the whole file, where that
        would not do: Step Functions does not take it again, the state machine or its function was changed since (AWS
        redrives by the definition that an execution began with), or another execution wrote to the table meanwhile.

        Raises:
            MigrationError: The run has no execution, or one of its name migrates another file, or a later run has
                succeeded meanwhile, whose rows this one would write over.
            TurnTakenError: Another run of the data set migrates or checks, or something of it may still write.
            MigrationPostponedError: A Map Run of this execution is still alive.
        """
        if not (executions := self.executions()):
            raise MigrationError(f"Execution {self.name} does not exist. Clear the task start, too.")
        newest = executions[-1]
        if newest.alive or newest.succeeded:
            return newest
        if map_run := running_map_run(self.states, newest.arn):
            raise MigrationPostponedError(f"Map Run {map_run} of {newest.name} outlives it; it must end first.")
        log.info("Execution %s is %s: %s", newest.name, newest.status, newest.cause or "no cause given")
        if why := self._why_not_redriven(newest, executions):
            log.info("It is not redriven: %s. The whole file is migrated again.", why)
            return self._start_another(executions, after=newest)
        redriven = replace(
            newest, status="RUNNING", redrives=newest.redrives + 1, redrivable=False, cause="", stopped=None
        )
        with self._turn_for(executions, redriven):
            # Looked at again, now that nobody else may begin.
            if self._written_since(newest, executions):
                raise MigrationPostponedError(f"Another execution wrote before {newest.name} was redriven.")
            self._make_claim(executions)
            self.states.redrive_execution(executionArn=newest.arn)
        log.info("Execution %s is redriven.", newest.name)
        self._yield_to_others(executions, redriven)
        return redriven

    def executions(self) -> list[Execution]:
        """Find the run's executions, oldest first.

        Raises:
            MigrationError: One of them migrates another file.
        """
        found = executions_of_run(self.states, self.state_machine_arn, self.name)
        for execution in found:
            self._refuse_other_input(execution)
        return found

    def end(self, ended: Ended | None = None) -> None:
        """Give the turn back, now that the run has checked what it did; not while its execution may still write.

        Args:
            ended: What the task wait saw end well, None if it saw nothing do so: then Step Functions is asked.
        """
        if ended is not None or not any(execution.alive for execution in self.executions()):
            self.turn.give_back(self.name)

    def others(self, executions: list[Execution]) -> OtherExecutions:
        """Look for executions of the data set that are none of the run's own."""
        return OtherExecutions(self.states, self.state_machine_arn, {execution.name for execution in executions})

    def overlapping(self, checked_at: float) -> tuple[str, ...]:
        """Name the other executions of the data set that may have written while this run's did, or before its check.

        Where the run left rows as they were, since a snapshot, nobody may have written since that.

        Args:
            checked_at: When the table had been read, in seconds since the epoch; 0 if it was not.
        """
        executions = self.executions()
        newest, base = executions[-1] if executions else None, self.claim.base if self.claim else None
        stopped = newest.stopped if newest else checked_at
        others, end = self.others(executions), max(checked_at, stopped or self.turn.now())
        if base is not None:
            found = writers_since(base, others, end)
        else:
            found = others.overlapping(newest.started, end) if newest else []
        return tuple(other.name for other in found)

    def _why_not_redriven(self, newest: Execution, executions: list[Execution]) -> str | None:
        """Say why an execution that failed is not redriven, None if it is.

        Raises:
            MigrationError: Another run has succeeded since it began.
        """
        if since := self._written_since(newest, executions):
            return f"execution {since[0].name} wrote to the table after it"
        if not newest.redrivable:
            return "Step Functions does not take it again"
        return (
            "the state machine or its function was changed since"
            if self._machine.was_changed_since(newest.arn)
            else None
        )

    def _written_since(self, newest: Execution, executions: list[Execution]) -> list[Other]:
        """List the other executions that may have written since it was the run's turn; none may have succeeded."""
        others = self.others(executions)
        # One that lost its turn began after the one that had taken its place.
        since = others.began_since(self.prepared_at if newest.lost_its_turn else newest.started)
        if later := next((other for other in since if other.succeeded), None):
            raise MigrationError(
                f"Execution {later.name} has succeeded since it was this run's turn: to go on would put old rows over "
                "those of a later run. Trigger the DAG again, as a new run, if this file is the one that you want."
            )
        return since

    def newest(self, ended: Ended | None) -> Execution | None:
        """Find the run's newest execution, None when none was started.

        DescribeExecution is eventually consistent: what it says may be older than what the task wait has seen.

        Args:
            ended: What wait saw end well, None if it saw nothing do so. One of another file is no word of it.

        Raises:
            MigrationError: An execution of the run's name migrates another file.
            MigrationPostponedError: Its answer is older than what wait saw.
        """
        newest = next(reversed(self.executions()), None)
        if ended is not None and is_counted_name(ended.name, self.name) and not ended.is_shown_by(newest):
            told = f"{newest.name} is {newest.status}, redriven {newest.redrives} times" if newest else "there is none"
            raise MigrationPostponedError(
                f"The task wait saw execution {ended.name} succeed, but Step Functions now says that {told}. Its "
                "answers may be some seconds old; clear the task wait if this lasts."
            )
        return newest

    def _start_another(self, executions: list[Execution], after: Execution | None = None) -> Execution:
        with self._machine.there():
            self.others(executions).refuse_still_writing(self.turn.now())
        name = counted_name(self.name, len(executions) + 1)
        arn = execution_arn(self.state_machine_arn, name)
        wanted = Execution(arn, name, "RUNNING")
        with self._turn_for(executions, wanted):
            if after is not None:
                self._written_since(after, executions)
            self._make_claim(executions)
            try:
                self.states.start_execution(stateMachineArn=self.state_machine_arn, name=name, input=self._input)
            except self.states.exceptions.ExecutionAlreadyExists:
                # An attempt that was killed may have started it after this one looked.
                log.info("Execution %s was started meanwhile: attached to it.", name)
            else:
                log.info("Started execution %s on s3://%s/%s", arn, self.bucket, self.file_key)
        started = describe(self.states, arn)
        if started is None:  # DescribeExecution is eventually consistent
            raise MigrationPostponedError(f"Execution {arn} was started but cannot be described yet.")
        self._refuse_other_input(started)
        self._yield_to_others(executions, started)
        return started

    @contextmanager
    def _turn_for(self, executions: list[Execution], wanted: Execution) -> Iterator[None]:
        """Make sure that nobody else migrates the data set, before an execution is started or redriven.

        The turn is given back where the call is not made, or AWS refuses it for good: it would keep others away for
        nothing.

        Raises:
            MigrationError: There is no such state machine any more.
            TurnTakenError: Another run has the turn, or another execution is alive.
        """
        with self._machine.there():
            self.others(executions).refuse_alive(self.turn.now())
        intent = Intent(self.name, wanted.name, wanted.redrives)
        self.turn.take(intent, lambda name: describe(self.states, execution_arn(self.state_machine_arn, name)))
        try:
            yield
        except (MigrationError, MigrationPostponedError):
            self.turn.give_back(self.name, intent.execution)
            raise
        except self.states.exceptions.ClientError as error:
            if not may_pass(error):
                self.turn.give_back(self.name, intent.execution)
            raise

    def _make_claim(self, executions: list[Execution]) -> None:
        """Say that the run writes: the last thing before the call, for what is refused before that writes nothing.

        Raises:
            SnapshotGoneError: The file holds only what changed since a snapshot that does not hold any more.
        """
        if self.claim is not None:
            self.claim.make(self.others(executions), self.turn.now())

    def _yield_to_others(self, executions: list[Execution], mine: Execution) -> None:
        """Look again once an execution runs: an execution started by hand asks for no turn, and a turn can be lost.

        The run's own execution is the one that is stopped, since nobody else can be expected to look.

        Raises:
            MigrationPostponedError: Another migration began meanwhile, and this one was stopped.
        """
        other = self.others([*executions, mine]).running()
        if other is None and self.turn.belongs_to(self.name):
            return
        why = f"{f'execution {other}' if other else 'another run of the data set'} began at the same moment"
        self.states.stop_execution(executionArn=mine.arn, error=ANOTHER_MIGRATION, cause=f"Stopped: {why}.")
        raise MigrationPostponedError(
            f"Execution {mine.name} was stopped again: {why}, and two at once would write over one another."
        )

    @property
    def _machine(self) -> StateMachine:
        return StateMachine(self.states, self.state_machine_arn, self.dataset)

    @property
    def _input(self) -> str:
        return execution_input(self.bucket, self.file_key, self.rules)

    def _refuse_other_input(self, execution: Execution) -> None:
        if not execution.has_input(self._input):
            raise MigrationError(
                f"Execution {execution.name} has this run's name but another input: {execution.input or 'none'}, not "
                f"{self._input}. It was started by hand; trigger the DAG again, as a new run."
            )
