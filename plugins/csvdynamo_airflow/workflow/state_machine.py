"""A data set's state machine: whether it is there, and whether it is as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from csvdynamo_airflow.errors import MigrationError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


@dataclass(frozen=True)
class StateMachine:
    """A data set's state machine.

    Attributes:
        states: A boto3 Step Functions client.
        arn: Its ARN.
        dataset: The data set's name.
    """

    states: "SFNClient"
    arn: str
    dataset: str

    @contextmanager
    def there(self) -> Iterator[None]:
        """Say what to do where a call finds that it is gone.

        Raises:
            MigrationError: It is.
        """
        try:
            yield
        except self.states.exceptions.StateMachineDoesNotExist as error:
            raise MigrationError(
                f"There is no state machine {self.arn} any more. Deploy the data set's stack again: "
                f"make deploy DATASET={self.dataset}"
            ) from error

    def was_changed_since(self, execution_arn: str) -> bool:
        """Tell whether it, or its function, is another one than an execution began with.

        Raises:
            MigrationError: It is gone.
        """
        began_with = self.states.describe_state_machine_for_execution(executionArn=execution_arn)["definition"]
        with self.there():
            return began_with != self.states.describe_state_machine(stateMachineArn=self.arn)["definition"]
