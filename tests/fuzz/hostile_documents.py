"""Valid documents made hostile, one or a few changes at a time: what is nearly right gets further than random bytes."""

import copy
import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

Document = Any
Path = tuple[str | int, ...]

TEXTS = (
    "",
    " ",
    "\x00",
    "\x00" * 40 + "x",
    "\ud800",
    "a\udfffb",
    "\ufeff",
    "\u202egnp.exe",
    "\u2028\u2029\x85",
    "\r\n",
    "\n\n[table]\n",
    "=cmd|' /C calc'!A0",
    "{{ 7*7 }}",
    "{% for x in y %}",
    "../../../etc/passwd",
    "s3://bucket/key",
    "%s%n{0}",
    "'; DROP TABLE x; --",
    "<script>alert(1)</script>",
    "null",
    "true",
    "NaN",
    "-0",
    "1e999999",
    "9" * 400,
    "٣",
    "²",
    "İ",
    "ﬃ",
    "\U0001f4a9" * 30,
    "e\u0301" * 50,
    "x" * 5_000,
    "é" * 30_000,
    "__proto__",
    "_row",
    "(a+)+$",
)
SCALARS = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**63,
    -(2**64),
    10**30,
    10**400,
    0.5,
    -0.0,
    1e308,
    math.nan,
    math.inf,
    -math.inf,
)


def nested(depth: int, innermost: Document = 0, *, lists: bool = True) -> Document:
    """A document so many levels deep."""
    for _ in range(depth):
        innermost = [innermost] if lists else {"a": innermost}
    return innermost


def values() -> st.SearchStrategy[Document]:
    """Values that do not belong where they are put."""
    return st.one_of(
        st.sampled_from(TEXTS),
        st.sampled_from(SCALARS),
        st.sampled_from([[], {}, [[]], [None], [{}], {"": ""}, {"a": 1}, [1, "x"], ["x"] * 300]),
        st.builds(nested, st.sampled_from([1, 5, 50]), lists=st.booleans()),
        st.text(max_size=20),
        st.integers(),
        st.floats(),
    )


def paths(document: Document, path: Path = ()) -> Iterator[Path]:
    """Every place of a document, its root first."""
    yield path
    children = document.items() if isinstance(document, dict) else ()
    children = enumerate(document) if isinstance(document, list) else children
    for key, child in children:
        yield from paths(child, (*path, key))


@st.composite
def changed(draw: st.DrawFn, document: Document, changes: int = 3) -> Document:
    """A document with one to a few changes: something dropped, retyped, renamed, doubled, wrapped or added."""
    root: Document = {"root": copy.deepcopy(document)}
    for _ in range(draw(st.integers(1, changes))):
        places = [path for path in paths(root) if path]
        path = draw(st.sampled_from(places))
        parent = root
        for key in path[:-1]:
            parent = parent[key]
        _CHANGES[draw(st.sampled_from(sorted(_CHANGES)))](draw, parent, path[-1])
        root.setdefault("root", None)
    return root["root"]


def _drop(draw: st.DrawFn, parent: Any, key: Any) -> None:
    del parent[key]


def _retype(draw: st.DrawFn, parent: Any, key: Any) -> None:
    parent[key] = draw(values())


def _rename(draw: st.DrawFn, parent: Any, key: Any) -> None:
    value = parent.pop(key)
    if isinstance(parent, dict):
        parent[draw(st.sampled_from(TEXTS) | st.sampled_from([str(key).upper(), f" {key}", f"{key} "]))] = value
    else:
        parent.append(value)


def _double(draw: st.DrawFn, parent: Any, key: Any) -> None:
    if isinstance(parent, list):
        parent.extend([copy.deepcopy(parent[key])] * draw(st.sampled_from([1, 30])))
    else:
        parent[f"{key}_"] = copy.deepcopy(parent[key])


def _wrap(draw: st.DrawFn, parent: Any, key: Any) -> None:
    parent[key] = nested(draw(st.sampled_from([1, 3, 50])), parent[key], lists=draw(st.booleans()))


def _as_text(draw: st.DrawFn, parent: Any, key: Any) -> None:
    value = parent[key]
    parent[key] = value + draw(st.sampled_from(TEXTS)) if isinstance(value, str) else json.dumps(value)


def _add(draw: st.DrawFn, parent: Any, key: Any) -> None:
    target = parent[key]
    if isinstance(target, dict):
        target[draw(st.sampled_from(TEXTS))] = draw(values())
    elif isinstance(target, list):
        target.append(draw(values()))
    else:
        parent[key] = draw(values())


_CHANGES: dict[str, Callable[[st.DrawFn, Any, Any], None]] = {
    "add": _add,
    "as text": _as_text,
    "double": _double,
    "drop": _drop,
    "rename": _rename,
    "retype": _retype,
    "wrap": _wrap,
}


def json_bytes(document: Document) -> bytes:
    """A document as JSON, its lone surrogates as the bytes that UTF-8 does not allow."""
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


_INSERTED = (
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\\ud800",
    b'"',
    b"\\",
    b",",
    b"}",
    b"{" * 20_000,
    b'{"a":' * 20_000,
    b"9" * 5_000,
    b"NaN",
    b"-Infinity",
    b"1e400",
    b"\n",
    b"\x0b\x0c\x1c\x85",
)


_SPOILERS: dict[str, Callable[[st.DrawFn, bytes, bytes], bytes]] = {
    "cut": lambda draw, before, after: before,
    "cut front": lambda draw, before, after: after,
    "insert": lambda draw, before, after: before + draw(st.sampled_from(_INSERTED) | st.binary(max_size=8)) + after,
    "replace": lambda draw, before, after: before + draw(st.binary(min_size=1, max_size=4)) + after[1:],
    "byte order mark": lambda draw, before, after: b"\xef\xbb\xbf" + before + after,
    "CRLF": lambda draw, before, after: (before + after).replace(b"\n", b"\r\n").replace(b",", b",\r\n"),
    "twice": lambda draw, before, after: (before + after) * 2,
    "UTF-16": lambda draw, before, after: (before + after).decode("utf-8", "replace").encode("utf-16"),
    "NUL": lambda draw, before, after: before + b"\x00" + after,
    "deep": lambda draw, before, after: draw(st.sampled_from([b"[", b'{"a":'])) * 20_000 + before + after,
}


@st.composite
def spoilt(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes with one change that no document's structure knows of."""
    place = draw(st.integers(0, len(content)))
    return _SPOILERS[draw(st.sampled_from(sorted(_SPOILERS)))](draw, content[:place], content[place:])


def json_documents(document: Document) -> st.SearchStrategy[bytes]:
    """A document's JSON, hostile in its structure, in its bytes, or in both."""
    structured = changed(document).map(json_bytes)
    return st.one_of(structured, structured, spoilt(json_bytes(document)), structured.flatmap(spoilt))
