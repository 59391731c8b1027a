"""What a command makes once and later ones find again: synthesized stacks, and an empty database of Airflow."""

import os
from pathlib import Path

from commands.project import BUILD

KEPT = "CSVDYNAMO_KEPT"
"""Variable that names another folder to keep them in."""


def kept_folder() -> Path:
    """Give the folder that they are kept in. The name of what is kept says all that went into it."""
    return Path(os.environ.get(KEPT) or BUILD)
