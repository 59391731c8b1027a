"""The data set that a source is read by while nothing but the way that it is written is known. Pure."""

from collections.abc import Mapping
from typing import Any

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.rules.computed import Computed, RowNumber

Settings = Mapping[str, object]
"""Keys of ``[source]``, as a data set file has them."""

ROW_KEY = "csvdynamo row number"
"""Its key: no source has such a column, and every row has a number."""


def provisional_dataset(name: str, settings: Settings) -> Dataset:
    """Make a data set of which only the settings of the source are known.

    Args:
        name: The data set's name.
        settings: Keys of ``[source]``.

    Raises:
        ValidationError: A setting is not allowed, or two contradict each other.
    """
    told: Any = settings
    source = Source(url="https://example.com/source.csv", file_name="source.csv", **told)
    table = Table(name="provisional", partition_key=ROW_KEY)
    return Dataset(name, source, table, computed=(Computed(ROW_KEY, RowNumber()),))
