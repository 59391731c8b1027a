"""Formats of dates: what they must say, and that no machine's locale counts."""

import locale
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.project import ROOT
from csvdynamo.rules.moment_formats import DIRECTIVES, compile_format


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("%d/%m/%Y %", "ends in a single %"),
        ("%d/%m/%Y %Z", "has %Z; allowed are %Y %y %m %d"),
        ("%x", "has %x; allowed are"),
        ("%-d/%m/%Y", "has %-; allowed are"),
        ("%Y-%m", "must say the year"),
        ("%d/%m", "must say the year"),
        ("%Y-%d", "must say the year"),
        ("2018", "must say the year"),
        ("%d/%m/%Y %d", "has %d and %d, which say the same thing twice"),
        ("%d/%m/%Y %y", "has %Y and %y, which say"),
        ("%d/%m/%b/%Y", "has %m and %b, which say"),
        ("%d/%m/%Y %j", "which say the same thing twice"),
        ("%d/%m/%Y %H %I %p", "has %H and %I, which say"),
        ("%d/%m/%Y %I:%M", "must have both of %I and %p, or neither"),
        ("%d/%m/%Y %H:%M %p", "must have both of %I and %p, or neither"),
        ("%d/%m/%Y %M", "has %M without %H or %I"),
        ("%d/%m/%Y %H %S", "has %S without %M"),
        ("%d/%m/%Y %H:%M.%f", "has %f without %S"),
        ("%d/%m/%Y %z", "has %z without %H or %I"),
        ("%H:%M%z%d/%m/%Y", "has a digit after %z"),
        ("%H:%M %z1 %d/%m/%Y", "has a digit after %z"),
    ],
)
def test_a_format_that_says_too_little_or_twice_is_none(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        compile_format(text)

    assert words in str(caught.value)


def test_what_is_allowed_is_what_is_known() -> None:
    assert sorted(DIRECTIVES) == sorted(f"%{one}" for one in "YymdjHIMSfbBaApz%")


@pytest.mark.parametrize(("year", "whole"), [("00", 2000), ("18", 2018), ("68", 2068), ("69", 1969), ("99", 1999)])
def test_a_year_of_two_digits_is_of_the_century_that_strptime_takes(year: str, whole: int) -> None:
    found = compile_format("%y-%m-%d").read(f"{year}-01-28")

    assert found is not None
    assert found.local == datetime(whole, 1, 28) == datetime.strptime(f"{year}-01-28", "%y-%m-%d")  # noqa: DTZ001, DTZ007


@pytest.mark.parametrize(
    ("form", "text", "read"),
    [
        ("%Y%m%d", "20180128", True),
        ("%Y%m%d", "2018128", False),
        ("%d%m%Y", "1012018", False),
        ("%d1%m-%Y", "1101-2018", False),
        ("%d1%m-%Y", "01101-2018", True),
        ("%d%b%Y", "1Jan2018", True),
        ("%Y-%m-%dT%H%M%S%z", "2018-01-28T050300+0100", True),
        ("%Y-%m-%d %H:%M:%S%f", "2018-01-28 05:03:00123456", True),
        ("%Y-%m-%d %H:%M:%S%f", "2018-01-28 05:03:001", False),
    ],
)
def test_digits_that_touch_have_their_full_width(form: str, text: str, read: bool) -> None:
    assert (compile_format(form).read(text) is not None) == read


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("Z", 0), ("z", 0), ("+01", 60), ("+0130", 90), ("-01:30", -90), ("-00:00", 0), ("+23:59", 1439)],
)
def test_an_offset_is_what_the_clock_is_ahead_of_utc(text: str, minutes: int) -> None:
    found = compile_format("%Y-%m-%d %H:%M %z").read(f"2018-01-28 05:03 {text}")

    assert found is not None
    assert found.offset == timedelta(minutes=minutes)


_FORMATS = (
    "%d/%m/%Y",
    "%m/%d/%y",
    "%Y%m%d",
    "%d %b %Y",
    "%A, %B %d %Y",
    "%j.%Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%m/%d/%Y %I:%M %p",
)
_BEYOND = re.compile(r"[.][0-9]{7}|[+-][0-9]{2}$")  # nanoseconds, and an offset of hours alone


@given(st.data(), st.sampled_from(_FORMATS), st.datetimes(min_value=datetime(1000, 1, 1)))  # noqa: DTZ001
def test_what_is_read_is_what_strptime_reads(data: st.DataObject, form: str, at: datetime) -> None:
    """Of right texts, and of those with a character more, less, or another one: fewer are read, none differently."""
    text = at.replace(tzinfo=UTC).strftime(form)
    place = data.draw(st.integers(0, len(text)))
    added = data.draw(st.sampled_from(["", "0", "1", "2", "9", " ", "/", "x", "A", "\u0663"]))
    changed = text[:place] + added + text[place + data.draw(st.integers(0, 2)) :]

    ours = compile_format(form).read(changed.strip())

    assert compile_format(form).read(text) is not None
    if ours is not None and not _BEYOND.search(changed.strip()):
        theirs = datetime.strptime(changed.strip(), form)  # noqa: DTZ007
        assert theirs.replace(tzinfo=None) == ours.local + timedelta(microseconds=int(f"{ours.fraction:0<6}"))
        assert theirs.utcoffset() == ours.offset


_TRY = """
import locale, sys
from datetime import datetime
from csvdynamo.rules.moment_formats import compile_format
set_to = locale.setlocale(locale.LC_ALL, sys.argv[1])
for text in ("Sun 28 Jan 2018 05:03 PM", "Wed 02 May 2018 05:03 PM", "Mon 10 Dec 2018 05:03 PM"):
    print(compile_format("%a %d %b %Y %I:%M %p").read(text).local)
print(compile_format("%A %d %B %Y").read("Sunday 28 Januar 2018"), set_to)
"""


def _some_locale() -> str:
    """Return a locale of this machine whose names are not English, if it has one."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "tr_TR.UTF-8", "C.UTF-8"):
            try:
                return locale.setlocale(locale.LC_ALL, name)
            except locale.Error:
                continue
    finally:
        locale.setlocale(locale.LC_ALL, before)
    return "C"


def test_names_are_english_whatever_the_locale_is() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TRY, _some_locale()],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"},
    )

    assert done.stdout.splitlines()[:3] == ["2018-01-28 17:03:00", "2018-05-02 17:03:00", "2018-12-10 17:03:00"]
    assert done.stdout.splitlines()[3].startswith("None ")


def test_nothing_that_knows_the_locale_reads_a_date() -> None:
    modules = [path for path in (ROOT / "src/csvdynamo/rules").glob("*.py") if "moment" in path.name]

    assert len(modules) == 2
    assert not [path.name for path in modules if _uses_locale(path)]


def _uses_locale(path: Path) -> bool:
    code = "\n".join(line.partition("#")[0] for line in path.read_text(encoding="utf-8").splitlines())
    return any(f"{word}(" in code for word in ("strptime", "strftime")) or "import locale" in code
