"""The access key of the embedded AWS: a new one at every start, which every call must be signed with."""

import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

# A key that was drawn elsewhere, such as the one that docker-compose's containers share.
ID_VARIABLE, SECRET_VARIABLE = (f"LOCAL_AWS_{part}" for part in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))

_ALPHABET = string.ascii_uppercase + "234567"
# What IAM says of an id (https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKey.html). The length keeps out
# what MiniStack takes for the root's: `test`, and the number of any account.
_ID = re.compile(r"\w{16,128}", re.ASCII)
_LEAST_SECRET = 20


class AccessKeyError(ValueError):
    """The key that the environment names is none."""


@dataclass(frozen=True)
class AccessKey:
    """The key of the account's root.

    Attributes:
        id: What each call names.
        secret: What each call is signed with, and what none tells.
    """

    id: str
    secret: str = field(repr=False)

    @classmethod
    def drawn(cls) -> Self:
        """Draw a key; its id says whose it is, so that nobody takes it for a real account's."""
        return cls("LOCALAWS" + "".join(secrets.choice(_ALPHABET) for _ in range(12)), secrets.token_urlsafe(30))

    @classmethod
    def named(cls, variables: Mapping[str, str]) -> Self | None:
        """Give the key that the environment names; None if it names none.

        Raises:
            AccessKeyError: it names half a key, or one that is easily guessed.
        """
        key_id, secret = variables.get(ID_VARIABLE, ""), variables.get(SECRET_VARIABLE, "")
        if not key_id and not secret:
            return None
        if not _ID.fullmatch(key_id):
            raise AccessKeyError(
                f"{ID_VARIABLE} must be 16 to 128 letters and digits: leave both variables of the key "
                "out for one that is drawn at each start."
            )
        if len(secret) < _LEAST_SECRET:
            raise AccessKeyError(
                f"{SECRET_VARIABLE} must have {_LEAST_SECRET} characters or more: leave both variables "
                "of the key out for one that is drawn at each start."
            )
        return cls(key_id, secret)
