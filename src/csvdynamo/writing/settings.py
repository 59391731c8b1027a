"""What the stack tells a Lambda function: environment variables, and the rules beside its code."""

import os
from pathlib import Path

from csvdynamo.errors import CsvDynamoError, RulesError
from csvdynamo.rules.row_rules import RULES_FILE, RowRules

MEMORY_MIB = 512
"""The memory of each function."""


class SettingError(CsvDynamoError):
    """The Lambda function lacks a setting."""


def setting(name: str) -> str:
    """Return an environment variable.

    Raises:
        SettingError: It is not set, or empty.
    """
    value = os.environ.get(name)
    if not value:
        raise SettingError(f"the environment variable {name} is not set: deploy the stack again")
    return value


def staged_rules(function_folder: Path) -> RowRules:
    """Read the rules that the CDK staged beside the handlers.

    Raises:
        RulesError: They are missing, or cannot be read.
    """
    path = function_folder / RULES_FILE
    try:
        return RowRules.from_json(path.read_bytes())
    except OSError as error:
        raise RulesError(f"{path} cannot be read ({error.strerror}): deploy the stack again") from error
