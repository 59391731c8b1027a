"""Gives Lambda functions the account's own access key where IAM is not enforced.

MiniStack gives them the account's number then, which it takes for the root's key. Where IAM is enforced they have a
session of their role, as on AWS.
"""

from typing import Any

from local_aws.ministack_internals import is_iam_enforced, lambda_functions, lambda_workers, root_access_key


def install() -> None:
    """Replace what the workers' processes are given."""
    if is_iam_enforced():
        return

    def execution_credentials(_configuration: Any) -> dict[str, str]:
        return root_access_key()

    for part in (lambda_workers, lambda_functions):
        part.replace("execution_credentials", lambda _: execution_credentials)
