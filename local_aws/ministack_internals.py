"""The one door to MiniStack's insides: no other module of the embedded AWS names anything of it.

MiniStack has no types and no public interface to extend: what is listed here is what a new version may change. Use it
only in the server's process, after its environment is in place, since MiniStack reads that when it is imported.
"""

import asyncio
import contextlib
import functools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from local_aws.part import Part

stepfunctions = Part(
    "ministack.services.stepfunctions",
    *("_ExecutionError", "_SFN_WAIT_SCALE", "_executions", "_map_runs", "_state_machines"),
    # the states, and what they are made of
    *("_execute_choice", "_execute_map", "_execute_parallel", "_execute_pass", "_execute_task", "_execute_wait"),
    *(
        "_call_lambda",
        "_error_matches",
        "_fail_state_error",
        "_find_matching_retrier",
        "_invoke_resource",
        "_next_or_end",
    ),
    *("_read_map_items", "_run_execution", "_run_sub_machine", "_scaled_sleep", "_with_retry_and_catch"),
    *("_apply_input_path", "_apply_output_path", "_apply_result_path", "_apply_result_selector"),
    *("_apply_jsonata_output", "_apply_jsonata_template", "_apply_state_assign", "_jsonata_state_field"),
    *("_resolve_params_obj", "_resolve_path_or_ctx", "_state_query_language"),
    # the requests, and what they tell
    *("handle_request", "_create_state_machine", "_describe_execution", "_describe_state_machine_for_execution"),
    *("_list_executions", "_start_execution", "_stop_execution", "_update_map_run", "_update_state_machine"),
    *("_add_event", "_emit_execution_status_event", "_finalize_response", "_iso_to_epoch_ms"),
    *("_decode_execution_token", "_encode_execution_token", "_execution_sort_key", "_resolve_state_machine_arn"),
)
eventbridge = Part("ministack.services.eventbridge", "_invoke_target", "_put_events")
lambda_functions = Part(
    "ministack.services.lambda_svc",
    *("_emit_lambda_logs", "_execute_function_warm", "_get_func_record_for_ref", "execution_credentials"),
)
lambda_workers = Part(
    "ministack.core.lambda_runtime",
    *("Worker._spawn", "Worker.invoke", "ProvidedWorker._spawn", "_collect", "_signal"),
    *("execution_credentials", "reset"),
)
dynamodb = Part(
    "ministack.services.dynamodb",
    *("_accumulate_write_capacity", "_batch_write_item", "_extract_key_val", "_normalize_table_name"),
    *("_paginate_evaluated_items", "_scan", "_tables", "defaultdict"),
)
firehose = Part(
    "ministack.services.firehose",
    *("_DeliveryError", "_apply_lambda_processors", "_arrival_time", "_deliver_records_to_s3", "_deliver_to_s3"),
    *("_evaluate_prefix", "_java_time", "_metadata_extraction_keys", "_put_s3_object", "_s3_bucket_from_arn"),
)
change_sets = Part("ministack.services.cloudformation.changesets", "_deploy_stack_async")
provisioners = Part(
    "ministack.services.cloudformation.provisioners",
    *("_RESOURCE_HANDLERS", "_cwlogs_create", "_ddb_create", "_ddb_delete", "_sfn_state_machine_create"),
    *("defaultdict", "s3_bucket_name_conflict"),
)
evaluator = Part(
    "ministack.core.iam_evaluator",
    *("AmbiguousAccessKeyError", "CredentialResolutionError", "EvalContext", "_POLICY_REQUIRED"),
    *("_gather_role_policies", "_gather_user_policies", "_permissions_boundary", "_resource_policy", "caller_arn"),
    *("combine_resource_policy", "evaluate", "evaluate_resource_policy", "find_iam_access_key_account"),
    *("is_root_access_key", "pin_request_origin", "resolve_credential"),
)
iam = Part("ministack.services.iam", "_roles", "_users")
sns = Part(
    "ministack.services.sns",
    *("_error", "_normalize_arn", "_p", "_publish", "_publish_batch", "_topic_by_arn_any_scope", "_topics"),
)
kms = Part("ministack.services.kms", "_resolve_key")
cloudwatch_logs = Part("ministack.services.cloudwatch_logs", "_append_log_events", "_log_groups")
iam_actions = Part("ministack.core.iam_actions", "_safe_json_field", "extract_resource_arn")
s3 = Part("ministack.services.s3", "_error", "_get_object", "_parse_bucket_key", "handle_request")
router = Part("ministack.core.router", "extract_access_key_id")
sigv4 = Part(
    "ministack.core.sigv4",
    *("decode_header_value", "header_signature_failure", "parse_header_signature", "parse_query_signature"),
    *("presigned_request_is_expired", "request_time_failure"),
)
tls = Part("ministack.core.tls", "resolve_tls_material", "use_ssl_enabled")
server = Part(
    "ministack.app", "AUTH", "SERVICE_HANDLERS", "_build_persistence_save_dict", "_load_persisted_state", "app"
)
_persistence = Part("ministack.core.persistence", "PERSIST_STATE", "STATE_DIR", "save_all")
_responses = Part(
    "ministack.core.responses",
    *("_account_from_sts_session", "error_response_json", "get_account_id", "get_region", "json_response", "now_iso"),
)

