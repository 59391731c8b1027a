"""What stands before the header and after the last row, how a file is encoded and packed, and what is no CSV at all.

Left out without their setting: encodings in which the same bytes are another text, which no reader can tell for sure.
They are tried where the data set file says that a guess is to fail.
"""

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
from collections.abc import Iterator, Mapping

from tests.polluted.dialects import Dialect
from tests.polluted.model import Polluted, Table, Truth

_ENCODED = {
    "iso8859-2": "Plzeň, Łódź",
    "windows-1250": "Plzeň „Łódź“",
    "windows-1251": "Москва, Ёлка",
    "windows-1252": "Zürich “old” €",
    "windows-1253": "Αθήνα",
    "windows-1254": "İstanbul, Şişli",
    "iso8859-9": "İstanbul, Şişli",
    "iso8859-15": "5 € Œuvre",
    "koi8-r": "Москва",
    "mac_roman": "Zürich, été",
    "cp437": "Zürich, été",
    "cp850": "Zürich, été",
    "big5": "臺北市, 功能",
    "gb18030": "北京市, 上海",
    "shift_jis": "東京都, ソ表",
    "euc-jp": "東京都",
    "euc-kr": "서울",
    "utf-8": "Plzeň 臺北市 😀",
    "utf-16": "Plzeň 臺北市 😀",
    "utf-16-le": "Plzeň 臺北市 😀",
    "utf-16-be": "Plzeň 臺北市 😀",
    "utf-32": "Plzeň 臺北市 😀",
}
_FOUND = ("utf-8", "utf-16")


def surrounded_files(table: Table) -> Iterator[Polluted]:
    """Pollute a table from outside of it."""
    for quote_all in (False, True):
        dialect = Dialect("quoted" if quote_all else "", quote_all=quote_all)
        yield from _preambles(table, dialect)
        yield from _ends(table, dialect)
        yield from _byte_order_marks(table, dialect)
    yield from _encodings(table)
    yield from _packed(table)
    yield from _pieces(table)


def other_files() -> Iterator[Polluted]:
    """List bodies that are no CSV, or an empty one."""
    bodies = {
        "empty": b"",
        "a mark": codecs.BOM_UTF8,
        "two marks": codecs.BOM_UTF8 * 2,
        "white space": b" \r\n\t\r\n ",
        "delimiters": b",,,,\n,,,,\n",
        "NULs": b"\0" * 600,
        "pending": b'{"status": "Pending", "id": "1"}',
        "JSON lines": b'{"id": "1", "what": "x"}\n{"id": "2", "what": "y"}\n',
        "a JSON array": b'[{"id": "1"},\n {"id": "2"}]\n',
        "a page": b"<!DOCTYPE html>\n<html><body>id,what,note,place,size</body></html>\n",
        "XML": b'<?xml version="1.0"?>\n<rows><row id="1"/></rows>\n',
        "a sentence": b"Service unavailable, please try again later\n",
        "the header alone": b"id,what,note,place,size",
        "the header alone, ended": b"id,what,note,place,size\r\n",
        "the header and blank lines": b"id,what,note,place,size\n\n\n,,,,\n",
        "the key alone": b"id\n",
        "an open quote": b'"id,what,note,place,size\nk-1,a,b,c,d\nk-2,a,b,c,d\n',
    }
    for case, body in bodies.items():
        yield Polluted("no CSV, or an empty one", case, body, {})


def _file(
    kind: str, case: str, content: bytes, truth: Truth, settings: Mapping[str, object], told: tuple[str, ...] = ()
) -> Polluted:
    return Polluted(kind, case, content, truth, settings=settings, told=told)


def _preambles(table: Table, dialect: Dialect) -> Iterator[Polluted]:
    truth, text = table.truth, dialect.text(table)
    for lines in (
        ["Report of things"],
        ["Report of things,,,,"],
        ["Report of things,,,,", ",,,,"],
        ['"Data Source","Indicators",', "", '"Last Updated","2019-10-28",', ""],
        ["Title; with, marks | of\tall kinds", "second, line"],
        ['"A title\nof two lines, in quotes"'],
        ['A "title', 'with" quotes'],
        ["# a comment", "# another, with, marks"],
        ["made on,Monday", "by,somebody", "for,nobody", "at,noon", ""],
        ["x,y", "1,2", "3,4", "", ""],
    ):
        above = "".join(f"{line}\n" for line in lines)
        physical = above.count("\n")
        case = f"{table.name}, {dialect.name}, {lines[0]!r}, {physical} lines"
        content = (above + text).encode()
        told = ("skip_lines", "header_at", "comment")
        yield _file("lines before the header", case, content, truth, {}, told)
        yield _file("lines before the header, told", f"{case}, skip_lines", content, truth, {"skip_lines": physical})
        yield _file("lines before the header, told", f"{case}, header_at", content, truth, {"header_at": "id"})
        few = {"skip_lines": physical - 1}
        if physical > 1:
            yield _file("lines before the header, one less told", case, content, truth, few, told)
        more = {"skip_lines": physical + 1}
        yield _file("lines before the header, one more told", case, content, truth, more, told)


