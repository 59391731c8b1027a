"""The environment variables of the embedded AWS and of its clients."""

from collections.abc import Mapping
from pathlib import Path

from local_aws.access_key import ID_VARIABLE, SECRET_VARIABLE, AccessKey
from local_aws.certificate import HOST, Certificate
from local_aws.inherited import NO_ACCOUNT

__all__ = ["ACCOUNT", "HOST", "REGION", "client_environment", "endpoint", "server_environment"]

ACCOUNT = "000000000000"
REGION = "us-east-1"

_INHERITED_AWS_PREFIXES = ("AWS_", "LOCALSTACK_", "MINISTACK_")
# Set in a developer's shell, any of these would make the server keep state, listen elsewhere or load other code.
_NEVER_INHERITED = frozenset(
    {
        "BIND_HOST",
        "DOCKER_HOST",
        "EDGE_PORT",
        "GATEWAY_PORT",
        "LAMBDA_EXECUTOR",
        "PERSIST_STATE",
        # Lambda workers inherit it: a module that a deployed zip lacks must be lacking here too.
        "PYTHONPATH",
        "S3_PERSIST",
        "SERVICES",
        # Lambda workers have keys of their own: where IAM is enforced, those of their roles.
        ID_VARIABLE,
        SECRET_VARIABLE,
    }
)


def endpoint(port: int, *, secure: bool = False) -> str:
    """The URL that clients of the server at a loopback port use."""
    return f"{'https' if secure else 'http'}://{HOST}:{port}"


def client_environment(port: int, key: AccessKey, authority: Path | None = None) -> dict[str, str]:
    """Variables with which any AWS SDK or CLI talks to the server at a loopback port, and to nothing else.

    Args:
        port: the loopback port.
        key: the server's access key.
        authority: the certificate to trust, of a server with TLS; None for one without.
    """
    trusted = {} if authority is None else dict.fromkeys(("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), str(authority))
    return {
        "AWS_ENDPOINT_URL": endpoint(port, secure=authority is not None),
        "AWS_ACCESS_KEY_ID": key.id,
        "AWS_SECRET_ACCESS_KEY": key.secret,
        "AWS_DEFAULT_REGION": REGION,
        **NO_ACCOUNT,
        **trusted,
    }


def server_environment(
    inherited: Mapping[str, str], *, home: Path, port: int, key: AccessKey, certificate: Certificate | None = None
) -> dict[str, str]:
    """The variables under which the server, and the Lambda workers that it starts, run.

    Args:
        inherited: the variables that the server was started with.
        home: the private folder that holds everything the server writes.
        port: the loopback port that it serves.
        key: the access key of the account's root.
        certificate: what it serves TLS with, and then it enforces IAM as well; None for neither.

    Returns:
        The whole environment: what was inherited, without what would tie the server to another
        AWS or let it write or listen outside its own places.
    """
    kept = {
        name: value
        for name, value in inherited.items()
        if name not in _NEVER_INHERITED
        and not name.startswith(_INHERITED_AWS_PREFIXES)
        # It asks nothing but itself, nor do the functions that it runs.
        and not name.lower().endswith("_proxy")
    }
    return kept | {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "TMPDIR": str(home / "tmp"),
        "STATE_DIR": str(home / "state"),
        "S3_DATA_DIR": str(home / "s3"),
        # The machine's Docker engine belongs to others: MiniStack would sweep containers out of it.
        "DOCKER_HOST": f"unix://{home / 'no-docker.sock'}",
        # Listeners on fixed ports, of services that are not used here.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # What a Lambda function that names no endpoint is given.
        "MINISTACK_REGION": REGION,
        **_enforcement(certificate),
        **client_environment(port, key, certificate.authority if certificate else None),
    }


def _enforcement(certificate: Certificate | None) -> dict[str, str]:
    if certificate is None:
        return {}
    return {
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificate.chain),
        "MINISTACK_SSL_KEY": str(certificate.key),
    }
