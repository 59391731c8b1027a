import pytest

from csvdynamo_stack.names import NameTooLongError, stack_names


def test_the_bucket_name_holds_stack_account_and_region() -> None:
    names = stack_names("csvdynamo-city-trees", "123456789012", "eu-west-1")

    assert names.bucket == "csvdynamo-city-trees-123456789012-eu-west-1"
    assert names.machine == "csvdynamo-city-trees"


def test_a_bucket_name_of_63_characters_is_taken_and_one_of_64_refused() -> None:
    longest = "s" * (63 - len("-123456789012-eu-west-1"))

    assert len(stack_names(longest, "123456789012", "eu-west-1").bucket) == 63
    with pytest.raises(NameTooLongError, match=r"64 characters and AWS allows 63.*shorten.*by 1"):
        stack_names(longest + "s", "123456789012", "eu-west-1")
