"""A run's parameters: no others than there are."""

import re

import pytest

from csvdynamo_airflow.parameters import NO_CONTROL_CHARACTERS, PARAMETERS, ParameterError, refuse_unknown


def test_the_parameters_that_there_are_are_taken() -> None:
    refuse_unknown(PARAMETERS)
    refuse_unknown([])


@pytest.mark.parametrize("name", ["sourceurl", "Source_URL", "source_url ", "dryrun", "", "\x00"])
def test_a_misspelt_parameter_is_named_with_those_that_there_are(name: str) -> None:
    with pytest.raises(ParameterError) as caught:
        refuse_unknown([*PARAMETERS, name])

    assert repr(name) in str(caught.value)
    assert "source_url, dry_run, force" in str(caught.value)


def test_many_and_long_names_do_not_fill_the_log() -> None:
    with pytest.raises(ParameterError) as caught:
        refuse_unknown(str(number) + "x" * 10_000 for number in range(100))

    assert len(str(caught.value)) < 800


@pytest.mark.parametrize(
    ("url", "good"), [("https://example.com/Łódź.csv", True), ("a\x00b", False), ("a\nb", False), ("\x7f", False)]
)
def test_the_pattern_of_a_source_refuses_control_characters(url: str, good: bool) -> None:
    assert (re.search(NO_CONTROL_CHARACTERS, url) is not None) is good
