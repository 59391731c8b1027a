"""The certificate with which the embedded AWS serves TLS: a new one, of an authority of its own, at every start."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

HOST = "127.0.0.1"
"""The only address that the server listens on."""


@dataclass(frozen=True)
class Certificate:
    """The files of a server's certificate, in the folder of all that it writes.

    Attributes:
        authority: The authority's certificate, which clients trust.
        chain: The server's certificate and the authority's.
        key: The server's private key.
    """

    authority: Path
    chain: Path
    key: Path

    @classmethod
    def in_home(cls, home: Path) -> Self:
        """Name the files in a server's folder."""
        folder = home / "tls"
        return cls(folder / "authority.pem", folder / "chain.pem", folder / "key.pem")

    def write(self) -> None:
        """Make the authority and the certificate; the authority's key is not kept, so that it signs nothing else."""
        import trustme  # noqa: PLC0415 - only a server with TLS pays for it

        authority = trustme.CA(organization_name="csvdynamo embedded AWS")
        certificate = authority.issue_cert(HOST, "localhost")
        self.authority.parent.mkdir(mode=0o700)
        authority.cert_pem.write_to_path(self.authority)
        certificate.private_key_pem.write_to_path(self.key)
        self.key.chmod(0o600)
        # MiniStack tells its Lambda workers to trust the chain's file: the authority must be in it.
        for pem in (*certificate.cert_chain_pems, authority.cert_pem):
            pem.write_to_path(self.chain, append=True)
