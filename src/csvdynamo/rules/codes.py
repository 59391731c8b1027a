"""Why a row was rejected, and at which stage. A new code is one more entry here: docs/rejects.md has it from there."""

from enum import StrEnum
from typing import Self


class Stage(StrEnum):
    """Where on its way a row was rejected."""

    PREPARE = "prepare"
    VALIDATE = "validate"
    WRITE = "write"


class Code(StrEnum):
    """A code with what it means and what to do about it."""

    meaning: str
    remedy: str

    def __new__(cls, code: str, meaning: str, remedy: str) -> Self:
        """Make a code.

        Args:
            code: What stands on the reject.
            meaning: What became of the row, and why.
            remedy: What a person does about it.
        """
        made = str.__new__(cls, code)
        made._value_ = code
        made.meaning, made.remedy = meaning, remedy
        return made


class RejectCode(Code):
    """The codes of the Lambda function's rejects and of `prepare`'s."""

    MISSING_KEY = (
        "MISSING_KEY",
        "the partition key's cell is blank, or its transform empties it, or the file has no such column",
        "give the row its key",
    )
    MISSING_VALUE = (
        "MISSING_VALUE",
        "the cell of a column with `required = true` is blank, or the file has no such column",
        "fill the cell, or let the column be blank: `required = false`",
    )
    DUPLICATE_KEY = (
        "DUPLICATE_KEY",
        "another row has the same key and was written instead, or none of them was: see `duplicates`",
        "give one of the rows another key, choose another column as the key, or leave it at that",
    )
    BAD_WIDTH = (
        "BAD_WIDTH",
        "the record has more or fewer fields than the header",
        "look for a delimiter within a cell that has no quotes, or for a line break too many",
    )
    BAD_QUOTE = (
        "BAD_QUOTE",
        "a quote is not closed, or text comes after one that closes",
        "double each quote within a quoted cell; the reject has its lines as they are, since no cells can be told",
    )
    REPEATED_HEADER = (
        "REPEATED_HEADER",
        "the record is the header again, as where files were put together",
        "leave it at that: it is no row",
    )
    BAD_ENCODING = (
        "BAD_ENCODING",
        "a cell holds bytes that are not of the file's encoding, a NUL character, or half of a surrogate pair",
        "name the right `source.encoding`, or mend the cell",
    )
    BAD_TYPE = (
        "BAD_TYPE",
        "the cell is not of its column's `type`, or would lose something by it: the message says what, and by what",
        'mend the cell or the settings, make it one by a `transform`, or store it as `type = "text"`',
    )
    BAD_PATTERN = (
        "BAD_PATTERN",
        "the cell does not match its column's `pattern`",
        "mend the cell or the pattern, which has to match the whole value",
    )
    NOT_ALLOWED = (
        "NOT_ALLOWED",
        "the cell is none of its column's `allowed` values",
        "mend the cell, or allow the value",
    )
    OUT_OF_RANGE = (
        "OUT_OF_RANGE",
        "the number is less than its column's `min` or more than its `max`",
        "mend the cell or the bound",
    )
    TOO_LONG = (
        "TOO_LONG",
        "the text has more characters than its column's `max_length`",
        "shorten the cell, or raise `max_length`",
    )
    TOO_LARGE = (
        "TOO_LARGE",
        "the item is larger than 400 KB, a key of table or index than 2,048 bytes (a sort key: 1,024), or the row "
        "than a batch has room for",
        "`drop` a column, shorten a cell, or raise `limits.max_input_bytes_per_batch`",
    )
    DYNAMODB_REFUSED = (
        "DYNAMODB_REFUSED",
        "DynamoDB refused the item by itself, and took the others of its batch",
        "read DynamoDB's words in the message",
    )
    LEFT_ALONE = (
        "LEFT_ALONE",
        'the table has an item under the row\'s key that is left as it is: any, with `write.mode = "insert"`; in a run '
        "that puts back or replays rows, one that somebody else has put there since",
        "leave it at that, or delete the item and migrate the row again; `gates.max_reject_percent` does not count it",
    )


class UnfinishedCode(Code):
    """The codes, in the error CSV, of rows that are no rejects: what became of them cannot be told from their batch."""

    BATCH_FAILED = (
        "BATCH_FAILED",
        "the row's batch failed, timed out or was aborted; the row may be in the table",
        "mend the cause and clear wait, or migrate the rows again with the error CSV: a row put twice is stored once",
    )
    BATCH_NOT_STARTED = (
        "BATCH_NOT_STARTED",
        "the row's batch was never started, since others failed before it",
        "as for `BATCH_FAILED`",
    )
