"""Which errors of a boto3 client are worth another attempt, and why DynamoDB turned a call away."""

import re

from botocore.exceptions import ChecksumError, ClientError, ConnectionError, HTTPClientError, IncompleteReadError

from csvdynamo.errors import UnconfirmedAnswerError

_RETRYABLE_CODES = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)

_THROTTLED_CODES = frozenset(
    {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "Throttling", "ThrottlingException"}
)
_REASON = re.compile(r"[A-Za-z]{1,100}")


def is_retryable(error: Exception) -> bool:
    """Tell whether the same call may succeed later: throttling, a fault of the service or of the way to it."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return _code(error) in _RETRYABLE_CODES or status >= 500
    spoilt = ChecksumError | IncompleteReadError | UnconfirmedAnswerError
    return isinstance(error, ConnectionError | HTTPClientError | spoilt)


def validation_message(error: Exception) -> str | None:
    """Return the service's message if it found the request itself wrong (`ValidationException`), else None."""
    if isinstance(error, ClientError) and _code(error) == "ValidationException":
        return str(error.response.get("Error", {}).get("Message") or "ValidationException")
    return None


def is_failed_condition(error: Exception) -> bool:
    """Tell whether DynamoDB refused to change an item since it is not as a condition says."""
    return isinstance(error, ClientError) and _code(error) == "ConditionalCheckFailedException"


def throttling_reasons(error: Exception) -> frozenset[str]:
    """Return why DynamoDB throttled a call: its reasons, or the error's code where it gave none; else nothing.

    A reason is such as `TableWriteKeyRangeThroughputExceeded`: what was throttled, which operation, by which limit
    ("ThrottlingReason" of the DynamoDB API reference).
    """
    if not isinstance(error, ClientError) or _code(error) not in _THROTTLED_CODES:
        return frozenset()
    # The member of ThrottlingException begins with a small letter, that of the other two does not.
    told = error.response.get("ThrottlingReasons") or error.response.get("throttlingReasons")
    listed = told if isinstance(told, list) else []
    reasons = {str(one.get("reason", "")) for one in listed if isinstance(one, dict)}
    return frozenset(filter(_REASON.fullmatch, reasons)) or frozenset({_code(error)})


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