def _ends(table: Table, dialect: Dialect) -> Iterator[Polluted]:
    truth, text = table.truth, dialect.text(table)
    last = frozenset(table.keys[-1:])
    for end in ("\x1a", "\0", "\0" * 100, "\x1a\0\0", "\0\x1a", "\x1a\r\n", "\n\x1a", "\x1a" * 3):
        case = f"{table.name}, {dialect.name}, {end!r}"
        yield _file("a mark of the file's end", case, (text + end).encode(), truth, {})
        content = (text.removesuffix("\n") + end).encode()
        yield Polluted("a mark of the file's end right after a cell", case, content, truth, touched=last)
    for footer in ('"', "End of file", "(3 rows)", "\n-- 3 rows --\n", "\u00a0", "\ufeff"):
        content = (text + footer).encode()
        yield _file("words after the last row", f"{table.name}, {dialect.name}, {footer!r}", content, truth, {})


def _byte_order_marks(table: Table, dialect: Dialect) -> Iterator[Polluted]:
    truth, text = table.truth, dialect.text(table)
    for marks in (1, 2, 3):
        content = codecs.BOM_UTF8 * marks + text.encode()
        yield _file("byte order marks", f"{table.name}, {dialect.name}, {marks}", content, truth, {})
    for name in ("utf-16-le", "utf-16-be"):
        for marks in (1, 2):
            content = ("\ufeff" * marks + text).encode(name)
            yield _file("byte order marks", f"{table.name}, {dialect.name}, {name} {marks}", content, truth, {})
    content = codecs.BOM_UTF16_LE + text.encode()
    yield _file("a wrong byte order mark", f"{table.name}, {dialect.name}, UTF-16's", content, truth, {})
    content = codecs.BOM_UTF8 + text.encode("utf-16-le")
    yield _file("a wrong byte order mark", f"{table.name}, {dialect.name}, UTF-8's", content, truth, {})


def _encodings(table: Table) -> Iterator[Polluted]:
    ascii_rows = [tuple(cell.encode("ascii", "ignore").decode() for cell in row) for row in table.rows]
    for encoding, words in _ENCODED.items():
        rows = [(*row[:3], words, row[4]) for row in ascii_rows]
        other = Table(table.name, table.header, tuple(rows))
        truth, text = other.truth, Dialect("").text(other)
        content, case = text.encode(encoding), f"{table.name}, {encoding}"
        yield _file("an encoding, told", case, content, truth, {"encoding": encoding})
        if encoding.startswith(_FOUND) or encoding == "windows-1252":
            yield _file("an encoding", case, content, truth, {}, ("encoding",))
        yield _file("an encoding, a guess fails", case, content, truth, {"guessed_encoding": "fail"}, ("encoding",))
        for declared in ("utf-8", "utf-16"):
            if not encoding.startswith(declared):
                yield _file("a wrong encoding, told", f"{case} as {declared}", content, truth, {"encoding": declared})


def _packed(table: Table) -> Iterator[Polluted]:
    truth, content = table.truth, Dialect("").text(table).encode()
    half = table.first(len(table.rows) // 2)
    rest = Table(table.name, table.header, table.rows[len(half.rows) :])
    parts = [Dialect("").text(part).encode() for part in (half, rest)]
    packings = {
        "gzip": gzip.compress(content, mtime=0),
        "gzip in two": b"".join(gzip.compress(part, mtime=0) for part in (content[:100], content[100:])),
        "bz2": bz2.compress(content),
        "xz": lzma.compress(content),
        "zip": _zip({"a.csv": content}),
        "zip with a note": _zip({"a.csv": content, "read.txt": b"hello"}),
        "gzip cut off": gzip.compress(content, mtime=0)[:-20],
        "bz2 cut off": bz2.compress(content)[:-20],
        "xz cut off": lzma.compress(content)[:-20],
        "zip cut off": _zip({"a.csv": content})[:-20],
        "gzip and more": gzip.compress(content, mtime=0) + b"more",
    }
    for case, packed in packings.items():
        yield _file("packed", f"{table.name}, {case}", packed, truth, {})
    archive = _zip({"1.csv": parts[0], "2.csv": parts[1], "read.txt": b"hello"})
    yield _file("several files in a zip", table.name, archive, truth, {}, ("member",))
    yield _file("several files in a zip, told", table.name, archive, truth, {"member": "*.csv"})
    other = _zip({"1.csv": parts[0], "2.csv": b"a,b,c,d,e\n" + parts[1].split(b"\n", 1)[1]})
    yield _file("several files in a zip, told", f"{table.name}, other headers", other, truth, {"member": "*.csv"})
    moved = Dialect("").text(Table("", rest.header[::-1], tuple(row[::-1] for row in rest.rows))).encode()
    other = _zip({"1.csv": parts[0], "2.csv": moved})
    yield _file("several files in a zip, told", f"{table.name}, other order", other, truth, {"member": "*.csv"})


def _pieces(table: Table) -> Iterator[Polluted]:
    """Join files as `cat` does: each has its header, some a byte order mark, some no line end at their end."""
    truth = table.truth
    for parts in (2, 3, len(table.rows)):
        for mark in ("", "\ufeff"):
            for quote_all in (False, True):
                texts = []
                for part in range(parts):
                    rows = table.rows[part::parts]
                    texts.append(mark + Dialect("", quote_all=quote_all).text(Table("", table.header, rows)))
                case = f"{table.name}, {parts} {bool(mark)} {quote_all}"
                yield _file("files joined", case, "".join(texts).encode(), truth, {})
                # The last row of one and the header of the next one are a line.
                touched = frozenset(row[0] for part in range(parts) for row in table.rows[part::parts][-1:])
                content = "".join(text.removesuffix("\n") for text in texts).encode()
                yield Polluted("files joined without a line end", case, content, truth, touched=touched)


def _zip(files: Mapping[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, content in files.items():
            zipped.writestr(zipfile.ZipInfo(name), content)
    return archive.getvalue()
