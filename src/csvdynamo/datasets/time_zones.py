"""Time zones by name, and what the rules have of one: its offsets, in one form whoever's data they come from.

A zone's file has other bytes on another machine, though it says the same: with or without the years that its last rule
covers, with other names of its offsets. So what is kept is made anew: each change of the offset until 2037, and the
rule for the time after that.
"""

import importlib.resources
import struct
import zoneinfo
from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from csvdynamo.rules.zones import Zone

_NO_TIMEZONES = {"localtime", "Factory"}  # another one on each machine, and none
_HEADER = struct.Struct(">4sc15x6L")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = (datetime(1, 1, 3, tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)  # a local time has to be of the year 1, too
_UNTIL = (datetime(2038, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
_WEEK = 7 * 86_400  # no rule changes the offset twice in one

Change = tuple[int, int]
"""The moment from which an offset holds, and the offset, in seconds."""


@cache
def timezones() -> frozenset[str]:
    """Return the names of all time zones; none where there is no time zone data."""
    return frozenset(available_timezones()) - _NO_TIMEZONES


@cache
def compile_zone(name: str) -> Zone:
    """Make a zone for the rules.

    The package tzdata goes before what the machine has: it is pinned, and so the same wherever the rules are compiled.

    Args:
        name: One of `timezones`.

    Raises:
        ValueError: This machine has no data of it, or data that cannot be read.
    """
    data = _file(name)
    transitions, rule = _read(data)
    zone = ZoneInfo.from_file(BytesIO(data))
    before = _offset(zone, transitions[0] - 1 if transitions else _FIRST)
    return Zone(name, _tzif(before, _changes(zone, before, transitions), rule))


def _file(name: str) -> bytes:
    parts = name.split("/")
    folders = [Path(folder) for folder in zoneinfo.TZPATH]
    try:
        return importlib.resources.files("tzdata").joinpath("zoneinfo", *parts).read_bytes()
    except (ImportError, OSError):
        pass
    for folder in folders:
        try:
            return folder.joinpath(*parts).read_bytes()
        except OSError:
            continue
    raise ValueError("is not known on this machine: install the package tzdata")


def _read(data: bytes) -> tuple[list[int], bytes]:
    """Return the moments of a TZif file at which an offset may change, and the rule for the time after the last."""
    try:
        version, *old = _HEADER.unpack_from(data)[1:]
        if version < b"2":
            raise ValueError("has time zone data of 1986 on this machine: install the package tzdata")
        begin = _HEADER.size + _length(old, 4)
        new = _HEADER.unpack_from(data, begin)[2:]
        moments = struct.unpack_from(f">{new[3]}q", data, begin + _HEADER.size)
        rule = data[begin + _HEADER.size + _length(new, 8) :].strip(b"\n")
    except struct.error:
        raise ValueError("has time zone data on this machine that cannot be read") from None
    return sorted(moment for moment in moments if moment > _FIRST), rule


def _length(counts: Sequence[int], width: int) -> int:
    utc, standard, leaps, times, types, characters = counts
    return times * (width + 1) + types * 6 + characters + leaps * (width + 4) + standard + utc


def _offset(zone: ZoneInfo, moment: int) -> int:
    offset = (_EPOCH + timedelta(seconds=moment)).astimezone(zone).utcoffset()
    assert offset is not None  # of a moment with a zone
    return offset // timedelta(seconds=1)


def _changes(zone: ZoneInfo, before: int, transitions: Sequence[int]) -> list[Change]:
    """Return the changes of the offset until 2037, those that the zone's rule makes among them."""
    last = transitions[-1] if transitions else _FIRST
    weeks = pairwise(range(max(last, 0), _UNTIL, _WEEK))
    by_rule = [_change(zone, earlier, later) for earlier, later in weeks if _differs(zone, earlier, later)]
    changes: list[Change] = []
    for moment in (*transitions, *by_rule):
        offset = _offset(zone, moment)
        if offset != (changes[-1][1] if changes else before):
            changes.append((moment, offset))
    return changes


def _change(zone: ZoneInfo, earlier: int, later: int) -> int:
    return earlier + bisect_left(range(earlier, later), True, key=lambda moment: _differs(zone, earlier, moment))


def _differs(zone: ZoneInfo, one: int, other: int) -> bool:
    return _offset(zone, one) != _offset(zone, other)


def _tzif(before: int, changes: Sequence[Change], rule: bytes) -> bytes:
    """Write a TZif file of version 2 that has nothing but these: no names of offsets, and nothing for old readers."""
    offsets = list(dict.fromkeys([before, *(offset for _, offset in changes)]))
    return b"".join(
        (
            _HEADER.pack(b"TZif", b"2", 0, 0, 0, 0, 0, 0),
            _HEADER.pack(b"TZif", b"2", 0, 0, 0, len(changes), len(offsets), 1),
            struct.pack(f">{len(changes)}q", *(moment for moment, _ in changes)),
            bytes(offsets.index(offset) for _, offset in changes),
            *(struct.pack(">lBB", offset, 0, 0) for offset in offsets),
            b"\0",
            b"\n" + rule + b"\n",
        )
    )
