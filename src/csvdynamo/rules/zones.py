"""Time zones that come with the rules, so that no machine's own data counts: a Lambda function may have none."""

import base64
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from io import BytesIO
from typing import Any, Self
from zoneinfo import ZoneInfo


class LocalTimeError(ValueError):
    """A local time is not one moment; the message says why."""


@dataclass(frozen=True)
class Zone:
    """A time zone.

    Attributes:
        name: Its IANA name.
        data: Its offsets, as a TZif file (RFC 8536).
    """

    name: str
    data: bytes

    def written(self) -> dict[str, str]:
        """Return it for `rules.json`."""
        return {"name": self.name, "data": base64.b64encode(self.data).decode("ascii")}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """Read what `written` returned.

        Raises:
            ValueError: It is something else, as are the other errors of a wrong form (LookupError, TypeError).
        """
        zone = cls(written["name"], base64.b64decode(written["data"], validate=True))
        try:
            _ = zone._info
        except struct.error as error:
            raise ValueError(f"the data of the zone {zone.name} cannot be read") from error
        return zone

    @cached_property
    def _info(self) -> ZoneInfo:
        return ZoneInfo.from_file(BytesIO(self.data), key=self.name)

    def utc(self, local: datetime) -> datetime:
        """Return the moment of a local time, by the clock of UTC.

        Raises:
            LocalTimeError: Clocks were changed: there was no such time, or it came twice.
            OverflowError: It is before the year 1 or after the year 9999.
        """
        before = local.replace(tzinfo=self._info, fold=0).utcoffset()
        after = local.replace(tzinfo=self._info, fold=1).utcoffset()
        if before is None or after is None:
            raise LocalTimeError(f"has no offset in {self.name}")
        if before < after:
            raise LocalTimeError(f"does not exist in {self.name}, whose clocks were put forward over it")
        if before > after:
            raise LocalTimeError(f"comes twice in {self.name}, whose clocks were put back over it")
        return local - before
