"""The IAM user that Airflow works as on the embedded AWS where that enforces IAM."""

from commands.embedded import Deployed
from csvdynamo.stack_outputs import StackOutput

USER = "airflow"


def airflow_variables(deployed: Deployed, user: str = USER) -> dict[str, str]:
    """Give the AWS variables for Airflow: those of a user who has the stack's policy for it, and nothing else.

    On an embedded AWS that does not enforce IAM they are the root's.

    Args:
        deployed: The embedded AWS with the stack.
        user: The user's name, which nobody has yet.
    """
    variables = deployed.aws.environment
    if not deployed.aws.secure:
        return variables
    iam = deployed.client("iam")
    iam.create_user(UserName=user)
    iam.attach_user_policy(UserName=user, PolicyArn=deployed.outputs[StackOutput.AIRFLOW_POLICY])
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return variables | {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
