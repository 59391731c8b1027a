"""Who asks for something, and the sentence that says it was refused. Pure."""

from dataclasses import dataclass

_LONGEST_SESSION = 64


@dataclass(frozen=True)
class Role:
    """A role that an AWS service has taken on.

    Attributes:
        arn: the role's ARN.
        service: the service's principal, such as ``states.amazonaws.com``.
        source_arn: for which resource it works: ``aws:SourceArn`` of the role's trust policy.
        session: the session's name.
    """

    arn: str
    service: str
    source_arn: str
    session: str

    @property
    def name(self) -> str:
        """The role's name, without its path."""
        return self.arn.rpartition("/")[2]

    @property
    def account(self) -> str:
        """The account that the role belongs to."""
        return self.arn.split(":")[4]

    @property
    def principal(self) -> str:
        """The ARN of the role's session, as AWS names it in a refusal."""
        return f"arn:aws:sts::{self.account}:assumed-role/{self.name}/{self.session[:_LONGEST_SESSION]}"


@dataclass(frozen=True)
class Decision:
    """What the policies say of one request.

    Attributes:
        allowed: whether it may be done.
        explicit: whether a statement denies it; else none allows it.
        by_resource: whether the resource's own policy decided.
    """

    allowed: bool
    explicit: bool = False
    by_resource: bool = False


def refused(principal: str, action: str, resource: str, decision: Decision) -> str:
    """Say a refusal as AWS does.

    The sentences: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    kind = "resource-based policy" if decision.by_resource else "identity-based policy"
    why = f"with an explicit deny in a {kind}" if decision.explicit else f"because no {kind} allows the {action} action"
    why = why.replace("a identity", "an identity")
    return f"User: {principal} is not authorized to perform: {action} on resource: {resource} {why}"


def untrusted(service: str, role_arn: str) -> str:
    """Say that a role's trust policy does not let a service take it on, as AWS does."""
    return (
        f"Neither the global service principal {service}, nor the regional one is authorized to assume the provided "
        f"role: {role_arn}"
    )


def function_arn(reference: str, region: str, account: str) -> str:
    """The ARN of a Lambda function that a state names by its ARN or its name."""
    return reference if reference.startswith("arn:") else f"arn:aws:lambda:{region}:{account}:function:{reference}"


def object_arn(bucket: str, key: str) -> str:
    """The ARN of an S3 object."""
    return f"arn:aws:s3:::{bucket}/{key}"
