"""Opening a source file as text, whatever it is packed and written in, and refusing what is no CSV."""

import codecs
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo_airflow.reading.beginning import find_beginning, shows_initial_space
from csvdynamo_airflow.reading.delimiter import find_delimiter
from csvdynamo_airflow.reading.other_formats import document_format, marked_format, text_marked_format
from csvdynamo_airflow.reading.quotes import Quotes
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.reading.source_format import SourceFormat
from csvdynamo_airflow.reading.stand_ins import StandIns
from csvdynamo_airflow.reading.text_encoding import (
    UTF8,
    UTF8_WITH_MARK,
    EncodingEvidence,
    byte_order_mark,
    encoding_of_head,
    is_proven,
    shown_encoding,
)
from csvdynamo_airflow.reading.told_reading import told_encoding
from csvdynamo_airflow.reading.unpack import open_unpacked

__all__ = ["SourceFileError", "SourceFormat", "find_format", "open_source", "refuse_head", "refuse_unless_csv"]

HEAD_BYTES = 4096
SAMPLE_CHARACTERS = 64 * 1024
PIECE_BYTES = 64 * 1024

_STRAY_CONTROLS = 8  # a few cost their rows, not the file
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x19\x1c-\x1f]")
_UNDECODED = "csvdynamo-undecoded"


def _no_progress(_: int) -> None:
    """Nobody wants to know."""


def find_format(
    path: Path, name: str, dataset: Dataset, report_unpacked: Callable[[int], None] = _no_progress
) -> SourceFormat:
    """Find out how a source is written, unless the data set file says so.

    The whole file is read only where that takes to tell UTF-8 from Windows-1252 (see `text_encoding`).

    Args:
        path: The file.
        name: What to call it in messages.
        dataset: The data set: its settings, and the columns that the right delimiter has to give.
        report_unpacked: Is told of the bytes unpacked so far, a piece at a time; it may raise to stop.

    Raises:
        SourceFileError: It is no CSV (see `refuse_head`).
        FileTooLargeError: It unpacks to more than the data set allows.
    """
    source = dataset.source
    with open_unpacked(path, name, source.max_unpacked_bytes, source) as unpacked:
        head = unpacked.stream.read(HEAD_BYTES)
        refuse_head(head, name, dataset)
        encoding = _declared_encoding(head, dataset, name) or encoding_of_head(head)
        if encoding is None:
            encoding = _weigh_all(head, unpacked.stream.read, report_unpacked)
        found = SourceFormat(
            encoding=encoding,
            compression=unpacked.compression,
            guessed=source.encoding is None and not is_proven(encoding, head),
            members=unpacked.members,
        )
    with open_source(path, name, encoding, source=source) as text:
        return _written(text.read(SAMPLE_CHARACTERS), found, dataset)


def _written(head: str, found: SourceFormat, dataset: Dataset) -> SourceFormat:
    """Complete a format by the beginning of its text and the data set file."""
    source = dataset.source
    beginning = find_beginning(head, source)
    delimiter = source.delimiter or beginning.delimiter or find_delimiter(beginning.text, dataset)
    source_format = replace(
        found,
        delimiter=delimiter,
        quote=source.quote,
        escape=source.escape,
        skip_initial_space=source.skip_initial_space or shows_initial_space(beginning.text, delimiter, source.quote),
        line_end=source.line_end,
        comment=source.comment,
        skipped_lines=beginning.skipped_lines,
    )
    quotes = Quotes(source_format)
    lines = io.StringIO(beginning.text, newline="").readlines()
    quotes.learn_beginning("".join(StandIns(source_format).put(lines)))
    return replace(source_format, habits=quotes.habits)


@contextmanager
def open_source(
    path: Path, name: str, encoding: str = UTF8, *, most: int | None = None, source: Source | None = None
) -> Iterator[TextIO]:
    """Open a source as text, in constant memory, whatever it is packed in.

    Bytes that are not of the encoding become lone surrogates, U+DC00 and the byte, so that they cost one record and
    not the file. A byte order mark is left out; line ends stay as they are.

    Args:
        path: The file.
        name: What to call it in messages.
        encoding: Its encoding, as in `SourceFormat`.
        most: The data set's ``source.max_unpacked_bytes``, None for no limit.
        source: How the data set file says that it is written, and which files of an archive it is.

    Raises:
        SourceFileError: Its archive is corrupt, which may show only while it is read.
        FileTooLargeError: It unpacks to more than ``most``, which shows only while it is read.
    """
    with open_unpacked(path, name, most, source) as unpacked:
        head = unpacked.stream.read(HEAD_BYTES)
        unpacked.stream.seek(len(byte_order_mark(head)))
        codec = UTF8 if encoding == UTF8_WITH_MARK else encoding
        errors = "surrogateescape" if codec == UTF8 else _UNDECODED
        with TextIOWrapper(cast("BinaryIO", unpacked.stream), encoding=codec, errors=errors, newline="") as text:
            yield text


