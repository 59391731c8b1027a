"""Files as publishers serve them, a kind each, with the header and rows that they hold."""

import bz2
import csv
import gzip
import io
import lzma
import zipfile
from collections.abc import Iterator
from dataclasses import replace

from tests.unit.commands.describing.served_tables import (
    Base,
    Kind,
    Rows,
    organogram,
    sensor,
    spending,
    text_of,
    towns,
)


def kinds_of(base: Base) -> Iterator[Kind]:
    """List every kind of file of a table."""
    yield from _written(base)
    yield from _around(base)
    yield from _headers(base)
    yield from _widths(base)
    yield from _packed(base)


def other_kinds() -> Iterator[Kind]:
    """List kinds of files with tables of their own, and several kinds at once."""
    yield from _single()
    yield from _together()


def _kind(name: str, text: str, base: Base, encoding: str = "utf-8", rejects: int = 0) -> Kind:
    return Kind(name, text.encode(encoding), base.header, base.rows, rejects)


def _written(base: Base) -> Iterator[Kind]:
    records = [base.header, *base.rows]
    for name, delimiter in (
        ("commas", ","),
        ("semicolons", ";"),
        ("tabs", "\t"),
        ("pipes", "|"),
        ("carets", "^"),
        ("tildes", "~"),
    ):
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
            yield _kind(f"{name}, quoting {quoting}", text_of(records, delimiter, quoting=quoting), base)
    yield _kind("two characters", text_of(records, "\x00").replace("\x00", "||"), base)
    yield _kind("apostrophes", text_of(records, quotechar="'"), base)
    yield _kind("backslashes", text_of(records, escapechar="\\", doublequote=False, quoting=csv.QUOTE_ALL), base)
    yield _kind("a space after each comma", _spaced(records), base)
    plain = [[cell.replace(",", " ").replace(";", " ") for cell in row] for row in base.rows]
    yield _kind("quotes are text", "\n".join(map(",".join, [base.header, *plain])) + "\n", replace(base, rows=plain))
    words = [[cell.replace(" ", "_") or "-" for cell in row] for row in base.rows]
    header = tuple(name.replace(" ", "_") for name in base.header)
    if not any('"' in cell for row in words for cell in row):
        aligned = "".join("  ".join(f"{cell:<12}" for cell in row).rstrip() + "\n" for row in [header, *words])
        yield _kind("aligned with spaces", aligned, Base("", header, words))
    for end in ("\r\n", "\r"):
        yield _kind(f"line end {end!r}", text_of(records, end=end), base)
    yield _kind("blank lines between", text_of(records, end="\n\n"), base)
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le"):
        yield _kind(encoding, text_of(records, "\t"), base, encoding)
    if base.name == "towns":
        for encoding in ("windows-1250", "iso8859-2"):
            yield _kind(encoding, text_of(records, ";"), base, encoding)
    elif base.name != "sensor":
        yield _kind("windows-1252", text_of(records), base, "windows-1252")
    yield _kind("Excel's first line", "sep=;\r\n" + text_of(records, ";", "\r\n"), base)
    broken = [[f"{row[0]}\nsecond line", *row[1:]] for row in base.rows]
    bare = [",".join(one.replace(",", " ").replace('"', "") for one in row) for row in (base.header, *broken)]
    rows = [[cell.replace(",", " ").replace('"', "") for cell in row] for row in broken]
    yield _kind("bare line ends in cells", "\r\n".join(bare) + "\r\n", replace(base, rows=rows))


def _spaced(records: Rows) -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if set(text) & set('",') else text

    return "".join(", ".join(map(cell, record)) + "\n" for record in records)


