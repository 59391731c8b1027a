from local_aws.access.principals import Decision, Role, function_arn, object_arn, refused, untrusted

ROLE = Role("arn:aws:iam::123456789012:role/service/worker", "states.amazonaws.com", "arn:of:machine", "x" * 80)


def test_a_session_is_named_as_aws_names_it() -> None:
    assert (ROLE.name, ROLE.account) == ("worker", "123456789012")
    assert ROLE.principal == f"arn:aws:sts::123456789012:assumed-role/worker/{'x' * 64}"


def test_a_refusal_names_who_what_and_on_what() -> None:
    said = refused(ROLE.principal, "s3:GetObject", "arn:aws:s3:::b/k", Decision(allowed=False))

    assert said == (
        f"User: {ROLE.principal} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k "
        "because no identity-based policy allows the s3:GetObject action"
    )


def test_a_deny_says_which_kind_of_policy_it_is_in() -> None:
    by_role = refused("me", "a:B", "r", Decision(allowed=False, explicit=True))
    by_bucket = refused("me", "a:B", "r", Decision(allowed=False, explicit=True, by_resource=True))

    assert by_role.endswith("with an explicit deny in an identity-based policy")
    assert by_bucket.endswith("with an explicit deny in a resource-based policy")


def test_a_role_that_cannot_be_taken_on_is_named() -> None:
    assert untrusted(ROLE.service, ROLE.arn).endswith(ROLE.arn)


def test_a_function_may_be_named_by_its_arn_or_its_name() -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"

    assert function_arn(arn, "us-east-1", "000000000000") == arn
    assert function_arn("f", "eu-west-1", "123456789012") == arn


def test_an_objects_arn_has_its_key() -> None:
    assert object_arn("b", "a/c") == "arn:aws:s3:::b/a/c"
