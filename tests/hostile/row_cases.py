"""The hostile rows whose cells can be told: text, keys, numbers, and the data set's rules."""

from tests.hostile.builders import refused, stored, unquoted
from tests.hostile.datasets import HEADER, SWELL
from tests.hostile.model import DELIMITER, HostileRow

D = DELIMITER
_ROW_LIKE = D.join(f"x{n}" for n in range(len(HEADER)))

_TEXTS = {
    # Quotes and line ends.
    "delimiter-in-quotes": f'"a{D}b"',
    "every-delimiter-in-quotes": '"a,b;c|d\te"',
    "delimiters-in-a-row-in-quotes": f'"{D}{D}."',
    "delimiter-first-in-quotes": f'"{D}b"',
    "newline-in-quotes": '"two\nlines"',
    "crlf-in-quotes": '"two\r\nlines"',
    "lone-return-in-quotes": '"two\rlines"',
    "blank-lines-in-quotes": '"a\n\n\r\n\nb"',
    "newline-first-and-last-in-quotes": '"\nb\n"',
    "row-like-lines-in-quotes": f'"x\n{_ROW_LIKE}\n{_ROW_LIKE}\ny"',
    "doubled-quotes": '"say ""hi"""',
    "doubled-quote-before-delimiter": f'"a""{D}""b"',
    "doubled-quote-before-newline": '"a""\n""b"',
    "a-quote-and-no-more": '""""',
    "two-quotes-and-no-more": '""""""',
    "quote-within-unquoted": '5" pipe',
    "quotes-within-unquoted": 'a "b" c',
    "quote-at-end-of-unquoted": 'a"',
    "space-before-quote": ' "a"',
    "apostrophe": "'a'",
    # Backslashes.
    "backslash-alone": "\\",
    "backslash-doubled": "\\\\",
    "backslash-tripled": "\\\\\\",
    "backslash-first": "\\a",
    "backslash-at-end": "a\\",
    "backslash-at-end-in-quotes": '"a\\"',
    "backslash-doubled-at-end-in-quotes": '"a\\\\"',
    "backslash-before-quote-in-quotes": '"a\\""b"',
    "backslash-before-quote": 'a\\"b',
    "backslash-before-delimiter-in-quotes": f'"a\\{D}b"',
    "backslash-before-newline-in-quotes": '"a\\\nb"',
    "backslash-before-letter": "a\\nb\\tc\\u0041",
    "windows-path": "C:\\new\\table\\",
    "surrogate-escape-as-text": "\\ud83d",
    # Unicode.
    "combining-character": "e\u0301",
    "composed-character": "\u00e9",
    "right-to-left": "\u05e9\u05dc\u05d5\u05dd\u200f \u202eabc",
    "four-byte-character": "\U0001f600",
    "joined-emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "line-separator": "a\u2028b",
    "paragraph-separator": "a\u2029b",
    "next-line": "a\x85b",
    "vertical-tab-and-form-feed": "a\x0bb\x0cc",
    "separator-controls": "a\x1cb\x1dc\x1ed\x1fe",
    "zero-width-space": "\u200b",
    "byte-order-mark-inside": "a\ufeffb",
    "byte-order-mark-first": "\ufeffa",
    "noncharacter": "a\uffff\ufffeb",
    "replacement-character": "\ufffd",
    "private-use": "\uf8ff",
    "bell-escape-delete": "\x07\x1b[31m\x7f",
    "typographic-quotes": "\u201ca\u201d \u20ac5",
    # What a spreadsheet would run, and what a loader might take for something else.
    "formula-equals": "=1+1",
    "formula-plus": "+1",
    "formula-minus": "-1",
    "formula-at": "@SUM(A1)",
    "formula-in-quotes": f'"=HYPERLINK(""http://example.org""{D}""x"")"',
    "formula-after-tab": '"\t=1"',
    "word-null": "NULL",
    "word-nan": "nan",
    "zeros-in-front": "007",
    "spaces-around": "  x  ",
    "tab-within": '"a\tb"',
    "html": "<b>R&D</b>",
    "json": '"{""a"": [1, null]}"',
    "very-long-cell": "x" * 150_000,
    "very-long-cell-of-quotes": '"' + '""' * 40_000 + '"',
    "very-long-cell-of-newlines": '"' + "\n" * 20_000 + 'end"',
    "very-long-cell-of-backslashes": "\\" * 60_000,
    "everything-at-once": f'"=a\\{D}""\n\r\n\\""\U0001f600\u2028;|\t\\"',
}

