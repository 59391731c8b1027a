"""What the removal of permissions rests on: one grant goes, and nothing else."""

from typing import Any

import pytest

from tests.e2e.least_privilege.grants import Grant, grants, without

TWO_BY_TWO: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["a:Get", "a:Put"],
            "Resource": ["r/1", "r/2"],
            "Condition": {"Bool": {"x": "y"}},
        },
        {"Effect": "Allow", "Action": "b:Do", "Resource": "*"},
    ],
}


def pairs(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(grant.action, grant.resource) for grant in grants("role", {"": document})}


def test_a_grant_is_one_action_on_one_resource() -> None:
    listed = list(grants("role", {"work": TWO_BY_TWO}))

    assert Grant("role", "work", 0, "a:Put", "r/2") in listed
    assert len(listed) == 5


@pytest.mark.parametrize("grant", list(grants("role", {"": TWO_BY_TWO})), ids=str)
def test_one_grant_goes_and_the_others_stay(grant: Grant) -> None:
    left = pairs(without(TWO_BY_TWO, grant)) - {("none:Nothing", "*")}

    assert left == pairs(TWO_BY_TWO) - {(grant.action, grant.resource)}


def test_the_conditions_stay_and_the_policy_itself_is_not_changed() -> None:
    before = pairs(TWO_BY_TWO)

    changed = without(TWO_BY_TWO, Grant("role", "", 0, "a:Get", "r/1"))

    assert [one.get("Condition") for one in changed["Statement"]].count({"Bool": {"x": "y"}}) == 2
    assert pairs(TWO_BY_TWO) == before


def test_a_policy_keeps_a_statement() -> None:
    one = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "b:Do", "Resource": "*"}]}

    assert pairs(without(one, Grant("role", "", 0, "b:Do", "*"))) == {("none:Nothing", "*")}
