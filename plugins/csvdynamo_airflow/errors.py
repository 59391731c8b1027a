"""Errors of a migration that are told to a person."""


class MigrationError(Exception):
    """A migration cannot go on; the message names the file, the row or the setting, and what to do.

    Raised for what another attempt cannot mend: the task fails without a retry.
    """


class MigrationPostponedError(Exception):
    """A migration cannot go on now; a later attempt may."""
