"""Ways to write a Map Run's batches, one a process: ``python -m bench.handler_ways NAME EVENTS`` prints a JSON object.

Each is given the events as texts, as Lambda's runtime gets them, and gives its answers as texts.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.peak_memory import peak_rss_bytes

if TYPE_CHECKING:
    from csvdynamo.rules.attribute_values import Item

Way = Callable[[str], str]
TABLE = "tb_ev_vehicle_data"


class Context:
    """Lambda's context, with half a minute left."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds."""
        return 30_000


def handler(_: Sequence[str]) -> Way:
    """Return the deployed function's way: its handler, with the data set file's rules, as it is staged."""
    import migrate_batch  # noqa: PLC0415 - what a way imports is a part of what it costs

    context = Context()
    return lambda event: json.dumps(migrate_batch.handler(json.loads(event), context))


def sample(_: Sequence[str]) -> Way:
    """Return the way of AWS's sample: boto3's resource and its ``batch_writer``."""
    import boto3  # noqa: PLC0415

    table = boto3.resource("dynamodb").Table(TABLE)

    def write(event: str) -> str:
        rows = [_cleaned(row) for row in json.loads(event)["Items"]]
        with table.batch_writer() as batch:
            for row in rows:
                batch.put_item(Item=row)
        return json.dumps({"NUMBER_OF_ITEMS_WRITTEN": len(rows)})

    return write


def client(events: Sequence[str]) -> Way:
    """Return the way of boto3's client, whose items are ready: nothing but the calls is measured."""
    import boto3  # noqa: PLC0415

    dynamodb = boto3.client("dynamodb")
    ready = {event: [_item(row) for row in json.loads(event)["Items"]] for event in events}

    def write(event: str) -> str:
        items = ready[event]
        for start in range(0, len(items), 25):
            requests: Any = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
            dynamodb.batch_write_item(RequestItems={TABLE: requests})
        return json.dumps({"NUMBER_OF_ITEMS_WRITTEN": len(items)})

    return write


def wrangler(_: Sequence[str]) -> Way:
    """Return the way of AWS SDK for pandas, which writes on as many threads as there are cores."""
    import awswrangler  # noqa: PLC0415 - it has an environment of its own

    def write(event: str) -> str:
        rows = [_cleaned(row) for row in json.loads(event)["Items"]]
        awswrangler.dynamodb.put_items(items=rows, table_name=TABLE)
        return json.dumps({"NUMBER_OF_ITEMS_WRITTEN": len(rows)})

    return write


WRANGLER = "AWS SDK for pandas"
"""The way that has an environment of its own: `bench.wrangler`."""
WAYS: dict[str, Callable[[Sequence[str]], Way]] = {
    "sample": sample,
    WRANGLER: wrangler,
    "boto3's client": client,
    "handler": handler,
}
"""Every way that is measured."""


def _cleaned(row: dict[str, str]) -> dict[str, str]:
    """Do what the sample's function does to a row: names in small letters, and no blank cells."""
    item = {name.lower().replace(" ", "_"): text for name, text in row.items() if text}
    item["dol_vehicle_id"] = f"A_{item['dol_vehicle_id']}"
    return item


def _item(row: dict[str, str]) -> "Item":
    return {name: {"S": text} for name, text in _cleaned(row).items()}


def written(answers: Iterable[str]) -> int:
    """Count the rows that answers tell of."""
    return sum(json.loads(answer)["NUMBER_OF_ITEMS_WRITTEN"] for answer in answers)


def main() -> None:
    """Measure one way: from its process's start to its first answer, and then over all events."""
    _, name, path = sys.argv
    events: list[str] = json.loads(Path(path).read_text(encoding="utf-8"))
    read = time.process_time()
    way = WAYS[name](events)
    way(events[0])
    first = time.process_time() - read
    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    answers = [way(event) for event in events]
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    print(
        json.dumps(
            {
                "written": written(answers),
                "first_answer_cpu_seconds": first,
                "cpu_seconds": cpu,
                "seconds": seconds,
                "peak_rss_bytes": peak_rss_bytes(),
            }
        )
    )


if __name__ == "__main__":
    main()
