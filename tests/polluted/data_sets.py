"""The data set of a polluted file: a key `id`, no rules, any number of rejects, and its settings of the source."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.errors import DatasetError
from tests.polluted.model import KEY, Settings

_FILE = """
[source]
url       = "https://example.org/polluted.csv"
file_name = "polluted.csv"
{settings}

[table]
name          = "tb_polluted"
partition_key = "{key}"

[gates]
max_reject_percent = 100
last_record        = "accept"
"""


def data_set(settings: Settings) -> Dataset | str:
    """Return the data set with these settings; or why its file is refused, where they are not there yet."""
    return _read(toml(settings))


def toml(settings: Settings) -> str:
    """Write the data set file."""
    lines = [f"{key} = {_value(value)}" for key, value in settings.items()]
    return _FILE.format(settings="\n".join(lines), key=KEY)


@cache
def _read(text: str) -> Dataset | str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "polluted.toml"
        path.write_text(text, encoding="utf-8")
        try:
            return load_dataset(path)
        except DatasetError as error:
            return str(error)


def _value(value: object) -> str:
    # A text of JSON is one of TOML, but for the character that JSON may leave as it is.
    assert not isinstance(value, Mapping)
    return json.dumps(value).replace("\x7f", "\\u007f")
