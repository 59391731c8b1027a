"""Keeps what AWS clients send and receive out of logs: it holds rows."""

import logging


def keep_bodies_out_of_logs() -> None:
    """Stop botocore from logging requests and responses, body and all, which it does at DEBUG.

    Whoever looks for a fault sets the level of all loggers, and thinks of no row.
    """
    logging.getLogger("botocore").setLevel(logging.INFO)
