"""Time zones that come with the rules: the same offsets as the machine's data, in one form."""

import importlib.resources
import struct
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csvdynamo.datasets import time_zones
from csvdynamo.datasets.time_zones import compile_zone
from csvdynamo.rules.zones import LocalTimeError, Zone

NAMES = (
    "Europe/Berlin",
    "America/New_York",
    "Africa/Casablanca",
    "Europe/Dublin",
    "Asia/Tokyo",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "Pacific/Apia",
    "UTC",
)


_FILES = importlib.resources.files


def file_of(name: str) -> bytes:
    return _FILES("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine without the package tzdata, whose zones are files of this folder."""

    def no_package(name: str) -> Path:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib.resources, "files", no_package)
    monkeypatch.setattr(zoneinfo, "TZPATH", (str(tmp_path / "none"), str(tmp_path)))
    compile_zone.cache_clear()
    yield tmp_path
    compile_zone.cache_clear()


@given(
    st.sampled_from(NAMES),
    st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9998, 1, 1))  # noqa: DTZ001
    | st.datetimes(min_value=datetime(1880, 1, 3), max_value=datetime(2060, 1, 1)),  # noqa: DTZ001
)
def test_a_moment_is_that_of_the_zones_own_file(name: str, local: datetime) -> None:
    real = ZoneInfo.from_file(BytesIO(file_of(name)))
    before, after = (local.replace(tzinfo=real, fold=fold).utcoffset() for fold in (0, 1))
    assert before is not None
    if before == after:
        assert compile_zone(name).utc(local) == local - before
    else:
        with pytest.raises(LocalTimeError, match=name):
            compile_zone(name).utc(local)


@pytest.mark.parametrize("name", NAMES)
def test_every_change_of_the_clocks_is_kept_to_the_second(name: str) -> None:
    real, ours = ZoneInfo.from_file(BytesIO(file_of(name))), compile_zone(name)
    at = datetime(2006, 1, 1)  # noqa: DTZ001
    while at < datetime(2042, 1, 1):  # noqa: DTZ001
        at += timedelta(days=1)
        for local in (at, at + timedelta(hours=2) - timedelta(seconds=1), at + timedelta(hours=2)):
            before, after = (local.replace(tzinfo=real, fold=fold).utcoffset() for fold in (0, 1))
            if before == after and before is not None:
                assert ours.utc(local) == local - before, local


@pytest.mark.parametrize("name", NAMES)
def test_a_zone_has_one_form_whichever_file_it_comes_from(name: str, machine: Path) -> None:
    machine.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
    machine.joinpath(name).write_bytes(file_of(name))
    made = compile_zone(name)

    compile_zone.cache_clear()
    machine.joinpath(name).write_bytes(made.data)  # each change up to 2037, where the file had a rule

    assert compile_zone(name) == made
    assert len(made.data) < 3500


@pytest.mark.parametrize("name", NAMES)
def test_each_change_until_2037_is_written_and_nothing_that_is_none(name: str) -> None:
    """Files that leave to a rule what others write out have to become the same."""
    real, data = ZoneInfo.from_file(BytesIO(file_of(name))), compile_zone(name).data
    count, kinds = struct.unpack_from(">2L", data, 44 + 32)
    moments = struct.unpack_from(f">{count}q", data, 88)
    kind_of, offsets = data[88 + 8 * count :][:count], struct.iter_unpack(">lBB", data[88 + 9 * count :][: 6 * kinds])
    by_kind = [offset for offset, _, _ in offsets]
    changes = dict(zip(moments, (by_kind[kind] for kind in kind_of), strict=True))

    day, half_hour, seen = timedelta(days=1), timedelta(minutes=30), dict[int, timedelta | None]()
    at = datetime(2000, 1, 1, tzinfo=UTC)
    while at < datetime(2038, 1, 1, tzinfo=UTC):
        at += day
        if at.astimezone(real).utcoffset() != (at - day).astimezone(real).utcoffset():
            hours = [at - step * half_hour for step in range(48)]
            seen |= {
                int(hour.timestamp()): hour.astimezone(real).utcoffset()
                for hour in hours
                if hour.astimezone(real).utcoffset() != (hour - half_hour).astimezone(real).utcoffset()
            }

    since = {at: timedelta(seconds=offset) for at, offset in changes.items() if 946_684_800 < at < 2_145_916_800}
    assert since == seen
    assert all(one != other for one, other in pairwise([by_kind[0], *changes.values()]))


def test_a_zone_is_read_again_and_the_bytes_are_checked() -> None:
    zone = compile_zone("Europe/Berlin")

    assert Zone.read(zone.written()) == zone
    for data in ("", "QQ==", "!", zone.written()["data"][:80]):
        with pytest.raises((ValueError, LookupError, TypeError)):
            Zone.read({"name": "Europe/Berlin", "data": data})


@pytest.mark.parametrize("data", [b"", b"TZif", b"TZif\0" + b"\0" * 39, b"TZif2" + b"\xff" * 39])
def test_data_that_cannot_be_read_is_told(machine: Path, data: bytes) -> None:
    machine.joinpath("UTC").write_bytes(data)

    with pytest.raises(ValueError, match="on this machine"):
        compile_zone("UTC")


def test_a_machine_without_time_zone_data_says_what_to_install(machine: Path) -> None:
    with pytest.raises(ValueError, match="is not known on this machine: install the package tzdata"):
        compile_zone("Europe/Berlin")


def test_the_package_goes_before_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoneinfo, "TZPATH", (str(tmp_path),))
    tmp_path.joinpath("Europe").mkdir()
    tmp_path.joinpath("Europe/Berlin").write_bytes(file_of("Asia/Tokyo"))
    compile_zone.cache_clear()

    assert compile_zone("Europe/Berlin").utc(datetime(2018, 1, 28)).hour == 23  # noqa: DTZ001


def test_the_names_are_those_that_are_the_same_everywhere() -> None:
    assert {"UTC", "Europe/Berlin"} <= time_zones.timezones()
    assert not {"localtime", "Factory"} & time_zones.timezones()
