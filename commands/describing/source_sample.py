"""The beginning and the end of a source, unpacked and as text, for looking at it before anything is known of it."""

import codecs
import zipfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path, PurePosixPath

from commands.describing.provisional import Settings, provisional_dataset
from csvdynamo_airflow.reading.source_error import SourceFileError
from csvdynamo_airflow.reading.source_file import HEAD_BYTES, refuse_head
from csvdynamo_airflow.reading.text_encoding import (
    UTF8_WITH_MARK,
    EncodingEvidence,
    byte_order_mark,
    encoding_of_head,
    is_proven,
)
from csvdynamo_airflow.reading.unpack import open_unpacked

BEGINNING_BYTES = 1024 * 1024
"""How much of a source candidates are tried on."""

_END_BYTES = 256 * 1024
_PIECE_BYTES = 256 * 1024
_MOST_HIGH = 256 * 1024
_MOST_WEIGHED = 16 * 1024 * 1024  # of what is not of ASCII: more of it tells no more, and takes seconds
_PARTS = 24
_PART = 64 * 1024
_ENDS = (".csv", ".tsv", ".tab", ".psv", ".txt")
_CONTROLS = b"\x01\x02\x07\x1c\x1d\x1e\x1f"
_OVER_ASCII = bytes(range(0x80, 0x100))


@dataclass(frozen=True)
class SourceSample:
    """What of a source is looked at.

    Attributes:
        beginning: Its first bytes, unpacked, up to the end of a line.
        end: Its last bytes; none where the beginning is all of it.
        encoding: Its encoding by the reader's rule, which has seen all of it or megabytes of other letters.
        proven: Whether that is more than a guess.
        high: Lines from all over it that have bytes over 0x7F.
        compression: What it is packed in, None for nothing.
        size: Its bytes, unpacked.
    """

    beginning: bytes
    end: bytes
    encoding: str
    proven: bool
    high: bytes
    compression: str | None
    size: int

    @property
    def is_whole(self) -> bool:
        """Whether the beginning is all of it."""
        return not self.end

    def text(self, encoding: str) -> str:
        """Return the beginning as text; bytes that are none become lone surrogates."""
        return _decoded(self.beginning[len(byte_order_mark(self.beginning)) :], encoding)

    def end_text(self, encoding: str) -> str:
        """Return the end as text, from the beginning of a line on."""
        text = _decoded(self.end[len(self.end) % 2 if encoding.startswith("utf-16") else 0 :], encoding)
        return text.partition("\n")[2] if text else ""


def take_sample(path: Path, name: str, settings: Settings, report_progress: Callable[[int], None]) -> SourceSample:
    """Read all of a source once, and keep what tells of it.

    Args:
        path: The file.
        name: What to call it in messages.
        settings: What is known already: which files of an archive it is.
        report_progress: Is told of the bytes read so far.

    Raises:
        SourceFileError: It is no CSV, or breaks off.
    """
    dataset = provisional_dataset("source", settings)
    evidence, kept, end, high = EncodingEvidence(), bytearray(), deque[bytes](), bytearray()
    size, weighed, looked = 0, 0, True
    with open_unpacked(path, name, source=dataset.source) as unpacked:
        head = unpacked.stream.read(HEAD_BYTES)
        _refuse(head, name, settings)
        told = encoding_of_head(head)
        piece = head
        while piece:
            size += len(piece)
            kept += piece[: max(0, BEGINNING_BYTES - len(kept))]
            end.append(piece)
            while len(end) > 2 and sum(map(len, end)) - len(end[0]) >= _END_BYTES:
                end.popleft()
            if told is None:
                if weighed < _MOST_WEIGHED:
                    evidence.add(piece)
                    weighed += 0 if piece.isascii() else len(piece)
                if looked and not piece.isascii():
                    high += b"\n".join(line for line in piece.splitlines() if not line.isascii()) + b"\n"
                    looked = len(high) < _MOST_HIGH
            report_progress(size)
            piece = unpacked.stream.read(_PIECE_BYTES)
        compression = unpacked.compression
    encoding = told or evidence.encoding()
    beginning = bytes(kept) if size <= len(kept) else _whole_lines(bytes(kept), encoding)
    return SourceSample(
        beginning,
        b"".join(end)[-_END_BYTES:] if size > len(kept) else b"",
        encoding,
        is_proven(encoding, head),
        bytes(high[:_MOST_HIGH]),
        compression,
        size,
    )


def _refuse(head: bytes, name: str, settings: Settings) -> None:
    """Refuse what is no CSV: here a first line tells nothing, for no column is known that it should have."""
    dataset = replace(provisional_dataset("source", {**settings, **_delimiter_of_controls(head)}), computed=())
    try:
        refuse_head(head, name, dataset)
    except SourceFileError as error:
        told, key, _ = str(error).partition(": its first line is no header")
        raise SourceFileError(f"{told}. Open its address in a browser." if key else told) from error


