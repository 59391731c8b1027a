"""Fills in ``workflow.asl.json``, the state machine as one readable file.

Placeholders are written ``${Name}``. A number must reach Step Functions as a number, and CloudFormation's
``DefinitionSubstitutions`` can only replace text, so numbers and plain text are filled in here. What is known
only once CloudFormation has made it (ARNs) is left for ``DefinitionSubstitutions``.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

WORKFLOW_FILE = Path(__file__).resolve().parent.parent / "workflow.asl.json"

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


class PlaceholderError(ValueError):
    """A placeholder of the workflow file has no value, or a value has no placeholder."""


def read_workflow(path: Path = WORKFLOW_FILE) -> dict[str, Any]:
    """Read the workflow file as it is written, placeholders and all."""
    definition: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return definition


def fill(definition: Any, values: Mapping[str, str | float]) -> Any:
    """Replace placeholders in every text of a definition.

    A text that is nothing but one placeholder becomes the value itself, so that a number stays a number.

    Args:
        definition: Any part of a definition, as JSON values.
        values: Placeholder names and what takes their place. Placeholders without a value are left.

    Returns:
        A new definition; the one given is not changed.
    """
    if isinstance(definition, dict):
        return {key: fill(value, values) for key, value in definition.items()}
    if isinstance(definition, list):
        return [fill(value, values) for value in definition]
    if not isinstance(definition, str):
        return definition
    whole = _PLACEHOLDER.fullmatch(definition)
    if whole and whole[1] in values:
        return values[whole[1]]
    return _PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), definition)


def placeholders(definition: Any) -> frozenset[str]:
    """Name the placeholders that are left in a definition."""
    return frozenset(name for text in _texts(definition) for name in _PLACEHOLDER.findall(text))


def definition_string(
    definition: Any, values: Mapping[str, str | float], left_to_cloudformation: Collection[str]
) -> str:
    """Fill in a definition and write it as the text that CloudFormation takes.

    Args:
        definition: The workflow, as :func:`read_workflow` gives it.
        values: What is known now.
        left_to_cloudformation: The placeholders that ``DefinitionSubstitutions`` replaces.

    Raises:
        PlaceholderError: A placeholder would reach Step Functions as it is, or a value is never used.
    """
    filled = fill(definition, values)
    named, left = placeholders(definition), placeholders(filled)
    nameless = left - set(left_to_cloudformation)
    unused = (set(values) | set(left_to_cloudformation)) - named
    if nameless or unused:
        raise PlaceholderError(
            f"{WORKFLOW_FILE.name}: placeholders without a value: {sorted(nameless)}; "
            f"values without a placeholder: {sorted(unused)}; make the file and workflow.py agree"
        )
    # Compact: with line breaks a template with every protection would be too large to be sent without a bucket.
    return json.dumps(filled, separators=(",", ":"))


def _texts(definition: Any) -> Iterator[str]:
    if isinstance(definition, dict):
        for value in definition.values():
            yield from _texts(value)
    elif isinstance(definition, list):
        for value in definition:
            yield from _texts(value)
    elif isinstance(definition, str):
        yield definition
