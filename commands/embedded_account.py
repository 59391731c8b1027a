"""An account of the embedded AWS with the CDK's own stack in it, made once and kept.

`cdk bootstrap` is a seventh of the CPU of a run on the embedded AWS, and leaves the same in every new account.
"""

from pathlib import Path

from commands.cdk_cli import Assembly
from commands.kept import digest_of, files_below, make_once
from commands.project import ROOT, say
from local_aws.environment import ACCOUNT, REGION
from local_aws.server import LocalAws

_SERVER = ROOT / "local_aws"


def bootstrapped_account(assembly: Assembly) -> Path:
    """Give what an embedded AWS left that the real CDK CLI has bootstrapped, for `LocalAws.begin_with`.

    Args:
        assembly: Any of the embedded AWS's account and Region: what `cdk bootstrap` makes has nothing of its stacks.
    """
    sources = (ROOT / "package-lock.json", *files_below(_SERVER))
    digest = digest_of([ACCOUNT, REGION], ["ministack"], sources, ROOT)

    def make(folder: Path) -> None:
        say("Preparing an account of the embedded AWS for the CDK, once …")
        with LocalAws(leave_state=folder / "state") as aws:
            assembly.bootstrap(aws.environment)

    return make_once("account", digest, make) / "state"
