import ssl
import stat
from pathlib import Path

import pytest

from local_aws.certificate import Certificate


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    made = Certificate.in_home(tmp_path_factory.mktemp("home"))
    made.write()
    return made


def handshake(certificate: Certificate, trusted: Path, name: str) -> None:
    """Let a client that trusts one certificate meet the server, in memory."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate.chain, certificate.key)
    client = ssl.create_default_context(cafile=trusted)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert ours.version() == "TLSv1.3"


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_who_trusts_the_authority_trusts_the_server(certificate: Certificate, name: str) -> None:
    handshake(certificate, certificate.authority, name)


def test_the_chain_holds_the_authority_for_lambda_workers(certificate: Certificate) -> None:
    handshake(certificate, certificate.chain, "127.0.0.1")


def test_another_name_is_not_trusted(certificate: Certificate) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(certificate, certificate.authority, "example.org")


def test_another_start_has_another_authority(certificate: Certificate, tmp_path: Path) -> None:
    other = Certificate.in_home(tmp_path)
    other.write()

    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(certificate, other.authority, "127.0.0.1")


def test_nobody_else_reads_the_key(certificate: Certificate) -> None:
    assert stat.S_IMODE(certificate.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(certificate.key.parent.stat().st_mode) == 0o700
