"""cfn-lint, imported where it is asked: each process of the tests would import it for two seconds to collect them."""

from pathlib import Path


def cfn_lint(template: Path) -> list[str]:
    """Lint a template.

    Returns:
        What was found, each the rule's id and its message.
    """
    from cfnlint.api import lint_file  # type: ignore[import-untyped]

    return [f"{match.rule.id} {match.message}" for match in lint_file(template)]
