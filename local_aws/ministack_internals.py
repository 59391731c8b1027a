"""The one door to MiniStack's insides.

MiniStack has no types and no public interface to extend: what is reached here is what a new version may change.
Import this only in the server's process, after its environment is in place, since MiniStack reads it at import.
"""

import asyncio
import contextlib
import functools
import importlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

stepfunctions: Any = importlib.import_module("ministack.services.stepfunctions")
eventbridge: Any = importlib.import_module("ministack.services.eventbridge")
lambda_functions: Any = importlib.import_module("ministack.services.lambda_svc")
lambda_workers: Any = importlib.import_module("ministack.core.lambda_runtime")
dynamodb: Any = importlib.import_module("ministack.services.dynamodb")
firehose: Any = importlib.import_module("ministack.services.firehose")
change_sets: Any = importlib.import_module("ministack.services.cloudformation.changesets")
provisioners: Any = importlib.import_module("ministack.services.cloudformation.provisioners")
evaluator: Any = importlib.import_module("ministack.core.iam_evaluator")
iam: Any = importlib.import_module("ministack.services.iam")
sns: Any = importlib.import_module("ministack.services.sns")
kms: Any = importlib.import_module("ministack.services.kms")
cloudwatch_logs: Any = importlib.import_module("ministack.services.cloudwatch_logs")
iam_actions: Any = importlib.import_module("ministack.core.iam_actions")
s3: Any = importlib.import_module("ministack.services.s3")
router: Any = importlib.import_module("ministack.core.router")
sigv4: Any = importlib.import_module("ministack.core.sigv4")
_responses: Any = importlib.import_module("ministack.core.responses")

Response = tuple[int, dict[str, str], bytes]
"""What a MiniStack handler returns: HTTP status, headers and body."""


def now() -> str:
    """The time as AWS writes it, in UTC with milliseconds."""
    return str(_responses.now_iso())


def leave_state(folder: Path) -> None:
    """Write every service's state to a new folder, all but the objects in S3's buckets."""
    with _persistence() as persistence:
        persistence.save_all(importlib.import_module("ministack.app")._build_persistence_save_dict())
        shutil.copytree(persistence.STATE_DIR, folder)


def take_state(folder: Path) -> None:
    """Take over the state that `leave_state` wrote."""
    with _persistence() as persistence:
        shutil.copytree(folder, persistence.STATE_DIR, dirs_exist_ok=True)
        importlib.import_module("ministack.app")._load_persisted_state()


@contextlib.contextmanager
def _persistence() -> Iterator[Any]:
    """MiniStack's own persistence, which is off otherwise; its files are in the server's home."""
    persistence: Any = importlib.import_module("ministack.core.persistence")
    persistence.PERSIST_STATE = True
    try:
        yield persistence
    finally:
        persistence.PERSIST_STATE = False


def is_iam_enforced() -> bool:
    """Whether MiniStack checks the permissions of requests (its setting ``AUTH``)."""
    return bool(importlib.import_module("ministack.app").AUTH)


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
    found = evaluator.resolve_credential(key_id, account or _responses._account_from_sts_session(key_id), token)
    if isinstance(found, evaluator.CredentialResolutionError):
        return str(found.code), str(found.message)
    return str(found.secret_access_key)


def request_handlers() -> dict[str, Any]:
    """What answers the requests for each service, by its name: replaced there, it is replaced."""
    handlers: dict[str, Any] = importlib.import_module("ministack.app").SERVICE_HANDLERS
    return handlers


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
    status, _, body = s3._get_object(bucket, key, {}, {})
    return body if status == 200 else None


def put_object(bucket: str, key: str, body: bytes) -> bool:
    """Store an S3 object as an AWS service does; False if the bucket refuses it. Not to be called on the event loop."""
    headers = {"content-type": "application/json", "content-length": str(len(body)), "host": "s3.localhost"}
    handler = functools.partial(s3.handle_request, internal=True)
    status, _, _ = asyncio.run(handler("PUT", f"/{bucket}/{key}", headers, body, {}))
    return bool(status == 200)
