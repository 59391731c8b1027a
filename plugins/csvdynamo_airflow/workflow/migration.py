"""Starting and redriving a run's execution: the calls behind the tasks start and wait."""

import logging
from dataclasses import dataclass, replace
from typing import Any

from csvdynamo_airflow.errors import MigrationError, MigrationPostponedError
from csvdynamo_airflow.naming import counted_name
from csvdynamo_airflow.workflow.execution import (
    Execution,
    describe,
    execution_arn,
    execution_input,
    executions_of_run,
    other_alive,
    running_map_run,
)

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
        self._refuse_overlap(executions)
        self.states.redrive_execution(executionArn=newest.arn)
        log.info("Execution %s is redriven.", newest.name)
        return replace(newest, status="RUNNING", redrives=newest.redrives + 1, redrivable=False, cause="", stopped=None)

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
        self._refuse_overlap(executions)
        name = counted_name(self.name, len(executions) + 1)
        arn = execution_arn(self.state_machine_arn, name)
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
        return started

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
        if other := other_alive(self.states, self.state_machine_arn, {execution.name for execution in executions}):
            raise MigrationPostponedError(
                f"Another migration of this data set is alive: {other}. Two at once would write over one another; "
                "wait for it or stop it."
            )
