"""Reads JSON documents one by one from chunks of bytes, so that a file of any size needs the memory of one document."""

import codecs
import json
from collections.abc import Iterable, Iterator

from csvdynamo.errors import ResultFileError

_SPACE = " \t\r\n"


def documents(chunks: Iterable[bytes], name: str) -> Iterator[object]:
    """Yield the documents of a file in either form that ResultWriter has: JSONL, or JSON (one array).

    Args:
        chunks: The file's bytes, cut anywhere.
        name: What the file is called in an error.

    Raises:
        ResultFileError: The file is cut short, is not UTF-8, or is neither form.
    """
    texts = _texts(chunks, name)
    head = ""
    for text in texts:
        head = (head + text).lstrip(_SPACE)
        if head:
            break
    if head.startswith("["):
        yield from _array(head[1:], texts, name)
    else:
        yield from _lines(head, texts, name)


def _texts(chunks: Iterable[bytes], name: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in chunks:
            yield decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise ResultFileError(f"{name} is not UTF-8") from error


def _lines(head: str, texts: Iterator[str], name: str) -> Iterator[object]:
    pieces = [head]
    number = 0
    while True:
        *lines, rest = pieces[-1].split("\n")
        if lines:
            lines[0] = "".join(pieces[:-1]) + lines[0]
            pieces = [rest]
        for line in lines:
            number += 1
            if line.strip(_SPACE):
                yield _parse(line, f"{name} line {number}")
        text = next(texts, None)
        if text is None:
            break
        pieces.append(text)
    last = "".join(pieces)
    if last.strip(_SPACE):
        yield _parse(last, f"{name} line {number + 1}")


def _array(buffer: str, texts: Iterator[str], name: str) -> Iterator[object]:
    decoder = json.JSONDecoder()
    number = 0
    while True:
        buffer = _more_if_blank(buffer, texts, name)
        if buffer.startswith("]"):
            return _check_end(buffer[1:], texts, name)
        if number:
            if not buffer.startswith(","):
                raise ResultFileError(f"{name} entry {number} is followed by neither a comma nor the array's end")
            buffer = _more_if_blank(buffer[1:], texts, name)
        number += 1
        while True:
            try:
                document, end = decoder.raw_decode(buffer)
                if end < len(buffer):  # a number at the buffer's end may go on in the next chunk
                    break
            except (ValueError, RecursionError):
                pass
            buffer += _at_least(len(buffer), texts, f"{name} entry {number}")
        yield document
        buffer = buffer[end:]


def _at_least(length: int, texts: Iterator[str], name: str) -> str:
    """Read as much again as there is, so that a long document is not parsed once for every chunk of it."""
    more: list[str] = []
    size = 0
    for text in texts:
        more.append(text)
        size += len(text)
        if size >= length:
            break
    if not size:
        raise ResultFileError(f"{name} is not JSON, or the file is cut short there")
    return "".join(more)


def _more_if_blank(buffer: str, texts: Iterator[str], name: str) -> str:
    buffer = buffer.lstrip(_SPACE)
    while not buffer:
        text = next(texts, None)
        if text is None:
            raise ResultFileError(f"{name} is cut short: its array has no end")
        buffer = text.lstrip(_SPACE)
    return buffer


def _check_end(buffer: str, texts: Iterator[str], name: str) -> None:
    if buffer.strip(_SPACE) or any(text.strip(_SPACE) for text in texts):
        raise ResultFileError(f"{name} goes on after its array")


def _parse(text: str, name: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ResultFileError(f"{name} is not JSON, or the file is cut short there") from error
