"""Which errors a retrier or catcher matches by ``States.ALL``.

The rule: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-error-representation
"""

import functools
from collections.abc import Collection
from typing import Any

from local_aws.ministack_internals import stepfunctions

_ALL = "States.ALL"
_BY_NAME_ALONE = frozenset({"States.DataLimitExceeded", "States.Runtime"})


def install() -> None:
    """Let ``States.ALL`` leave alone what it does not stand for: errors of the definition and of its limits."""
    stepfunctions.replace("error_matches", _sparing)


def _sparing(matches: Any) -> Any:
    @functools.wraps(matches)
    def error_matches(error_equals: Collection[str], error: str) -> bool:
        if error in _BY_NAME_ALONE:
            error_equals = [name for name in error_equals if name != _ALL]
        return bool(matches(error_equals, error))

    return error_matches
