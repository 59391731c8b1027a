"""Stages what a Lambda function's zip file holds: the handlers, what they import of the core, and the rules."""

from __future__ import annotations

import shutil
from pathlib import Path

import csvdynamo
from csvdynamo.rules.row_rules import RULES_FILE, RowRules
from csvdynamo_stack.import_closure import import_closure

_CORE = Path(csvdynamo.__file__).parent


def stage(handlers: Path, rules: RowRules, target: Path) -> None:
    """Copy the handlers, their import closure and the rules into a folder.

    Two stagings of the same sources hold the same bytes under the same names, so the CDK gives them the same
    asset hash and a deploy without changes uploads nothing.

    Args:
        handlers: The folder with the handlers (``lambdas/``).
        rules: The data set's rules, which become `rules.json`.
        target: An existing, empty folder; afterwards the root of the zip file.
    """
    programs = sorted(handlers.glob("*.py"))
    for program in programs:
        shutil.copyfile(program, target / program.name)
    for module in import_closure(programs, _CORE):
        copy = target / module.relative_to(_CORE.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(module, copy)
    (target / RULES_FILE).write_bytes(rules.to_json())
