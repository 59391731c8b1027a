"""How a CSV is written, as a data set file says it: those keys of ``[source]``, each with its rule and sentence."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError

from csvdynamo.datasets.policies import OnChange
from csvdynamo.datasets.values import Flag, OneOf, Text, Texts, WholeNumber, fail

WHITE_SPACE = " \t"
"""What a delimiter of any spaces and tabs is kept as."""

NAMED_ENCODINGS = {"utf-8": "utf-8", "utf-16": "utf-16", "cp1252": "windows-1252"}
"""What messages and reports call the encodings that are looked for, by Python's names."""

# They make text of text, need a size that nobody knows, or end lines elsewhere than a CSV does.
_NO_ENCODINGS = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem", "utf-32"}


class Header(StrEnum):
    """Where the names of the columns stand."""

    FIRST = "first"
    NONE = "none"


class Nameless(StrEnum):
    """What a column without a name does."""

    REFUSE = "refuse"
    NUMBER = "number"
    DROP = "drop"


class Repeated(StrEnum):
    """What a name that comes again does."""

    REFUSE = "refuse"
    NUMBER = "number"


class ShortRows(StrEnum):
    """What a record with fewer cells than the header does."""

    REJECT = "reject"
    PAD = "pad"


@dataclass(frozen=True, eq=False)
class WordOr(OneOf):
    """One of a few words, each of which stands for something, or another text.

    Attributes:
        what: What it must be.
        read: Makes of another text what is kept, None if it is not allowed. It takes what it made, too.
    """

    what: str = ""
    read: Callable[[str], str | None] = str

    def must(self) -> str:
        """Say what it must be."""
        return self.what

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Tell an editor what can be told."""
        return {"type": "string", "minLength": 1}

    def _meant(self, value: Any) -> Any:
        if value is None or value in self.words.values():
            return value
        if isinstance(value, str):
            if value in self.words:
                return self.words[value]
            if (made := self.read(value)) is not None:
                return made
        raise PydanticCustomError("not_allowed", "it is not allowed")


def _characters(most: int) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        return text if 1 <= len(text) <= most and not set(text) & set("\r\n\0") else None

    return read


def _encoding(name: str) -> str | None:
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    if not found._is_text_encoding or found.name.replace("_", "-").startswith("utf-32") or found.name in _NO_ENCODINGS:
        return None
    return NAMED_ENCODINGS.get(found.name.removesuffix("-sig"), found.name)


def _cell(text: str) -> bool:
    return bool(text.strip())


def hold_together(source: Any) -> None:
    """Refuse keys of ``[source]`` that contradict each other.

    Args:
        source: The table.

    Raises:
        PydanticCustomError: Two do.
    """
    if source.header is Header.NONE and not source.names:
        fail('must be given with header = "none": the names of the columns, in order', key="names")
    if source.header is Header.NONE and source.header_at is not None:
        fail('must not stand beside header = "none": remove one of them', key="header_at")
    if source.header is Header.NONE and source.header_lines != 1:
        fail('must not stand beside header = "none": remove one of them', key="header_lines")
    marks = [("quote", source.quote), ("escape", source.escape), ("delimiter", source.delimiter)]
    for place, (key, mark) in enumerate(marks):
        if mark is not None and any(mark == other for _, other in marks[:place]):
            fail("must be another character than quote and escape have", key=key)


Delimiter = Annotated[
    str | None,
    WordOr(
        {"found": None, "tab": "\t", "white space": WHITE_SPACE},
        "found, tab, white space, or one or two characters",
        _characters(2),
    ),
    Field(
        description='what stands between two cells: one or two characters, `"tab"`, `"white space"` (any spaces and '
        'tabs), or `"found"`: looked for in the file'
    ),
]
Encoding = Annotated[
    str | None,
    WordOr({"found": None}, "found, or one of Python's text encodings, such as utf-8 or windows-1250", _encoding),
    Field(
        description="one of [Python's text encodings]"
        "(https://docs.python.org/3/library/codecs.html#standard-encodings), "
        'such as `"windows-1250"`, `"big5"` or `"mac_roman"`, or `"found"`: UTF-8, UTF-16 or Windows-1252, looked for '
        "in the file"
    ),
]
Guessed = Annotated[
    OnChange,
    Field(
        description="what an encoding does that was found and not proven (ASCII, UTF-8 and a byte order mark prove): "
        '`"fail"`: the run fails before the upload; `"warn"`: it is told in summary and log; `"accept"`: nothing'
    ),
]
Quote = Annotated[
    str | None,
    WordOr({"none": None}, "one character, or none", _characters(1)),
    Field(description='the character round cells, doubled within them; `"none"`: it is text like any other'),
]
Escape = Annotated[
    str | None,
    WordOr({"none": None}, "one character, or none", _characters(1)),
    Field(description='the character after which a quote or delimiter is text, such as `"\\\\"`'),
]
SkipInitialSpace = Annotated[
    bool, Flag(), Field(description='`true`: spaces after a delimiter are no part of the cell, as in `1, "a, b"`')
]
LineEnd = Annotated[
    str | None,
    OneOf({"found": None, "lf": "\n", "crlf": "\r\n", "cr": "\r"}),
    Field(description='`"lf"`, `"crlf"`, `"cr"`, or `"found"`: each of them ends a line'),
]
Comment = Annotated[
    str | None,
    WordOr({"none": None}, "one or two characters, or none", _characters(2)),
    Field(description='what a line begins with that is no record, such as `"#"`'),
]
SkipLines = Annotated[int, WholeNumber(0, 10_000), Field(description="lines before the header that are no records")]
HeaderAt = Annotated[
    Annotated[str, Text("the text of a cell", _cell)] | None,
    Field(description="the text of a cell: the header is the first record that holds it; what is before is no record"),
]
HeaderIs = Annotated[
    Header, Field(description='`"first"`: the first record; `"none"`: there is none, `names` has the columns\' names')
]
HeaderLines = Annotated[
    int,
    WholeNumber(1, 10),
    Field(
        description="records that make the header together, column by column, with a space between; a blank cell "
        "above another has the name to its left"
    ),
]
Names = Annotated[
    tuple[str, ...],
    Texts("the names of the columns", _cell),
    Field(description="the names of the columns, in order, instead of the header's"),
]
NamelessColumns = Annotated[
    Nameless,
    Field(
        description='a column without a name that has values: `"refuse"`: the file is refused; `"number"`: it is named '
        '`column_2`; `"drop"`: it is left out'
    ),
]
RepeatedNames = Annotated[
    Repeated,
    Field(description='a name that comes again: `"refuse"`: the file is refused; `"number"`: it is named `name_2`'),
]
ShortRecords = Annotated[
    ShortRows,
    Field(
        description='a record with fewer cells than the header: `"reject"`: `BAD_WIDTH`; `"pad"`: what is missing is '
        "blank"
    ),
]
StopAt = Annotated[
    Annotated[str, Text("the text of a cell", _cell)] | None,
    Field(description='the text of a cell: the first record that begins with it ends the file, as `"Total"` may'),
]
Member = Annotated[
    Annotated[str, Text("a pattern of file names, such as *.csv")] | None,
    Field(
        description="of a zip archive, all files that match this pattern (`*` and `?` as in a shell), in the archive's "
        "order, each with the same header; without it, the only CSV"
    ),
]
