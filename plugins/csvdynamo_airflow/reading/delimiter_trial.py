"""The beginning of a source, cut by one delimiter: what speaks for it. Pure."""

import csv
import io
from collections.abc import Sequence
from functools import cached_property
from itertools import islice

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dialects import Header as HeaderIs
from csvdynamo.rules.header import Header
from csvdynamo_airflow.reading.header_names import told_names
from csvdynamo_airflow.reading.source_columns import SourceColumns
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.stand_ins import StandIns

_SAMPLE_ROWS = 100


class Trial:
    """The header and the first rows of a text, as a delimiter cuts them."""

    def __init__(self, head: str, delimiter: str, dataset: Dataset) -> None:
        """Take the beginning of the text, the header first, the delimiter and the data set."""
        self.delimiter = delimiter
        self._head = head
        self._dataset = dataset
        source = dataset.source
        self._format = SourceFormat(
            delimiter, quote=source.quote, escape=source.escape, skip_initial_space=source.skip_initial_space
        )

    @cached_property
    def records(self) -> list[list[str]]:
        """The header and some rows; a last line that is cut off is left out unless it is the only one."""
        return self._read(self._head)

    @cached_property
    def whole_records(self) -> list[list[str]]:
        """The header and some rows, of which the last one is taken for whole."""
        whole = self._head if self._head.endswith(("\n", "\r")) else self._head + "\n"
        return self._read(whole + "\n.")  # a last line that may be left out

    @property
    def header(self) -> Sequence[str]:
        """The names of the columns."""
        if self._dataset.source.header is not HeaderIs.NONE:
            return self.records[0]
        names, records = self._dataset.source.names, self.records
        wide = sum(len(row) == len(names) for row in records) * 2 >= len(records)
        return names if wide else records[0]

    @cached_property
    def gives_columns(self) -> bool:
        """Whether it gives the columns that the data set cannot do without."""
        source = self._dataset.source
        if not self.records or (source.header is HeaderIs.NONE and len(self.records[0]) != len(source.names)):
            return False
        return self._has_required

    @cached_property
    def is_even(self) -> bool:
        """Whether it cuts the header and every row, one at least, into as many cells, and more than one."""
        records = self.whole_records
        return len(records) > 1 and {len(record) for record in records} == {len(records[0])} != {1}

    @cached_property
    def even_rows(self) -> int:
        """How many rows it cuts as it does the header."""
        return sum(len(row) == len(self.whole_records[0]) for row in self.whole_records[1:])

    @property
    def cuts_most(self) -> bool:
        """Whether it cuts most of the rows, one at least, as it does the header."""
        return 2 * self.even_rows >= len(self.whole_records) > 1

    @property
    def fitness(self) -> tuple[bool, bool, bool, int]:
        """What speaks for it, the best first."""
        if not self.records:
            return (False, False, False, 0)
        header, source = self.header, self._dataset.source
        rows = self.records if source.header is HeaderIs.NONE else self.records[source.header_lines :]
        as_wide = sum(len(row) == len(header) for row in rows)
        cuts = len(header) > 1 and self._quotes_are_right
        return (self._has_required, cuts, 2 * as_wide >= len(rows), len(header))

    @property
    def _has_required(self) -> bool:
        headers = SourceColumns.of(told_names(self.header, self._dataset)[0]).headers
        return Header.of(self._dataset.rules, headers).is_whole

    @property
    def _quotes_are_right(self) -> bool:
        """Whether the header is sound CSV: prepare refuses one that is not."""
        try:
            return any(csv.reader(io.StringIO(self._head, newline=""), strict=True, **self._format.options))
        except csv.Error:
            return False

    def _read(self, head: str) -> list[list[str]]:
        lines = StandIns(self._format).put(io.StringIO(head, newline="").readlines())
        reader = filter(None, csv.reader(lines, **self._format.options))
        try:
            records = list(islice(reader, _SAMPLE_ROWS))
        except csv.Error:  # a field past Python's limit: the header is no CSV with this delimiter
            return []
        return records[:-1] if 1 < len(records) < _SAMPLE_ROWS else records
