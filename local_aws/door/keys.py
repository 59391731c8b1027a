"""The secrets of the access keys that there are: the root's, IAM users', and those that STS hands out for roles."""

from local_aws.door.signatures import Claim, RefusedError
from local_aws.ministack_internals import evaluator, secret_access_key


def secret_of(claimed: Claim, root_id: str) -> str:
    """Give the secret of the key that a request names.

    Args:
        claimed: What the request says of itself.
        root_id: The id of the root's key.

    Raises:
        RefusedError: there is no such key, or the session token is not its own.
    """
    # MiniStack would take `test` and any account's number for the root, too.
    others = evaluator.is_root_access_key(claimed.key_id) and claimed.key_id != root_id
    found = None if others else secret_access_key(claimed.key_id, claimed.token)
    if isinstance(found, str):
        return found
    code, message = found or ("InvalidClientTokenId", "")
    if code in {"InvalidClientTokenId", "UnrecognizedClientException"}:
        code = "InvalidAccessKeyId" if claimed.signature.service == "s3" else "InvalidClientTokenId"
        message = (
            f"The embedded AWS has no access key {claimed.key_id[:128]!r}. A new one is drawn at every start, and "
            "those of IAM users and roles end with it."
        )
    raise RefusedError(code, message)
