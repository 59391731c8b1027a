"""Texts that become part of Markdown, which Airflow's UI renders. Pure."""

import re

from csvdynamo.shown import shown

_BACKTICKS = re.compile("`+")


def code_span(text: str) -> str:
    """Write a text on one line so that Markdown shows it as it is, whatever it holds.

    Nothing in a code span is markup but the run of backticks that ends it
    (https://spec.commonmark.org/0.31.2/#code-spans), so the span's own run is longer than any in the text.
    """
    line = shown(" ".join(text.splitlines()))
    fence = "`" * (max(map(len, _BACKTICKS.findall(line)), default=0) + 1)
    # Markdown takes one blank off at both ends.
    return f"{fence} {line} {fence}" if line.strip(" ") else f"{fence}{line or ' '}{fence}"
