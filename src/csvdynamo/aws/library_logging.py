"""Keeps what libraries send and receive out of logs: it holds rows, and secrets."""

import logging


def keep_bodies_out_of_logs() -> None:
    """Stop botocore from logging requests and responses, body and all, which it does at DEBUG.

    Whoever looks for a fault sets the level of all loggers, and thinks of no row.
    """
    _raise_level("botocore", logging.INFO)


def keep_queries_out_of_logs() -> None:
    """Stop urllib3 from logging what it asks for, query and all.

    It does so at DEBUG for each request and at WARNING for one that it repeats or whose answer's header is malformed,
    with what the server wrote there. All of it is told by who asked, as far as it may be.
    """
    _raise_level("urllib3", logging.ERROR)


def _raise_level(library: str, level: int) -> None:
    """Set the level of a library's logger, and of each one below it that has a lower level of its own."""
    top = logging.getLogger(library)
    if top.level != level:  # to set it, logging forgets for all loggers what they let through
        top.setLevel(level)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(f"{library}."):
            logger = logging.getLogger(name)
            if logging.NOTSET < logger.level < level:
                logger.setLevel(level)