def _around(base: Base) -> Iterator[Kind]:
    text, width = text_of([base.header, *base.rows]), len(base.header)
    more = "," * (width - 1)
    yield _kind("a title", f"Report of things\n{text}", base)
    yield _kind("a title and a blank line", f"Report of things, 2019\n\n{text}", base)
    yield _kind("a title with delimiters", f"Report of things{more}\n{more}\n{text}", base)
    yield _kind("names and values", f"Title,Things\nPublisher,The Office\nDate,2019-10-28\n\n{text}", base)
    yield _kind("names and values, wide", f"Title,Things{more[1:]}\nPublisher,The Office{more[1:]}\n{text}", base)
    yield _kind("a title of two lines in quotes", f'"A title\nof two lines"\n{text}', base)
    yield _kind("a broken quote above", f'A "title\nwith" quotes\n{text}', base)
    trailing = text_of([(*record, "") for record in [base.header, *base.rows]], quoting=csv.QUOTE_ALL)
    bank = trailing.replace(',""\n', ",\n")
    yield _kind("a World Bank file", f'"Data Source","Indicators",\n\n"Last Updated","2019-10-28",\n\n{bank}', base)
    comments = "# Station: 41001\n# Owner: NDBC, USA\n#\n# Units: m, C, psu\n"
    yield _kind("comments", comments + text, base)
    yield _kind("a comment in the middle", text.replace("\n", "\n# a note\n", 2), base)
    yield _kind("the header in a comment", f"# Station: 41001\n# made on Monday\n# {text}", base)
    yield _kind("a source below", f"{text}\nSource: Office for National Statistics\n", base)
    yield _kind("notes below", f'{text}{more}\nNotes:{more}\n"1. Figures, rounded"{more}\n', base)
    total = ["Total", *[""] * (width - 2), "1234"]
    yield _kind("totals", text + text_of([total]), base)
    yield _kind("totals in quotes", text + text_of([[*["Grand Total"], *total[1:]]], quoting=csv.QUOTE_ALL), base)
    yield _kind("blank records", text + f"{more}\n{more}\n", base)
    yield _kind("an end-of-file mark", text + "\x1a", base)
    if base.rows:
        again = text + text_of([base.header, base.rows[0]])
        yield replace(_kind("the header again", again, replace(base, rows=[*base.rows, base.rows[0]])), rejects=1)


def _headers(base: Base) -> Iterator[Kind]:
    rows, header = list(base.rows), base.header
    width = len(header)
    numbered = tuple(f"column_{number}" for number in range(1, width + 1))
    yield _kind("no header", text_of(rows), base.renamed(*numbered))
    indexed = [(str(number), *row) for number, row in enumerate(rows)]
    yield _kind("an index from 0", text_of([("", *header), *indexed]), base)
    indexed = [(str(number), *row) for number, row in enumerate(rows, 1)]
    yield _kind("an index from 1", text_of([("", *header), *indexed], quoting=csv.QUOTE_ALL), base)
    yield Kind("R's index", text_of([header, *indexed]).encode(), ("column_1", *header), indexed)
    twice = (*header[:-1], header[1])
    yield _kind("a name twice", text_of([twice, *rows]), base.renamed(*header[:-1], f"{header[1]}_2"))
    nameless = ("", *header[1:])
    yield _kind("no name", text_of([nameless, *rows]), base.renamed("column_1", *header[1:]))
    short = header[:-1]
    yield _kind("a name less", text_of([short, *rows]), base.renamed(*short, f"column_{width}"))
    spaced = tuple(f" {name} " for name in header)
    yield _kind("spaces round names", text_of([spaced, *rows]), base)
    broken = tuple(name.replace(" ", "\n") for name in header)
    yield _kind("line breaks in names", text_of([broken, *rows]), base)
    groups = [f"Group {place // 2}" if place % 2 == 0 else "" for place in range(width)]
    joined = tuple(f"Group {place // 2} {name}" for place, name in enumerate(header))
    yield _kind("groups above", text_of([groups, header, *rows]), base.renamed(*joined))
    if base.name == "sensor":
        units = ("UTC", "m", "degree_C", "1e-3")
        joined = tuple(f"{name} {unit}" for name, unit in zip(header, units, strict=True))
        yield _kind("units below", text_of([header, units, *rows]), base.renamed(*joined))
        units = ("", "(m)", "(deg C)", "(psu)")
        joined = tuple(f"{name} {unit}".strip() for name, unit in zip(header, units, strict=True))
        yield _kind("some units below", text_of([header, units, *rows]), base.renamed(*joined))


def _widths(base: Base) -> Iterator[Kind]:
    header, rows = base.header, list(base.rows)
    yield _kind("delimiters at the ends", text_of([(*header, ""), *base.each("")]), base)
    yield _kind("delimiters at the rows' ends", text_of([header, *base.each("")]), base)
    many = [""] * 7
    yield _kind("many columns without a name", text_of([(*header, *many), *base.each(*many)]), base)
    short = [row[:-2] for row in rows]
    yield _kind("short rows", text_of([header, *short]), replace(base, rows=short))
    mixed = [row[: len(row) - number % 3] for number, row in enumerate(rows)]
    if len(rows) > 10:
        yield _kind("rows of all lengths", text_of([header, *mixed]), replace(base, rows=mixed))
    long_header = (*header, "Remarks")
    yield _kind("a header too long", text_of([long_header, *rows]), base.renamed(*long_header))


