"""The names that come of a source's: its data set's and its file's. Pure."""

import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

_LONGEST = 31
_LONGEST_FILE_NAME = 200  # characters, so that its bytes are no more than a file name may have
_PACKED = (".gz", ".gzip", ".zip", ".zst", ".xz", ".bz2")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


def file_name_of(source: str) -> str:
    """Give the file name in a URL or a path."""
    path = unquote(urlsplit(source).path) if "://" in source else source
    name = "".join(one if one.isprintable() and one not in "/\\" else "_" for one in PurePosixPath(path).name)
    while len(name.encode()) > _LONGEST_FILE_NAME:
        name = name[1:]
    return name or "source.csv"


def dataset_name_of(file_name: str) -> str:
    """Make a data set's name of a file's."""
    name = file_name.lower()
    for ending in _PACKED:
        name = name.removesuffix(ending)
    name = name.rpartition(".")[0] or name
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    if not words or not words[0].isalpha():
        words = f"csv_{words}".rstrip("_")
    return words[:_LONGEST].rstrip("_")


def is_dataset_name(name: str) -> bool:
    """Say whether a data set may have a name."""
    return _NAME.fullmatch(name) is not None
