"""The hostile records that are no rows: the wrong width, bad quotes, too large for a batch."""

from tests.hostile.builders import record, refused, spoilt, stored
from tests.hostile.datasets import HEADER
from tests.hostile.model import DELIMITER, HostileRow

D = DELIMITER
_WIDTH = len(HEADER)


def width_cases() -> list[HostileRow]:
    """Records with too few or too many fields."""
    return [
        spoilt("narrow-by-one", D.join(["narrow", *[""] * (_WIDTH - 2)]), "BAD_WIDTH"),
        spoilt("narrow-one-field", "narrow", "BAD_WIDTH"),
        spoilt("narrow-with-newline-in-quotes", f'narrow{D}"two\nlines"', "BAD_WIDTH"),
        spoilt("wide-by-one", record({"ID": "wide", "Must": "m"}) + f"{D}x", "BAD_WIDTH"),
        spoilt("wide-by-an-empty-field", record({"ID": "wide", "Must": "m"}) + D, "BAD_WIDTH"),
        spoilt("wide-by-hundreds", D.join(["wide"] * 500), "BAD_WIDTH"),
        spoilt("wide-with-newline-in-quotes", record({"ID": "wide", "Text": '"two\nlines"'}) + f"{D}x", "BAD_WIDTH"),
        spoilt("wide-by-an-unquoted-delimiter", record({"ID": "wide", "Text": f"a{D}b", "Must": "m"}), "BAD_WIDTH"),
        spoilt("wide-by-space-before-quote", record({"ID": "wide", "Text": f' "a{D}b"', "Must": "m"}), "BAD_WIDTH"),
        spoilt("wide-and-undecodable", record({"ID": "wide"}) + f"{D}\udc81", "BAD_WIDTH", "BAD_ENCODING"),
        spoilt("narrow-and-nul", f"narrow{D}\0", "BAD_WIDTH", "BAD_ENCODING"),
    ]


def quote_cases() -> list[HostileRow]:
    """Bad quotes, each of which costs its own record, with neighbours that a lost reader would swallow."""
    return [
        spoilt("quote-text-after-closing", record({"ID": "q", "Text": '"a"b'}), "BAD_QUOTE"),
        spoilt("quote-space-after-closing", record({"ID": "q", "Text": '"a" '}), "BAD_QUOTE"),
        spoilt("quote-escaped-by-backslash", record({"ID": "q", "Text": '"a\\"b"'}), "BAD_QUOTE"),
        stored("after-bad-quotes", {"Text": '"fine"'}, text={"S": "fine"}),
        spoilt("unclosed-in-first-cell", '"' + record({"ID": "q", "Must": "m"}), "BAD_QUOTE"),
        stored("after-unclosed-in-first-cell"),
        spoilt("unclosed-in-last-cell", record({"ID": "q", "Must": "m"}) + '"x', "BAD_QUOTE"),
        stored("after-unclosed-in-last-cell", {"Text": '"a"'}, text={"S": "a"}),
        spoilt("unclosed-and-nothing-after-it", record({"ID": "q", "Must": "m"}) + '"', "BAD_QUOTE"),
        stored("after-unclosed-and-nothing", {"Text": f'"a{D}b"'}, text={"S": f"a{D}b"}),
        spoilt("unclosed-1-of-3", record({"ID": "q1", "Text": '"x', "Must": "m"}), "BAD_QUOTE"),
        spoilt("unclosed-2-of-3", record({"ID": "q2", "Note": '"x', "Must": "m"}), "BAD_QUOTE"),
        spoilt("unclosed-3-of-3", record({"ID": "q3", "Secret": '"x'}), "BAD_QUOTE"),
        stored("after-three-unclosed", {"Text": '""""'}, text={"S": '"'}),
        spoilt("unclosed-before-newline-in-quotes", record({"ID": "q", "Text": '"x', "Must": "m"}), "BAD_QUOTE"),
        stored("newline-in-quotes-after-unclosed", {"Text": '"two\nlines"'}, text={"S": "two\nlines"}),
        spoilt("unclosed-before-empty-quotes", record({"ID": "q", "Text": '"x', "Must": "m"}), "BAD_QUOTE"),
        stored("empty-quotes-after-unclosed", {"Text": '""', "Note": '""'}),
        spoilt("unclosed-before-delimiter-in-quotes", record({"ID": "q", "Text": '"x', "Must": "m"}), "BAD_QUOTE"),
        stored("delimiter-in-quotes-after-unclosed", {"Text": f'"{D}"'}, text={"S": D}),
        spoilt(
            "unclosed-with-the-right-width-after-all", record({"ID": "q", "Nulled": '"x', "Must": "m"}), "BAD_QUOTE"
        ),
        stored("delimiter-first-in-quotes-after-unclosed", {"Note": f'"{D}c"'}, note={"S": f"{D}c"}),
        spoilt("unclosed-and-undecodable", record({"ID": "q", "Text": '"\udc81'}), "BAD_QUOTE", "BAD_ENCODING"),
        stored("after-unclosed-and-undecodable"),
        spoilt("unclosed-and-too-narrow", 'q"' + D + '"x', "BAD_QUOTE", "BAD_WIDTH"),
        stored("after-unclosed-and-too-narrow"),
    ]


def size_cases() -> list[HostileRow]:
    """Records that no batch has room for."""
    return [
        refused("record-of-300-kb", "TOO_LARGE", None, {"Text": "x" * 300_000}),
        refused("record-of-400-kib", "TOO_LARGE", None, {"Text": "x" * 400 * 1024}),
        refused("record-that-json-makes-large", "TOO_LARGE", None, {"Text": "\x01" * 60_000}),
        refused("record-of-bytes-past-the-limit", "TOO_LARGE", None, {"Text": "\u00e9" * 110_000}),
        refused(
            "record-of-300-kb-in-quotes", "TOO_LARGE", None, {"Text": '"' + ("line " * 199 + "line\n") * 300 + '"'}
        ),
        spoilt("cell-of-2-mb", record({"ID": "big", "Text": "x" * 2_000_000, "Must": "m"}), "TOO_LARGE"),
        stored("after-too-large"),
    ]


def last_cases() -> list[HostileRow]:
    """What may stand at the file's end only."""
    return [spoilt("unclosed-in-last-row", record({"ID": "q", "Text": '"never', "Must": "m"}), "BAD_QUOTE", last=True)]
