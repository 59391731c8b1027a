"""Facts about AWS's answers that others recorded or documented: recorded/aws_answers.toml."""

import tomllib
from pathlib import Path
from typing import Any

ANSWERS: dict[str, Any] = tomllib.loads((Path(__file__).parent / "recorded" / "aws_answers.toml").read_text())


def recorded_items(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The items of a recorded BatchWriteItem."""
    if "key_bytes" in case:
        return [{"p": {"S": "x" * case["key_bytes"]}}]
    items: list[dict[str, Any]] = case.get("items", [{"p": {"S": "1"}}])
    return items
