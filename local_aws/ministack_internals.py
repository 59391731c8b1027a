"""The one door to MiniStack's insides.

MiniStack has no types and no public interface to extend: what is reached here is what a new version may change.
Import this only in the server's process, after its environment is in place, since MiniStack reads it at import.
"""

import asyncio
import functools
import importlib
from typing import Any

stepfunctions: Any = importlib.import_module("ministack.services.stepfunctions")
eventbridge: Any = importlib.import_module("ministack.services.eventbridge")
lambda_functions: Any = importlib.import_module("ministack.services.lambda_svc")
lambda_workers: Any = importlib.import_module("ministack.core.lambda_runtime")
firehose: Any = importlib.import_module("ministack.services.firehose")
change_sets: Any = importlib.import_module("ministack.services.cloudformation.changesets")
provisioners: Any = importlib.import_module("ministack.services.cloudformation.provisioners")
_s3: Any = importlib.import_module("ministack.services.s3")
_responses: Any = importlib.import_module("ministack.core.responses")

Response = tuple[int, dict[str, str], bytes]
"""What a MiniStack handler returns: HTTP status, headers and body."""


def now() -> str:
    """The time as AWS writes it, in UTC with milliseconds."""
    return str(_responses.now_iso())


def account_and_region() -> tuple[str, str]:
    """Whose request or execution the current thread works for."""
    return str(_responses.get_account_id()), str(_responses.get_region())


def execution_error(error: str, cause: str) -> Exception:
    """The exception that fails a state with an error name that Retry and Catch may match."""
    failure: Exception = stepfunctions._ExecutionError(error, cause)
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
    status, _, body = _s3._get_object(bucket, key, {}, {})
    return body if status == 200 else None


def put_object(bucket: str, key: str, body: bytes) -> bool:
    """Store an S3 object as an AWS service does; False if the bucket refuses it. Not to be called on the event loop."""
    headers = {"content-type": "application/json", "content-length": str(len(body)), "host": "s3.localhost"}
    handler = functools.partial(_s3.handle_request, internal=True)
    status, _, _ = asyncio.run(handler("PUT", f"/{bucket}/{key}", headers, body, {}))
    return bool(status == 200)
