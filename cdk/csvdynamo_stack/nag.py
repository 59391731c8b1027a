"""cdk-nag's AwsSolutions rules for the stack, and what it does otherwise, each with its reason.

They are asked by ``cdk synth -c nag=true``, which ``make lint`` runs, and by no deploy.
The rules: https://github.com/cdklabs/cdk-nag/blob/main/RULES.md#awssolutions
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aws_cdk import Acknowledgment, App, CfnElement, Stack, Validations
from constructs import Construct

from csvdynamo.datasets.protection import Encryption
from csvdynamo.datasets.sources import grants
from csvdynamo.folders import (
    DIGESTS,
    ERRORS_PREFIX,
    FIREHOSE_ERRORS_PREFIX,
    REPORTS_PREFIX,
    RESULTS_PREFIX,
    names_prefix,
)
from csvdynamo_stack.names import MAP_RUN_LABEL, SERVICE_PREFIXES, airflow_prefixes
from csvdynamo_stack.stack import CsvDynamoStack

_PACK = "AwsSolutions"

_ACCESS_LOGS = (
    "A bucket of logs would outlive every stack and hold the names of all objects. Who reads and writes them is told "
    "by CloudTrail's data events, which an account turns on for itself."
)
_RUNTIME = (
    "python3.13 is pinned, so that another Python comes with a change that is tested and not with a release of the "
    "CDK; AWS supports it until 2029."
)
_TRACING = (
    "X-Ray needs permissions on every resource, and would make a trace of each batch. The Map Run, the execution's "
    "history and the log tell what ran and how long."
)
_PREFIX = "The keys under the prefix are made by each run: no policy can name them."
_ANY_KEY = "A person may upload a file under any key of the bucket and start an execution on it."
_EXECUTIONS = "The executions of this one state machine, and their Map Runs, are named by each run."
_ANY_DATA_KEY = (
    "A stack that is deployed again makes another key, and what was written before stays under the first one: the key "
    "is told by its use, for S3 and this bucket or DynamoDB and this table alone, and not by its name."
)
_STACK_ID = "CloudFormation ends the stack's ARN with an id that it makes itself."
_VERSIONS = "Each deploy of other code publishes a version, and a redrive calls that of its execution."
_LOG_DELIVERY = (
    "Vended log delivery has no resource of its own that a policy could name: "
    "https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"
)


@dataclass(frozen=True)
class Acknowledgement:
    """A finding that stays.

    Attributes:
        path: The construct, by its path in the stack.
        rule: The rule, and in brackets what it found where it says so.
        reason: Why it stays.
    """

    path: str
    rule: str
    reason: str


def check(app: App, stacks: Iterable[CsvDynamoStack]) -> None:
    """Let the synthesis of an app fail on whatever the rules find, but for what is acknowledged here.

    Args:
        app: The CDK app.
        stacks: Its stacks, each that of a data set.
    """
    add_rules(app)
    for stack in stacks:
        for known in acknowledgements(stack):
            acknowledged = Acknowledgment(id=f"{_PACK}::{known.rule}", reason=known.reason)
            Validations.of(_find(stack, known.path)).acknowledge(acknowledged)


def add_rules(app: App) -> None:
    """Let an app be held against the rules when it is synthesized."""
    from cdk_nag import AwsSolutionsChecks  # noqa: PLC0415 - slow, and no deploy needs it

    Validations.of(app).add_plugins(AwsSolutionsChecks(app))


def acknowledgements(stack: CsvDynamoStack) -> Iterator[Acknowledgement]:
    """List the findings that stay in the stack of a data set."""
    yield Acknowledgement("Storage/Bucket", "AwsSolutions-S1", _ACCESS_LOGS)
    yield Acknowledgement("Functions/MigrateBatch", "AwsSolutions-L1", _RUNTIME)
    yield Acknowledgement("Functions/Consolidate", "AwsSolutions-L1", _RUNTIME)
    yield Acknowledgement("Workflow/Machine", "AwsSolutions-SF2", _TRACING)
    for path, resource, reason in _wildcards(stack):
        yield Acknowledgement(path, f"AwsSolutions-IAM5[Resource::{resource}]", reason)


def _wildcards(stack: CsvDynamoStack) -> Iterator[tuple[str, str, str]]:
    """List the resources with a star: whose policy, the resource as cdk-nag writes it, and why."""
    bucket = f"<{_logical_id(stack, 'Storage/Bucket')}.Arn>"
    name = stack.stack_name
    place = "<AWS::Region>:<AWS::AccountId>"
    states = f"arn:<AWS::Partition>:states:{place}"
    prefixes = {
        "Errors/Role": (ERRORS_PREFIX, FIREHOSE_ERRORS_PREFIX),
        "Functions/MigrateBatchRole": (names_prefix(stack.dataset.name),),
        "Functions/ConsolidateRole": (RESULTS_PREFIX,),
        "Workflow/Role": (RESULTS_PREFIX,),
        "Airflow/Policy": (*airflow_prefixes(stack.dataset.name), *SERVICE_PREFIXES),
    }
    for path, listed in prefixes.items():
        for prefix in listed:
            yield path, f"{bucket}/{prefix}*", _PREFIX
    yield "Workflow/Role", f"{bucket}/*", _ANY_KEY
    yield "Workflow/Role", "*", _LOG_DELIVERY
    for function in ("MigrateBatch", "Consolidate"):
        yield "Workflow/Role", f"<{_logical_id(stack, f'Functions/{function}')}.Arn>:*", _VERSIONS
    yield "Workflow/Role", f"{states}:execution:{name}:*", _EXECUTIONS
    yield "Workflow/Role", f"{states}:execution:{name}/{MAP_RUN_LABEL}:*", _EXECUTIONS
    yield "Airflow/Policy", f"{states}:execution:{name}:*", _EXECUTIONS
    yield "Airflow/Policy", f"{states}:mapRun:{name}/{MAP_RUN_LABEL}:*", _EXECUTIONS
    if stack.dataset.limits.adapts:
        yield "Airflow/Policy", f"{states}:ex*:{name}/{MAP_RUN_LABEL}:*", _EXECUTIONS
    yield "Airflow/Policy", f"arn:<AWS::Partition>:cloudformation:{place}:stack/{name}/*", _STACK_ID
    if stack.dataset.protection.keep_snapshot_runs is not None:
        yield "Airflow/Policy", f"{bucket}/{REPORTS_PREFIX}{stack.dataset.name}/*/{DIGESTS}-*", _PREFIX
    for grant in grants(*stack.dataset.source.granted):
        for resource in filter(lambda resource: "*" in resource, grant.resources):
            yield "Airflow/Policy", f"arn:<AWS::Partition>:{resource}", grant.why_a_star
    if stack.dataset.protection.encryption is Encryption.CUSTOMER_MANAGED:
        for path in prefixes:
            yield path, f"arn:<AWS::Partition>:kms:{place}:key/*", _ANY_DATA_KEY


def _find(stack: Stack, path: str) -> Construct:
    found: Construct = stack
    for name in path.split("/"):
        child = found.node.find_child(name)
        assert isinstance(child, Construct)
        found = child
    return found


def _logical_id(stack: Stack, path: str) -> str:
    resource = _find(stack, path).node.default_child
    assert isinstance(resource, CfnElement)
    return str(stack.resolve(resource.logical_id))
