"""Tells of a run: the stack's topic, and the notifiers that the data set file names.

What is told is in the bucket or in Airflow by then: neither a topic nor a notifier that fails costs anybody that.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.notifications import Event
from csvdynamo.shown import shown
from csvdynamo_airflow.documents.prepared import Prepared
from csvdynamo_airflow.gates.questions import numbers, subject
from csvdynamo_airflow.logs import shown_log
from csvdynamo_airflow.stack import Use
from csvdynamo_airflow.tasks.connections import client
from csvdynamo_airflow.tasks.links import address_of, answer_place, run_place
from csvdynamo_airflow.tasks.notifiers import make_notifier
from csvdynamo_airflow.tasks.task_shell import open_dataset, open_stack

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_NOTIFIER_SECONDS = 60

log = shown_log(__name__)


def publish(sns: "SNSClient", topic_arn: str, title: str, text: str) -> None:
    """Publish to the topic.

    Args:
        sns: A boto3 SNS client.
        topic_arn: The topic.
        title: The mail's subject.
        text: The mail.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow; the DAG file needs none of it

    try:
        sns.publish(TopicArn=topic_arn, Subject=title, Message=text)
    except (BotoCoreError, ClientError) as error:
        log.warning("The result could not be announced to %s: %s", topic_arn, error)


def announce_question(dataset_name: str, prepared: Prepared, context: Mapping[str, Any]) -> None:
    """Tell that a gate asks a person, and where to answer.

    Args:
        dataset_name: The data set.
        prepared: What is asked about.
        context: The context of the task that asks.
    """
    dataset = open_dataset(dataset_name)
    title, link = subject(dataset_name), address_of(answer_place(context["ti"]))
    asked = [f"- {question.gate}: {question.sentence}" for question in prepared.questions]
    rows = [f"{name}: {number}" for name, number in numbers(prepared)]
    text = "\n".join(map(shown, [f"{title}.", "", *asked, "", *rows, "", f"Answer: {link}"]))
    publish(client("sns"), open_stack(dataset, Use.LOOK).topic_arn, title, text)
    notify(dataset, Event.QUESTION, {"sentence": f"{title}.", "text": text, "report": "", "link": link}, context)


def announce_end(dataset: Dataset, report: Mapping[str, Any], context: Mapping[str, Any]) -> None:
    """Let the notifiers tell how a run ended; the topic has it from the report's own writing.

    Args:
        dataset: The data set.
        report: What the task report returns.
        context: Its context.
    """
    if not dataset.notify:
        return
    event = Event.RED if report["problems"] else Event.GREEN
    link = address_of(run_place(context["ti"]))
    told = {"sentence": report["sentence"], "text": report["summary"], "report": report["page"], "link": link}
    notify(dataset, event, told, context)


def notify(dataset: Dataset, event: Event, told: Mapping[str, str], context: Mapping[str, Any]) -> None:
    """Call the notifiers that are to hear of an event.

    Args:
        dataset: The data set.
        event: The event.
        told: What their templates find as `migration`, beside the names of the data set, the run and the event.
        context: The task's context, what else they find.
    """
    names = [name for name, one in dataset.notify.items() if event in one.on]
    if not names:
        return
    from airflow.sdk.exceptions import AirflowTaskTimeout  # noqa: PLC0415 - slow; the DAG file needs none of it
    from airflow.sdk.execution_time.timeout import timeout  # noqa: PLC0415 - there only inside a run

    migration = {"dataset": dataset.name, "run_id": context["run_id"], "event": event.value, **told}
    for name in names:
        try:
            with timeout(_NOTIFIER_SECONDS):
                make_notifier(dataset, name)({**context, "migration": migration})
        except (Exception, AirflowTaskTimeout) as error:
            log.warning("notify.%s told nobody: %s: %s", name, type(error).__name__, error)
