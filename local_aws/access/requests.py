"""Requests over HTTP, which MiniStack checks, in the two places where it does so otherwise than AWS."""

import functools
from typing import Any

from local_aws.access.policies import refusal_to_caller
from local_aws.ministack_internals import evaluator, iam_actions, replace_handler, s3

_STATES_RESOURCES = ("stateMachineArn", "mapRunArn", "executionArn", "activityArn")


def install() -> None:
    """Name a request's Map Run, and hide from a caller which objects are missing."""
    iam_actions.replace("extract_resource_arn", _naming_map_runs)
    replace_handler("s3", _hiding_missing_objects)


def _naming_map_runs(extract: Any) -> Any:
    """Let a policy allow DescribeMapRun and the like on one machine's Map Runs.

    Which resource each action has:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
    """

    @functools.wraps(extract)
    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *more: Any) -> str:
        if service == "states":
            for field in _STATES_RESOURCES:
                if arn := iam_actions.safe_json_field(body, field):
                    return str(arn)
        return str(extract(service, method, path, headers, body, *more))

    return extract_resource_arn


def _hiding_missing_objects(handle: Any) -> Any:
    """Answer 403, not 404, for an object that is not there, to a caller who may not list the bucket.

    The rule: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_Permissions
    """

    @functools.wraps(handle)
    async def handle_request(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Any:
        response = await handle(method, path, headers, body, query_params)
        bucket, key = s3.parse_bucket_key(path, headers)
        if response[0] != 404 or not key or method not in {"GET", "HEAD"}:
            return response
        refusal = refusal_to_caller(evaluator.caller_arn(), "s3:ListBucket", f"arn:aws:s3:::{bucket}")
        return response if refusal is None else s3.error("AccessDenied", refusal, 403, f"/{bucket}/{key}")

    return handle_request
