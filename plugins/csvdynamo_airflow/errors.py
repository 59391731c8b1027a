"""Errors of a migration that are told to a person; each of their lines is `shown`."""

from csvdynamo.shown import shown


class MigrationError(Exception):
    """A migration cannot go on; the message names the file, the row or the setting, and what to do.

    Raised for what another attempt cannot mend: the task fails without a retry.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(map(shown, lines)))


class MigrationPostponedError(Exception):
    """A migration cannot go on now; a later attempt may."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(map(shown, lines)))
