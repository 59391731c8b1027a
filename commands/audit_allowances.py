"""What the audits of ``make lint`` let pass: ``audit.toml``, each entry with its reason."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any


class AllowanceError(ValueError):
    """``audit.toml`` is wrong; the message names the entry and what to do."""


@dataclass(frozen=True)
class Vulnerability:
    """A known vulnerability that is let pass, up to and including a day."""

    id: str
    reason: str
    until: date


@dataclass(frozen=True)
class NotASecret:
    """A text that looks like a secret and is none."""

    text: str
    reason: str


@dataclass(frozen=True)
class Allowances:
    """All that is let pass."""

    vulnerabilities: tuple[Vulnerability, ...] = ()
    not_secrets: tuple[NotASecret, ...] = ()

    def expired(self, today: date) -> list[Vulnerability]:
        """Return the vulnerabilities whose day is over."""
        return [entry for entry in self.vulnerabilities if entry.until < today]


def read_allowances(path: Path) -> Allowances:
    """Read the file; one that is not there lets nothing pass.

    Raises:
        AllowanceError: It is no TOML, or an entry lacks something or has too much.
    """
    if not path.exists():
        return Allowances()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise AllowanceError(f"{path.name}: is not valid TOML: {error}") from error
    for key in document:
        if key not in ("vulnerability", "not_a_secret"):
            raise AllowanceError(f"{path.name}: {key}: unknown; allowed are vulnerability and not_a_secret")
    return Allowances(
        vulnerabilities=tuple(
            Vulnerability(**_entry(path, "vulnerability", number, entry, {"id": str, "reason": str, "until": date}))
            for number, entry in enumerate(document.get("vulnerability", []), start=1)
        ),
        not_secrets=tuple(
            NotASecret(**_entry(path, "not_a_secret", number, entry, {"text": str, "reason": str}))
            for number, entry in enumerate(document.get("not_a_secret", []), start=1)
        ),
    )


def _entry(path: Path, kind: str, number: int, entry: Any, keys: Mapping[str, type]) -> dict[str, Any]:
    where = f"{path.name}: {kind} {number}"
    if not isinstance(entry, dict) or entry.keys() != keys.keys():
        raise AllowanceError(f"{where}: must have exactly the keys {', '.join(keys)}")
    for key, wanted in keys.items():
        value = entry[key]
        # TOML's date and time is a date to Python.
        if not isinstance(value, wanted) or isinstance(value, datetime) or not str(value).strip():
            raise AllowanceError(
                f"{where}: {key} must be {'a date' if wanted is date else 'a text that says something'}"
            )
    return entry
