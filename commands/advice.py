"""The entries of docs/operations.md as data, for the page that shows a run inside Airflow."""

import json
import re

_ENTRY = re.compile(r"^### ([^\n]+)\n\n(.*?)(?=^##|\Z)", re.DOTALL | re.MULTILINE)
_LOOKS_LIKE = re.compile(r"^Looks like: (.*?)(?=^(?:What happens|Do): )", re.DOTALL | re.MULTILINE)
_DO = re.compile(r"^Do: (.*?)(?=^Held by: )", re.DOTALL | re.MULTILINE)
_WORDS = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_SHORTEST = 8
"""Words with fewer characters are a state or a code that many texts have, and tell nothing by themselves."""


def advice(page: str) -> str:
    """Give the entries of the page as a JSON document: title, the words that it looks like, and what to do.

    Args:
        page: The text of docs/operations.md.
    """
    entries = [
        {
            "title": title,
            "looks_like": [words for words in _WORDS.findall(_told(_LOOKS_LIKE, entry)) if len(words) >= _SHORTEST],
            "do": _LINK.sub(r"\1", " ".join(_told(_DO, entry).split())),
        }
        for title, entry in _ENTRY.findall(page)
    ]
    return json.dumps(entries, indent=1, ensure_ascii=False) + "\n"


def _told(part: re.Pattern[str], entry: str) -> str:
    [told] = part.findall(entry)
    return str(told)
