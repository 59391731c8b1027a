"""The page on what can go wrong: every entry is told in words that the project uses, held and repaired by tests."""

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"^### ([^\n]+)\n\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE))
CODE = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("plugins", "src", "lambdas", "cdk")
    for path in sorted((ROOT / folder).rglob("*.py"))
)

# What AWS and its SDK say, and what is told in pieces.
AWS_WORDS = {
    *("States.ExceedToleratedFailureThreshold", "Connection was closed", "AccessDeniedException", "ABORTED"),
    *(
        f"{limit}Exceeded"
        for limit in ("KeyRangeThroughput", "ProvisionedThroughput", "MaxOnDemandThroughput", "AccountLimit")
    ),
    *("already exists", "UPDATE_ROLLBACK_COMPLETE", "make deploy", "table.name", "table.managed = false"),
    *("Cannot perform more than one GSI creation or deletion in a single update", "Cannot update GSI's properties"),
}
each_entry = pytest.mark.parametrize("title", ENTRIES)


def looks_like(title: str) -> list[str]:
    [told] = re.findall(r"^Looks like: (.*?)(?=^(?:What happens|Do): )", ENTRIES[title], re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`]+)`", told)


@functools.cache  # not when the tests are collected, which each process does
def literal_texts() -> str:
    """Every text of the code, an f-string's placeholders as a space and adjoining literals joined."""
    texts = []
    for node in ast.walk(ast.parse(CODE_MODULE)):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "\N{BULLET}" for part in node.values]
            texts.append("".join(map(str, parts)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(node.value)
    return "\n".join(texts)


CODE_MODULE = CODE.replace("from __future__ import annotations\n", "")


@each_entry
def test_an_entry_says_what_it_looks_like_what_to_do_what_holds_it_and_what_repairs_it(title: str) -> None:
    parts = re.findall(r"^(Looks like|What happens|Do|Held by|Repaired by): ", ENTRIES[title], re.MULTILINE)

    assert [part for part in parts if part != "What happens"] == ["Looks like", "Do", "Held by", "Repaired by"]
    assert "What happens" not in parts or parts[1] == "What happens"


@each_entry
def test_the_words_of_an_entry_are_those_of_the_project(title: str) -> None:
    strange = [words for words in looks_like(title) if words not in AWS_WORDS and not is_said(words)]

    assert strange == []


def is_said(words: str) -> bool:
    """Whether the code says it; numbers and names stand for a placeholder."""
    pattern = re.escape(words)
    for told, placeholder in (("10", "\N{BULLET}"), ("ABORTED", "\N{BULLET}"), ("TIMED_OUT", "\N{BULLET}")):
        pattern = pattern.replace(told, f"(?:{told}|{placeholder})")
    return re.search(pattern, literal_texts()) is not None


@pytest.mark.parametrize("kind", ["Held by", "Repaired by"])
@each_entry
def test_the_tests_that_hold_and_repair_an_entry_exist(title: str, kind: str) -> None:
    told = ENTRIES[title].split(f"{kind}: ")[1].split("Repaired by: ")[0]
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", told)

    assert named
    for file, test in named:
        assert test or kind == "Held by", "a file does not say which of its tests carries the repair out"
        assert f"def {test or 'test_'}" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{test}"
