"""DynamoDB's reserved words, held against another list of them."""

from importlib.resources import files

from commands.describing.reserved_words import RESERVED, reserved


def test_they_are_those_that_another_project_lists() -> None:
    theirs = files("moto").joinpath("dynamodb/parsing/reserved_keywords.txt").read_text().split()

    assert set(theirs) == RESERVED


def test_names_are_compared_in_any_case() -> None:
    assert reserved(["State", "Car ID", "NAME", "car"]) == ["State", "NAME"]