def _packed(base: Base) -> Iterator[Kind]:
    text = text_of([base.header, *base.rows])
    for name, pack in (("gzip", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        yield replace(_kind(name, "", base), content=pack(text.encode()))
    half = len(base.rows) // 2
    parts = [text_of([base.header, *part]) for part in (base.rows[:half], base.rows[half:])]
    for ending in ("csv", "txt"):
        files = {f"part{number}.{ending}": part for number, part in enumerate(parts)}
        yield replace(_kind(f"a zip of several {ending}", "", base), content=_zip({**files, "read.me": "hello"}))


def _zip(files: dict[str, str]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for name, text in files.items():
            zipped.writestr(zipfile.ZipInfo(name), text)
    return archive.getvalue()


def _single() -> Iterator[Kind]:
    words = Base("", ("name",), [("alpha",), ("beta",), ("gamma",), ("delta",)])
    numbers = Base("", ("value",), [(f"{number}.5",) for number in range(9)])
    days = Base("", ("day",), [(f"2019-01-0{number}",) for number in range(1, 9)])
    for name, base in (("words", words), ("numbers", numbers), ("days", days)):
        yield _kind(f"one column of {name}", text_of([base.header, *base.rows]), base)
    lone = Base("", ("column_1", "column_2", "column_3"), [(str(n), str(n * n), f"{n / 7:.4f}") for n in range(2, 30)])
    yield _kind("numbers alone", text_of(lone.rows), lone)
    yield _kind("numbers alone, with spaces", text_of(lone.rows, " "), lone)
    inches = Base("", ("id", "size", "note"), [(str(n), f'{n}" pipe', "x") for n in range(1, 9)])
    text = "".join(",".join(row) + "\n" for row in (inches.header, *inches.rows))
    yield _kind("inches", text, inches)
    inches = replace(inches, rows=[(row[0], row[1], f'{row[0]}" wide') for row in inches.rows])
    yield _kind("inches twice", "".join(",".join(row) + "\n" for row in (inches.header, *inches.rows)), inches)
    years = Base("", ("Country", "1960", "1970", "1980"), [("Aruba", "1", "2", "3"), ("Chad", "4", "5", "6")])
    yield _kind("years for names", text_of([years.header, *years.rows]), years)
    one = Base("", ("id", "name", "amount"), [("7", "Anna", "12.50")])
    for delimiter in ",;\t|":
        yield _kind(f"one row, {delimiter!r}", text_of([one.header, *one.rows], delimiter), one)
    cyrillic = Base("", ("Код", "Город"), [("1", "Москва"), ("2", "Нижний Новгород"), ("3", "Тверь")])
    for encoding in ("windows-1251", "koi8-r"):
        yield _kind(encoding, text_of([cyrillic.header, *cyrillic.rows], ";"), cyrillic, encoding)
    chinese = Base("", ("編號", "名稱"), [("1", "臺北市中正區"), ("2", "新北市板橋區"), ("3", "高雄市左營區")])
    yield _kind("big5", text_of([chinese.header, *chinese.rows]), chinese, "big5")
    japanese = Base("", ("番号", "名称"), [("1", "さいたま市浦和区"), ("2", "東京都のデータ"), ("3", "ソース表")])
    yield _kind("shift_jis", text_of([japanese.header, *japanese.rows]), japanese, "shift_jis")
    long_names = tuple(f"A long name of a column of a survey, question number {n}" for n in range(300))
    row = tuple(str(n) for n in range(300))
    yield Kind("a header of 17 KB", text_of([long_names, row, row]).encode(), long_names, [row, row])


def _together() -> Iterator[Kind]:
    for count in (3, 40):
        base = towns(count)
        joined = ("Území Kód", "Území Obec", "Údaje Výměra", "Údaje Podíl")
        records = [("Území", "", "Údaje", ""), base.header, *base.rows]
        text = text_of([(*record, "") for record in records], ";", "\r\n")
        content = f"Přehled obcí\r\nstav k 1. 1. 2019;;;;\r\n\r\n{text}"
        for encoding in ("windows-1250", "iso8859-2", "utf-8"):
            yield _kind(f"all at once in {encoding}, {count}", content, base.renamed(*joined), encoding)
        base = sensor(count)
        content = "% Buoy 41001\n% units: SI\n" + text_of([*base.rows], "\t", "\r\n")
        numbered = tuple(f"column_{number}" for number in range(1, 5))
        yield _kind(f"comments, no header, tabs, {count}", content, base.renamed(*numbered))
        base = spending(count)
        indexed = [("", *base.header, ""), *((str(n), *row, "") for n, row in enumerate(base.rows))]
        content = "Spending over £25,000\r\n\r\n" + text_of(indexed, ";", "\r\n") + "\r\nSource: Treasury\r\n"
        yield _kind(f"index, semicolons, title and source, {count}", content, base, "windows-1252")
        base = organogram(count)
        content = "\n\n" + text_of([base.header, *base.rows], "\t", quotechar="'", quoting=csv.QUOTE_ALL)
        yield _kind(f"apostrophes, tabs, blank lines first, UTF-16, {count}", content, base, "utf-16")