_BLANKS = {
    "blank-quoted": '""',
    "blank-spaces": "   ",
    "blank-no-break-space": "\u00a0",
    "blank-ideographic-space": "\u3000",
    "blank-newline": '"\n"',
    "blank-tab": '"\t"',
}


def text_cases() -> list[HostileRow]:
    """Text that must arrive as it is, and blanks that must not arrive at all."""
    return [
        *(stored(case, {"Text": raw}, text={"S": unquoted(raw)}) for case, raw in _TEXTS.items()),
        *(stored(f"text-{case}", {"Text": raw}) for case, raw in _BLANKS.items()),
        stored("quoted-everything", dict.fromkeys(HEADER, '""') | {"ID": '"quoted-everything"', "Must": '"m"'}),
        stored("column-renamed", {" Old  Name ": " old "}, new_name={"S": " old "}),
        stored("column-dropped", {"Secret": "hidden"}),
        stored("column-quoted-name", {'Quoted "Name"': "q"}, quoted_name={"S": "q"}),
        refused("nul", "BAD_ENCODING", "Text", {"Text": "a\0b"}),
        refused("nul-in-key", "BAD_ENCODING", "ID", {"ID": "nul\0"}),
        refused("undecodable-byte", "BAD_ENCODING", "Text", {"Text": "a\udc81b"}),
        refused("undecodable-byte-in-quotes", "BAD_ENCODING", "Text", {"Text": '"a\n\udc81b"'}),
        refused("undecodable-byte-in-key", "BAD_ENCODING", "ID", {"ID": "\udc81"}),
        refused("undecodable-byte-in-dropped-column", "BAD_ENCODING", "Secret", {"Secret": "\udc81"}),
        refused("undecodable-and-nul", "BAD_ENCODING", None, {"Text": "\udc81\0", "Note": "\0"}),
    ]


def key_cases() -> list[HostileRow]:
    """Keys: blank ones, long ones, and those that are fine."""
    return [
        *(refused(f"key-{case}", "MISSING_KEY", "ID", {"ID": raw}) for case, raw in _BLANKS.items()),
        refused("key-empty", "MISSING_KEY", "ID", {"ID": ""}),
        stored("key-2048-bytes", {"ID": "k" * 2046}, key="K_" + "K" * 2046),
        refused("key-2049-bytes", "TOO_LARGE", "ID", {"ID": "k" * 2047}),
        refused("key-2049-bytes-in-wide-characters", "TOO_LARGE", "ID", {"ID": "\u00e9" * 1023 + "k"}),
        stored("key-2048-bytes-in-wide-characters", {"ID": "\u00e9" * 1023}, key="K_" + "\u00c9" * 1023),
        stored("key-with-newline", {"ID": '"a\nb"'}, key="K_A\nB"),
        stored("key-with-quotes", {"ID": '"a""b"'}, key='K_A"B'),
        stored("key-with-backslash", {"ID": "a\\b\\"}, key="K_A\\B\\"),
        stored("key-with-delimiter", {"ID": f'"a{D}b"'}, key=f"K_A{D}B"),
        stored("key-trimmed", {"ID": " key-trimmed\u00a0"}),
        stored("key-of-zero-width-space", {"ID": "\u200b"}, key="K_\u200b"),
        stored("key-that-grows-in-upper-case", {"ID": "stra\u00dfe"}, key="K_STRASSE"),
        stored("key-like-a-row-number", {"ID": "1"}, key="K_1"),
    ]


