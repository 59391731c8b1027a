"""Looks for keys, tokens and passwords in the files of the checkout, with Yelp's detect-secrets."""

import subprocess
from collections.abc import Iterable
from contextlib import chdir
from pathlib import Path

from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import default_settings

from commands.audit_allowances import NotASecret

# A remark beside the line would let it pass without a reason; audit.toml asks for one.
_REMARKS = "detect_secrets.filters.allowlist.is_line_allowlisted"


class NotACheckoutError(ValueError):
    """Git does not know the folder."""


def checkout_files(folder: Path) -> list[str]:
    """List the files that Git tracks or would add, by their path in the folder.

    Raises:
        NotACheckoutError: The folder is none of Git's.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise NotACheckoutError("git is not installed: the secret scan asks it for the files to read") from error
    if done.returncode:
        raise NotACheckoutError(f"{folder}: git cannot list its files: {done.stderr.strip()}")
    return sorted({name for name in done.stdout.split("\0") if name and (folder / name).is_file()})


def find_secrets(folder: Path, files: Iterable[str], not_secrets: Iterable[NotASecret]) -> list[str]:
    """Scan files, without asking anyone whether what looks like a secret works.

    Args:
        folder: The checkout.
        files: Paths in it.
        not_secrets: What looks like a secret and is none.

    Returns:
        A sentence for each find: file, line and kind, never the secret.
    """
    known = {entry.text for entry in not_secrets}
    found = SecretsCollection()
    with chdir(folder), default_settings() as settings:
        settings.disable_filters(_REMARKS)
        for name in files:
            found.scan_file(name)
    return sorted(
        f"{name}:{secret.line_number}: looks like a secret ({secret.type})"
        for name, secret in found
        if secret.secret_value not in known
    )
