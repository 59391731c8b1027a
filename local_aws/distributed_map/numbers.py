"""The numbers among a Map state's settings, and what Step Functions says of one that cannot be used.

The texts are those that Step Functions was seen to give: tests/integration/local_aws/recorded/.
"""

import json
from collections.abc import Mapping
from typing import Any

from local_aws.distributed_map.scope import Scope


class SettingError(ValueError):
    """A setting has a value that Step Functions cannot use."""


def whole(scope: Scope, name: str, source: Mapping[str, Any] | None = None) -> int | None:
    """A setting that is a whole number, as `Scope.field` finds it; None where it is not set.

    Raises:
        SettingError: it is something else.
    """
    value = _number(scope, name, source, int, "integer")
    return None if value is None else int(value)


def decimal(scope: Scope, name: str, source: Mapping[str, Any] | None = None) -> float | None:
    """A setting that is a number, as `Scope.field` finds it; None where it is not set.

    Raises:
        SettingError: it is something else.
    """
    value = _number(scope, name, source, (int, float), "float")
    return None if value is None else float(value)


def _number(
    scope: Scope, name: str, source: Mapping[str, Any] | None, types: type | tuple[type, ...], kind: str
) -> Any:
    holder = scope.definition if source is None else source
    value, path = scope.field(name, source), holder.get(f"{name}Path")
    if isinstance(value, types) and not isinstance(value, bool):
        return value
    shown = value if isinstance(value, str) else json.dumps(value)
    if path is not None:
        raise SettingError(f'The {name}Path field refers to value "{shown}" which is not a valid {kind}: {path}')
    if value is None and holder.get(name) is None:
        return None
    raise SettingError(f'The {name} field has the value "{shown}" which is not a valid {kind}')
