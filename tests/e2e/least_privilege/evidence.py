"""Which witness tells that a permission is missing, and which permissions no witness here can tell."""

from collections.abc import Callable

from tests.e2e.least_privilege.airflow_witnesses import Tasks
from tests.e2e.least_privilege.grants import Grant
from tests.e2e.least_privilege.service_witnesses import Services

Witness = Callable[[], str | None]
"""Does what the permission is for, and says what went wrong; None if nothing did."""

_DISTRIBUTED_MAP = (
    "AWS asks for it in the role of every Distributed Map and does not say when it uses it; local_aws has no moment to "
    "check it: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html"
)
_LARGE_RESULTS = (
    "Step Functions uploads large result files in parts, local_aws whole: "
    "https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html#resultwriter-iam-policies"
)
_DESTINATION = (
    "AWS asks for it in the role of every delivery to S3 and does not say when it uses it; local_aws puts whole "
    "objects: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3"
)

UNTOLD = {
    ("WorkflowRole", "states:DescribeExecution"): _DISTRIBUTED_MAP,
    ("WorkflowRole", "states:StopExecution"): _DISTRIBUTED_MAP,
    ("WorkflowRole", "s3:AbortMultipartUpload"): _LARGE_RESULTS,
    ("WorkflowRole", "s3:ListMultipartUploadParts"): _LARGE_RESULTS,
    ("ErrorsRole", "s3:AbortMultipartUpload"): _DESTINATION,
    ("ErrorsRole", "s3:GetObject"): _DESTINATION,
    ("ErrorsRole", "s3:GetBucketLocation"): _DESTINATION,
    ("ErrorsRole", "s3:ListBucket"): _DESTINATION,
    ("ErrorsRole", "s3:ListBucketMultipartUploads"): _DESTINATION,
}
"""Why the lack of a permission cannot be seen on the embedded AWS, by role and action."""

_RUN = ("states:StartExecution", "s3:GetObject", "s3:PutObject", "lambda:", "sns:", "kms:")


def service_witness(grant: Grant, services: Services) -> Witness | None:
    """Find the witness of a permission of an AWS service's role; None if there is none."""
    if grant.holder == "WorkflowRole":
        return _of_the_state_machine(grant, services)
    if grant.holder == "ErrorsRole":
        return _of_firehose(grant, services)
    handler = {
        "FunctionsMigrateBatchRole": "migrate_batch.handler",
        "FunctionsConsolidateRole": "consolidate.handler",
    }.get(grant.holder)
    if handler is None:
        return None
    if "/names/" in grant.resource:
        return services.run_of_short_names
    if grant.action.startswith("logs:"):
        return lambda: services.function_logs(handler)
    by_action = {
        "dynamodb:BatchWriteItem": services.run,
        "firehose:PutRecordBatch": services.run,
        "s3:GetObject": services.run,
        "s3:ListBucket": services.empty_map_run,
    }
    if grant.holder == "FunctionsMigrateBatchRole":
        by_action |= {"s3:GetObject": services.run_after_a_turn, "s3:ListBucket": services.run_before_any_turn}
    return by_action.get(grant.action)


def airflow_witness(grant: Grant, tasks: Tasks) -> Witness | None:
    """Find the witness of a permission of Airflow's policy: a whole run, but for what only a fault makes it do."""
    if grant.action == "s3:AbortMultipartUpload":
        prefix = grant.resource.partition("/")[2].rstrip("*")
        return lambda: tasks.abandoned_upload(prefix)
    if ":mapRun:" in grant.resource and grant.action == "states:ListExecutions":
        return tasks.concurrency
    if ":ex*:" in grant.resource:
        return tasks.concurrency
    only_then = {
        "states:UpdateMapRun": tasks.concurrency,
        "states:RedriveExecution": tasks.redrive,
        "states:DescribeStateMachine": tasks.redrive,
        "states:DescribeStateMachineForExecution": tasks.redrive,
        "states:StopExecution": tasks.stop,
        "dynamodb:BatchGetItem": tasks.sample_check,
    }
    return only_then.get(grant.action, tasks.whole_run)


def _of_the_state_machine(grant: Grant, services: Services) -> Witness | None:
    if grant.action.startswith(_RUN):
        return services.run
    if grant.action.startswith("logs:"):
        return services.log_destination
    return services.redrive if grant.action == "states:RedriveExecution" else None


def _of_firehose(grant: Grant, services: Services) -> Witness | None:
    if grant.action == "s3:PutObject":
        is_misfiled = "/firehose_errors/" in grant.resource
        return services.misfiled_records_arrive if is_misfiled else services.rejects_arrive
    return services.refused_deliveries_are_logged if grant.action == "logs:PutLogEvents" else None