def refuse_unless_csv(path: Path, name: str, dataset: Dataset) -> None:
    """Refuse a file whose first bytes cannot be those of a CSV.

    Raises:
        SourceFileError: See `refuse_head` and `unpack.open_unpacked`.
    """
    with open_unpacked(path, name, source=dataset.source) as unpacked:
        refuse_head(unpacked.stream.read(HEAD_BYTES), name, dataset)


def refuse_head(head: bytes, name: str, dataset: Dataset) -> None:
    """Refuse the first bytes (unpacked) of a file that cannot be a CSV.

    Args:
        head: The bytes.
        name: What to call the file in messages, which say by what it was judged.
        dataset: The data set: what it declares is not guessed.

    Raises:
        SourceFileError: They are of a web page, of JSON, of UTF-32, of another format, or none at all; or their byte
            order mark contradicts the data set file.
    """
    _refuse_format(marked_format(head), name)
    encoding = _declared_encoding(head, dataset, name) or encoding_of_head(head) or UTF8
    text = head.decode(encoding, "replace").removeprefix("\ufeff")
    _refuse_format(text_marked_format(head, text, dataset), name)
    if not text.strip():
        if len(head) < HEAD_BYTES:
            raise SourceFileError(f"{name} is empty: not even a header. Check what its publisher serves.")
        raise SourceFileError(f"{name} begins with {HEAD_BYTES} bytes of white space. Check what its publisher serves.")
    if told := document_format(text, dataset):
        raise SourceFileError(
            f"{name} begins as {told[0]} does, with {told[1]}, and was taken for that, not for a CSV: its first line "
            f"is no header with a column that becomes the partition key, {dataset.table.partition_key!r}. Open its "
            "address in a browser: a login or a notice may be in the way."
        )
    text = text.rstrip("\0\x1a")  # what may stand after a file's end
    controls = len(_CONTROLS.findall(text.replace(dataset.source.delimiter, "") if dataset.source.delimiter else text))
    if controls > max(_STRAY_CONTROLS, len(text) // 20):
        read_as = told_encoding(SourceFormat(encoding=encoding), dataset)
        raise SourceFileError(
            f"{name} was taken for binary, not text: of its first {len(text):,} characters {controls:,} are control "
            f"characters in {read_as}. Give the CSV itself."
        )


def _refuse_format(told: tuple[str, str] | None, name: str) -> None:
    if told is not None:
        raise SourceFileError(
            f"{name} begins as {told[0]} does, with {told[1]}, and was taken for that, not for a CSV, alone or in "
            "gzip or zip. Give the CSV itself."
        )


def _declared_encoding(head: bytes, dataset: Dataset, name: str) -> str | None:
    """Return the encoding that the data set file declares, its byte order as found; None if it leaves it open."""
    declared = dataset.source.encoding
    if declared is None:
        return None
    mark = byte_order_mark(head)
    found = encoding_of_head(head)
    if mark and found is not None and not found.startswith(declared):
        raise SourceFileError(
            f"{name} begins with the byte order mark of {shown_encoding(found)}, but source.encoding in "
            f"datasets/{dataset.name}.toml is {declared!r}. Correct it, or leave it out to have the encoding found."
        )
    if found is not None and found.startswith(declared):
        return found
    return "utf-16-le" if declared == "utf-16" else declared


def _weigh_all(head: bytes, read: Callable[[int], bytes], report_unpacked: Callable[[int], None]) -> str:
    evidence = EncodingEvidence()
    done, piece = 0, head
    while piece:
        evidence.add(piece)
        done += len(piece)
        report_unpacked(done)
        piece = read(PIECE_BYTES)
    return evidence.encoding()


def _keep_undecoded(error: UnicodeError) -> tuple[str, int]:
    """Turn each byte that is not of the encoding into a lone surrogate, as ``surrogateescape`` does in UTF-8.

    It cannot in UTF-16, where bad bytes may be ASCII.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_UNDECODED, _keep_undecoded)