def _delimiter_of_controls(head: bytes) -> dict[str, object]:
    """Name a control character that stands in every line: it is no sign of binary data then."""
    whole = [line for line in head.split(b"\n")[:-1] if line.strip() and not line.lower().startswith(b"sep=")]
    found = [one for one in _CONTROLS if whole and all(one in line for line in whole)]
    return {"delimiter": chr(found[0])} if found else {}


def find_member(path: Path) -> tuple[str, str] | None:
    """Say which files of a zip archive are the source, if it has several.

    Args:
        path: The file.

    Returns:
        A pattern and why; None where the reader finds the only one by itself.
    """
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        entries = [one for one in archive.infolist() if not one.is_dir() and not _is_litter(one.filename)]
        texts = [one for one in entries if one.filename.lower().endswith(_ENDS)]
        files = [one for one in texts if one.filename.lower().endswith(".csv")] or texts or entries
        if len(files) < 2:
            return None
        heads = {one.filename: _first_line(archive, one) for one in files}
    if len(set(heads.values())) == 1:
        ending = PurePosixPath(files[0].filename).suffix
        pattern = f"*{ending}" if ending else "*"
        taken = {one.filename for one in entries if fnmatchcase(one.filename, pattern)}
        if taken == heads.keys():
            return pattern, f"The archive holds {len(files)} files with the same first line: they are read as one."
    largest = max(files, key=lambda one: one.file_size).filename
    others = f"The archive holds {len(files)} files with different first lines: this is the largest."
    return "".join(f"[{one}]" if one in "*?[" else one for one in largest), others


def begins_one_line(path: Path, name: str, settings: Settings, encoding: str, cell: str) -> bool:
    """Say whether one line of a source begins with a cell, and no more than one.

    Args:
        path: The file.
        name: What to call it in messages.
        settings: Which files of an archive it is.
        encoding: Its encoding.
        cell: The cell.
    """
    codec = "utf-8" if encoding == UTF8_WITH_MARK else encoding
    try:
        marks = [f"{end}{quote}{cell}".encode(codec) for end in "\n\r" for quote in ("", '"')]
    except UnicodeEncodeError:
        return False
    found, rest = 0, b""
    with open_unpacked(path, name, source=provisional_dataset("source", settings).source) as unpacked:
        while piece := unpacked.stream.read(_PIECE_BYTES):
            data = rest + piece
            kept = max(map(len, marks)) - 1
            found += sum(data.count(mark) - rest.count(mark) for mark in marks)
            rest = data[-kept:]
    return found == 1


def spread_text(path: Path, name: str, settings: Settings, encoding: str) -> str:
    """Read pieces from all over a source, each of whole lines.

    Args:
        path: The file.
        name: What to call it in messages.
        settings: Which files of an archive it is.
        encoding: Its encoding.
    """
    dataset = provisional_dataset("source", settings)
    size = 0
    with open_unpacked(path, name, source=dataset.source) as unpacked:
        while piece := unpacked.stream.read(_PIECE_BYTES):
            size += len(piece)
    texts, done, step = list[str](), 0, max(1, size // _PIECE_BYTES // _PARTS)
    with open_unpacked(path, name, source=dataset.source) as unpacked:
        for number in count():
            piece = unpacked.stream.read(_PIECE_BYTES)
            if not piece:
                break
            if number % step == 0:
                skipped = len(byte_order_mark(piece)) if not done else 0
                text = _decoded(piece[skipped : len(piece) // 2 * 2], encoding)
                first, last = (0 if not done else text.find("\n") + 1), text.rfind("\n") + 1
                texts.append(text[first:last][:_PART])
                texts[-1] = texts[-1][: texts[-1].rfind("\n") + 1]
            done += len(piece)
    return "".join(texts)


def _first_line(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(entry) as file:
            return file.readline(_PIECE_BYTES).removeprefix(codecs.BOM_UTF8).strip()
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        raise SourceFileError(f"{entry.filename!r} in the zip archive cannot be read: {error}.") from error


def _is_litter(file_name: str) -> bool:
    path = PurePosixPath(file_name)
    return path.parts[:1] == ("__MACOSX",) or path.name.startswith(".")


def _decoded(data: bytes, encoding: str) -> str:
    codec = "utf-8" if encoding == UTF8_WITH_MARK else encoding
    errors = "surrogateescape" if codec == "utf-8" else "csvdynamo-undecoded"
    return data.decode(codec, errors)


def _whole_lines(data: bytes, encoding: str) -> bytes:
    """Leave out a last line that is cut off."""
    if encoding.startswith("utf-16"):
        text = _decoded(data[: len(data) // 2 * 2], encoding)
        place = max(text.rfind("\n"), text.rfind("\r"))
        return data[: len(text[: place + 1].encode(encoding, "surrogatepass"))] if place >= 0 else data
    place = data.rfind(b"\n")
    place = place if place >= 0 else data.rfind(b"\r")
    return data[: place + 1] if place >= 0 else data.rstrip(_OVER_ASCII)
