"""Lets MiniStack's Step Functions engine ask for the permissions that each state needs."""

import functools
from collections.abc import Mapping
from typing import Any

from local_aws.access import topics
from local_aws.access.executions import acting, acting_for, require
from local_aws.access.function_logs import function_role
from local_aws.access.policies import refusal_to_assume, refusal_to_role
from local_aws.access.principals import function_arn
from local_aws.distributed_map.map_run import MapRun
from local_aws.ministack_internals import account_and_region, execution_error, lambda_functions, stepfunctions

_LAMBDA_DENIED = "Lambda.AWSLambdaException"
_SNS_DENIED = "SNS.AuthorizationErrorException"
_KEY_DENIED = "SNS.KmsAccessDeniedException"
_MAP_DENIED = "States.Permissions"


def install() -> None:
    """Ask the role of a machine before a task or a Map Run begins."""
    stepfunctions.replace("invoke_resource", _checked_task)
    MapRun.process = _checked_map_run(MapRun.process)  # type: ignore[method-assign]


def require_task(resource: str, arguments: Mapping[str, Any]) -> None:
    """Ask for what a task needs.

    Args:
        resource: the task's ``Resource``.
        arguments: its input, after Parameters or Arguments.

    Raises:
        RuntimeError: the permissions of such a task are not known here; none passes for that reason.
    """
    if ":activity:" in resource:
        return
    if "states:::lambda:invoke" in resource:
        _require_function(str(arguments.get("FunctionName")))
    elif ":lambda:" in resource and ":function:" in resource:
        _require_function(resource)
    elif resource.startswith("arn:aws:states:::sns:publish"):
        _require_topic(str(arguments.get("TopicArn")))
    else:
        raise RuntimeError(f"{resource}: local_aws/access does not know what its role must allow; add it there.")


def require_children(map_run: Mapping[str, Any]) -> None:
    """Ask for what a Map Run needs to start its children or, when it is redriven, to redrive them.

    Args:
        map_run: MiniStack's record of it.
    """
    machine_arn, _, label = map_run["_stateMachineArn"].partition("/")
    require("states:StartExecution", machine_arn, error=_MAP_DENIED)
    if map_run["redriveCount"]:
        children = machine_arn.replace(":stateMachine:", ":execution:", 1)
        run = map_run["mapRunArn"].rpartition(":")[2]
        require("states:RedriveExecution", f"{children}/{label}:{run}", error=_MAP_DENIED)


def _require_function(reference: str) -> None:
    account, region = account_and_region()
    require("lambda:InvokeFunction", function_arn(reference, region, account), error=_LAMBDA_DENIED)
    _, config, _ = lambda_functions.get_func_record_for_ref(reference)
    if config and (refusal := refusal_to_assume(function_role(config))):
        raise execution_error(
            _LAMBDA_DENIED, f"The role defined for the function cannot be assumed by Lambda. {refusal}"
        )


def _require_topic(topic: str) -> None:
    require("sns:Publish", topic, error=_SNS_DENIED)
    role = acting.get()
    assert role is not None, "require would have raised"
    refusal = topics.refusal_to_use_key(topic, functools.partial(refusal_to_role, role))
    if refusal is not None:
        raise execution_error(_KEY_DENIED, refusal)


def acting_as_machine(execute: Any) -> Any:
    """Put the role of its machine behind what runs a state."""

    @functools.wraps(execute)
    def execute_acting(
        definition: dict[str, Any], raw_input: Any, execution: dict[str, Any], context: dict[str, Any]
    ) -> Any:
        with acting_for(execution):
            return execute(definition, raw_input, execution, context)

    return execute_acting


def _checked_task(invoke: Any) -> Any:
    @functools.wraps(invoke)
    def invoke_if_allowed(resource: str, arguments: Any) -> Any:
        require_task(resource, arguments if isinstance(arguments, Mapping) else {})
        return invoke(resource, arguments)

    return invoke_if_allowed


def _checked_map_run(process: Any) -> Any:
    @functools.wraps(process)
    def process_if_allowed(map_run: MapRun) -> None:
        require_children(map_run.record)
        process(map_run)

    return process_if_allowed
