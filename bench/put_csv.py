"""AWS SDK for pandas puts a CSV into a table: ``python -m bench.put_csv TABLE FILE``.

It runs in an environment of its own, and prints a JSON object.
"""

import json
import sys
import time

import awswrangler

from bench.peak_memory import peak_rss_bytes


def main() -> None:
    """Put every row, each cell as it is in the file."""
    _, table, path = sys.argv
    began, cpu_began = time.perf_counter(), time.process_time()
    awswrangler.dynamodb.put_csv(path, table, dtype=str, keep_default_na=False)
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu_began
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_rss_bytes": peak_rss_bytes()}))


if __name__ == "__main__":
    main()
