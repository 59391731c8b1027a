"""Values planted in the cells of a file, to be looked for where no row may come."""

import io
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

CANARY = "canary-7f3a"


@contextmanager
def no_canary_logged() -> Iterator[io.StringIO]:
    """Gives what is logged meanwhile, tracebacks included, and fails if a canary is in it."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield text
    finally:
        root.removeHandler(handler)
    assert CANARY not in text.getvalue()


def told(error: BaseException) -> str:
    """What a log and a report hold of an error: type, message and stack, and those of its causes."""
    return "".join(traceback.format_exception(error))
