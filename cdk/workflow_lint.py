"""Checks the state machines of synthesized templates: ``python workflow_lint.py TEMPLATE...``.

Two maintained validators read the same definition. cfn-lint's rule E3601, which runs with the rest of cfn-lint,
checks the structure of every state. statelint, called here, checks the graph (states that are missing or never
reached), retries, numbers, paths and intrinsic functions. statelint follows https://states-language.net/spec.html,
which does not have the fields that AWS adds for a Distributed Map; those are checked here against
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html before statelint sees the rest.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from statelint.linter import Linter  # type: ignore[import-untyped]

_DELIMITERS = ("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB")
_INPUT_TYPES = ("CSV", "JSON", "JSONL", "MANIFEST", "PARQUET")
_HEADER_LOCATIONS = ("FIRST_ROW", "GIVEN")
_TRANSFORMATIONS = ("NONE", "COMPACT", "FLATTEN")
_OUTPUT_TYPES = ("JSON", "JSONL")
# Anything else in a label would need escaping in the ARNs of child executions.
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,40}")


def problems(definition: dict[str, Any]) -> list[str]:
    """Check one definition.

    Args:
        definition: A state machine, its numbers filled in. Placeholders for ARNs may be left.

    Returns:
        A sentence for each problem; empty when there is none.
    """
    rest = deepcopy(definition)
    found = [problem for name, state in _maps(rest) for problem in _take_distributed_fields(name, state)]
    in_the_rest: list[str] = Linter.validate(rest)
    return found + in_the_rest


def definitions(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the logical id and the definition of each state machine in a CloudFormation template.

    Raises:
        TypeError: A definition is not literal text, so that nothing could be checked.
    """
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            text = resource["Properties"].get("DefinitionString")
            if not isinstance(text, str):
                raise TypeError(f"{logical_id}: DefinitionString is not literal text: leave tokens to substitutions")
            yield logical_id, json.loads(text)


def main(paths: Iterable[str]) -> int:
    """Check the templates, print what is wrong, and return the exit status."""
    found = [
        f"{path}: {logical_id}: {problem}"
        for path in paths
        for logical_id, definition in definitions(json.loads(Path(path).read_text(encoding="utf-8")))
        for problem in problems(definition)
    ]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


def _maps(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    states = definition.get("States", {})
    yield from ((name, state) for name, state in states.items() if state.get("Type") == "Map")


def _take_distributed_fields(name: str, state: dict[str, Any]) -> Iterator[str]:
    """Check a Map state's fields that AWS adds, and remove what statelint would call unknown."""
    mode = state.get("ItemProcessor", {}).get("ProcessorConfig", {})
    yield from _check(f"{name}.ProcessorConfig", mode, {"Mode": ("DISTRIBUTED",), "ExecutionType": ("EXPRESS",)})
    if not _LABEL.fullmatch(state.pop("Label", "")):
        yield f"{name}.Label must be 1 to 40 letters, digits, hyphens and underscores"
    reader = state.get("ItemReader", {}).pop("ReaderConfig", {})
    yield from _check(
        f"{name}.ReaderConfig",
        reader,
        {"InputType": _INPUT_TYPES, "CSVHeaderLocation": _HEADER_LOCATIONS, "CSVDelimiter": _DELIMITERS},
    )
    writer = state.get("ResultWriter", {}).pop("WriterConfig", {})
    yield from _check(f"{name}.WriterConfig", writer, {"Transformation": _TRANSFORMATIONS, "OutputType": _OUTPUT_TYPES})
    yield from _take_percentage(name, state)


def _take_percentage(name: str, state: dict[str, Any]) -> Iterator[str]:
    """Check the tolerated percentage, which may have decimals: statelint takes whole numbers only."""
    percentage = state.pop("ToleratedFailurePercentage", 0)
    if isinstance(percentage, bool) or not isinstance(percentage, int | float) or not 0 <= percentage <= 100:
        yield f"{name}.ToleratedFailurePercentage is {percentage!r}, not a number from 0 to 100"


def _check(where: str, fields: dict[str, Any], allowed: dict[str, tuple[str, ...]]) -> Iterator[str]:
    for key in sorted(set(fields) | set(allowed)):
        if key not in allowed:
            yield f"{where} has no field {key!r}; it has {', '.join(allowed)}"
        elif fields.get(key) not in allowed[key]:
            yield f"{where}.{key} is {fields.get(key)!r}, not one of {', '.join(allowed[key])}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
