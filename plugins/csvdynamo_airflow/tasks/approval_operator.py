"""The task that asks a person where a gate would end the run, and waits for the answer without a worker."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Never

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Context
from airflow.sdk.bases.notifier import BaseNotifier
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from csvdynamo.shown import shown
from csvdynamo_airflow.documents.approval import REFUSAL_XCOM, Approval
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.errors import MigrationError
from csvdynamo_airflow.gates.approval_memory import keep_approval, recall_approval
from csvdynamo_airflow.gates.questions import REJECT, approve_option, body, subject
from csvdynamo_airflow.tasks.announcements import announce_question
from csvdynamo_airflow.tasks.connections import client
from csvdynamo_airflow.tasks.task_shell import permanent_errors_fail_at_once

_DAG_TEST_USER = "dag_test"
"""Whom `airflow dags test` names as the one that triggered its run (`airflow.sdk.definitions.dag.DAG.test`)."""


_MEND_IT = (
    "Mend what the gates say, and trigger the DAG again. To be asked once more about this file, clear the task approve "
    "with everything downstream."
)
_UNDER_A_SCHEDULER = (
    "Trigger the DAG under Airflow's scheduler, where a person is asked. For one run, accept_source lets pass too few "
    "rows, the last record and the encoding; what else there is, the data set file allows."
)


class NotApprovedError(MigrationError):
    """No person let the run go on."""


class ApprovalOperator(HITLOperator):
    """Let a run pass at which no gate asks, or that a person lets pass; end any other.

    The answer holds for the prepared file and the questions that it names, whichever attempt or page it comes from. An
    approval is kept in the bucket: of the same file a run asks no second time.

    :param dataset_name: The data set.
    :param prepared: What the task prepare returned.
    :param hours: How many hours an answer is awaited.
    """

    # What is asked is no template: it has names of columns in it, which may look like one.
    template_fields: Sequence[str] = ("prepared",)
    ui_color = "#f3e8fd"

    def __init__(self, *, dataset_name: str, prepared: Any, hours: int, **kwargs: Any) -> None:
        super().__init__(
            subject=subject(dataset_name),
            options=["Approve", REJECT],
            response_timeout=timedelta(hours=hours),
            **kwargs,
        )
        self.dataset_name = dataset_name
        self.prepared = prepared
        self.hours = hours

    def execute(self, context: Context) -> dict[str, Any] | None:
        """Ask, unless nothing is to be asked."""
        prepared = self._read()
        if not prepared.questions:
            self.log.info("No gate asks.")
            return None
        if context["params"]["dry_run"]:
            raise AirflowSkipException("A dry run: nobody is asked.")
        if approval := recall_approval(client("s3"), self.dataset_name, prepared):
            self.log.info("It was asked before in this run: %s", shown(approval.sentence()))
            return approval.to_json()
        if context["dag_run"].triggering_user_name == _DAG_TEST_USER:
            self._refuse(prepared, "airflow dags test asks nobody.", _UNDER_A_SCHEDULER)
        self._ask_about(prepared)
        self._refuse_an_older_question(context)
        self.notifiers = [_Called(lambda told: announce_question(self.dataset_name, prepared, told))]
        super().execute(context)
        return None

    def execute_complete(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """End as the person wants it."""
        prepared = self._read()
        self._ask_about(prepared)
        if "error" in event:
            late = f"Nobody answered in {self.hours} hours." if event["error_type"] == "timeout" else event["error"]
            self._end(context, prepared, Approval(prepared.asked, False, "", time.time()), late)
        if not {*event["chosen_options"]} <= {*self.options}:
            raise AirflowFailException(
                f"The answer {shown(', '.join(event['chosen_options']), 80)} is to another question than the one that "
                f"is asked, {approve_option(prepared)}: the file was prepared anew since. Clear the task approve with "
                "everything downstream."
            )
        super().execute_complete(context, event)
        by = (event["responded_by_user"] or {}).get("name", "")
        approved = event["chosen_options"] == [approve_option(prepared)]
        answer = Approval(prepared.asked, approved, by, event["responded_at"].timestamp())
        if not approved:
            self._end(context, prepared, answer, answer.sentence())
        self.log.info("%s", shown(answer.sentence()))
        self._keep(prepared, answer)
        return answer.to_json()

    def _read(self) -> Prepared:
        with permanent_errors_fail_at_once():
            return Prepared.from_json(self.prepared)

    def _ask_about(self, prepared: Prepared) -> None:
        self.options = [approve_option(prepared), REJECT]
        self.body = body(prepared, self.hours)

    def _refuse_an_older_question(self, context: Context) -> None:
        """Ask, and hold what Airflow then has for the question against it.

        Airflow 3.3 keeps the words and options of the first question that a task has asked, whatever it asks when it is
        cleared (https://github.com/apache/airflow/pull/73235): a person would decide by the numbers of another file.
        """
        from airflow.sdk.execution_time import task_runner  # noqa: PLC0415 - there only inside a run
        from airflow.sdk.execution_time.comms import CreateHITLDetailPayload  # noqa: PLC0415 - goes with it

        asked = CreateHITLDetailPayload(
            ti_id=context["ti"].id,
            options=self.options,
            subject=self.subject,
            body=self.body,
            params={},
            assigned_users=[],
        )
        kept: Any = task_runner.SUPERVISOR_COMMS.send(asked)
        if (kept.options, kept.body) != (self.options, self.body):
            raise AirflowFailException(
                "Airflow still shows the question of a file that was prepared before in this run, and nobody is to "
                "decide by its numbers. Trigger the DAG again, as a new run, which asks anew."
            )

    def _keep(self, prepared: Prepared, approval: Approval) -> None:
        """Keep an approval. The run has it by now: a bucket that takes none costs a cleared run another question."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow; not at DAG parse time

        try:
            keep_approval(client("s3"), self.dataset_name, prepared, approval)
        except (BotoCoreError, ClientError) as error:
            self.log.warning("The approval could not be kept: %s", shown(error))

    def _end(self, context: Context, prepared: Prepared, answer: Approval, why: str) -> Never:
        context["ti"].xcom_push(key=REFUSAL_XCOM, value=answer.to_json())
        self._refuse(prepared, f"The run was not approved. {why}", _MEND_IT)

    def _refuse(self, prepared: Prepared, why: str, what_to_do: str) -> Never:
        asked = (f"- {question.gate}: {question.sentence}" for question in prepared.questions)
        with permanent_errors_fail_at_once():
            raise NotApprovedError(why, *asked, f"No row was written to the table. {what_to_do}")


class _Called(BaseNotifier):
    """Lets a function tell what is asked, once Airflow takes answers to it."""

    def __init__(self, tell: Callable[[Context], None]) -> None:
        super().__init__()
        self.tell = tell

    def notify(self, context: Context) -> None:
        """Tell it."""
        self.tell(context)
