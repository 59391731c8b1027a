"""Answers AWS's calls at once or after a delay, and stores nothing: ``python -m bench.write_sink MILLISECONDS``.

BatchWriteItem leaves nothing unprocessed, GetObject finds no object, and ``GET /rows`` tells how many items came so
far. It prints its port, and ends with its standard input.
"""

import asyncio
import json
import re
import sys
from zlib import crc32

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TABLE = re.compile(rb'"RequestItems": ?\{"([^"]+)"')


class Sink(asyncio.Protocol):
    """One connection; the requests on it come one after another.

    Attributes:
        delay: Seconds before each answer.
        rows: Items that came on all connections.
    """

    delay = 0.0
    rows = 0

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
        if not request.startswith(b"POST"):
            return _http("404 Not Found", b"<Error><Code>NoSuchKey</Code><Message>none</Message></Error>")
        items, table = request.count(b'"PutRequest"'), _TABLE.search(request)
        Sink.rows += items
        capacity = [{"TableName": table[1].decode() if table else "", "CapacityUnits": float(items)}]
        return _http("200 OK", json.dumps({"UnprocessedItems": {}, "ConsumedCapacity": capacity}).encode())


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
    asyncio.run(_serve())
