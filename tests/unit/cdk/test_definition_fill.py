import json

import pytest

from csvdynamo_stack.definition import PlaceholderError, definition_string, fill, placeholders


def test_a_placeholder_that_is_the_whole_text_becomes_the_number_itself() -> None:
    assert fill({"Max": "${Rows}"}, {"Rows": 250}) == {"Max": 250}


def test_a_placeholder_inside_a_text_becomes_text() -> None:
    assert fill(["arn:${Partition}:s3:::${Bucket}"], {"Partition": "aws"}) == ["arn:aws:s3:::${Bucket}"]


def test_paths_and_context_paths_are_not_placeholders() -> None:
    assert placeholders({"a.$": "$.bucket", "b.$": "$$.Execution.Name", "c": "{% $states.input %}"}) == frozenset()


def test_the_definition_given_is_not_changed() -> None:
    given = {"Max": "${Rows}"}

    fill(given, {"Rows": 1})

    assert given == {"Max": "${Rows}"}


def test_what_cloudformation_fills_in_is_left_as_it_is() -> None:
    text = definition_string({"Max": "${Rows}", "Topic": "${TopicArn}"}, {"Rows": 5}, ["TopicArn"])

    assert json.loads(text) == {"Max": 5, "Topic": "${TopicArn}"}


def test_a_placeholder_that_nobody_fills_in_is_refused() -> None:
    with pytest.raises(PlaceholderError, match=r"without a value: \['Rows'\]"):
        definition_string({"Max": "${Rows}"}, {}, [])


@pytest.mark.parametrize(("values", "left"), [({"Rows": 5}, []), ({}, ["Rows"])])
def test_a_value_that_the_file_never_uses_is_refused(values: dict[str, str | float], left: list[str]) -> None:
    with pytest.raises(PlaceholderError, match=r"without a placeholder: \['Rows'\]"):
        definition_string({"Max": 1}, values, left)
