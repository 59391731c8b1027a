"""Files that two processes share."""

import json
from pathlib import Path
from typing import Any


def write_whole(path: Path, document: Any) -> None:
    """Write a JSON document that nobody ever sees half written."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(document), encoding="utf-8")
    unfinished.replace(path)
