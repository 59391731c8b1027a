"""Headers that are none, or not as they should be, with the setting for each and without it.

Left out without its setting: a header of several lines, or a preamble, of which a line has all cells and one in the
key's column while the first line has the key: it is a row.
"""

from collections.abc import Iterator, Mapping, Sequence

from tests.polluted.dialects import Dialect
from tests.polluted.model import KEY, Polluted, Table, Truth, truth_of

Settings = Mapping[str, object]


def header_pollutions(table: Table, dialect: Dialect) -> Iterator[Polluted]:
    """Pollute the header in every way."""
    for kind, case, header, settings, names, told in (
        *_none(table),
        *_nameless(table),
        *_repeated(table),
        *_otherwise_written(table),
        *_several_lines(table),
        *_other_widths(table),
    ):
        lines = [*map(dialect.line, header), *map(dialect.line, table.rows)]
        yield Polluted(
            kind=kind,
            case=f"{table.name}, {dialect.name}, {case}",
            content=dialect.join(lines).encode(),
            truth=_truth(names, table),
            settings={**dialect.settings, **settings},
            told=told,
        )


Case = tuple[str, str, Sequence[Sequence[str]], Settings, Sequence[str], tuple[str, ...]]
"""Kind, case, the header's records, settings, the columns' right names ("": not stored), what a refusal should name."""


def _truth(names: Sequence[str], table: Table) -> Truth:
    stored = [place for place, name in enumerate(names) if name]
    return truth_of([names[place] for place in stored], [[row[place] for place in stored] for row in table.rows])


def _none(table: Table) -> Iterator[Case]:
    names = table.header
    yield "no header", "nothing told", [], {}, names, ("header", "names")
    yield "no header, told", "names", [], {"header": "none", "names": list(names)}, names, ()
    yield "no header, told", "a name less", [], {"header": "none", "names": list(names[:-1])}, names, ()
    yield "no header, told", "a name more", [], {"header": "none", "names": [*names, "x"]}, names, ()
    yield "other names, told", "all", [["a", "b", "c", "d", "e"]], {"names": list(names)}, names, ()
    yield "other names, told", "a name less", [["a", "b", "c", "d", "e"]], {"names": list(names[:-1])}, names, ()


def _nameless(table: Table) -> Iterator[Case]:
    told = ("nameless", "names")
    for place in range(1, len(table.header)):
        for blank in ("", " ", "\u00a0"):
            header = [*table.header]
            header[place] = blank
            yield "a column without a name", f"{place + 1} {blank!r}", [header], {}, header, told
        numbered = [*header[:place], f"column_{place + 1}", *header[place + 1 :]]
        dropped = [*header[:place], "", *header[place + 1 :]]
        case = f"column {place + 1}"
        yield "a column without a name, told", f"{case} number", [header], {"nameless": "number"}, numbered, ()
        yield "a column without a name, told", f"{case} drop", [header], {"nameless": "drop"}, dropped, ()
        yield (
            "a column without a name, told",
            f"{case} names",
            [header],
            {"names": list(table.header)},
            table.header,
            (),
        )


def _repeated(table: Table) -> Iterator[Case]:
    for place in range(1, len(table.header)):
        for other in range(place):
            name = table.header[other]
            header, numbered = [*table.header], [*table.header]
            header[place], numbered[place] = name, f"{name}_2"
            case = f"{other + 1} and {place + 1}"
            yield "a name twice", case, [header], {}, header, ("repeated", "names")
            yield "a name twice, told", case, [header], {"repeated": "number"}, numbered, ()


def _otherwise_written(table: Table) -> Iterator[Case]:
    header = table.header
    yield "white space round names", "before", [[f" {name}" for name in header]], {}, header, ()
    yield "white space round names", "after", [[f"{name} " for name in header]], {}, header, ()
    yield "white space round names", "tabs", [[f"\t{name}\t" for name in header]], {}, header, ()
    yield "white space round names", "no-break", [[f"\u00a0{name}" for name in header]], {}, header, ()
    for place in range(1, len(header)):
        for end in ("\n", "\r\n", " \n ", "\r"):
            broken = [*header]
            broken[place] = f"full{end}name"
            right = [*header]
            right[place] = "full name"
            yield "a line break in a name", f"{place + 1} {end!r}", [broken], {}, right, ()
    yield "no key in the header", "in capitals", [["ID", *header[1:]]], {}, ["ID", *header[1:]], ()
    yield "no key in the header", "another", [["key", *header[1:]]], {}, ["key", *header[1:]], ()


def _several_lines(table: Table) -> Iterator[Case]:
    above = [KEY, "A", "", "B", ""]
    below = ["", *table.header[1:]]
    joined = [KEY, "A what", "A note", "B place", "B size"]
    two = {"header_lines": 2}
    yield "a header of two lines, told", "groups", [above, below], two, joined, ()
    yield (
        "a header of two lines, told",
        "units",
        [table.header, ["", "", "", "", "cm"]],
        two,
        [
            *table.header[:4],
            "size cm",
        ],
        (),
    )
    # Nothing tells a reader that the names of the first line are half of a name where that one has them all.
    yield "a header of two lines", "groups", [above, below], {}, joined, ("header_lines",)
    yield (
        "a header of two lines",
        "a title above",
        [["", "", "Title", "", ""], table.header],
        {},
        table.header,
        (
            "header_lines",
            "header_at",
            "skip_lines",
        ),
    )


def _other_widths(table: Table) -> Iterator[Case]:
    header = table.header
    for kept in range(1, len(header)):
        yield "a header too short", f"{kept} names", [header[:kept]], {}, header, ("names",)
    yield "a header too long", "one", [[*header, "more"]], {}, header, ("short_rows", "names")
    yield "a header too long", "a nameless one", [[*header, ""]], {}, header, ("short_rows", "names", "nameless")
    yield "a header too long, told", "pad", [[*header, "more"]], {"short_rows": "pad"}, header, ()