_NUMBERS = {
    "007": "7",
    "+5": "5",
    "-0": "0",
    ".5": "0.5",
    "5.": "5",
    " 42 ": "42",
    "1.10": "1.1",
    "0.1": "0.1",
    "1.5e3": "1500",
    "-12.5E-3": "-0.0125",
    "9" * 38: "9" * 38,
    "1" + "0" * 38: "1" + "0" * 38,
    "0." + "0" * 129 + "1": "1e-130",
    "9.99e125": "9.99e125",
    "123456789012345678901234567890.12345678": "123456789012345678901234567890.12345678",
    "0e999999": "0",
}
_NO_NUMBERS = (
    *("1e400", "1e126", "1e-131", "9" * 39, "0." + "1" * 39, "NaN", "Infinity", "-inf", '"1,000"', "1 000", "1_000"),
    *("$5", "0x10", "1e", "e5", "--1", "+-1", "1.2.3", "\u2212" + "1", "\uff11\uff12", "\u0663", "ten", "5%", "."),
)


def number_cases() -> list[HostileRow]:
    """Numbers that DynamoDB holds exactly, and texts that are none."""
    return [
        *(
            stored(f"number-{n:02}-{raw.strip()[:12]}", {"Number": raw}, number={"N": value})
            for n, (raw, value) in enumerate(_NUMBERS.items())
        ),
        *(
            refused(f"no-number-{n:02}", "BAD_TYPE", "Number", {"Number": raw}, says="Number")
            for n, raw in enumerate(_NO_NUMBERS)
        ),
        stored("number-blank", {"Number": "  "}),
    ]


def rule_cases() -> list[HostileRow]:
    """Every other rule of the data set file, at and past its bounds."""
    # Item size is names plus values: this row's without the text of Swell.
    rest = sum(map(len, ("flag", "nulled", "kept", "must", "id", "swell"))) + 1 + 1 + len("m")
    key = "item-of-400-kib"
    room = 400 * 1024 - rest - len(f"K_{key}")
    marks, plain = divmod(room, SWELL)
    swollen = "s" * (SWELL * marks + plain)
    return [
        stored("age-at-minimum", {"Age": "0"}, age={"N": "0"}),
        stored("age-at-maximum", {"Age": "120.0"}, age={"N": "120"}),
        refused("age-below-minimum", "OUT_OF_RANGE", "Age", {"Age": "-1"}, says="-1"),
        refused("age-above-maximum", "OUT_OF_RANGE", "Age", {"Age": "120." + "0" * 30 + "1"}),
        refused("age-no-number", "BAD_TYPE", "Age", {"Age": "old"}, says="old"),
        stored("flag-true", {"Flag": "TRUE"}, flag={"BOOL": True}),
        stored("flag-false", {"Flag": " False "}, flag={"BOOL": False}),
        refused("flag-yes", "BAD_TYPE", "Flag", {"Flag": "yes"}),
        refused("flag-one", "BAD_TYPE", "Flag", {"Flag": "1"}),
        stored("zip-with-zero", {"Zip": "01234"}, zip={"S": "01234"}),
        refused("zip-short", "BAD_PATTERN", "Zip", {"Zip": "007"}, says="007"),
        refused("zip-with-newline", "BAD_PATTERN", "Zip", {"Zip": '"98101\n"'}),
        refused("zip-full-width", "BAD_PATTERN", "Zip", {"Zip": "\uff19\uff18\uff11\uff10\uff11"}),
        stored("state-transformed", {"State": " wa "}, state={"S": "WA"}),
        refused("state-not-allowed", "NOT_ALLOWED", "State", {"State": "CA"}, says="CA"),
        stored("kept-blank", {"Kept": "   "}, kept={"S": "   "}),
        stored("nulled-blank", {"Nulled": " \u00a0 "}),
        stored("nulled-text", {"Nulled": "x"}, nulled={"S": "x"}),
        stored("note-of-ten-emoji", {"Note": "\U0001f600" * 10}, note={"S": "\U0001f600" * 10}),
        refused("note-of-eleven", "TOO_LONG", "Note", {"Note": "01234567890"}),
        refused("note-of-thousands", "TOO_LONG", "Note", {"Note": "n" * 5000}),
        refused("must-empty", "MISSING_VALUE", "Must", {"Must": ""}),
        refused("must-blank", "MISSING_VALUE", "Must", {"Must": "\u00a0 "}),
        stored(key, {"Swell": "#" * marks + "s" * plain}, swell={"S": swollen}),
        refused("item-past-400-kib", "TOO_LARGE", None, {"Swell": "#" * marks + "s" * (plain + 3)}),
        refused("two-rules-broken", ("BAD_TYPE", "NOT_ALLOWED"), None, {"Age": "x", "State": "CA"}),
    ]


