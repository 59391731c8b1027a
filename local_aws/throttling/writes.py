"""BatchWriteItem that a table throttles: what is beyond its rate is left unprocessed, or the whole call is refused.

By setting alone, as MiniStack's tables take whatever comes: the variable says how many write units a second a new table
on demand takes, and with it tables with units of their own, or a maximum on demand, take those. Other writes count
nowhere. Rests on "Throttling diagnosis" of the DynamoDB developer guide, and "BatchWriteItem" of the API reference.
"""

import functools
import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local_aws.ministack_internals import Response, dynamodb
from local_aws.throttling.write_rate import PARTITION_UNITS, QUOTA_UNITS, WriteRate

UNITS_VARIABLE = "LOCAL_AWS_TABLE_WRITE_UNITS"
GROWTH_VARIABLE = "LOCAL_AWS_TABLE_GROWTH_SECONDS"
_DEFAULT_GROWTH_SECONDS = 30 * 60.0

_MESSAGE = "Throughput exceeds the current capacity for one or more tables or indexes. See ThrottlingReasons."


def install() -> None:
    """Let tables throttle, if the setting says how much a new one takes."""
    if units := float(os.environ.get(UNITS_VARIABLE) or 0):
        growth = float(os.environ.get(GROWTH_VARIABLE) or _DEFAULT_GROWTH_SECONDS)
        dynamodb.replace("batch_write_item", functools.partial(_throttling, _Throttles(units, growth)))


@dataclass
class _Partitions:
    """The write units of each partition key's value in the present second."""

    second: int = 0
    units: dict[str, float] = field(default_factory=dict)

    def take(self, key: str, units: float, now: float) -> bool:
        if int(now) != self.second:
            self.second, self.units = int(now), {}
        if self.units.get(key, 0.0) >= PARTITION_UNITS:
            return False
        self.units[key] = self.units.get(key, 0.0) + units
        return True


@dataclass
class _Throttles:
    """What the tables take, by their ids; safe to use from several threads."""

    new_units: float
    growth_seconds: float
    _rates: dict[str, tuple[Any, str, WriteRate, _Partitions]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reason(self, table: Mapping[str, Any], request: Mapping[str, Any], now: float) -> str | None:
        """Take a write; return the limit that throttles it, None if none does."""
        with self._lock:
            limit, rate, partitions = self._of(table)
            units = _units(table, request)
            key = (request.get("PutRequest") or {}).get("Item") or (request.get("DeleteRequest") or {}).get("Key") or {}
            if not rate.take(units, now):
                return f"TableWrite{limit}"
            if not partitions.take(json.dumps(key.get(table["pk_name"])), units, now):
                return "TableWriteKeyRangeThroughputExceeded"
            return None

    def _of(self, table: Mapping[str, Any]) -> tuple[str, WriteRate, _Partitions]:
        """Give the limit of a table, its rate and its partitions; new ones once its settings are others."""
        mode = table["BillingModeSummary"]["BillingMode"]
        most = (table.get("OnDemandThroughput") or {}).get("MaxWriteRequestUnits") or 0
        settings = (mode, table["ProvisionedThroughput"]["WriteCapacityUnits"], most)
        known = self._rates.get(table["TableId"])
        if known is None or known[0] != settings:
            known = self._rates[table["TableId"]] = (settings, *self._made(*settings), _Partitions())
        return known[1:]

    def _made(self, mode: str, provisioned: int, most: int) -> tuple[str, WriteRate]:
        if mode == "PROVISIONED":
            return "ProvisionedThroughputExceeded", WriteRate(provisioned)
        if 0 < most <= self.new_units:
            return "MaxOnDemandThroughputExceeded", WriteRate(most)
        # Past what its partitions are ready for, a table on demand is throttled by these.
        grows_to = most if most > 0 else QUOTA_UNITS
        return "KeyRangeThroughputExceeded", WriteRate(self.new_units, grows_to, self.growth_seconds)


def _units(table: Mapping[str, Any], request: Mapping[str, Any]) -> float:
    """The write units of a request, those of the table's indexes among them."""
    item = (request.get("PutRequest") or {}).get("Item")
    taken: dict[str, Any] = {"table": 0.0, "gsi": {}, "lsi": {}}
    dynamodb.accumulate_write_capacity(taken, table, None, item)
    return float(taken["table"] + sum(taken["gsi"].values()) + sum(taken["lsi"].values()))


def _throttling(throttles: _Throttles, write: Any) -> Any:
    @functools.wraps(write)
    def batch_write_item(data: dict[str, Any]) -> Response:
        """Write what the tables take."""
        asked = data.get("RequestItems") or {}
        tables = {name: dynamodb.tables.get(dynamodb.normalize_table_name(name)) for name in asked}
        if not asked or not all(tables.values()):
            answer: Response = write(data)
            return answer
        now = time.monotonic()
        taken: dict[str, list[Any]] = {}
        left: dict[str, list[Any]] = {}
        reasons: dict[str, str] = {}
        for name, table in tables.items():
            assert table is not None
            for request in asked[name]:
                reason = throttles.reason(table, request, now)
                (taken if reason is None else left).setdefault(name, []).append(request)
                if reason is not None:
                    reasons[reason] = table["TableArn"]
        if not taken:
            return _refused(tables, reasons)
        answer = write({**data, "RequestItems": taken})
        return _leaving(answer, left) if left else answer

    return batch_write_item


def _leaving(answer: Response, left: Mapping[str, Any]) -> Response:
    status, headers, body = answer
    if status != 200:
        return answer
    return status, headers, json.dumps({**json.loads(body), "UnprocessedItems": left}).encode()


def _refused(tables: Mapping[str, Any], reasons: Mapping[str, str]) -> Response:
    """The error of a call none of whose writes was taken, each of the two with its member as the API spells it."""
    provisioned = any(table["BillingModeSummary"]["BillingMode"] == "PROVISIONED" for table in tables.values())
    code, member = (
        ("ProvisionedThroughputExceededException", "ThrottlingReasons")
        if provisioned
        else ("ThrottlingException", "throttlingReasons")
    )
    told = [{"reason": reason, "resource": arn} for reason, arn in reasons.items()]
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": _MESSAGE, member: told}
    return 400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body).encode()
