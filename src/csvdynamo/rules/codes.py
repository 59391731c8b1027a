"""Why a row was rejected, and at which stage."""

from enum import StrEnum


class Stage(StrEnum):
    """Where on its way a row was rejected."""

    PREPARE = "prepare"
    VALIDATE = "validate"
    WRITE = "write"


class RejectCode(StrEnum):
    """The codes of the Lambda function's rejects and of `prepare`'s."""

    MISSING_KEY = "MISSING_KEY"
    MISSING_VALUE = "MISSING_VALUE"
    DUPLICATE_KEY = "DUPLICATE_KEY"
    BAD_WIDTH = "BAD_WIDTH"
    BAD_QUOTE = "BAD_QUOTE"
    BAD_ENCODING = "BAD_ENCODING"
    BAD_TYPE = "BAD_TYPE"
    BAD_PATTERN = "BAD_PATTERN"
    NOT_ALLOWED = "NOT_ALLOWED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    TOO_LONG = "TOO_LONG"
    TOO_LARGE = "TOO_LARGE"
    DYNAMODB_REFUSED = "DYNAMODB_REFUSED"
