"""Answers AWS's calls at once or after a delay, stores nothing: ``python -m bench.write_sink MILLISECONDS [UNITS]``.

BatchWriteItem leaves nothing unprocessed, or what a table of so many write units a second would leave; DescribeTable
tells the key, GetObject finds no object, ``GET /rows`` tells how many items came so far, and ``GET /seconds`` how long
after the first one the last one came. It prints its port, and ends with its standard input.
"""

import asyncio
import json
import re
import sys
import time
from random import Random
from zlib import crc32

from bench.simulation.table import PARTITION_UNITS, SimulatedTable
from csvdynamo_airflow.planning.pace import TableSpeed

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_DESCRIBE = b"DynamoDB_20120810.DescribeTable"
_TABLE = re.compile(rb'"RequestItems": ?\{"([^"]+)"')

KEY = "dol_vehicle_id"


class Sink(asyncio.Protocol):
    """One connection; the requests on it come one after another.

    Attributes:
        delay: Seconds before each answer.
        rows: Items that came on all connections.
        throttling: What throttles the items, each of which is one unit; None where nothing does.
        began: When the first item came.
        last: When the last one did.
    """

    delay = 0.0
    rows = 0
    throttling: SimulatedTable | None = None
    began = 0.0
    last = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen."""
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._received = transport, bytearray()

    def data_received(self, data: bytes) -> None:
        """Take a piece of a request, and answer the request once it is whole."""
        self._received += data
        end = self._received.find(b"\r\n\r\n") + 4
        if end < 4:
            return
        length = _LENGTH.search(self._received, 0, end)
        whole = end + (int(length[1]) if length else 0)
        if len(self._received) < whole:
            return
        request = bytes(self._received[:whole])
        del self._received[:whole]
        answer = self._answer(request)
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self._transport.write, answer)
        else:
            self._transport.write(answer)

    def _answer(self, request: bytes) -> bytes:
        if request.startswith(b"GET /rows"):
            return _http("200 OK", str(Sink.rows).encode())
        if request.startswith(b"GET /seconds"):
            return _http("200 OK", str(Sink.last - Sink.began).encode())
        if not request.startswith(b"POST"):
            return _http("404 Not Found", b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>")
        if _DESCRIBE in request:
            key_schema = [{"AttributeName": KEY, "KeyType": "HASH"}]
            return _http("200 OK", json.dumps({"Table": {"KeySchema": key_schema}}).encode())
        items, found = request.count(b'"PutRequest"'), _TABLE.search(request)
        table = found[1].decode() if found else ""
        Sink.last = time.monotonic()
        Sink.began = Sink.began or Sink.last
        Sink.rows += items
        left = Sink.throttling.put(Sink.last - Sink.began, {0: items})[0] if Sink.throttling else 0
        unprocessed = json.loads(request[request.index(b"\r\n\r\n") :])["RequestItems"][table][-left:] if left else []
        answer = {
            "UnprocessedItems": {table: unprocessed} if left else {},
            "ConsumedCapacity": [{"TableName": table, "CapacityUnits": float(items - left)}],
        }
        return _http("200 OK", json.dumps(answer).encode())


def _http(status: str, body: bytes) -> bytes:
    lines = (
        f"HTTP/1.1 {status}",
        "Server: Server",
        "Date: Fri, 27 Nov 2026 12:00:00 GMT",
        "Content-Type: application/x-amz-json-1.0",
        f"Content-Length: {len(body)}",
        "Connection: keep-alive",
        f"x-amzn-RequestId: {'0123456789ABCDEF' * 3}0123",
        f"x-amz-crc32: {crc32(body)}",
    )
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    Sink.delay = float(sys.argv[1]) / 1000
    if sys.argv[2:]:
        units = min(float(sys.argv[2]), PARTITION_UNITS)
        Sink.throttling = SimulatedTable(TableSpeed(units, units, "the sink"), 1.0, Random(0))
    asyncio.run(_serve())
