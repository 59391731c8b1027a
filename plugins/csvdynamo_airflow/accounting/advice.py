"""What to do about a problem of a run: the entry of docs/operations.md that looks like it.

``advice.json`` beside this module is made of that page (``make docs``), so that a page of Airflow's can tell it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ADVICE_FILE = Path(__file__).with_name("advice.json")


@dataclass(frozen=True)
class Advice:
    """An entry of the page.

    Attributes:
        title: Its title.
        looks_like: The words by which it is known.
        do: What to do, as Markdown.
    """

    title: str
    looks_like: tuple[str, ...]
    do: str


def advice_for(problems: Iterable[str]) -> list[Advice]:
    """Find the entries that fit some problems, or reasons of throttling, each once, in their order.

    A problem may look like several entries: the one with the longest words that it has is the most particular.

    Args:
        problems: What keeps a run from being green, or what throttled it, a text each.
    """
    found = (_fitting(problem) for problem in problems)
    return list(dict.fromkeys(entry for entry in found if entry))


def _fitting(problem: str) -> Advice | None:
    known = [
        (len(words), -place, entry)
        for place, entry in enumerate(_entries())
        for words in entry.looks_like
        if words in problem
    ]
    return max(known, key=lambda one: one[:2])[2] if known else None


@cache
def _entries() -> tuple[Advice, ...]:
    entries = json.loads(ADVICE_FILE.read_text(encoding="utf-8"))
    return tuple(Advice(entry["title"], tuple(entry["looks_like"]), entry["do"]) for entry in entries)
