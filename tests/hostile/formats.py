"""The forms that a hostile file comes in: delimiter, encoding, line ends, and what it is packed in."""

import codecs
import gzip
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle

from tests.hostile.datasets import HEADER
from tests.hostile.model import HostileRow


def _as_it_is(content: bytes) -> bytes:
    return content


def zipped(content: bytes, *names: str) -> bytes:
    """Put content into a zip archive, once under each name (`hostile.csv` if none is given)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("hostile.csv",):
            archive.writestr(name, content)
    return buffer.getvalue()


def gzipped(content: bytes) -> bytes:
    """Compress content with gzip, the same bytes each time."""
    return gzip.compress(content, mtime=0)


@dataclass(frozen=True)
class Format:
    """How a hostile file is written.

    Attributes:
        name: What tells it in a test's output.
        delimiter: Between fields.
        line_ends: Used in turn, one a record.
        codec: Python's name of the encoding.
        bom: What the file begins with.
        pack: What is done with its bytes.
        blank_lines: Whether blank lines stand before, between and after the records.
        final_line_end: Whether the last record has a line end.
    """

    name: str
    delimiter: str = ","
    line_ends: tuple[str, ...] = ("\n",)
    codec: str = "utf-8"
    bom: bytes = b""
    pack: Callable[[bytes], bytes] = _as_it_is
    blank_lines: bool = True
    final_line_end: bool = False

    def can_hold(self, row: HostileRow) -> bool:
        """Tell whether the encoding has a row's characters."""
        try:
            self.encode(row.record)
        except UnicodeEncodeError:
            return False
        return True

    def encode(self, text: str) -> bytes:
        """Encode text, in which U+DC81 stands for something that the encoding does not know."""
        if self.codec == "windows-1252":
            return text.encode(self.codec, "surrogateescape")
        return text.encode(self.codec, "surrogatepass" if self.codec.startswith("utf-16") else "surrogateescape")

    def write(self, rows: Sequence[HostileRow]) -> bytes:
        """Write a file: the header, the rows, and blank lines if the format has them."""
        ends = cycle(self.line_ends)
        pieces = []
        if self.blank_lines:
            pieces += [next(ends), next(ends)]
        pieces += [self.delimiter.join(map(_quoted, HEADER)), next(ends)]
        for number, row in enumerate(rows):
            if self.blank_lines and number % 50 == 0:
                pieces += [next(ends), next(ends)]
            pieces += [row.record, next(ends)]
        if not self.final_line_end:
            pieces.pop()
        elif self.blank_lines:
            pieces += [next(ends), next(ends)]
        return self.pack(self.bom + self.encode("".join(pieces)))


def _quoted(header: str) -> str:
    return '"' + header.replace('"', '""') + '"' if '"' in header or header == "Text" else header


UTF8 = Format("UTF-8, commas, blank lines")
MIXED = Format("UTF-8 with BOM, commas, mixed line ends", line_ends=("\r\n", "\n"), bom=codecs.BOM_UTF8)
UTF16 = Format(
    "UTF-16 LE, semicolons, CRLF, zip",
    ";",
    ("\r\n",),
    "utf-16-le",
    codecs.BOM_UTF16_LE,
    zipped,
    final_line_end=True,
)
WINDOWS = Format("Windows-1252, pipes, CRLF, gzip", "|", ("\r\n",), "windows-1252", b"", gzipped)
FORMATS = (
    UTF8,
    MIXED,
    UTF16,
    WINDOWS,
    Format("UTF-8, tabs, CRLF", "\t", ("\r\n",), blank_lines=False, final_line_end=True),
    Format("UTF-8, semicolons, gzip", ";", pack=gzipped, blank_lines=False),
    Format("UTF-8, pipes, lone carriage returns", "|", ("\r",), blank_lines=False),
    Format("UTF-8, commas, all three line ends, zip", ",", ("\n", "\r\n", "\r", "\r\n", "\n"), pack=zipped),
    Format("UTF-16 BE, commas", ",", ("\n",), "utf-16-be", codecs.BOM_UTF16_BE, final_line_end=True),
    Format("UTF-16 BE, tabs, gzip", "\t", ("\r\n",), "utf-16-be", codecs.BOM_UTF16_BE, gzipped),
    Format("Windows-1252, semicolons", ";", ("\r\n",), "windows-1252", final_line_end=True),
    Format("Windows-1252, tabs, zip", "\t", ("\n",), "windows-1252", b"", zipped),
)
