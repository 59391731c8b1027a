"""What a local command takes over from the shell that it was typed in."""

import os
from collections.abc import Iterator, Mapping

from commands.kept import KEPT
from commands.project import PYTHON_PATH, ROOT, say
from csvdynamo_airflow.settings import LOCAL_FOLDER
from local_aws.inherited import from_shell, is_socks_proxy

# Each command says which folder its DAGs may read, and tells every path below the folder that it builds in. What is
# kept has a name that says what went into it, wherever it is.
_NOT_TOLD = {LOCAL_FOLDER, "CSVDYNAMO_BUILD", KEPT}


def leave_shell() -> None:
    """Let nothing of the shell count but what is meant for a local command, here and in every process started here.

    It comes before anything else that a command does: the AWS SDK, Airflow, the CDK and Python read the variables for
    themselves, each its own, and would work on another account, another database or through a proxy.
    """
    inherited = dict(os.environ)
    os.environ.clear()
    os.environ.update(from_shell(inherited))
    os.environ["PYTHONPATH"] = os.pathsep.join(map(str, [ROOT, *PYTHON_PATH]))
    for sentence in worth_telling(inherited):
        say(sentence)


def worth_telling(inherited: Mapping[str, str]) -> Iterator[str]:
    """Say what of the shell changes a local command, or is left aside though it was meant for one.

    Args:
        inherited: The variables of the shell; no value is told, which may hold a password.
    """
    own = sorted(
        name
        for name, value in inherited.items()
        if value and name.startswith(("CSVDYNAMO_", "LOCAL_AWS_")) and name not in _NOT_TOLD
    )
    if own:
        yield f"Taken over from the shell: {', '.join(own)}."
    for name in sorted(name for name, value in inherited.items() if is_socks_proxy(name, value)):
        yield f"{name} names a SOCKS proxy, which no download of this project can use: it is left aside."
