"""Cells that are dates and timestamps."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NoReturn

from csvdynamo.rules.attribute_values import AttributeValue
from csvdynamo.rules.cell_refusals import TypeRule, refuse_type
from csvdynamo.rules.columns import Column, Store
from csvdynamo.rules.moment_formats import ISO_DATE, ISO_TIMESTAMP, MomentFormat, Reading, compile_format
from csvdynamo.rules.zones import LocalTimeError
from csvdynamo.shown import quoted

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - every time here is by the clock of UTC
_SECOND = timedelta(seconds=1)
_UTC = timedelta(0)


def date_rule(column: Column) -> TypeRule:
    """Return the rule of a column of dates."""
    read = _reader(column, ISO_DATE, "a date")
    zone, as_epoch = column.timezone, column.store is Store.EPOCH

    def convert(text: str) -> AttributeValue:
        reading = read(text)
        day = reading.local
        if (day.hour, day.minute, day.second, reading.fraction) != (0, 0, 0, ""):
            refuse_type(column, text, "has a time, which a date would lose", *_settings(column))
        if not as_epoch:
            return {"S": day.date().isoformat()}
        try:
            return _epoch(day if zone is None else zone.utc(day))
        except (LocalTimeError, OverflowError) as error:
            _refuse_local(column, text, error)

    return convert


def timestamp_rule(column: Column) -> TypeRule:
    """Return the rule of a column of timestamps."""
    read = _reader(column, ISO_TIMESTAMP, "a timestamp")
    zone, as_epoch = column.timezone, column.store is Store.EPOCH

    def convert(text: str) -> AttributeValue:
        reading = read(text)
        fraction = reading.fraction
        try:
            if reading.offset is not None:
                utc: datetime | None = reading.local - reading.offset
            else:
                utc = None if zone is None else zone.utc(reading.local)
        except (LocalTimeError, OverflowError) as error:
            _refuse_local(column, text, error)
        if not as_epoch:
            told = f"{(utc or reading.local).isoformat()}{'.' if fraction else ''}{fraction}"
            return {"S": told if utc is None else f"{told}Z"}
        if utc is None:
            refuse_type(column, text, "says no offset from UTC, and the column has no timezone", *_settings(column))
        if fraction:
            refuse_type(column, text, "has a fraction of a second, which whole seconds would lose", *_settings(column))
        return _epoch(utc)

    return convert


def _reader(column: Column, iso: MomentFormat, kind: str) -> Callable[[str], Reading]:
    """Return what reads a cell by every format: the first that fits counts, and none may read something else."""
    formats = tuple(map(compile_format, column.formats)) or (iso,)
    settings = _settings(column)

    def read(text: str) -> Reading:
        stripped = text.strip()
        found: Reading | None = None
        for one in formats:
            reading = one.read(stripped)
            if reading is None or reading == found:
                continue
            if found is not None:
                problem = f"is {_said(found)} by one format and {_said(reading)} by another"
                refuse_type(column, text, problem, *settings)
            found = reading
        if found is None:
            refuse_type(column, text, f"is not {kind}", *settings)
        return found

    return read


def _epoch(utc: datetime) -> AttributeValue:
    return {"N": str((utc - _EPOCH) // _SECOND)}


def _refuse_local(column: Column, text: str, error: Exception) -> NoReturn:
    problem = str(error) if isinstance(error, LocalTimeError) else "is not within the years 1 to 9999 in UTC"
    refuse_type(column, text, problem, *_settings(column))


def _said(reading: Reading) -> str:
    return reading.local.isoformat(sep=" ") + (f".{reading.fraction}" if reading.fraction else "")


def _settings(column: Column) -> tuple[str, ...]:
    told = [f'store = "{column.store}"'] if column.store is not Store.ISO else []
    if column.timezone is not None:
        told.append(f'timezone = "{column.timezone.name}"')
    formats = ", ".join(map(quoted, column.formats))
    return (f"format = {formats if len(column.formats) == 1 else f'[{formats}]' if formats else 'ISO 8601'}", *told)
