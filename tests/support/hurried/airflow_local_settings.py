"""Settings of an Airflow whose tasks and triggers wait a fraction, and whose workers' disk a test can fill."""

import os
from pathlib import Path
from unittest.mock import patch

from tests.support.hurry import short_waits
from tests.support.preload import preload

FULL_DISK = "CSVDYNAMO_TESTS_FULL_DISK"
"""Variable that names a file: as long as it is there, the workers' disk has no room."""


def _hurry() -> None:
    from csvdynamo_airflow.source import download
    from csvdynamo_airflow.storage import workspace
    from csvdynamo_airflow.tasks import error_files_operator

    marker, free_bytes = Path(os.environ[FULL_DISK]), workspace.free_bytes
    # For as long as the process lives.
    short_waits().__enter__()
    patch.object(workspace, "free_bytes", lambda folder: 0 if marker.exists() else free_bytes(folder)).start()
    patch.dict(download.download.__kwdefaults__, sleep=lambda _: None).start()
    # The rejects are late a moment after the execution, not minutes.
    patch.object(error_files_operator, "_BUFFER_INTERVALS", 0).start()
    patch.object(error_files_operator, "_GRACE_SECONDS", 3).start()


if preload():
    _hurry()