Response = tuple[int, dict[str, str], bytes]
"""What a MiniStack handler returns: HTTP status, headers and body."""


def now() -> str:
    """The time as AWS writes it, in UTC with milliseconds."""
    return str(_responses.now_iso())


def leave_state(folder: Path) -> None:
    """Write every service's state to a new folder, all but the objects in S3's buckets."""
    with _persisting():
        _persistence.save_all(server.build_persistence_save_dict())
        shutil.copytree(_persistence.STATE_DIR, folder)


def take_state(folder: Path) -> None:
    """Take over the state that `leave_state` wrote."""
    with _persisting():
        shutil.copytree(folder, _persistence.STATE_DIR, dirs_exist_ok=True)
        server.load_persisted_state()


@contextlib.contextmanager
def _persisting() -> Iterator[None]:
    """Turn on MiniStack's own persistence, which is off otherwise; its files are in the server's home."""
    _persistence.set("PERSIST_STATE", True)
    try:
        yield
    finally:
        _persistence.set("PERSIST_STATE", False)


def is_iam_enforced() -> bool:
    """Whether MiniStack checks the permissions of requests (its setting ``AUTH``)."""
    return bool(server.AUTH)


def root_access_key() -> dict[str, str]:
    """The variables of the account's root, as this process has them."""
    return {
        "AWS_ACCESS_KEY_ID": os.environ["AWS_ACCESS_KEY_ID"],
        "AWS_SECRET_ACCESS_KEY": os.environ["AWS_SECRET_ACCESS_KEY"],
        # An older one of the function's own variables would not belong to them.
        "AWS_SESSION_TOKEN": "",
    }


def secret_access_key(key_id: str, token: str) -> str | tuple[str, str]:
    """Give the secret of an access key of the root, an IAM user or a session; or an error's code and message.

    Args:
        key_id: The key's id.
        token: The session token that came with it; empty without one.
    """
    try:
        account = evaluator.find_iam_access_key_account(key_id)
    except evaluator.AmbiguousAccessKeyError:
        return "InvalidClientTokenId", "More than one account has this access key."
    found = evaluator.resolve_credential(key_id, account or _responses.account_from_sts_session(key_id), token)
    if isinstance(found, evaluator.CredentialResolutionError):
        return str(found.code), str(found.message)
    return str(found.secret_access_key)


def replace_handler(service: str, wrapper: Callable[[Any], Any]) -> None:
    """Put something else in the place of what answers the requests for a service."""
    server.SERVICE_HANDLERS[service] = wrapper(server.SERVICE_HANDLERS[service])


def replace_provisioner(kind: str, operation: str, wrapper: Callable[[Any], Any], name: str | None = None) -> None:
    """Put something else in the place of what creates, updates or deletes one kind of a stack's resources.

    Args:
        kind: the resource's type.
        operation: ``create``, ``update`` or ``delete``.
        wrapper: gives what to put there for what is there.
        name: the function's name in `provisioners`, where MiniStack calls it by its name too.
    """
    handlers = provisioners.RESOURCE_HANDLERS[kind]
    if name is None:
        handlers[operation] = wrapper(handlers[operation])
        return
    provisioners.replace(name, wrapper)
    handlers[operation] = getattr(provisioners, name)


def keep_process(worker: Any, process: Any) -> None:
    """Let a Lambda worker, which has given its process up, go on with it."""
    worker._proc = process


def missing_names() -> list[str]:
    """The names that the additions rest on and that the installed MiniStack does not have."""
    parts = (value for value in globals().values() if isinstance(value, Part))
    return [name for part in parts for name in part.missing()]


def account_and_region() -> tuple[str, str]:
    """Whose request or execution the current thread works for."""
    return str(_responses.get_account_id()), str(_responses.get_region())


def execution_error(error: str, cause: str) -> Exception:
    """The exception that fails a state with an error name that Retry and Catch may match."""
    failure: Exception = stepfunctions.ExecutionError(error, cause)
    return failure


def error_response(code: str, message: str) -> Response:
    """An API error with HTTP status 400."""
    response: Response = _responses.error_response_json(code, message, 400)
    return response


def json_response(body: dict[str, Any]) -> Response:
    """An API answer with HTTP status 200."""
    response: Response = _responses.json_response(body)
    return response


def get_object(bucket: str, key: str) -> bytes | None:
    """An S3 object's content, the server's own copy; None if the bucket or the key does not exist."""
    status, _, body = s3.get_object(bucket, key, {}, {})
    return body if status == 200 else None


def put_object(bucket: str, key: str, body: bytes) -> bool:
    """Store an S3 object as an AWS service does; False if the bucket refuses it. Not to be called on the event loop."""
    headers = {"content-type": "application/json", "content-length": str(len(body)), "host": "s3.localhost"}
    handler = functools.partial(s3.handle_request, internal=True)
    status, _, _ = asyncio.run(handler("PUT", f"/{bucket}/{key}", headers, body, {}))
    return bool(status == 200)
