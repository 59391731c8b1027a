"""The beginning and the end of a source, unpacked and as text, for looking at it before anything is known of it."""

import codecs
import zipfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from commands.describing.source_trial import Settings, provisional_dataset
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
_ENDS = (".csv", ".tsv", ".tab", ".psv", ".txt")
_OVER_ASCII = bytes(range(0x80, 0x100))


@dataclass(frozen=True)
class SourceSample:
    """What of a source is looked at.

    Attributes:
        beginning: Its first bytes, unpacked, up to the end of a line.
        end: Its last bytes; none where the beginning is all of it.
        encoding: Its encoding by the reader's rule, which has seen all of it.
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
    size, looked = 0, True
    with open_unpacked(path, name, source=dataset.source) as unpacked:
        head = unpacked.stream.read(HEAD_BYTES)
        refuse_head(head, name, dataset)
        told = encoding_of_head(head)
        piece = head
        while piece:
            size += len(piece)
            kept += piece[: max(0, BEGINNING_BYTES - len(kept))]
            end.append(piece)
            while len(end) > 2 and sum(map(len, end)) - len(end[0]) >= _END_BYTES:
                end.popleft()
            if told is None:
                evidence.add(piece)
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
