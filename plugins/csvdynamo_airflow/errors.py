"""Errors of a migration that are told to a person; their messages are made `printable`."""

from csvdynamo.errors import printable


class MigrationError(Exception):
    """A migration cannot go on; the message names the file, the row or the setting, and what to do.

    Raised for what another attempt cannot mend: the task fails without a retry.
    """

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class MigrationPostponedError(Exception):
    """A migration cannot go on now; a later attempt may."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))
