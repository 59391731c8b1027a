"""Starting and redriving a run's execution: the calls behind the tasks start and wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.naming import counted_name
from csvdynamo_airflow.workflow.execution import (
    Execution,
    describe,
    execution_arn,
    execution_input,
    executions_of_run,
    other_alive,
    other_running,
    running_map_run,
)
from csvdynamo_airflow.workflow.turn import Intent, Turn

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
        name: The name of the run's first execution (`naming.execution_name`).
        turn: Whose turn it is: an execution is started or redriven only by the run that has it.
    """

    dataset: str
    states: Any
    state_machine_arn: str
    bucket: str
    file_key: str
    name: str
    turn: Turn

    def start(self, *, force: bool = False) -> Execution:
        """Start the run's execution, or attach to it where there is one.

        A failed one is attached to as well: the task wait redrives it.

        Args:
            force: Repeat an execution that succeeded.

        Raises:
            MigrationError: An execution of the run's name migrates another file.
            MigrationPostponedError: Another execution of the data set is alive.
        """
        executions = self.executions()
        newest = executions[-1] if executions else None
        if newest is None or (force and newest.succeeded):
            return self._start_another(executions)
        log.info("Execution %s of this run exists and is %s: attached to it.", newest.name, newest.status)
        return newest

    def take_up(self) -> Execution:
        """Make the run's newest execution one that is worth waiting for.

        It is returned as it is when it is alive or has succeeded. A failed one is redriven, or started under a new
        name where Step Functions does not take it again: once a call, so that the task's retries bound how often.

        Raises:
            MigrationError: The run has no execution, or one of its name migrates another file.
            MigrationPostponedError: Another execution, or a Map Run of this one, is still alive.
        """
        executions = self.executions()
        if not executions:
            raise MigrationError(f"Execution {self.name} does not exist. Clear the task start, too.")
        newest = executions[-1]
        if newest.alive or newest.succeeded:
            return newest
        if map_run := running_map_run(self.states, newest.arn):
            raise MigrationPostponedError(f"Map Run {map_run} of {newest.name} outlives it; it must end first.")
        log.info("Execution %s is %s: %s", newest.name, newest.status, newest.cause or "no cause given")
        if not newest.redrivable:
            log.info("Step Functions does not redrive it.")
            return self._start_another(executions)
        redriven = replace(
            newest, status="RUNNING", redrives=newest.redrives + 1, redrivable=False, cause="", stopped=None
        )
        with self._turn_for(executions, redriven):
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

    def _start_another(self, executions: list[Execution]) -> Execution:
        name = counted_name(self.name, len(executions) + 1)
        arn = execution_arn(self.state_machine_arn, name)
        wanted = Execution(arn, name, "RUNNING")
        with self._turn_for(executions, wanted):
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

        The turn is given back where AWS refuses the call for good: it would keep others away for nothing.

        Raises:
            MigrationError: There is no such state machine any more.
            MigrationPostponedError: Another run has the turn, or another execution is alive.
        """
        self._refuse_overlap(executions)
        intent = Intent(self.name, wanted.name, wanted.redrives)
        self.turn.take(intent, lambda name: describe(self.states, execution_arn(self.state_machine_arn, name)))
        try:
            yield
        except self.states.exceptions.ClientError as error:
            from csvdynamo.aws_errors import is_retryable  # noqa: PLC0415 - imports botocore: not at DAG parse time

            if not is_retryable(error):
                self.turn.give_back(intent)
            raise

    def _yield_to_others(self, executions: list[Execution], mine: Execution) -> None:
        """Look again once an execution runs: an execution started by hand asks for no turn, and a turn can be lost.

        The run's own execution is the one that is stopped, since nobody else can be expected to look.

        Raises:
            MigrationPostponedError: Another migration began meanwhile, and this one was stopped.
        """
        own = {execution.name for execution in (*executions, mine)}
        other = other_running(self.states, self.state_machine_arn, own)
        if other is None and self.turn.belongs_to(self.name):
            return
        why = f"{f'execution {other}' if other else 'another run of the data set'} began at the same moment"
        self.states.stop_execution(executionArn=mine.arn, error="AnotherMigration", cause=f"Stopped: {why}.")
        raise MigrationPostponedError(
            f"Execution {mine.name} was stopped again: {why}, and two at once would write over one another."
        )

    @property
    def _input(self) -> str:
        return execution_input(self.bucket, self.file_key)

    def _refuse_other_input(self, execution: Execution) -> None:
        if not execution.has_input(self._input):
            raise MigrationError(
                f"Execution {execution.name} has this run's name but another input: {execution.input or 'none'}, not "
                f"{self._input}. It was started by hand; trigger the DAG again, as a new run."
            )

    def _refuse_overlap(self, executions: list[Execution]) -> None:
        try:
            other = other_alive(self.states, self.state_machine_arn, {execution.name for execution in executions})
        except self.states.exceptions.StateMachineDoesNotExist as error:
            raise MigrationError(
                f"There is no state machine {self.state_machine_arn} any more. Deploy the data set's stack again: "
                f"make deploy DATASET={self.dataset}"
            ) from error
        if other:
            raise MigrationPostponedError(
                f"Another migration of this data set is alive: {other}. Two at once would write over one another; "
                "wait for it or stop it."
            )
