"""Cells that hold several values: lists, sets of texts and sets of numbers."""

from collections.abc import Iterable

from csvdynamo.rules.attribute_values import AttributeValue, number_text
from csvdynamo.rules.cell_refusals import TypeRule, refuse_type
from csvdynamo.rules.columns import Column
from csvdynamo.shown import quoted


def list_rule(column: Column) -> TypeRule:
    """Return the rule of a column of lists of texts. A member may be empty: it keeps the place of the others."""
    separator = column.separator

    def convert(text: str) -> AttributeValue:
        return {"L": [{"S": member.strip()} for member in text.split(separator)]}

    return convert


def set_rule(column: Column) -> TypeRule:
    """Return the rule of a column of sets of texts."""
    separator = column.separator

    def convert(text: str) -> AttributeValue:
        members = [member.strip() for member in text.split(separator)]
        if "" in members:
            refuse_type(column, text, "has an empty member, which says nothing in a set", *_told(column))
        _hold_unique(column, text, members)
        return {"SS": members}

    return convert


def number_set_rule(column: Column) -> TypeRule:
    """Return the rule of a column of sets of numbers, which are the same however they are written."""
    separator = column.separator

    def convert(text: str) -> AttributeValue:
        members: list[str] = []
        for member in text.split(separator):
            number = number_text(member)
            if number is None:
                problem = f"has the member {quoted(member)}, which is not a number that DynamoDB can hold"
                refuse_type(column, text, problem, *_told(column))
            members.append(number)
        _hold_unique(column, text, members)
        return {"NS": members}

    return convert


def first_again(members: Iterable[str]) -> str | None:
    """Return the first of some texts that was there before, None if they all differ."""
    seen: set[str] = set()
    for member in members:
        if member in seen:
            return member
        seen.add(member)
    return None


def _hold_unique(column: Column, text: str, members: list[str]) -> None:
    """Refuse what DynamoDB refuses: it takes no set with the same member twice."""
    twice = first_again(members)
    if twice is not None:
        refuse_type(column, text, f"has the member {quoted(twice)} twice, which no set has", *_told(column))


def _told(column: Column) -> tuple[str, ...]:
    return (f"separator = {quoted(column.separator)}",)
