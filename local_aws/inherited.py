"""What a program that works on the embedded AWS takes over from the shell that it was started in."""

import os
import re
from collections.abc import Mapping

NO_ACCOUNT = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Variables with which an AWS SDK or CLI finds no profile, Region, endpoint or credentials of a person's own."""

# Settings of the tools that work on the embedded AWS: each would lead one of them to another account, another place or
# another answer, and the shell has them for something else.
_TOOLS = ("AIRFLOW", "AMAZON_", "AWS_", "CDK_", "JSII_", "LOCALSTACK_", "MINISTACK_", "NODE_", "PYTHON")
_OF_PYTHON_KEPT = frozenset({"PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONUNBUFFERED", "PYTHONUTF8"})
# A log that is read line by line has no colours in it.
_COLOURS = frozenset({"CLICOLOR_FORCE", "FORCE_COLOR", "PY_COLORS"})
# MiniStack's settings have no name in common.
_MINISTACK = re.compile(
    r"AUTH|BIND_HOST|EDGE_PORT|GATEWAY_PORT|LOG_LEVEL|PERSIST_STATE|SERVICES|STATE_DIR|USE_SSL|_X_AMZN_TRACE_ID|"
    r"(ALB|APPSYNC|ATHENA|CLOUDTRAIL|CODEBUILD|COGNITO|DOCDB|DOCKER|DSQL|EC2|ECS|EKS|ELASTICACHE|GLUE|IOT|_?LAMBDA|_MS|"
    r"MWAA|OPENSEARCH|RDS|REDIS|S3|SFN|SFTP|SMTP|TRANSLATE)_\w+"
)
_LOOPBACK = ("127.0.0.1", "localhost")
_NO_PROXY = ("NO_PROXY", "no_proxy")


def from_shell(inherited: Mapping[str, str]) -> dict[str, str]:
    """Give the variables of a shell that count where all of AWS is the embedded one.

    The person's own settings stay: proxies for what is not on this machine, certificates, languages, folders, and this
    project's own. So do those of ``python -m local_aws``, whose names begin with ``LOCAL_AWS_``.

    Args:
        inherited: The variables of the shell.
    """
    kept = {name: value for name, value in inherited.items() if not _is_dropped(name, value)}
    return kept | without_proxy(kept) | NO_ACCOUNT | {"PYTHONUTF8": "1"}


def without_proxy(variables: Mapping[str, str]) -> dict[str, str]:
    """Give the variables that keep requests to this machine from the proxies that others name; none without proxies.

    Args:
        variables: What may name proxies, and hosts that are asked without one.
    """
    if not any(_is_proxy(name) and value for name, value in variables.items()):
        return {}
    # As most programs do: in lower case it counts before the other.
    [said, *_] = [*(variables[name] for name in reversed(_NO_PROXY) if variables.get(name)), ""]
    if said.strip() == "*":
        return dict.fromkeys(_NO_PROXY, "*")
    hosts = [*_LOOPBACK, *(host for host in map(str.strip, said.split(",")) if host and host not in _LOOPBACK)]
    return dict.fromkeys(_NO_PROXY, ",".join(hosts))


def is_socks_proxy(name: str, value: str) -> bool:
    """Whether a variable names a proxy that speaks SOCKS, which neither downloads nor Airflow's own client can use."""
    return _is_proxy(name) and value.lower().startswith("socks")


def _is_dropped(name: str, value: str) -> bool:
    upper = name.upper()
    if upper.startswith(_TOOLS):
        return upper not in _OF_PYTHON_KEPT
    return upper in _COLOURS or _MINISTACK.fullmatch(name) is not None or is_socks_proxy(name, value)


def _is_proxy(name: str) -> bool:
    return name.lower().endswith("_proxy") and name not in _NO_PROXY