def duplicate_cases() -> tuple[list[HostileRow], list[HostileRow]]:
    """Rows with equal keys: those that stand early in the file, and those that stand at its end."""

    def twin(case: str, key: str, text: str) -> HostileRow:
        return stored(case, {"ID": key, "Text": text}, key=f"K_{key.strip().upper()}", text={"S": text})

    early = [
        twin("duplicate-adjacent-1", "adjacent", "one"),
        twin("duplicate-adjacent-2", "adjacent", "two"),
        twin("duplicate-identical-1", "identical", "same"),
        twin("duplicate-identical-2", "identical", "same"),
        twin("duplicate-identical-3", "identical", "same"),
        twin("duplicate-far-1", "far", "one"),
        twin("duplicate-by-case-1", "By-Case", "one"),
        twin("duplicate-by-trim-1", "by-trim", "one"),
        stored("duplicate-by-upper-1", {"ID": "gru\u00df", "Text": "one"}, key="K_GRUSS", text={"S": "one"}),
        twin("duplicate-refused-last-1", "refused-last", "kept"),
        refused("duplicate-refused-first-1", "BAD_TYPE", "Age", {"ID": "refused-first", "Age": "x"}),
        twin("duplicate-too-wide-1", "too-wide", "kept"),
        twin("duplicate-refused-between-1", "between", "one"),
        refused("duplicate-refused-between-2", "NOT_ALLOWED", "State", {"ID": "between", "State": "CA"}),
        stored("no-duplicate-composed", {"ID": "caf\u00e9"}, key="K_CAF\u00c9"),
        stored("no-duplicate-combining", {"ID": "cafe\u0301"}, key="K_CAFE\u0301"),
        stored("no-duplicate-inner-space", {"ID": "ad jacent"}, key="K_AD JACENT"),
        refused("no-duplicate-blank-1", "MISSING_KEY", "ID", {"ID": " "}),
        refused("no-duplicate-blank-2", "MISSING_KEY", "ID", {"ID": " "}),
    ]
    late = [
        twin("duplicate-far-2", "far", "two"),
        twin("duplicate-by-case-2", "bY-cASE", "two"),
        twin("duplicate-by-trim-2", "  by-trim\u00a0", "two"),
        stored("duplicate-by-upper-2", {"ID": "gruss", "Text": "two"}, key="K_GRUSS", text={"S": "two"}),
        refused("duplicate-refused-last-2", "BAD_TYPE", "Age", {"ID": "refused-last", "Age": "x"}),
        twin("duplicate-refused-first-2", "refused-first", "kept"),
        refused("duplicate-too-long-2", "TOO_LONG", "Note", {"ID": "too-wide", "Note": "n" * 11}),
        twin("duplicate-refused-between-3", "between", "three"),
        twin("duplicate-far-3", "far", "three"),
    ]
    return early, late
