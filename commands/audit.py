"""The part of ``make lint`` that audits: known vulnerabilities of the pins, and secrets in the checkout."""

from datetime import UTC, datetime

from commands.audit_allowances import AllowanceError, Allowances, read_allowances
from commands.dependency_audit import Audited, PinsError, audit_pins
from commands.project import ROOT, fail, say
from commands.secret_scan import NotACheckoutError, checkout_files, find_secrets

ALLOWANCES = ROOT / "audit.toml"
REQUIREMENTS = (ROOT / "requirements.txt", ROOT / "requirements-dev.txt")


def main() -> None:
    """Run both audits; the exit status is 0 only if neither found anything that ``audit.toml`` does not let pass."""
    try:
        allowances = read_allowances(ALLOWANCES)
        problems = [*_secrets(allowances), *_vulnerabilities(allowances)]
    except (AllowanceError, NotACheckoutError, PinsError) as error:
        fail(str(error))
    if problems:
        fail("\n".join([*problems, f"Mend what is above, or let it pass with a reason in {ALLOWANCES.name}."]))


def expired_sentences(allowances: Allowances) -> list[str]:
    """Say which vulnerabilities are let pass no longer."""
    today = datetime.now(UTC).date()
    return [
        f"{ALLOWANCES.name}: {entry.id} was let pass until {entry.until}: look at it again"
        for entry in allowances.expired(today)
    ]


def _secrets(allowances: Allowances) -> list[str]:
    files = checkout_files(ROOT)
    found = find_secrets(ROOT, files, allowances.not_secrets)
    if not found:
        say(f"{len(files)} files: no secrets.")
    return found


def _vulnerabilities(allowances: Allowances) -> list[str]:
    audited = audit_pins(REQUIREMENTS, allowances)
    _tell(audited)
    return [*expired_sentences(allowances), *(finding.sentence() for finding in audited.findings)]


def _tell(audited: Audited) -> None:
    if audited.unreachable:
        say(f"NOT AUDITED: the vulnerability service cannot be reached; no pin was looked up ({audited.unreachable}).")
        return
    if not audited.findings:
        say(f"{audited.packages} pinned packages: no known vulnerability that is not let pass.")
    for name in audited.unused:
        say(f"{ALLOWANCES.name}: no pin has the vulnerability {name} any more: remove the entry.")


if __name__ == "__main__":
    main()
