"""Every error that the core raises on purpose, so that a caller can tell them from a defect."""

from csvdynamo.shown import shown


class CsvDynamoError(Exception):
    """Base of the core's errors. Its message is one line, or a list of them, each `shown`."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(map(shown, lines)))


class DatasetError(CsvDynamoError):
    """A data set file is wrong. The message names the file, the dotted key, what is allowed and what was found."""


class RulesError(CsvDynamoError):
    """What a function has of its data set's rules is missing, or cannot be read."""


class BatchError(CsvDynamoError):
    """A batch cannot be migrated at all: trying it again gives the same answer. No row's value is in the message."""


class OtherRulesError(CsvDynamoError):
    """A batch's rows were prepared by other rules than the function has."""


class TurnLostError(CsvDynamoError):
    """A batch belongs to an execution whose turn to migrate it is not."""


class ProxyError(CsvDynamoError):
    """A proxy stands before an AWS service that the functions cannot speak with."""


class RejectError(CsvDynamoError):
    """A reject record cannot be read, or is too large for a Firehose record."""


class ResultFileError(CsvDynamoError):
    """A Map Run's manifest or result file is not what Step Functions writes."""


class DeadlineExceededError(CsvDynamoError):
    """The time that the Lambda function has left is used up. Its batch is safe to run again."""


class WriteDeadlineExceeded(DeadlineExceededError):  # noqa: N818 - the state machine and the logs name it so
    """Some items of the batch could not be written in time."""


class DeliveryDeadlineExceeded(DeadlineExceededError):  # noqa: N818 - named like its twin
    """Some reject records could not be handed to Firehose in time."""


class UnexpectedAnswerError(CsvDynamoError):
    """An AWS service answered in a way that its documents rule out."""


class UnconfirmedAnswerError(UnexpectedAnswerError):
    """An AWS service answered HTTP 200 without saying what became of the request: nothing of it counts as done."""
