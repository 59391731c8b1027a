"""Which errors of a boto3 client are worth another attempt."""

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


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
