"""The header is a contract that publishers break: refusing one that would lose or mix up columns. Pure."""

import re
from collections import Counter
from collections.abc import Sequence

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.file_header import HEADER_LIMIT_BYTES, FileHeader, line_bytes
from csvdynamo.rules.guards import GUARD_HEADER
from csvdynamo.rules.header import Header
from csvdynamo_airflow.errors import MigrationError

_LISTED = 20
_UNUSABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


class HeaderError(MigrationError):
    """A source's header cannot be migrated; the message names the columns and what to do."""


def check_header(headers: Sequence[str], dataset: Dataset, name: str) -> None:
    """Refuse a header that would lose or mix up columns.

    Args:
        headers: The source's header, without the row number's column.
        dataset: The data set, whose declared columns it is held against.
        name: What to call the file in messages.

    Raises:
        HeaderError: A header is blank, repeated, unreadable or the row number's own; two become one attribute; a
            required column or the partition key is missing; there are more columns than Step Functions reads.
    """
    _refuse_unusable_names(headers, name)
    _refuse_repeats(headers, name)
    header = Header.of(dataset.rules, headers)
    _refuse_shared_attributes(header, f"datasets/{dataset.name}.toml", name)
    _refuse_missing(header, dataset, name)
    size = line_bytes(FileHeader(tuple(headers), guarded=True).line)
    if size > HEADER_LIMIT_BYTES:
        raise HeaderError(
            f"{name} has {len(headers):,} columns: even with the shortest names their header takes {size:,} bytes, "
            f"more than the {HEADER_LIMIT_BYTES:,} that Step Functions reads. Take columns out of the source, or split "
            "it over several data sets, each with a table of its own."
        )


def _refuse_unusable_names(headers: Sequence[str], name: str) -> None:
    for position, header in enumerate(headers, start=1):
        if not header or header.isspace():
            raise HeaderError(
                f"Column {position} of {name} has no name, and has values. Give it one in the header, or in the data "
                f'set file: source.names, or source.nameless = "number" (column_{position}) or "drop". If lines stand '
                "before the header: source.skip_lines or source.header_at."
            )
        if _UNUSABLE.search(header):
            raise HeaderError(
                f"The name of column {position} of {name}, {header!a}, holds a line break, a control character or "
                "bytes that are no text. Correct the header."
            )
    for taken, travels in ((ROW_NUMBER_HEADER, "row numbers travel"), (GUARD_HEADER, "guards of rows travel")):
        if taken in headers:
            raise HeaderError(f"{name} has a column {taken!r}, the name under which {travels}. Rename that column.")


def _refuse_repeats(headers: Sequence[str], name: str) -> None:
    repeated = [header for header, count in Counter(headers).items() if count > 1]
    if repeated:
        raise HeaderError(
            f"{name} repeats {_quoted(repeated)} in its header: one column would overwrite the other. Rename one, or "
            'set source.repeated = "number" in the data set file: name, name_2.'
        )


def _refuse_shared_attributes(header: Header, file: str, name: str) -> None:
    if header.unnamed is not None:
        raise HeaderError(
            f"Column {header.unnamed!r} of {name} becomes an attribute without a name. Rename or drop it in {file}."
        )
    if header.shared is None:
        return
    first, second, attribute = header.shared
    if first is None:
        raise HeaderError(
            f"Column {second!r} of {name} becomes the attribute {attribute!r}, which is computed. Rename or drop it in "
            f"{file}."
        )
    raise HeaderError(
        f"{_quoted([first, second])} of {name} both become the attribute {attribute!r}. Rename or drop one in {file}."
    )


def _refuse_missing(header: Header, dataset: Dataset, name: str) -> None:
    missing = list(header.missing)
    for part in () if missing else header.lacking:
        column = dataset.rules.declared(part.name)
        told = dataset.rules.key.part(part.name)
        missing.append(column.header if column else f"a column for the {told.told if told else 'key'} {part.name}")
    if not missing:
        return
    declared = {column.header for column in dataset.columns}
    new = [one for one in header.names if one not in declared]
    raise HeaderError(
        f"{name} lacks {_quoted(missing)}; columns that datasets/{dataset.name}.toml does not declare: "
        f"{_quoted(new) or 'none'}. If a column was renamed, correct the data set file; otherwise check the source. "
        'If it has no header: source.header = "none". If lines stand before the header: source.skip_lines.'
    )


def _quoted(names: Sequence[str]) -> str:
    text = ", ".join(repr(name) for name in names[:_LISTED])
    return text + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
