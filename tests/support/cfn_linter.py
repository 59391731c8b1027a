"""cfn-lint, imported where it is asked: each process of the tests would import it for two seconds to collect them."""

from pathlib import Path


def cfn_lint(*templates: Path) -> list[str]:
    """Lint templates; each that is linted by itself has some 300 rules made anew.

    Returns:
        What was found, each the rule's id, its message and the template's name.
    """
    from cfnlint.api import lint_by_config  # type: ignore[import-untyped]
    from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

    found = lint_by_config(ManualArgs(templates=[str(template) for template in templates]))
    return [f"{match.rule.id} {match.message} ({Path(match.filename).name})" for match in found]
