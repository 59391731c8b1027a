"""audit.toml: nothing is let pass without a reason, and no vulnerability for ever."""

from datetime import date
from pathlib import Path

import pytest

from commands.audit import ALLOWANCES
from commands.audit_allowances import AllowanceError, Allowances, NotASecret, Vulnerability, read_allowances

GOOD = """
[[vulnerability]]
id = "CVE-2026-1"
reason = "the function is never called"
until = 2026-12-31

[[not_a_secret]]
text = "hunter2"
reason = "no account has it"
"""


def read(folder: Path, text: str) -> Allowances:
    path = folder / "audit.toml"
    path.write_text(text, encoding="utf-8")
    return read_allowances(path)


def test_each_entry_is_read_with_its_reason(tmp_path: Path) -> None:
    allowances = read(tmp_path, GOOD)

    assert allowances == Allowances(
        (Vulnerability("CVE-2026-1", "the function is never called", date(2026, 12, 31)),),
        (NotASecret("hunter2", "no account has it"),),
    )


def test_without_the_file_nothing_is_let_pass(tmp_path: Path) -> None:
    assert read_allowances(tmp_path / "audit.toml") == Allowances()


def test_a_vulnerability_is_let_pass_up_to_its_day(tmp_path: Path) -> None:
    allowances = read(tmp_path, GOOD)

    assert allowances.expired(date(2026, 12, 31)) == []
    assert [entry.id for entry in allowances.expired(date(2027, 1, 1))] == ["CVE-2026-1"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'reason = "the function is never called"\n',
            "",
            "vulnerability 1: must have exactly the keys id, reason, until",
        ),
        ('"the function is never called"', '" "', "vulnerability 1: reason must be a text that says something"),
        ("until = 2026-12-31\n", "", "vulnerability 1: must have exactly the keys id, reason, until"),
        ("2026-12-31", '"for ever"', "vulnerability 1: until must be a date"),
        ("2026-12-31", "2026-12-31T00:00:00", "vulnerability 1: until must be a date"),
        ('reason = "no account has it"\n', "", "not_a_secret 1: must have exactly the keys text, reason"),
        ("[[not_a_secret]]", "[[notasecret]]", "notasecret: unknown"),
        ("[[vulnerability]]", "[[vulnerability", "is not valid TOML"),
    ],
)
def test_an_entry_that_does_not_say_why_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD

    with pytest.raises(AllowanceError, match=r"audit\.toml: ") as caught:
        read(tmp_path, GOOD.replace(old, new))

    assert told in str(caught.value)


def test_the_projects_own_file_is_right() -> None:
    assert read_allowances(ALLOWANCES).not_secrets
