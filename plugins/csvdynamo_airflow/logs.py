"""Loggers that show text from outside through the one door that there is, `csvdynamo.shown`."""

import logging

from csvdynamo.shown import ShownLines, shown


class _Door(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                value if isinstance(value, int | float | ShownLines) else shown(value) for value in record.args
            )
        return True


_DOOR = _Door()


def shown_log(name: str) -> logging.Logger:
    """Return the logger of a module of ours: what is put into its lines is `shown`.

    An error is logged as its message, not with its traceback: the messages there, those of other libraries, would not
    go through the door.

    Args:
        name: The module's ``__name__``.
    """
    logger = logging.getLogger(name)
    logger.addFilter(_DOOR)
    return logger
