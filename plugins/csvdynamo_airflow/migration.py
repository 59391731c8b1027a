"""Starting, repeating and redriving a run's execution: the calls behind the tasks start and wait."""

import logging
from dataclasses import dataclass
from typing import Any

from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError
from csvdynamo_airflow.execution import (
    Action,
    Execution,
    describe,
    execution_arn,
    execution_input,
    executions_of_run,
    next_action,
    other_alive,
    running_map_run,
)
from csvdynamo_airflow.naming import counted_name

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Migration:
    """One prepared file on its way into the table.

    Attributes:
        states: A boto3 Step Functions client.
        state_machine_arn: The data set's state machine.
        bucket: The stack's bucket.
        file_key: The prepared file.
        name: The name of the run's first execution (`naming.execution_name`).
    """

    states: Any
    state_machine_arn: str
    bucket: str
    file_key: str
    name: str

    def start(self, *, force: bool = False) -> Execution:
        """Start the run's execution, or attach to it where there is one.

        A failed one is attached to as well: the task wait redrives it.

        Args:
            force: Repeat an execution that succeeded.

        Raises:
            MigrationPostponedError: Another execution of the data set is alive.
        """
        executions = self.executions()
        newest = executions[-1] if executions else None
        match next_action(newest, force=force):
            case Action.START:
                return self._start_another(executions)
            case Action.START_ANOTHER if newest is not None and newest.status == "SUCCEEDED":
                return self._start_another(executions)
            case _:
                assert newest is not None
                log.info("Execution %s of this run exists and is %s: attached to it.", newest.name, newest.status)
                return newest

    def take_up(self) -> Execution:
        """Make the run's execution one that can be waited for: attach, redrive, or start it under a new name.

        Raises:
            MigrationError: It was never started, or it failed as often as it may be redriven.
            MigrationPostponedError: Another execution, or a Map Run of this one, is still alive.
        """
        executions = self.executions()
        newest = executions[-1] if executions else None
        action = next_action(newest)
        if newest is None:
            raise MigrationError(f"Execution {self.name} does not exist. Clear the task start, too.")
        if action is Action.GIVE_UP:
            raise MigrationError(
                f"Execution {newest.name} is {newest.status} after {newest.redrives} redrives: {newest.cause}"
            )
        if action not in (Action.REDRIVE, Action.START_ANOTHER):
            return newest
        if map_run := running_map_run(self.states, newest.arn):
            raise MigrationPostponedError(f"Map Run {map_run} of {newest.name} outlives it; it must end first.")
        if action is Action.REDRIVE:
            self._refuse_overlap(executions)
            self.states.redrive_execution(executionArn=newest.arn)
            log.info("Execution %s was %s (%s): redriven.", newest.name, newest.status, newest.cause)
            return newest
        log.info("Execution %s is %s (%s) and not redrivable.", newest.name, newest.status, newest.cause)
        return self._start_another(executions)

    def executions(self) -> list[Execution]:
        """Find the run's executions, oldest first."""
        return executions_of_run(self.states, self.state_machine_arn, self.name)

    def _start_another(self, executions: list[Execution]) -> Execution:
        self._refuse_overlap(executions)
        name = counted_name(self.name, len(executions) + 1)
        arn = execution_arn(self.state_machine_arn, name)
        try:
            self.states.start_execution(
                stateMachineArn=self.state_machine_arn, name=name, input=execution_input(self.bucket, self.file_key)
            )
        except self.states.exceptions.ExecutionAlreadyExists:
            # An attempt that was killed may have started it after this one looked.
            log.info("Execution %s was started meanwhile: attached to it.", name)
        else:
            log.info("Started execution %s on s3://%s/%s", arn, self.bucket, self.file_key)
        started = describe(self.states, arn)
        if started is None:
            raise MigrationPostponedError(f"Execution {arn} was started but cannot be described yet.")
        return started

    def _refuse_overlap(self, executions: list[Execution]) -> None:
        if other := other_alive(self.states, self.state_machine_arn, {execution.name for execution in executions}):
            raise MigrationPostponedError(
                f"Another migration of this data set is alive: {other}. Two at once would write over one another; "
                "wait for it or stop it."
            )
